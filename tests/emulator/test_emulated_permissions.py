"""Which application permission opens which route of Graph."""

from __future__ import annotations

import pytest

from emulator import Emulator

from .conftest import Graph, Refused

ROUTES = [
    ("GET", "/applications", "Application.Read.All"),
    ("GET", "/applications", "Application.ReadWrite.OwnedBy"),
    ("GET", "/applications", "Directory.Read.All"),
    ("GET", "/servicePrincipals", "Application.Read.All"),
    ("GET", "/oauth2PermissionGrants", "Directory.Read.All"),
    ("GET", "/oauth2PermissionGrants", "DelegatedPermissionGrant.ReadWrite.All"),
    ("GET", "/oauth2PermissionGrants", "DelegatedPermissionGrant.ReadWrite.All"),
    ("GET", "/policies/authorizationPolicy", "Policy.Read.All"),
    ("GET", "/policies/authorizationPolicy", "Policy.ReadWrite.Authorization"),
    ("GET", "/policies/permissionGrantPolicies", "Policy.Read.PermissionGrant"),
    ("GET", "/policies/permissionGrantPolicies", "Policy.ReadWrite.PermissionGrant"),
    ("GET", "/policies/adminConsentRequestPolicy", "Policy.Read.All"),
    ("GET", "/domains", "Domain.Read.All"),
    ("GET", "/domains", "Directory.Read.All"),
    ("GET", "/organization", "Organization.Read.All"),
    ("GET", "/users", "User.Read.All"),
    ("GET", "/groups", "GroupMember.Read.All"),
]
WRITES = [
    ("POST", "/applications", "Application.Read.All"),
    ("POST", "/servicePrincipals", "Application.Read.All"),
    ("POST", "/oauth2PermissionGrants", "Directory.Read.All"),
    ("PATCH", "/policies/authorizationPolicy", "Policy.Read.All"),
    ("PATCH", "/policies/authorizationPolicy", "Policy.ReadWrite.PermissionGrant"),
    ("POST", "/policies/permissionGrantPolicies", "Policy.Read.PermissionGrant"),
    ("POST", "/policies/permissionGrantPolicies", "Policy.ReadWrite.Authorization"),
    ("GET", "/policies/permissionGrantPolicies", "Policy.Read.All"),
    ("GET", "/organization", "Domain.Read.All"),
    ("GET", "/oauth2PermissionGrants", "Application.ReadWrite.All"),
    ("GET", "/oauth2PermissionGrants", "DelegatedPermissionGrant.Read.All"),
]


@pytest.mark.parametrize(("method", "path", "role"), ROUTES)
def test_a_documented_permission_is_enough(graph: Graph, method: str, path: str, role: str) -> None:
    graph.login(role)

    assert graph(method, path).status_code == 200


@pytest.mark.parametrize(("method", "path", "role"), WRITES)
def test_another_permission_is_not_enough(
    graph: Graph, emulator: Emulator, refused: Refused, method: str, path: str, role: str
) -> None:
    graph.login(role)
    before = emulator.snapshot()

    message = refused(graph(method, path, json={}), 403, "Authorization_RequestDenied")

    assert message == "Insufficient privileges to complete the operation."
    assert emulator.snapshot() == before


def test_role_assignments_need_both_of_their_permissions(graph: Graph, refused: Refused) -> None:
    app_id = graph.emulator.env["ARM_CLIENT_ID"]
    path = f"/servicePrincipals/{graph.principal(app_id)}/appRoleAssignments"
    graph.login("AppRoleAssignment.ReadWrite.All")
    refused(graph("POST", path, json={}), 403, "Authorization_RequestDenied")

    graph.login("AppRoleAssignment.ReadWrite.All", "Application.Read.All")
    refused(graph("POST", path, json={}), 400, "Request_BadRequest")


def test_owned_by_reaches_what_the_caller_made_and_nothing_else(
    graph: Graph, refused: Refused
) -> None:
    graph.login("Application.ReadWrite.OwnedBy")
    intranet = next(
        a for a in graph.get("/applications")["value"] if a["displayName"] == "Intranet"
    )
    mine = graph("POST", "/applications", json={"displayName": "mine"}).json()

    change = {"notes": "changed"}
    assert graph("PATCH", f"/applications/{mine['id']}", json=change).status_code == 204
    denied = graph("PATCH", f"/applications/{intranet['id']}", json=change)
    refused(denied, 403, "Authorization_RequestDenied")
    assert graph("DELETE", f"/applications/{mine['id']}").status_code == 204


def test_owned_by_makes_no_principal_of_a_foreign_application(
    graph: Graph, emulator: Emulator, refused: Refused
) -> None:
    graph.login()
    zoom = graph.principal("fc108d3f-543d-4374-bbff-c7c51f651fe5")
    assert graph("DELETE", f"/servicePrincipals/{zoom}").status_code == 204
    graph.login("Application.ReadWrite.OwnedBy")

    body = {"appId": "fc108d3f-543d-4374-bbff-c7c51f651fe5"}
    message = refused(
        graph("POST", "/servicePrincipals", json=body), 403, "Authorization_RequestDenied"
    )

    assert "must in the local tenant" in message


def test_adding_an_owner_needs_to_read_the_directory(
    graph: Graph, emulator: Emulator, refused: Refused
) -> None:
    app = graph("POST", "/applications", json={"displayName": "mine"}).json()
    user = next(iter(emulator.world.data["entra"]["users"]))
    link = {"@odata.id": f"{graph.base}/directoryObjects/{user}"}
    graph.login("Application.ReadWrite.All")
    path = f"/applications/{app['id']}/owners/$ref"
    refused(graph("POST", path, json=link), 403, "Authorization_RequestDenied")

    graph.login("Application.ReadWrite.All", "Directory.Read.All")
    assert graph("POST", path, json=link).status_code == 204


def test_an_unknown_route_is_not_implemented(graph: Graph, refused: Refused) -> None:
    refused(graph("GET", "/sites"), 501, "NotImplemented")


def test_an_unknown_method_is_not_allowed(graph: Graph, refused: Refused) -> None:
    refused(graph("PUT", "/domains", json={}), 405, "Request_BadRequest")
