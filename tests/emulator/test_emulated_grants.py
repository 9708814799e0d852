"""Delegated permission grants and application role assignments."""

from __future__ import annotations

from typing import Any

import pytest

from emulator import Emulator
from emulator.entra_login import GRAPH_APP_ID
from emulator.seed_entra import ZOOM_APP_ID

from .conftest import Graph, Object, Refused

GUID = "2c6bd2d4-4b5c-4b8f-9d4b-64d9e6f6a002"


@pytest.fixture
def body(graph: Graph) -> Object:
    return {
        "clientId": graph.principal(ZOOM_APP_ID),
        "consentType": "AllPrincipals",
        "resourceId": graph.principal(GRAPH_APP_ID),
        "scope": "Calendars.ReadWrite Contacts.ReadWrite",
    }


def test_a_tenant_wide_grant_stands_beside_the_users_own(graph: Graph, body: Any) -> None:
    made = graph("POST", "/oauth2PermissionGrants", json=body)

    assert made.status_code == 201
    assert made.json()["principalId"] is None
    mine = graph.get(f"/servicePrincipals/{body['clientId']}/oauth2PermissionGrants")["value"]
    assert sorted(grant["consentType"] for grant in mine) == ["AllPrincipals", "Principal"]


def test_the_same_grant_twice_is_a_conflict(
    graph: Graph, body: Any, emulator: Emulator, refused: Refused
) -> None:
    graph("POST", "/oauth2PermissionGrants", json=body)
    before = emulator.snapshot()

    again = graph("POST", "/oauth2PermissionGrants", json=body | {"scope": "openid"})

    message = refused(again, 409, "Request_MultipleObjectsWithSameKeyValue")
    assert message == "Permission entry already exists."
    assert emulator.snapshot() == before


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"clientId": "x"}, 400),
        ({"clientId": GUID}, 404),
        ({"resourceId": GUID}, 404),
        ({"consentType": "Everybody"}, 400),
        ({"consentType": "Principal"}, 400),
        ({"consentType": "Principal", "principalId": GUID}, 404),
        ({"principalId": GUID}, 400),
        ({"scope": None}, 400),
        ({"nonsense": 1}, 400),
    ],
)
def test_an_invalid_grant_is_refused(
    graph: Graph, body: Any, emulator: Emulator, change: Object, status: int
) -> None:
    before = emulator.snapshot()

    assert graph("POST", "/oauth2PermissionGrants", json=body | change).status_code == status
    assert emulator.snapshot() == before


def test_only_the_scope_of_a_grant_can_change(graph: Graph, body: Any, refused: Refused) -> None:
    made = graph("POST", "/oauth2PermissionGrants", json=body).json()
    path = f"/oauth2PermissionGrants/{made['id']}"

    as_azuread_does = {"clientId": "", "scope": "openid"}
    assert graph("PATCH", path, json=as_azuread_does).status_code == 204
    assert graph.get(path)["scope"] == "openid"
    message = refused(graph("PATCH", path, json={"principalId": GUID}), 400, "Request_BadRequest")
    assert message == "Property cannot be updated: principalId"


def test_a_deleted_grant_is_gone(graph: Graph, body: Any, refused: Refused) -> None:
    made = graph("POST", "/oauth2PermissionGrants", json=body).json()
    path = f"/oauth2PermissionGrants/{made['id']}"

    assert graph("DELETE", path).status_code == 204
    refused(graph("GET", path), 404, "Request_ResourceNotFound")
    refused(graph("DELETE", path), 404, "Request_ResourceNotFound")


def test_a_grant_made_again_has_the_id_it_had(graph: Graph, body: Any, emulator: Emulator) -> None:
    first = graph("POST", "/oauth2PermissionGrants", json=body).json()
    after = emulator.snapshot()
    graph("DELETE", f"/oauth2PermissionGrants/{first['id']}")
    graph("POST", "/oauth2PermissionGrants", json=body)

    assert emulator.snapshot() == after


def test_grants_are_filtered_by_their_key_but_not_by_scope(
    graph: Graph, body: Any, refused: Refused
) -> None:
    graph("POST", "/oauth2PermissionGrants", json=body)
    text = (
        f"clientId eq '{body['clientId']}' and consentType eq 'AllPrincipals' "
        f"and resourceId eq '{body['resourceId']}'"
    )

    found = graph.get("/oauth2PermissionGrants", params={"$filter": text})["value"]
    assert [grant["scope"] for grant in found] == [body["scope"]]
    by_scope = graph("GET", "/oauth2PermissionGrants", params={"$filter": "scope eq 'openid'"})
    refused(by_scope, 400, "Request_BadRequest")


def test_a_role_is_assigned_read_and_removed_from_both_sides(
    graph: Graph, body: Any, refused: Refused
) -> None:
    graph.login("AppRoleAssignment.ReadWrite.All", "Application.Read.All")
    asked = {
        "principalId": body["clientId"],
        "resourceId": body["resourceId"],
        "appRoleId": "ef54d2bf-783f-4e0f-bca1-3210c0444d99",
    }
    path = f"/servicePrincipals/{body['resourceId']}/appRoleAssignedTo"
    made = graph("POST", path, json=asked)
    assert made.status_code == 201
    assert made.json()["principalType"] == "ServicePrincipal"
    assert made.json()["resourceDisplayName"] == "Microsoft Graph"
    refused(graph("POST", path, json=asked), 400, "Request_BadRequest")

    own = f"/servicePrincipals/{body['clientId']}/appRoleAssignments"
    assert [a["id"] for a in graph.get(own)["value"]] == [made.json()["id"]]
    by_type = graph("GET", path, params={"$filter": "principalType eq 'User'"})
    refused(by_type, 400, "Request_BadRequest")
    assert graph("DELETE", f"{own}/{made.json()['id']}").status_code == 204
    message = refused(graph("DELETE", f"{path}/{made.json()['id']}"), 400, "Request_BadRequest")
    assert message == "EntitlementGrant being updated or deleted is not found."


@pytest.mark.parametrize("wrong", ["principalId", "resourceId", "appRoleId"])
def test_an_assignment_of_what_does_not_exist_is_refused(
    graph: Graph, body: Any, refused: Refused, wrong: Any
) -> None:
    graph.login("AppRoleAssignment.ReadWrite.All", "Application.Read.All")
    asked = {
        "principalId": body["clientId"],
        "resourceId": body["resourceId"],
        "appRoleId": "ef54d2bf-783f-4e0f-bca1-3210c0444d99",
    } | {wrong: GUID}
    path = f"/servicePrincipals/{body['resourceId']}/appRoleAssignedTo"

    message = refused(graph("POST", path, json=asked), 400, "Request_BadRequest")
    assert message == "Not a valid reference update."


def test_a_deleted_principal_takes_its_grants_along(graph: Graph, body: Any) -> None:
    graph("POST", "/oauth2PermissionGrants", json=body)

    graph("DELETE", f"/servicePrincipals/{body['clientId']}")

    grants = graph.get("/oauth2PermissionGrants")["value"]
    assert body["clientId"] not in [grant["clientId"] for grant in grants]
