"""`python -m fleet adopt`: what is there already is taken into state without a write."""

import pytest

from fleet.plan import Change
from tenant.desired import MICROSOFT_GRAPH, POLICY_ID
from tenant.model import ZOOM_CALENDAR_CLIENT_ID
from tests.engine_runs import declarations
from tests.engine_runs.conftest import Apply
from tests.engine_runs.drift import in_one_form, update
from tests.engine_runs.stack import Stack, State, differences, in_words

pytestmark = pytest.mark.engine

SCOPES = ["Calendars.ReadWrite", "Contacts.ReadWrite"]
TENANT_WIDE = "AllPrincipals"
ENTRY = f"managepermissiongrantsforself.{POLICY_ID.upper()}"  # Entra keeps the casing it got
THEIR_SET = {
    "id": "33333333-3333-3333-3333-333333333333",
    "permissionClassification": "low",
    "permissionType": "delegated",
    "resourceApplication": MICROSOFT_GRAPH,
    "permissions": ["all"],
    "clientApplicationIds": [ZOOM_CALENDAR_CLIENT_ID],
    "clientApplicationTenantIds": ["all"],
    "clientApplicationPublisherIds": ["all"],
    "clientApplicationsFromVerifiedPublisherOnly": True,
}
THEIR_POLICY = {
    "id": POLICY_ID,
    "displayName": "Zoom",
    "description": "Made by hand",
    "includes": [THEIR_SET],
    "excludes": [],
}
# Live against declared: all that differs when all of the above is there before us.
DIFFERING = {
    *(
        ("user-consent-policy", "update", name)
        for name in (
            "displayName",
            "description",
            "includes[0].permissionClassification",
            "includes[0].permissions",
            "includes[0].clientApplicationsFromVerifiedPublisherOnly",
        )
    ),
    ("grant", "update", "scopes"),
    *(
        ("zoom-settings", "update", path)
        for path in (
            "zoom_rooms.list_meetings_with_calendar",
            "schedule_meeting.audio_type",
            "schedule_meeting.jbh_time",
            "schedule_meeting.meeting_password_requirement.length",
            "schedule_meeting.meeting_password_requirement.have_special_character",
            "in_meeting.data_center_regions",
            "in_meeting.dscp_audio",
            "telephony.audio_conference_info",
        )
    ),
    ("zoom-locks", "update", "schedule_meeting.host_video"),
    ("zoom-locks", "update", "in_meeting.chat"),
    ("zoom-calendar-integration", "create", ""),
}


def principal_of(state: State, client_id: str) -> str:
    principals = state["entra"]["servicePrincipals"]
    return next(str(key) for key, one in principals.items() if one["appId"] == client_id)


def grant_of(state: State, client_id: str, scope: str) -> State:
    return {
        "id": f"grant-of-{client_id}",
        "clientId": principal_of(state, client_id),
        "consentType": TENANT_WIDE,
        "principalId": None,
        "resourceId": principal_of(state, MICROSOFT_GRAPH),
        "scope": scope,
    }


def somebody_was_here(stack: Stack, *, policy: bool = True) -> None:
    """Zoom made a grant when it was authorized, and an administrator a policy with our id."""
    with stack.portal() as state:
        grant = grant_of(state, ZOOM_CALENDAR_CLIENT_ID, f"openid {SCOPES[1]} offline_access")
        state["entra"]["oauth2PermissionGrants"][grant["id"]] = grant
        if policy:
            state["entra"]["permissionGrantPolicies"][POLICY_ID] = THEIR_POLICY
            role = state["entra"]["authorizationPolicy"]["defaultUserRolePermissions"]
            role["permissionGrantPoliciesAssigned"].insert(0, ENTRY)
    stack.before = stack.snapshot()


def assert_restored(stack: Stack) -> None:
    """As before; only the condition sets of a policy that was written have new ids."""
    assert differences(in_one_form(stack.snapshot()), in_one_form(stack.before)) == []


def test_all_that_is_there_is_adopted_compared_applied_and_given_back(stack: Stack) -> None:
    stack.declare(declarations.text("admin"))
    somebody_was_here(stack)
    with stack.nothing_written():
        said = stack.adopt()
        changes = stack.plan()
        again = stack.adopt()
    for name in ("user-consent-policy", "user-consent-assignment", "grant", "zoom-settings"):
        assert f"{name} " in said
    assert "with its live values" in said
    assert "with its live values" not in again
    assert in_words(changes) == DIFFERING
    assert (
        update("user-consent-policy", "displayName", "Zoom", changes_declared(changes)) in changes
    )
    assert update("grant", "scopes", [SCOPES[1]], SCOPES) in changes
    assert update("zoom-settings", "schedule_meeting.jbh_time", 5, 10) in changes
    stack.up()
    assert stack.plan(code=0) == []
    with stack.nothing_written():
        assert "with its live values" not in stack.adopt()
    stack.destroy()
    assert_restored(stack)


def changes_declared(changes: list[Change]) -> object:
    return next(c.declared for c in changes if c.property == "displayName")


def test_a_policy_of_somebody_else_is_refused_until_it_is_adopted(stack: Stack) -> None:
    stack.declare(declarations.text("admin"))
    somebody_was_here(stack)
    out = stack.up(code=1)
    lines = [line for line in out.splitlines() if "ForeignObject" in line]
    assert lines
    assert all(POLICY_ID in line and "python -m fleet adopt" in line for line in lines)
    theirs = ("permissionGrantPolicies", "authorizationPolicy")
    assert [write for write in stack.writes() if write.endswith(theirs)] == []
    assert stack.snapshot()["entra"]["permissionGrantPolicies"][POLICY_ID] == THEIR_POLICY
    stack.adopt()
    stack.up()
    assert stack.plan(code=0) == []
    stack.destroy()
    assert_restored(stack)


def test_a_grant_that_zoom_made_is_completed_without_adopting_and_given_back(stack: Stack) -> None:
    stack.declare(declarations.text("admin"))
    somebody_was_here(stack, policy=False)
    stack.up()
    assert stack.plan(code=0) == []
    live = stack.snapshot()["entra"]["oauth2PermissionGrants"]
    scope = live[f"grant-of-{ZOOM_CALENDAR_CLIENT_ID}"]["scope"]
    assert scope == f"openid {SCOPES[1]} offline_access {SCOPES[0]}"
    stack.destroy()
    stack.assert_as_before()


@pytest.mark.full
def test_a_registered_application_with_its_principal_and_grant_is_adopted(
    stack: Stack, apply: Apply
) -> None:
    stack.go_on_from(apply(declarations.text("admin", "registered")))
    stack.forget()
    stack.declare(declarations.text("admin", "registered"))
    with stack.portal() as state:
        application = registered(state)
        application["notes"] = "Made by hand"
        application["web"]["redirectUris"] = []
        (grant,) = [
            g for g in state["entra"]["oauth2PermissionGrants"].values() if is_new(g, stack)
        ]
        grant["scope"] = SCOPES[0]
    with stack.nothing_written():
        said = stack.adopt()
        changes = stack.plan()
    for name in ("registration", "principal", "grant"):
        assert f"{name} " in said
    notes = declarations.REGISTERED["notes"]
    assert update("registration", "notes", "Made by hand", notes) in changes
    assert update("grant", "claimValues", [SCOPES[0]], SCOPES) in changes
    assert {change.resource for change in changes if change.operation == "create"} == {
        "zoom-calendar-integration"
    }
    stack.up()
    assert stack.plan(code=0) == []


def registered(state: State) -> State:
    name = declarations.REGISTERED["displayName"]
    (found,) = [
        one for one in state["entra"]["applications"].values() if one["displayName"] == name
    ]
    one: State = found
    return one


def is_new(grant: State, stack: Stack) -> bool:
    return grant["id"] not in stack.before["entra"]["oauth2PermissionGrants"]
