"""The calendar's settings through the portal: unknown is no failure, and nothing is lost."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator import Emulator
from emulator.portal_pages import options
from providers import shared
from providers.clients import _Clients, use_settings
from providers.prior import PriorValuesProvider
from providers.zoom.calendar import CalendarIntegrationProvider
from services.errors import Refused, Unreadable
from services.settings import Settings
from services.zoom import portal_page
from services.zoom.portal_state import data_folder
from tests.portal_person import CONSENT, INTEGRATION, NAMES, SIGN_IN, settings, signed_in

pytestmark = pytest.mark.browser
KEY = {"account": "me", "channel": "portal", "tenant": "contoso"}
DECLARED = {INTEGRATION: True, SIGN_IN: True, CONSENT: False}
Props = dict[str, Any]


class Resource:
    """The record and the resource of one tenant, as the engine would call them."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.provider, self.recorder = CalendarIntegrationProvider(), PriorValuesProvider()
        self.key: Props = dict(KEY)
        self.record: Props = {"of": "zoom:CalendarIntegration", **KEY, "leaves": list(NAMES)}
        self.outs: Props = {}

    def sign_in(self) -> None:
        """Somebody is signed in; the browser of the test before is good for it."""
        if not self.emulator.world.tokens.portal or not self.state.exists():
            _Clients.portals.close()
            signed_in(self.emulator)

    def nobody(self) -> None:
        """It is the tenant of a stack for which nobody ever signed in."""
        self.key["tenant"] = self.record["tenant"] = "nobody"

    def sign_out(self) -> None:
        """Nobody is signed in, and no browser is open."""
        _Clients.portals.close()
        self.state.unlink(missing_ok=True)

    @property
    def state(self) -> Path:
        return data_folder() / "contoso.json"

    def create(self, **more: Any) -> Props:
        self.record = dict(self.recorder.create(self.record).outs or {})
        declared = {**self.key, **DECLARED, **more, "prior": self.record["values"]}
        self.outs = dict(self.provider.create(declared).outs or {})
        return self.outs

    def refresh(self) -> Props:
        self.record = dict(self.recorder.read("prior", self.record).outs or {})
        self.outs = dict(self.provider.read("me/calendar", self.outs).outs or {})
        return self.outs

    def up(self, **more: Any) -> Props:
        news = {**self.key, **DECLARED, **more, "prior": self.record["values"]}
        self.outs = dict(self.provider.update("me/calendar", self.outs, news).outs or {})
        return self.outs

    def delete(self) -> None:
        shared._created_here.clear()  # destroy is a command, and process, of its own
        self.provider.delete("me/calendar", self.outs)

    @property
    def live(self) -> dict[str, bool]:
        portal = self.emulator.world.data["zoom"]["portal"]
        return {name: portal[name] for name in NAMES}

    def person_sets(self, **values: bool) -> None:
        self.emulator.world.data["zoom"]["portal"] |= values

    def page(self, **wanted: Any) -> None:
        self.emulator.world.data["zoom"]["portal_page"] = options() | wanted


@pytest.fixture(scope="module")
def shared_emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """One emulator, and one browser where the tests leave it open."""
    _Clients.portals.close()
    with pytest.MonkeyPatch.context() as patch, Emulator() as emulator:
        patch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("data")))
        use_settings(settings(emulator))
        yield emulator
        _Clients.portals.close()
        use_settings(Settings())


@pytest.fixture
def resource(shared_emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Resource]:
    """One setting is other than declared; what is missing on the page is missing soon."""
    shared._created_here.clear()  # of tests before: this process is none of the engine's
    monkeypatch.setattr(portal_page, "_STEADY", 0.4)
    seed = shared_emulator.snapshot()
    shared_emulator.clear_log()
    resource = Resource(shared_emulator)
    resource.person_sets(**{**DECLARED, SIGN_IN: False})
    yield resource
    shared_emulator.world.replace(seed)


def test_a_life_sets_reads_drift_heals_and_gives_back(resource: Resource) -> None:
    resource.sign_in()
    resource.person_sets(**{name: not value for name, value in DECLARED.items()})
    before = resource.emulator.snapshot()
    outs = resource.create()
    assert resource.live == DECLARED
    assert (outs["unread"], outs["unknown"]) == ({}, None)
    resource.person_sets(**{SIGN_IN: False})
    outs = resource.refresh()
    assert {name: outs[name] for name in NAMES} == {**DECLARED, SIGN_IN: False}
    resource.up()
    assert resource.live == DECLARED
    resource.delete()
    assert resource.emulator.snapshot() == before


def test_without_a_state_everything_is_unknown_and_nothing_fails(resource: Resource) -> None:
    resource.nobody()
    outs = resource.create()
    since, _, reason = outs["unknown"].partition(": ")
    assert "nobody is signed in to Zoom's portal" in reason
    assert set(outs["unread"]) == set(NAMES)
    again = resource.refresh()
    assert again["unknown"].startswith(f"{since}: ")
    assert {name: again[name] for name in NAMES} == DECLARED
    resource.delete()
    assert not [one for one in resource.emulator.log if one["service"] == "zoom-portal"]


def test_unknown_is_no_change_for_the_engine(resource: Resource) -> None:
    resource.nobody()
    outs = resource.create()
    news = {**resource.key, **DECLARED, "prior": resource.record["values"]}
    assert not resource.provider.diff("me/calendar", outs, news).changes


def test_who_signs_in_later_has_what_was_there_recorded_before_the_first_write(
    resource: Resource,
) -> None:
    resource.sign_out()
    before = resource.live
    resource.create()
    resource.sign_in()
    outs = resource.refresh()
    assert json.loads(resource.record["values"]) == before
    assert {name: outs[name] for name in NAMES} == before
    resource.up()
    assert resource.live == DECLARED
    resource.delete()
    assert resource.live == before


def test_what_is_not_recorded_is_not_written(resource: Resource) -> None:
    resource.sign_in()
    resource.page(labels={SIGN_IN: "Offer the calendar"})
    resource.create()
    resource.page()
    outs = resource.up()
    assert resource.live == {**DECLARED, SIGN_IN: False}
    assert outs["unread"] == {SIGN_IN: "shown only now: the next `pulumi up` records and sets it"}
    resource.refresh()
    assert resource.up()["unread"] == {}
    assert resource.live == DECLARED


def test_one_label_that_changed_leaves_the_others_compared(resource: Resource) -> None:
    resource.sign_in()
    resource.create()
    resource.page(labels={SIGN_IN: "Offer the calendar"})
    resource.person_sets(**{CONSENT: True})
    outs = resource.refresh()
    assert outs[CONSENT] is True
    assert outs[SIGN_IN] is True
    assert "no control is labelled" in outs["unknown"]
    assert list(outs["unread"]) == [SIGN_IN]


def test_a_refused_write_fails_and_changes_nothing(resource: Resource) -> None:
    resource.sign_in()
    resource.page(locked=[CONSENT])
    resource.person_sets(**{CONSENT: True})
    before = resource.live
    with pytest.raises(Refused, match="is locked"):
        resource.create()
    assert resource.live == before


def test_destroy_gives_back_only_what_is_still_ours(resource: Resource) -> None:
    resource.sign_in()
    resource.person_sets(**{INTEGRATION: True, SIGN_IN: False, CONSENT: True})
    resource.create()
    resource.person_sets(**{CONSENT: True, SIGN_IN: True})
    resource.delete()
    assert resource.live == {INTEGRATION: True, SIGN_IN: False, CONSENT: True}


def test_destroy_keeps_the_record_while_nobody_is_signed_in(resource: Resource) -> None:
    resource.sign_in()
    resource.create()
    sessions = dict(resource.emulator.world.tokens.portal)
    resource.emulator.world.tokens.portal.clear()
    with pytest.raises(Unreadable):
        resource.delete()
    assert resource.live == DECLARED
    resource.emulator.world.tokens.portal.update(sessions)


def test_destroy_with_nothing_of_ours_in_the_portal_asks_nobody_to_sign_in(
    resource: Resource,
) -> None:
    resource.nobody()
    resource.create()
    resource.delete()
    declared = json.dumps(DECLARED, sort_keys=True)
    resource.recorder.delete("prior", {**resource.record, "declared": declared})
    assert resource.emulator.log == []


def test_destroy_with_leave_touches_nothing(resource: Resource) -> None:
    resource.sign_in()
    resource.create(onDestroy="leave")
    resource.emulator.clear_log()
    resource.delete()
    assert resource.live == DECLARED
    assert resource.emulator.log == []


def test_what_a_person_attests_to_sends_nothing(resource: Resource) -> None:
    _Clients.portals.close()  # a page of the test before may still load
    resource.emulator.clear_log()
    props = {"account": "me", "channel": "attested", **DECLARED}
    outs = dict(resource.provider.create(props).outs or {})
    outs.pop("owner")
    assert outs == props
    assert resource.provider.read("me/calendar", props).outs == props
    resource.provider.update("me/calendar", props, {**props, CONSENT: True})
    resource.provider.delete("me/calendar", props)
    assert resource.emulator.log == []


def test_from_attested_to_portal_what_is_there_is_recorded_and_set(resource: Resource) -> None:
    resource.sign_in()
    before = resource.live
    resource.outs = {"account": "me", "channel": "attested", **DECLARED}
    resource.record = dict(resource.recorder.create(resource.record).outs or {})
    resource.up()
    assert resource.live == DECLARED
    resource.delete()
    assert resource.live == before
