"""What a preview says of consent after an update is what Entra has after it: any tenant, any
declaration, any drift in between. Where it says unknown, Entra may have either."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulator import DEFAULT_TENANT, Emulator
from emulator.emulator import seeded
from emulator.entra_login import GRAPH_APP_ID
from emulator.seed_entra import ZOOM_APP_ID
from providers.zoom.preflight import PreflightProvider
from tenant.desired import POLICY_ID, USER_POLICIES
from tests.providers.stack import ASSIGNMENT, GRANT, POLICY, Resource
from tests.providers.wire import Process, Props
from tests.providers.zoom.test_preflight import ASKED

VALUES = [*USER_POLICIES, "leave"]
CHOICES = [(by, value) for by in ("admin", "user") for value in VALUES]
SELF = "ManagePermissionGrantsForSelf."
Answer = dict[str, Any]


@dataclass
class Stack:
    """The part of a stack that consent depends on, carried out as the engine would."""

    process: Process
    on_destroy: str = "restore"
    asked: Props | None = None
    made: dict[str, Resource] = field(default_factory=dict)

    def preview(self, by: str, value: str) -> Answer:
        """What the look ahead says of this declaration."""
        asked = _asked(by, value, self.on_destroy)
        if asked == self.asked:
            return self._latest(lambda: self._read(asked), "after")
        provider = self.process.of(PreflightProvider)
        return self._latest(
            lambda: json.loads(provider.check(asked, self.asked)["consent"]), "after"
        )

    def up(self, by: str, value: str) -> Answer:
        """Applies it, deletions last; what Entra has then."""
        self.asked = _asked(by, value, self.on_destroy)
        wanted = {}
        if value == "least-privilege":
            wanted["policy"] = POLICY
        if value != "leave":
            wanted["assignment"] = replace(ASSIGNMENT, key={"policyId": USER_POLICIES[value]})
        if by == "admin":
            wanted["grant"] = GRANT
        for name, kind in wanted.items():
            resource = self.made.setdefault(name, Resource(self.process, kind, self.on_destroy))
            resource.kind = kind
            resource.up()
        for name in [name for name in ("assignment", "policy", "grant") if name not in wanted]:
            if name in self.made:
                self.made.pop(name).destroy()
        return self._latest(lambda: self._read(self.asked), "now")

    def _read(self, asked: Props | None) -> Any:
        _, outs, _ = self.process.of(PreflightProvider).read("me/preflight", asked or {})
        return json.loads(outs["consent"])

    @staticmethod
    def _latest(read: Callable[[], Any], part: str) -> Answer:
        """The process keeps an answer for a few seconds, and gives it to each purpose once."""
        read()
        answer: Answer = read()[part]
        return answer


def _asked(by: str, value: str, on_destroy: str) -> Props:
    declared = {
        "by": by,
        "policy": USER_POLICIES.get(value, ""),
        "on_destroy": on_destroy,
    }
    return {**ASKED, "declared": {**ASKED["declared"], **declared}}


# ---- tenants and what others do ----------------------------------------------------------------


def _nothing(entra: Any) -> None:
    pass


def _principal(entra: Any, app_id: str) -> Any:
    principals = entra["servicePrincipals"].values()
    return next(one for one in principals if one["appId"] == app_id)


def _grants(entra: Any) -> list[str]:
    zoom = _principal(entra, ZOOM_APP_ID)["id"]
    grants = entra["oauth2PermissionGrants"]
    return [k for k, g in grants.items() if g["clientId"] == zoom and not g["principalId"]]


def _grant(*scopes: str) -> Callable[[Any], None]:
    def edit(entra: Any) -> None:
        _no_grant(entra)
        entra["oauth2PermissionGrants"]["others-grant"] = {
            "id": "others-grant",
            "clientId": _principal(entra, ZOOM_APP_ID)["id"],
            "consentType": "AllPrincipals",
            "principalId": None,
            "resourceId": _principal(entra, GRAPH_APP_ID)["id"],
            "scope": " ".join(scopes),
        }

    return edit


def _no_grant(entra: Any) -> None:
    for key in _grants(entra):
        del entra["oauth2PermissionGrants"][key]


def _entries(entra: Any) -> list[str]:
    role = entra["authorizationPolicy"]["defaultUserRolePermissions"]
    entries: list[str] = role["permissionGrantPoliciesAssigned"]
    return entries


def _assign(policy_id: str) -> Callable[[Any], None]:
    def edit(entra: Any) -> None:
        if SELF + policy_id not in _entries(entra):
            _entries(entra).append(SELF + policy_id)

    return edit


def _unassign(entra: Any) -> None:
    _entries(entra).clear()


def _assigned_users_only(entra: Any) -> None:
    _principal(entra, ZOOM_APP_ID)["appRoleAssignmentRequired"] = True


def _disabled(entra: Any) -> None:
    _principal(entra, ZOOM_APP_ID)["accountEnabled"] = False


TENANTS = [
    _nothing,
    _grant("Calendars.ReadWrite", "Contacts.ReadWrite", "User.Read"),
    _grant("Calendars.ReadWrite"),
    _assign(USER_POLICIES["any-app"]),
    _assigned_users_only,
    _disabled,
]
DRIFTS = [_nothing, _nothing, _no_grant, _unassign, _grant("Contacts.ReadWrite"),
          _assign(USER_POLICIES["any-app"])]  # fmt: skip


def agrees(said: Answer, found: Answer) -> bool:
    """Whether all that was said for certain is so; a policy that may go may stay, too."""
    parts = ("may_consent", "granted", "may_enter")
    return (
        all(said[part] in (None, found[part]) for part in parts)
        and said["effective"] in ("unknown", found["effective"])
        and set(said["policies"]) <= set(found["policies"])
    )


DEFAULTS = [("admin", "leave"), ("user", "least-privilege")]
NEW = [(TENANTS[0], *choice) for choice in CHOICES]
NEW += [(place, *choice) for place in TENANTS[1:] for choice in DEFAULTS]


@pytest.mark.parametrize(("place", "by", "value"), NEW)
def test_of_a_new_stack_all_is_known(
    process: Process, emulator: Emulator, place: Callable[[Any], None], by: str, value: str
) -> None:
    place(emulator.world.data["entra"])
    stack = Stack(process)
    said = stack.preview(by, value)
    assert None not in (said["may_consent"], said["granted"], said["may_enter"])
    assert said == stack.up(by, value)
    assert said == stack.preview(by, value)


steps = st.lists(st.tuples(st.sampled_from(DRIFTS), st.sampled_from(CHOICES)), min_size=2,
                 max_size=4)  # fmt: skip


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.sampled_from(TENANTS), st.sampled_from(["restore", "leave"]), steps)
def test_after_any_change_and_any_drift_what_was_said_is_so(
    process: Process,
    emulator: Emulator,
    place: Callable[[Any], None],
    on_destroy: str,
    steps: list[tuple[Callable[[Any], None], tuple[str, str]]],
) -> None:
    emulator.world.replace(seeded(DEFAULT_TENANT, "contoso"))
    place(emulator.world.data["entra"])
    stack = Stack(process, on_destroy)
    for drift, (by, value) in steps:
        drift(emulator.world.data["entra"])
        said = stack.preview(by, value)
        found = stack.up(by, value)
        assert agrees(said, found), (said, found)


def test_what_goes_with_a_switch_is_unknown_and_nothing_else(
    process: Process, emulator: Emulator
) -> None:
    stack = Stack(process)
    stack.up("admin", "least-privilege")
    said = stack.preview("user", "least-privilege")
    assert (said["may_consent"], said["granted"], said["policies"]) == (True, None, [POLICY_ID])
    assert stack.up("user", "least-privilege")["granted"] is False
