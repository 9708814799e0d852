"""What the doctor reads beside the rest: classifications, users' assignments, built-in policies."""

from __future__ import annotations

from typing import Any

import pytest

from emulator import Emulator
from emulator.entra_login import GRAPH_APP_ID
from emulator.seed_entra import ZOOM_APP_ID
from emulator.seed_graph import kept_from_users

from .conftest import Graph, Refused

LEVELS = f"/servicePrincipals(appId='{GRAPH_APP_ID}')/delegatedPermissionClassifications"
CALENDARS = "1ec239c2-d7c9-4623-a91a-a9775856bb36"
POLICIES = "/policies/permissionGrantPolicies"
NO_ROLE = "00000000-0000-0000-0000-000000000000"


def test_a_permission_is_classified_read_and_let_go(graph: Graph) -> None:
    assert graph.get(LEVELS)["value"] == []
    made = graph("POST", LEVELS, json={"permissionId": CALENDARS, "classification": "low"})
    assert made.status_code == 201
    [level] = graph.get(LEVELS)["value"]
    assert (level["permissionName"], level["classification"]) == ("Calendars.ReadWrite", "low")
    assert graph("DELETE", f"{LEVELS}/{level['id']}").status_code == 204
    assert graph.get(LEVELS)["value"] == []
    assert graph("DELETE", f"{LEVELS}/{level['id']}").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"permissionId": CALENDARS, "classification": "harmless"},
        {"permissionId": "nothing", "classification": "low"},
        {"permissionId": CALENDARS, "permissionName": "Mail.Read", "classification": "low"},
        {"permissionId": CALENDARS, "classification": "low", "nonsense": 1},
        {"permissionId": CALENDARS},
    ],
)
def test_an_invalid_classification_is_refused(
    graph: Graph, emulator: Emulator, refused: Refused, body: Any
) -> None:
    before = emulator.snapshot()
    refused(graph("POST", LEVELS, json=body), 400, "Request_BadRequest")
    assert emulator.snapshot() == before


def test_a_classified_permission_is_not_classified_again(graph: Graph, refused: Refused) -> None:
    body = {"permissionId": CALENDARS, "classification": "low"}
    assert graph("POST", LEVELS, json=body).status_code == 201
    refused(graph("POST", LEVELS, json=body), 409, "Request_MultipleObjectsWithSameKeyValue")


def test_classifications_need_their_permissions(graph: Graph, refused: Refused) -> None:
    graph.login("Application.Read.All")
    assert graph.get(LEVELS)["value"] == []
    body = {"permissionId": CALENDARS, "classification": "low"}
    refused(graph("POST", LEVELS, json=body), 403, "Authorization_RequestDenied")
    graph.login("Policy.Read.All")
    refused(graph("GET", LEVELS), 403, "Authorization_RequestDenied")


def _assign(graph: Graph, assignee: str) -> None:
    zoom = graph.principal(ZOOM_APP_ID)
    body = {"principalId": assignee, "resourceId": zoom, "appRoleId": NO_ROLE}
    assert graph("POST", f"/servicePrincipals/{zoom}/appRoleAssignedTo", json=body).ok


@pytest.mark.parametrize(("who", "seen"), [("adele", True), ("group", True), ("diego", False)])
def test_a_users_assignments_are_those_of_the_groups_too(
    graph: Graph, emulator: Emulator, who: str, seen: bool
) -> None:
    emulator.grant_roles(
        ["Application.Read.All", "AppRoleAssignment.ReadWrite.All", "Directory.Read.All"]
    )
    graph.login()
    if who == "group":
        [group] = graph.get("/groups")["value"]
        assert "members" not in group
        _assign(graph, group["id"])
    else:
        _assign(graph, graph.get(f"/users/{who}@contoso.com")["id"])
    found = graph.get("/users/Adele@contoso.com/appRoleAssignments")["value"]
    assert bool(found) is seen


def test_a_users_assignments_need_the_directory(graph: Graph, refused: Refused) -> None:
    graph.login("User.Read.All")
    refused(
        graph("GET", "/users/adele@contoso.com/appRoleAssignments"),
        403,
        "Authorization_RequestDenied",
    )


def test_microsofts_recommended_policy_keeps_calendars_from_users(graph: Graph) -> None:
    policy = graph.get(f"{POLICIES}/microsoft-user-default-recommended")
    [include], [exclude] = policy["includes"], policy["excludes"]
    assert include["permissionType"] == "delegatedUserConsentable"
    assert exclude["permissions"] == kept_from_users()
    assert CALENDARS in exclude["permissions"]


def test_the_low_policy_is_for_verified_publishers_or_this_tenant(graph: Graph) -> None:
    sets = graph.get(f"{POLICIES}/microsoft-user-default-low")["includes"]
    assert {one["permissionClassification"] for one in sets} == {"low"}
    assert [one["clientApplicationsFromVerifiedPublisherOnly"] for one in sets] == [True, False]
    assert sets[1]["clientApplicationTenantIds"] == [graph.emulator.env["ARM_TENANT_ID"]]
