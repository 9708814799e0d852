"""Entra's token endpoint and cloud metadata, and what Graph does with tokens."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
import requests

from emulator import Emulator

from .conftest import Graph, Refused


def _claims(token: str) -> dict[str, object]:
    part = token.split(".")[1]
    decoded: dict[str, object] = json.loads(base64.urlsafe_b64decode(part + "=="))
    return decoded


def test_metadata_names_graph_and_login_on_the_same_port(graph: Graph) -> None:
    body = graph.session.get(
        f"{graph.root}/metadata/endpoints?api-version=2022-09-01", timeout=10
    ).json()

    assert body["microsoftGraphResourceId"] == f"{graph.root}/"
    assert body["authentication"]["loginEndpoint"] == graph.root
    assert body["name"]
    assert body["resourceManager"]


def test_metadata_needs_its_api_version(graph: Graph) -> None:
    assert graph.session.get(f"{graph.root}/metadata/endpoints", timeout=10).status_code == 400


def test_the_certificate_is_trusted_through_the_private_authority_only(graph: Graph) -> None:
    with pytest.raises(requests.exceptions.SSLError):
        requests.Session().get(f"{graph.root}/metadata/endpoints", verify=True, timeout=10)


def test_a_token_carries_the_claims_that_azuread_decodes(graph: Graph, emulator: Emulator) -> None:
    answer = graph.token().json()
    claims = _claims(answer["access_token"])

    assert answer["token_type"] == "Bearer"
    assert answer["expires_in"] >= 3600
    assert claims["appid"] == emulator.env["ARM_CLIENT_ID"]
    assert claims["tid"] == emulator.tenant_id
    assert isinstance(claims["oid"], str)
    assert isinstance(claims["aud"], str)
    assert isinstance(claims["exp"], int)
    assert isinstance(claims["iat"], int)
    assert "Policy.ReadWrite.PermissionGrant" in claims["roles"]  # type: ignore[operator]


def test_a_verified_domain_names_the_tenant_too(graph: Graph) -> None:
    assert graph.token(tenant="contoso.onmicrosoft.com").status_code == 200
    assert graph.token(tenant="contoso-labs.com").status_code == 400


@pytest.mark.parametrize(
    ("form", "status", "error", "code"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client", 7000215),
        ({"client_secret": ""}, 401, "invalid_client", 7000216),
        ({"client_id": "0" * 8}, 400, "unauthorized_client", 700016),
        ({"tenant": "22222222-0000-0000-0000-000000000000"}, 400, "invalid_request", 90002),
        ({"scope": "https://127.0.0.1:1/.default"}, 400, "invalid_resource", 500011),
        ({"scope": "User.Read"}, 400, "invalid_scope", 1002012),
        ({"scope": ""}, 400, "invalid_request", 900144),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
    ],
)
def test_a_wrong_token_request_is_refused_with_its_aadsts_code(
    graph: Graph, form: Any, status: int, error: str, code: int
) -> None:
    response = graph.token(**form)
    body = response.json()

    assert response.status_code == status
    assert body["error"] == error
    assert body["error_codes"] == [code]
    assert body["error_description"].startswith(f"AADSTS{code}: ")
    assert "access_token" not in body


def test_an_expired_secret_is_told_apart_from_a_wrong_one(graph: Graph, emulator: Emulator) -> None:
    with emulator.world.lock:
        for app in emulator.world.data["entra"]["applications"].values():
            for credential in app["passwordCredentials"]:
                credential["endDateTime"] = "2020-01-01T00:00:00Z"

    assert graph.token().json()["error_codes"] == [7000222]


def test_a_disabled_principal_gets_no_token(graph: Graph, emulator: Emulator) -> None:
    with emulator.world.lock:
        for principal in emulator.world.data["entra"]["servicePrincipals"].values():
            principal["accountEnabled"] = False

    assert graph.token().json()["error_codes"] == [7000112]


@pytest.mark.parametrize("header", [None, "Basic abc", "Bearer ", "Bearer x.y.z", "Bearer x"])
def test_graph_refuses_what_is_not_a_token(
    graph: Graph, refused: Refused, header: str | None
) -> None:
    graph.session.headers.pop("Authorization")
    headers = {"Authorization": header} if header else {}

    refused(graph("GET", "/domains", headers=headers), 401, "InvalidAuthenticationToken")


def test_graph_refuses_a_token_of_another_emulator(graph: Graph, refused: Refused) -> None:
    with Emulator() as other:
        foreign = type(graph)(other)
        graph.bearer(foreign.token().json()["access_token"])

    refused(graph("GET", "/domains"), 401, "InvalidAuthenticationToken")


def test_new_roles_count_from_the_next_token_on(
    graph: Graph, emulator: Emulator, refused: Refused
) -> None:
    emulator.grant_roles(["Domain.Read.All"])
    assert graph("GET", "/policies/permissionGrantPolicies").status_code == 200

    graph.login()
    refused(graph("GET", "/policies/permissionGrantPolicies"), 403, "Authorization_RequestDenied")
    assert graph("GET", "/domains").status_code == 200


def test_an_unknown_role_cannot_be_granted(emulator: Emulator) -> None:
    with pytest.raises(ValueError, match=r"Nothing\.Read"):
        emulator.grant_roles(["Nothing.Read"])
