"""What takes its time: writes without an effect, and services that stay out of order.

Every case waits as long as it would in a tenant, so all of them wait at the same time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

import pytest

from emulator import Emulator, Fault
from providers.values import canonical
from tests.providers.stack import (
    ASSIGNMENT,
    GRANT,
    LOCKS,
    POLICY,
    SETTINGS,
    Kind,
    Resource,
    together,
    writes,
)
from tests.providers.wire import Failed, Process

EXPECTED = {
    SETTINGS.of: (
        "Zoom: PATCH settings of account me was answered with success and did not change "
        "other_options.meeting_qos_and_mos (wanted 2, is 0). Zoom publishes no lock for it: likely "
        "a master account, or the account's plan. Look at the setting in Zoom's portal, or remove "
        "it from the tenant's file."
    ),
    LOCKS.of: "did not change schedule_meeting.host_video (wanted True, is False)",
    GRANT.of: "still lacks Calendars.ReadWrite, Contacts.ReadWrite",
    ASSIGNMENT.of: "contoso-tier-1 is still not assigned to users",
    "give back": "what was given back was accepted and does not show",
    POLICY.of: "permission-grant policy zoom-calendar-users was written and displayName",
}
PAGE = "<html>proxy: please sign in</html>"


@dataclass
class Scene:
    """A tenant and a process of its own, which answers four calls at once."""

    emulator: Emulator
    process: Process
    said: dict[str, str]

    def fails(self, name: str, step: Callable[[], object]) -> Callable[[], None]:
        def run() -> None:
            with pytest.raises(Failed) as caught:
                step()
            self.said[name] = str(caught.value)

        return run

    def up(self, kind: Kind) -> Callable[[], None]:
        return self.fails(kind.of, Resource(self.process, kind).up)


@pytest.fixture(scope="module")
def scenes() -> Iterator[dict[str, Scene]]:
    """Everything has happened already: writes, giving back, no login, and no JSON."""
    with ExitStack() as stack:
        made = {}
        for name in ("write", "give back", "login", "page"):
            emulator = stack.enter_context(Emulator())
            made[name] = Scene(emulator, stack.enter_context(Process(emulator.env)), {})
        together(
            *_without_effect(made["write"]),
            *_not_given_back(made["give back"]),
            *_redirected(made["login"]),
            *_not_json(made["page"]),
        )
        yield made


def _without_effect(scene: Scene) -> list[Callable[[], object]]:
    scene.emulator.world.data["zoom"]["no_effect"] += [
        "other_options.meeting_qos_and_mos",
        "lock_settings.schedule_meeting.host_video",
    ]
    for path in ("authorizationPolicy$", "Grants$"):
        fault = Fault("entra", "*", path, body=".", no_effect=True, times=None)
        scene.emulator.faults.add(fault)
    return [scene.up(kind) for kind in (SETTINGS, LOCKS, GRANT, ASSIGNMENT)]


def _not_given_back(scene: Scene) -> list[Callable[[], object]]:
    policy, granted = Resource(scene.process, POLICY), Resource(scene.process, GRANT)
    together(policy.up, granted.up)
    for method in ("DELETE", "PATCH"):
        scene.emulator.faults.add(Fault("entra", method, no_effect=True, times=None))
    changed = {**POLICY.declared, "displayName": "Another"}
    return [
        scene.fails("give back", granted.destroy),
        scene.fails(POLICY.of, lambda: policy.up(changed)),
    ]


def _redirected(scene: Scene) -> list[Callable[[], object]]:
    headers = {"Location": scene.emulator.env["ZOOM_API_URL"] + "/elsewhere"}
    for service in ("login", "zoom-oauth"):
        scene.emulator.faults.add(Fault(service, status=307, headers=headers, times=None))
    return [scene.up(kind) for kind in (SETTINGS, ASSIGNMENT)]


def _not_json(scene: Scene) -> list[Callable[[], object]]:
    resources = [Resource(scene.process, kind) for kind in (SETTINGS, POLICY)]
    together(*(resource.up for resource in resources))
    for service in ("entra", "zoom"):
        scene.emulator.faults.add(Fault(service, raw=PAGE, times=None))

    def read(resource: Resource) -> None:
        assert resource.state is not None
        before = canonical(resource.state.inputs)
        resource.refresh()
        assert resource.state.inputs == before
        scene.said[resource.kind.of] = resource.state.outs["unknown"]

    return [partial(read, resource) for resource in resources]


@pytest.mark.parametrize("name", EXPECTED)
def test_a_success_without_effect_is_an_error_that_names_what_stayed(
    scenes: dict[str, Scene], name: str
) -> None:
    text = {**scenes["give back"].said, **scenes["write"].said}[name]
    assert text.startswith("WriteHadNoEffect: ")
    assert EXPECTED[name] in text
    assert "\n" not in text


def test_what_had_no_effect_is_not_sent_again_and_again(scenes: dict[str, Scene]) -> None:
    assert len(writes(scenes["write"].emulator)) == 4  # one for each


def test_a_redirected_login_is_an_error_that_takes_no_secret_along(
    scenes: dict[str, Scene],
) -> None:
    scene = scenes["login"]
    assert len(scene.said) == 2
    for text in scene.said.values():
        assert "POST token: redirect (HTTP 307), which is never followed" in text
    assert not any("elsewhere" in entry["path"] for entry in scene.emulator.log)


@pytest.mark.parametrize("kind", [SETTINGS, POLICY], ids=lambda kind: kind.of)
def test_what_is_not_json_makes_a_read_unknown_and_is_never_taken_for_an_answer(
    scenes: dict[str, Scene], kind: Kind
) -> None:
    reason = scenes["page"].said[kind.of]
    assert "HTTP 200 whose body is not JSON (text/html)" in reason
    assert "sign in" not in reason
