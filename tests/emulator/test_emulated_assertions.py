"""What Entra takes for a secret: certificates, other issuers' tokens, and managed identities."""

from __future__ import annotations

import time
from typing import Any

import jwt
import pytest
import requests

from emulator import Emulator
from emulator.seed_entra import AUTOMATION_ROLES
from tests.signing import Certificate

from .conftest import Graph

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def exchange(graph: Graph, assertion: str, **form: str) -> requests.Response:
    whole = {"client_secret": "", "client_assertion": assertion, "client_assertion_type": TYPE}
    return graph.token(**(whole | form))


def refused(response: requests.Response) -> tuple[int, str, list[int]]:
    body = response.json()
    assert "access_token" not in body
    assert body["error_description"].startswith(f"AADSTS{body['error_codes'][0]}: ")
    return response.status_code, body["error"], body["error_codes"]


@pytest.fixture(scope="module")
def certificate() -> Certificate:
    return Certificate()


@pytest.fixture
def registered(emulator: Emulator, certificate: Certificate) -> Certificate:
    """The module's certificate, uploaded to the application."""
    emulator.add_certificate(certificate.der)
    return certificate


def signed(graph: Graph, certificate: Certificate, **changes: Any) -> str:
    """What a client of the automation application signs; `changes` replace claims or headers."""
    env = graph.emulator.env
    now = int(time.time())
    claims = {
        "aud": f"{graph.root}/{env['ARM_TENANT_ID']}/oauth2/v2.0/token",
        "iss": env["ARM_CLIENT_ID"],
        "sub": env["ARM_CLIENT_ID"],
        "jti": "1",
        "nbf": now,
        "exp": now + 600,
    }
    algorithm = changes.pop("alg", "PS256")
    header = changes.pop("header", {"x5t#S256": certificate.sha256})
    key = changes.pop("key", certificate.key)
    return jwt.encode(claims | changes, key, algorithm, header)


@pytest.mark.parametrize(
    ("alg", "header"),
    [("PS256", "x5t#S256"), ("RS256", "x5t"), ("RS256", "kid"), ("PS256", "x5t")],
)
def test_a_registered_certificate_signs_in_however_it_is_named(
    graph: Graph, registered: Certificate, alg: str, header: str
) -> None:
    named = {header: registered.sha256 if "256" in header else registered.sha1}
    assert exchange(graph, signed(graph, registered, alg=alg, header=named)).status_code == 200


def test_a_certificate_that_is_not_registered_is_refused(
    graph: Graph, certificate: Certificate
) -> None:
    answer = exchange(graph, signed(graph, certificate))
    assert refused(answer) == (401, "invalid_client", [700027])
    assert "The key was not found." in answer.json()["error_description"]


def test_a_signature_by_another_key_is_refused(graph: Graph, registered: Certificate) -> None:
    answer = exchange(graph, signed(graph, registered, key=Certificate().key))
    assert refused(answer) == (401, "invalid_client", [700027])
    assert "did not match" in answer.json()["error_description"]


def test_an_expired_certificate_is_refused(graph: Graph, emulator: Emulator) -> None:
    old = Certificate(days=-1)
    emulator.add_certificate(old.der)
    answer = exchange(graph, signed(graph, old))
    assert refused(answer) == (401, "invalid_client", [700027])
    assert "expired" in answer.json()["error_description"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"aud": "https://login.microsoftonline.com/common/oauth2/v2.0/token"}, 700023),
        ({"exp": 1}, 700024),
        ({"exp": "soon"}, 700024),
        ({"nbf": 4102444800}, 700024),
        ({"sub": "somebody"}, 700021),
        ({"alg": "RS512"}, 50027),
        ({"header": {}}, 50027),
    ],
)
def test_an_assertion_of_a_certificate_has_to_be_right_in_every_claim(
    graph: Graph, registered: Certificate, changes: dict[str, Any], code: int
) -> None:
    assert refused(exchange(graph, signed(graph, registered, **changes)))[2] == [code]


def test_an_unsigned_assertion_is_refused(graph: Graph, registered: Certificate) -> None:
    unsigned = signed(graph, registered, alg="none", key=None)
    assert refused(exchange(graph, unsigned)) == (401, "invalid_client", [50027])


def test_something_that_is_no_token_is_no_assertion(graph: Graph) -> None:
    assert refused(exchange(graph, "nonsense"))[2] == [50027]


def test_the_type_of_an_assertion_has_to_be_named(graph: Graph, emulator: Emulator) -> None:
    token = emulator.world.builds.token()
    assert refused(exchange(graph, token, client_assertion_type="jwt"))[2] == [900144]


# ---- federation ----------------------------------------------------------------------------


def test_a_federated_assertion_is_exchanged_for_a_token(graph: Graph, emulator: Emulator) -> None:
    assert exchange(graph, emulator.world.builds.token()).status_code == 200


@pytest.mark.parametrize(
    ("claim", "code"), [("iss", 700211), ("sub", 700213), ("aud", 700212), ("exp", 700024)]
)
def test_a_federated_assertion_that_does_not_match_is_refused(
    graph: Graph, emulator: Emulator, claim: str, code: int
) -> None:
    wrong: Any = 1 if claim == "exp" else "another"
    answer = exchange(graph, emulator.world.builds.token(**{claim: wrong}))
    assert refused(answer) == (401, "invalid_client", [code])


def test_a_subject_is_compared_by_case(graph: Graph, emulator: Emulator) -> None:
    token = emulator.world.builds.token(sub="repo:Contoso/tenants:ref:refs/heads/main")
    assert refused(exchange(graph, token))[2] == [700213]


def test_a_federated_assertion_that_its_issuer_did_not_sign_is_refused(
    graph: Graph, emulator: Emulator, certificate: Certificate
) -> None:
    claims = jwt.decode(emulator.world.builds.token(), options={"verify_signature": False})
    forged = jwt.encode(claims, certificate.key, "RS256")
    assert refused(exchange(graph, forged)) == (401, "invalid_client", [50013])


# ---- the build service ---------------------------------------------------------------------


def ask(graph: Graph, method: str, url: str, token: str) -> requests.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return graph.session.request(method, url, headers=headers, timeout=10)


def test_the_build_service_gives_a_job_a_token_for_its_audience(
    graph: Graph, emulator: Emulator
) -> None:
    job = emulator.job_env
    url = f"{job['ACTIONS_ID_TOKEN_REQUEST_URL']}&audience=api://AzureADTokenExchange"
    answer = ask(graph, "GET", url, job["ACTIONS_ID_TOKEN_REQUEST_TOKEN"])
    assert exchange(graph, answer.json()["value"]).status_code == 200
    without = ask(
        graph,
        "GET",
        job["ACTIONS_ID_TOKEN_REQUEST_URL"],
        job["ACTIONS_ID_TOKEN_REQUEST_TOKEN"],
    )
    assert refused(exchange(graph, without.json()["value"]))[2] == [700212]


def test_the_build_service_wants_its_request_token_and_what_its_api_needs(
    graph: Graph, emulator: Emulator
) -> None:
    job, pipeline = emulator.job_env, emulator.pipeline_env
    assert ask(graph, "GET", job["ACTIONS_ID_TOKEN_REQUEST_URL"], "wrong").status_code == 401
    url, token = pipeline["SYSTEM_OIDCREQUESTURI"], pipeline["SYSTEM_ACCESSTOKEN"]
    connection = pipeline["ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID"]
    assert ask(graph, "GET", url, token).status_code == 405
    assert ask(graph, "POST", url, token).status_code == 400
    assert ask(graph, "POST", f"{url}?api-version=7.1", token).status_code == 404
    right = f"{url}?api-version=7.1&serviceConnectionId={connection}"
    assert exchange(graph, ask(graph, "POST", right, token).json()["oidcToken"]).ok


# ---- managed identities --------------------------------------------------------------------


def metadata(graph: Graph, headers: dict[str, str] | None = None, **query: str) -> Any:
    whole = {"api-version": "2018-02-01", "resource": graph.root} | query
    return graph.session.get(
        f"{graph.root}/metadata/identity/oauth2/token",
        params={name: value for name, value in whole.items() if value},
        headers={"Metadata": "true"} if headers is None else headers,
        timeout=10,
    )


def test_a_managed_identity_gets_a_token_of_its_own(graph: Graph, emulator: Emulator) -> None:
    client = emulator.add_managed_identity("runner", ["Domain.Read.All"])
    answer = metadata(graph).json()
    assert answer["client_id"] == client
    assert isinstance(answer["expires_in"], str)
    graph.bearer(answer["access_token"])
    assert graph("GET", "/domains").status_code == 200
    assert graph("GET", "/policies/permissionGrantPolicies").status_code == 403


def test_a_machine_without_identities_has_none(graph: Graph) -> None:
    assert metadata(graph).json()["error_description"] == "Identity not found"


def test_one_of_several_identities_has_to_be_named(graph: Graph, emulator: Emulator) -> None:
    first = emulator.add_managed_identity("one", AUTOMATION_ROLES)
    emulator.add_managed_identity("two", AUTOMATION_ROLES)
    assert metadata(graph).json()["error_description"].startswith("Multiple user assigned")
    assert metadata(graph, client_id=first).json()["client_id"] == first
    assert metadata(graph, client_id="x").json()["error_description"] == "Identity not found"


@pytest.mark.parametrize(
    ("headers", "query", "error"),
    [
        ({}, {}, "invalid_request"),
        ({"Metadata": "true", "X-Forwarded-For": "10.0.0.1"}, {}, "invalid_request"),
        (None, {"api-version": ""}, "invalid_request"),
        (None, {"resource": ""}, "invalid_request"),
        (None, {"resource": "https://vault.azure.net"}, "invalid_resource"),
    ],
)
def test_the_instance_metadata_wants_its_header_and_its_query(
    graph: Graph, emulator: Emulator, headers: Any, query: dict[str, str], error: str
) -> None:
    emulator.add_managed_identity("runner", AUTOMATION_ROLES)
    answer = metadata(graph, headers, **query)
    assert (answer.status_code, answer.json()["error"]) == (400, error)
