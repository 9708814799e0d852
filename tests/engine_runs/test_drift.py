"""Drift of every property that we manage, one by one by name, and what is no drift."""

from collections.abc import Callable
from typing import Any

import pytest

from fleet.plan import Change
from providers.values import leaves
from tenant.desired import MICROSOFT_GRAPH, POLICY_ID
from tenant.model import ZOOM_CALENDAR_CLIENT_ID
from tests.engine_runs import declarations
from tests.engine_runs.drift import Drift, at, check_no_drift, check_round, update
from tests.engine_runs.stack import REVIEW, Stack, State

pytestmark = pytest.mark.engine

SCOPES = ["Calendars.ReadWrite", "Contacts.ReadWrite"]
SOMEBODY = "22222222-2222-2222-2222-222222222222"
POLICY = f"entra.permissionGrantPolicies.{POLICY_ID}"
ENTRY = f"ManagePermissionGrantsForSelf.{POLICY_ID}"


# ---- where things are --------------------------------------------------------------------------


def our_set(state: State) -> State:
    found: State = state["entra"]["permissionGrantPolicies"][POLICY_ID]["includes"][0]
    return found


def entries(state: State) -> list[str]:
    role = state["entra"]["authorizationPolicy"]["defaultUserRolePermissions"]
    found: list[str] = role["permissionGrantPoliciesAssigned"]
    return found


def zooms_grant(state: State) -> State:
    return next(g for g in state["entra"]["oauth2PermissionGrants"].values() if is_zooms(g))


def is_zooms(grant: State) -> bool:
    return grant["consentType"] == "AllPrincipals" and SCOPES[0] in grant["scope"]


def scopes_become(*scopes: str) -> Callable[[State], None]:
    def edit(state: State) -> None:
        zooms_grant(state)["scope"] = " ".join(scopes)

    return edit


def condition(name: str, value: Any, live: Any, declared: Any) -> Drift:
    def edit(state: State) -> None:
        assert our_set(state)[name] != value
        our_set(state)[name] = value

    seen = update("user-consent-policy", f"includes[0].{name}", live, declared)
    return Drift(f"condition {name}", edit, seen)


def add_set(kind: str) -> Callable[[State], None]:
    def edit(state: State) -> None:
        another = {**our_set(state), "id": SOMEBODY, "permissions": ["all"]}
        state["entra"]["permissionGrantPolicies"][POLICY_ID][kind].append(another)

    return edit


def remove_entry(state: State) -> None:
    entries(state).remove(ENTRY)


def delete_policy(state: State) -> None:
    remove_entry(state)  # Entra deletes no policy that is assigned
    del state["entra"]["permissionGrantPolicies"][POLICY_ID]


def delete_grant(state: State) -> None:
    grants = state["entra"]["oauth2PermissionGrants"]
    (key,) = [key for key, grant in grants.items() if is_zooms(grant)]
    del grants[key]


def recase_entry(state: State) -> None:
    entries(state)[entries(state).index(ENTRY)] = ENTRY.lower()


# ---- the tables --------------------------------------------------------------------------------

DECLARED_SET = {
    "clientApplicationIds": [ZOOM_CALENDAR_CLIENT_ID],
    "clientApplicationPublisherIds": ["all"],
    "clientApplicationTenantIds": ["all"],
    "clientApplicationsFromVerifiedPublisherOnly": False,
    "permissionClassification": "all",
    "permissionType": "delegated",
    "permissions": SCOPES,
    "resourceApplication": MICROSOFT_GRAPH,
}
DECLARED_POLICY = {
    "policyId": POLICY_ID,
    "displayName": "Users may consent to Zoom's calendar integration",
    "description": (
        "Managed as code (zoom-calendar). Users may consent to this application "
        "and these delegated permissions, and nothing else."
    ),
    "includes": [DECLARED_SET],
    "excludes": [],
    "onDestroy": "restore",
}
TEXTS = [
    Drift(
        f"policy {name}",
        at(f"{POLICY}.{name}", "Changed"),
        update("user-consent-policy", name, "Changed", DECLARED_POLICY[name]),
    )
    for name in ("displayName", "description")
]
CONDITIONS = [
    condition("permissionClassification", "low", "low", "all"),
    condition("permissionType", "application", "application", "delegated"),
    condition("resourceApplication", "any", "any", MICROSOFT_GRAPH),
    condition("permissions", ["all"], ["all"], SCOPES),
    condition("clientApplicationIds", ["all"], ["all"], [ZOOM_CALENDAR_CLIENT_ID]),
    condition("clientApplicationTenantIds", [SOMEBODY], [SOMEBODY], ["all"]),
    condition("clientApplicationPublisherIds", ["1234567"], ["1234567"], ["all"]),
    condition("clientApplicationsFromVerifiedPublisherOnly", True, True, False),
]
ENTRY_GONE = Drift(
    "entry removed", remove_entry, update("user-consent-assignment", "assigned", False, True)
)
ENTRY_GONE_TOO = Drift("entry removed before", lambda state: None, ENTRY_GONE.proposed)
SETTINGS = [
    Drift(
        f"Zoom setting {path}",
        at(f"zoom.settings.{path}", live),
        update("zoom-settings", path, live, declared),
    )
    for path, live, declared in (
        ("zoom_rooms.list_meetings_with_calendar", False, True),
        ("schedule_meeting.audio_type", "telephony", "voip"),
        ("schedule_meeting.jbh_time", 15, 10),
        ("schedule_meeting.meeting_password_requirement.length", 10, 8),
        ("schedule_meeting.meeting_password_requirement.have_special_character", False, True),
        ("in_meeting.data_center_regions", ["EU", "US"], ["EU", "DE"]),
        ("in_meeting.dscp_audio", 1, 46),
        ("telephony.audio_conference_info", "", "Dial 1 for Contoso"),
    )
]
LOCKS = [
    Drift(
        f"Zoom lock {path}",
        at(f"zoom.lock_settings.{path}", False),
        update("zoom-locks", path, False, True),
    )
    for path in ("schedule_meeting.host_video", "in_meeting.chat")
]
FIRST_SCOPE_GONE = Drift(
    "first scope removed", scopes_become(SCOPES[1]), update("grant", "scopes", [SCOPES[1]], SCOPES)
)
SECOND_SCOPE_GONE = Drift(
    "second scope removed", scopes_become(SCOPES[0]), update("grant", "scopes", [SCOPES[0]], SCOPES)
)
ANOTHER_SET = {**DECLARED_SET, "permissions": ["all"]}
MORE_SETS = [
    Drift(
        "another include",
        add_set("includes"),
        update("user-consent-policy", "includes[1]", ANOTHER_SET, None),
    ),
    Drift(
        "an exclude",
        add_set("excludes"),
        update("user-consent-policy", "excludes[0]", ANOTHER_SET, None),
    ),
]
GRANT_GONE = Drift("grant deleted", delete_grant, update("grant", "scopes", [], SCOPES))
POLICY_GONE = Drift(
    "policy deleted",
    delete_policy,
    Change("user-consent-policy", "create", "", None, DECLARED_POLICY),
)
NO_DRIFT = [
    Drift("other order, and a foreign scope", scopes_become(SCOPES[1], "openid", SCOPES[0]), None),
    Drift("entry in other casing", recase_entry, None),
    Drift("a setting that is not declared", at("zoom.settings.in_meeting.chat", False), None),
    Drift("a lock that is not declared", at("zoom.lock_settings.in_meeting.polling", True), None),
    Drift(
        "a list in another order",
        at("zoom.settings.in_meeting.data_center_regions", ["DE", "EU"]),
        None,
    ),
]


# ---- the tests ---------------------------------------------------------------------------------


def test_every_property_that_somebody_changed_is_named_and_healed(
    applied: Callable[[str], Stack],
) -> None:
    stack = applied(declarations.text("admin", "zoom"))
    check_round(stack, [*TEXTS, *CONDITIONS, ENTRY_GONE, FIRST_SCOPE_GONE, *SETTINGS, *LOCKS])
    check_round(stack, [*MORE_SETS, SECOND_SCOPE_GONE])


def test_what_somebody_deleted_is_named_and_made_again(applied: Callable[[str], Stack]) -> None:
    stack = applied(declarations.text("admin", "zoom"))
    check_round(stack, [POLICY_GONE, ENTRY_GONE_TOO, GRANT_GONE])
    stack.destroy()
    stack.assert_as_before()


def test_drift_is_named_and_healed_where_users_consent(applied: Callable[[str], Stack]) -> None:
    stack = applied(declarations.text("user", "zoom"))
    check_round(stack, [*TEXTS, *CONDITIONS, ENTRY_GONE, SETTINGS[0], LOCKS[0]])


def test_every_declared_setting_and_lock_has_its_drift_tested() -> None:
    tested = {d.proposed.property for d in (*SETTINGS, *LOCKS) if d.proposed is not None}
    trees = (declarations.SETTINGS, declarations.LOCKS)
    assert tested == {path for tree in trees for path, _ in leaves(tree)}


@pytest.mark.full
def test_what_means_the_same_is_no_drift_and_is_taken_away_by_destroy(
    applied: Callable[[str], Stack],
) -> None:
    stack = applied(declarations.text("admin", "zoom"))
    check_no_drift(stack, NO_DRIFT)
    stack.destroy()
    now = stack.snapshot()
    assert entries(now) == entries(stack.before)
    (grant,) = [
        g for g in now["entra"]["oauth2PermissionGrants"].values() if g["scope"] == "openid"
    ]
    assert grant["consentType"] == "AllPrincipals"


@pytest.mark.full
def test_drift_shows_without_our_environment_too(applied: Callable[[str], Stack]) -> None:
    stack = applied(declarations.text("admin", "zoom"))
    del stack.workspace.environment["PULUMI_RUN_PROGRAM"]
    check_round(stack, [*TEXTS, *CONDITIONS, ENTRY_GONE, FIRST_SCOPE_GONE, *SETTINGS, *LOCKS])
    with stack.nothing_written():
        stack.pulumi(*REVIEW)
    stack.destroy()
    stack.assert_as_before()
