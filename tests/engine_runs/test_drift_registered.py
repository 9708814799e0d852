"""Drift of a registered application, its principal and its grant: azuread's own resources."""

from collections.abc import Callable
from typing import Any

import pytest

from emulator import Emulator
from fleet.plan import Change
from tenant.desired import MICROSOFT_GRAPH
from tests.engine_runs import declarations
from tests.engine_runs.declarations import OWNER, SOMEBODY
from tests.engine_runs.drift import Drift, check_round, update
from tests.engine_runs.stack import Stack, State

pytestmark = pytest.mark.engine

SCOPES = ["Calendars.ReadWrite", "Contacts.ReadWrite"]
NAME = declarations.REGISTERED["displayName"]
SCOPE_IDS = {
    scope["value"]: scope["id"]
    for principal in Emulator().snapshot()["entra"]["servicePrincipals"].values()
    if principal["appId"] == MICROSOFT_GRAPH
    for scope in principal["oauth2PermissionScopes"]
}
FILE = declarations.text("admin", "registered")


def ours(state: State, kind: str, key: str = "displayName", value: str = NAME) -> State:
    (found,) = [one for one in state["entra"][kind].values() if one[key] == value]
    one: State = found
    return one


def application(state: State) -> State:
    """The registration; found by its principal, for its own name may have drifted."""
    return ours(state, "applications", "appId", principal(state)["appId"])


def principal(state: State) -> State:
    return ours(state, "servicePrincipals")


def grant(state: State) -> State:
    return ours(state, "oauth2PermissionGrants", "clientId", principal(state)["id"])


def becomes(of: Callable[[State], State], path: str, value: Any) -> Callable[[State], None]:
    def edit(state: State) -> None:
        *parents, last = path.split(".")
        place = of(state)
        for key in parents:
            place = place[key]
        assert place[last] != value
        place[last] = value

    return edit


def access(*scopes: str) -> list[State]:
    found = [{"id": SCOPE_IDS[scope], "type": "Scope"} for scope in scopes]
    return [{"resourceAppId": MICROSOFT_GRAPH, "resourceAccess": found}]


def registration(path: str, live: Any, property_: str, declared: Any) -> Drift:
    seen = update("registration", property_, live, declared)
    return Drift(f"application {path}", becomes(application, path, live), seen)


APPLICATION = [
    registration("displayName", "Renamed", "displayName", NAME),
    registration("notes", "Theirs", "notes", declarations.REGISTERED["notes"]),
    registration("signInAudience", "AzureADMultipleOrgs", "signInAudience", "AzureADMyOrg"),
    registration(
        "web.redirectUris",
        ["https://evil.example/oauth"],
        "web.redirectUris",
        declarations.REGISTERED["redirectUris"],
    ),
    registration("owners", [SOMEBODY], "owners", [OWNER]),
]
PRINCIPAL = [
    Drift(
        f"principal {path}",
        becomes(principal, path, live),
        update("principal", path, live, declared),
    )
    for path, live, declared in (
        ("accountEnabled", False, True),
        ("appRoleAssignmentRequired", True, False),
        ("owners", [SOMEBODY], [OWNER]),
    )
]


def scopes(*live: str) -> Drift:
    seen = update("grant", "claimValues", sorted(live), SCOPES)
    return Drift(f"grant {live}", becomes(grant, "scope", " ".join(live)), seen)


def delete_grant(state: State) -> None:
    grants = state["entra"]["oauth2PermissionGrants"]
    del grants[grant(state)["id"]]


def test_every_property_of_the_registration_is_named_and_healed(
    applied: Callable[[str], Stack],
) -> None:
    stack = applied(FILE)
    check_round(stack, [*APPLICATION, *PRINCIPAL, scopes(SCOPES[0])])
    check_round(stack, [scopes(SCOPES[1], "User.Read")])


@pytest.mark.full
def test_required_permissions_and_a_deleted_grant_are_named_and_healed(
    applied: Callable[[str], Stack],
) -> None:
    stack = applied(FILE)
    with stack.portal() as state:
        now = principal(state)["id"]
        graph = grant(state)["resourceId"]
    declared = {
        "servicePrincipalObjectId": now,
        "resourceServicePrincipalObjectId": graph,
        "claimValues": SCOPES,
    }
    gone = Drift("grant deleted", delete_grant, Change("grant", "create", "", None, declared))
    less = becomes(application, "requiredResourceAccess", access(SCOPES[0]))
    check_required_permissions(stack, less)
    check_round(stack, [gone])


def check_required_permissions(stack: Stack, edit: Callable[[State], None]) -> None:
    healthy = stack.snapshot()
    with stack.portal() as state:
        edit(state)
    (change,) = stack.plan()
    assert (change.resource, change.operation) == ("registration", "update")
    assert change.property.startswith("requiredResourceAccesses[0].resourceAccesses")
    assert SCOPE_IDS[SCOPES[1]] in str(change.declared)
    stack.up()
    assert stack.snapshot() == healthy
