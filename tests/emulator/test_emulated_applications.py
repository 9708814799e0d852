"""Applications, their owners and credentials, and the principals made of them."""

from __future__ import annotations

from typing import Any

import pytest

from emulator import Emulator

from .conftest import Graph, Object, Refused

SCOPE = {
    "id": "2c6bd2d4-4b5c-4b8f-9d4b-64d9e6f6a001",
    "value": "Do.It",
    "type": "User",
    "isEnabled": True,
}


@pytest.fixture
def app(graph: Graph) -> Any:
    return graph("POST", "/applications", json={"displayName": "new"}).json()


def test_a_new_application_is_answered_whole(graph: Graph) -> None:
    body = {
        "@odata.type": "#microsoft.graph.application",
        "displayName": "new",
        "web": {"@odata.type": "#x", "redirectUris": ["https://app.contoso.com/back"]},
    }
    response = graph("POST", "/applications", json=body)
    made = response.json()

    assert response.status_code == 201
    assert made["web"]["redirectUris"] == ["https://app.contoso.com/back"]
    assert made["web"]["implicitGrantSettings"]["enableIdTokenIssuance"] is False
    assert made["publisherDomain"] == "contoso.com"
    assert "@odata.type" not in str(made)
    assert "owners" not in made
    without_context = {k: v for k, v in made.items() if k != "@odata.context"}
    read = graph.get(f"/applications/{made['id']}")
    assert {k: v for k, v in read.items() if k != "@odata.context"} == without_context


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"displayName": ""},
        {"displayName": "x" * 257},
        {"displayName": "a", "nonsense": 1},
        {"displayName": "a", "appId": "158bd347-6a22-5249-90fd-2b3f9b146d46"},
        {"displayName": "a", "signInAudience": "Everyone"},
        {"displayName": "a", "requiredResourceAccess": [{"resourceAppId": "graph"}]},
        {"displayName": "a", "requiredResourceAccess": "graph"},
        {"displayName": "a", "appRoles": [{"id": "1", "value": "x"}]},
        {"displayName": "a", "api": {"oauth2PermissionScopes": [SCOPE, SCOPE]}},
        {"displayName": "a", "web": {"redirectUris": ["http://app.contoso.com"]}},
        {"displayName": "a", "identifierUris": ["https://intranet.contoso.com"]},
    ],
)
def test_an_invalid_application_is_refused(
    graph: Graph, emulator: Emulator, refused: Refused, body: Any
) -> None:
    before = emulator.snapshot()

    refused(graph("POST", "/applications", json=body), 400, "Request_BadRequest")

    assert emulator.snapshot() == before


def test_an_identifier_needs_a_verified_domain(graph: Graph, refused: Refused) -> None:
    body = {"displayName": "a", "identifierUris": ["https://app.contoso-labs.com"]}

    refused(graph("POST", "/applications", json=body), 400, "HostNameNotOnVerifiedDomain")


def test_a_body_that_is_no_json_object_is_refused(graph: Graph, refused: Refused) -> None:
    refused(graph("POST", "/applications", data="nonsense"), 400, "BadRequest")
    refused(graph("POST", "/applications", json=["a"]), 400, "BadRequest")


def test_patch_merges_objects_replaces_lists_and_clears_by_null(graph: Graph, app: Object) -> None:
    path = f"/applications/{app['id']}"
    first = {"info": {"supportUrl": "https://a", "marketingUrl": "https://b"}, "tags": ["a", "b"]}
    graph("PATCH", path, json=first)

    graph("PATCH", path, json={"info": {"supportUrl": None}, "tags": ["c"], "notes": "n"})

    read = graph.get(path)
    assert (read["info"]["supportUrl"], read["info"]["marketingUrl"]) == (None, "https://b")
    assert read["tags"] == ["c"]
    assert read["notes"] == "n"


def test_a_read_only_property_may_come_back_but_not_change(
    graph: Graph, app: Object, refused: Refused
) -> None:
    path = f"/applications/{app['id']}"

    assert graph("PATCH", path, json={"id": app["id"], "notes": "n"}).status_code == 204
    refused(graph("PATCH", path, json={"appId": GUID}), 400, "Request_BadRequest")


GUID = "2c6bd2d4-4b5c-4b8f-9d4b-64d9e6f6a002"


def test_an_enabled_scope_is_disabled_before_it_goes(
    graph: Graph, app: Object, refused: Refused
) -> None:
    path = f"/applications/{app['id']}"
    graph("PATCH", path, json={"api": {"oauth2PermissionScopes": [SCOPE]}})
    assert graph("PATCH", path, json={"api": {"acceptMappedClaims": True}}).status_code == 204
    gone: Object = {"api": {"oauth2PermissionScopes": []}}
    refused(graph("PATCH", path, json=gone), 400, "CannotDeleteOrUpdateEnabledEntitlement")

    off = {"api": {"oauth2PermissionScopes": [SCOPE | {"isEnabled": False}]}}
    assert graph("PATCH", path, json=off).status_code == 204
    assert graph("PATCH", path, json=gone).status_code == 204


def test_a_deleted_application_is_gone_with_its_principal(
    graph: Graph, app: Object, refused: Refused
) -> None:
    sp = graph("POST", "/servicePrincipals", json={"appId": app["appId"]}).json()
    assert graph("DELETE", f"/applications/{app['id']}").status_code == 204

    message = refused(graph("GET", f"/applications/{app['id']}"), 404, "Request_ResourceNotFound")
    assert app["id"] in message
    refused(graph("GET", f"/servicePrincipals/{sp['id']}"), 404, "Request_ResourceNotFound")


def test_the_app_id_addresses_too(graph: Graph, app: Object, refused: Refused) -> None:
    assert graph.get(f"/applications(appId='{app['appId']}')")["id"] == app["id"]
    absent = graph("GET", f"/applications(appId='{GUID}')")
    refused(absent, 404, "Request_ResourceNotFound")


def test_only_the_beta_shape_shows_beta_properties(graph: Graph, app: Object) -> None:
    path = f"/applications/{app['id']}"
    graph.base = f"{graph.root}/beta"
    graph("PATCH", path, json={"oauth2RequirePostResponse": True})
    chosen = graph.get(path, params={"$select": "oauth2RequirePostResponse"})
    assert chosen["oauth2RequirePostResponse"] is True

    graph.base = f"{graph.root}/v1.0"
    assert "oauth2RequirePostResponse" not in graph.get(path)


def test_owners_are_bound_added_and_removed(
    graph: Graph, emulator: Emulator, refused: Refused
) -> None:
    users = list(emulator.world.data["entra"]["users"])
    link = f"{graph.base}/directoryObjects"
    body = {"displayName": "owned", "owners@odata.bind": [f"{link}/{users[0]}"]}
    app = graph("POST", "/applications", json=body).json()
    path = f"/applications/{app['id']}/owners"

    add = {"@odata.id": f"{link}/{users[1]}"}
    assert graph("POST", f"{path}/$ref", json=add).status_code == 204
    refused(graph("POST", f"{path}/$ref", json=add), 400, "Request_BadRequest")
    owners = graph.get(path)["value"]
    assert [owner["id"] for owner in owners] == users[:2]
    assert owners[0]["@odata.type"] == "#microsoft.graph.user"

    assert graph("DELETE", f"{path}/{users[0]}/$ref").status_code == 204
    refused(graph("DELETE", f"{path}/{users[0]}/$ref"), 404, "Request_ResourceNotFound")
    nobody = {"@odata.id": f"{link}/{GUID}"}
    refused(graph("POST", f"{path}/$ref", json=nobody), 404, "Request_ResourceNotFound")


def test_a_password_is_shown_once_and_works_until_removed(graph: Graph, app: Object) -> None:
    path = f"/applications/{app['id']}"
    graph("POST", "/servicePrincipals", json={"appId": app["appId"]})
    asked = {"passwordCredential": {"displayName": "ci"}}
    made = graph("POST", f"{path}/addPassword", json=asked).json()
    credentials = {"client_id": app["appId"], "client_secret": made["secretText"]}

    assert graph.token(**credentials).status_code == 200
    [kept] = graph.get(path)["passwordCredentials"]
    assert (kept["keyId"], kept["secretText"]) == (made["keyId"], None)
    assert made["secretText"] not in str(graph.emulator.snapshot())

    removed = graph("POST", f"{path}/removePassword", json={"keyId": made["keyId"]})
    assert removed.status_code == 204
    assert graph.token(**credentials).status_code == 401


def test_an_application_without_a_principal_gets_no_token(graph: Graph, app: Object) -> None:
    asked: Object = {"passwordCredential": {}}
    secret = graph("POST", f"/applications/{app['id']}/addPassword", json=asked).json()
    response = graph.token(client_id=app["appId"], client_secret=secret["secretText"])

    assert response.json()["error_codes"] == [7000229]


def test_federated_credentials_keep_their_rules(
    graph: Graph, app: Object, refused: Refused
) -> None:
    path = f"/applications/{app['id']}/federatedIdentityCredentials"
    body = {"name": "ci", "issuer": "https://i", "subject": "s", "audiences": ["a"]}
    made = graph("POST", path, json=body)
    assert made.status_code == 201

    twice = graph("POST", path, json=body | {"subject": "t"})
    refused(twice, 409, "Request_MultipleObjectsWithSameKeyValue")
    for wrong in (
        body | {"name": "other"},
        body | {"name": "o", "subject": "t", "audiences": []},
        body | {"name": "o", "subject": ""},
        body | {"name": "not a name", "subject": "t"},
    ):
        refused(graph("POST", path, json=wrong), 400, "Request_BadRequest")
    assert graph("PATCH", f"{path}/ci", json={"name": "ci", "subject": "u"}).status_code == 204
    assert graph.get(f"{path}/{made.json()['id']}")["subject"] == "u"
    refused(graph("PATCH", f"{path}/ci", json={"name": "new"}), 400, "Request_BadRequest")
    assert graph("DELETE", f"{path}/{made.json()['id']}").status_code == 204
    refused(graph("GET", f"{path}/ci"), 404, "Request_ResourceNotFound")


def test_a_principal_follows_its_application(graph: Graph, app: Object) -> None:
    body = {"appId": app["appId"], "description": "mine", "tags": ["t"]}
    made = graph("POST", "/servicePrincipals", json=body)
    path = f"/servicePrincipals/{made.json()['id']}"
    assert made.status_code == 201
    assert made.json()["appOwnerOrganizationId"] == graph.emulator.tenant_id

    graph("PATCH", f"/applications/{app['id']}", json={"displayName": "renamed"})

    assert graph.get(path)["displayName"] == "renamed"
    assert graph.get(path)["description"] == "mine"


def test_a_principal_exists_once_and_only_of_an_application(
    graph: Graph, app: Object, refused: Refused
) -> None:
    graph("POST", "/servicePrincipals", json={"appId": app["appId"]})
    twice = graph("POST", "/servicePrincipals", json={"appId": app["appId"]})
    refused(twice, 409, "Request_MultipleObjectsWithSameKeyValue")

    message = refused(
        graph("POST", "/servicePrincipals", json={"appId": GUID}), 400, "Request_BadRequest"
    )
    assert f"The appId '{GUID}' of the service principal does not reference a valid" in message


def test_what_a_principal_takes_from_its_application_is_read_only(
    graph: Graph, refused: Refused
) -> None:
    zoom = graph.principal("fc108d3f-543d-4374-bbff-c7c51f651fe5")
    path = f"/servicePrincipals/{zoom}"

    refused(graph("PATCH", path, json={"displayName": "Zomm"}), 400, "Request_BadRequest")
    assert graph("PATCH", path, json={"appRoleAssignmentRequired": True}).status_code == 204
    assert graph.get(path)["appRoleAssignmentRequired"] is True


def test_the_seeded_zoom_principal_is_foreign_and_verified(graph: Graph) -> None:
    zoom = graph.get("/servicePrincipals(appId='fc108d3f-543d-4374-bbff-c7c51f651fe5')")

    assert zoom["appOwnerOrganizationId"] != graph.emulator.tenant_id
    assert zoom["verifiedPublisher"]["verifiedPublisherId"]
