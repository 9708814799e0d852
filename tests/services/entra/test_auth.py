"""Each kind of credential against the emulated Entra: what is asked, in which order, how often."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator import Emulator, Fault
from emulator.seed_entra import AUTOMATION_ROLES
from services.entra.auth import Credentials
from services.entra.endpoints import find_cloud
from services.errors import CredentialsRejected, MissingCredentials, ServiceError, Unavailable
from services.http import Http
from services.settings import Settings
from tests import logins
from tests.signing import Certificate

ROOT = Path(__file__).resolve().parents[3]
Client = Callable[..., Credentials]


@pytest.fixture(scope="module")
def tenant() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


@pytest.fixture
def emulator(tenant: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    before = tenant.snapshot()
    tenant.clear_log()
    monkeypatch.setenv("SSL_CERT_FILE", tenant.env["SSL_CERT_FILE"])
    yield tenant
    tenant.faults.clear()
    tenant.world.replace(before)


@pytest.fixture
def client(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Client:
    """Credentials of the emulated tenant with these variables besides; None takes one away."""

    def make(env: dict[str, str] | None = None, **more: str | None) -> Credentials:
        given = logins.base(emulator) | (env or {}) | more
        environ = {name: value for name, value in given.items() if value is not None}
        for name in ("PATH", "AZURE_CONFIG_DIR", "AZURE_POD_IDENTITY_AUTHORITY_HOST"):
            if name in environ:  # read by others, from the process
                monkeypatch.setenv(name, environ[name])
        settings = Settings(environ=environ)
        http = Http("Entra", sleep=lambda _: None)
        return Credentials(settings, find_cloud(settings, http), http)

    return make


def asked(emulator: Emulator) -> list[str]:
    """The services that were asked, by their order."""
    return [entry["service"] for entry in emulator.log if entry["service"] != "metadata"]


def used(emulator: Emulator) -> set[str]:
    """What the token requests proved themselves with."""
    proofs = ("client_secret", "client_assertion")
    bodies = [e["body"] for e in emulator.log if e["service"] == "login"]
    return {name for name in proofs for body in bodies if name in (body or {})}


def refused(credentials: Credentials, kind: type[ServiceError]) -> str:
    with pytest.raises(kind) as caught:
        credentials.token()
    text = str(caught.value)
    assert type(caught.value) is kind
    assert "\n" not in text
    assert text.startswith(("Entra: ", "ARM_"))
    return text


@pytest.mark.parametrize("kind", logins.KINDS)
def test_every_kind_gets_a_token_that_graph_takes(
    client: Client, emulator: Emulator, tmp_path: Path, kind: str
) -> None:
    login = logins.KINDS[kind](emulator, tmp_path)
    token = client(login.env).token()
    answer = Http("Entra").send(
        "GET",
        f"{emulator.metadata_url}/v1.0/domains",
        headers={"Authorization": f"Bearer {token}"},
    )
    assert answer.status == 200


REQUESTS = {
    "Azure DevOps": ["ci", "login"],
    "GitHub": ["ci", "login"],
    "managed identity": ["imds"],
}


@pytest.mark.parametrize("kind", logins.KINDS)
def test_every_kind_sends_no_request_but_those_it_is_made_of(
    client: Client, emulator: Emulator, tmp_path: Path, kind: str
) -> None:
    credentials = client(logins.KINDS[kind](emulator, tmp_path).env)
    for _ in range(3):
        credentials.token()
    assert asked(emulator) == REQUESTS.get(kind, ["login"])


# Each with all its parts, in azuread's order (go-azure-sdk, sdk/auth/auth.go).
ORDER = ["certificate", "secret", "OIDC token", "Azure DevOps", "GitHub", "managed identity"]


@pytest.mark.parametrize("kind", ORDER)
def test_the_first_kind_in_azuread_s_order_wins(
    client: Client, emulator: Emulator, tmp_path: Path, kind: str
) -> None:
    env: dict[str, str] = {}
    for later in [*ORDER[ORDER.index(kind) :], "Azure CLI"]:
        if (kind, later) != ("Azure DevOps", "GitHub"):  # whose variables come first
            env |= logins.KINDS[later](emulator, tmp_path).env
    if kind != "managed identity":
        env["ARM_CLIENT_ID"] = emulator.env["ARM_CLIENT_ID"]
    client(env).token()
    proof = {"secret": {"client_secret"}, "managed identity": set()}
    assert asked(emulator) == REQUESTS.get(kind, ["login"])
    assert used(emulator) == proof.get(kind, {"client_assertion"})
    assert [e["method"] for e in emulator.log if e["service"] == "ci"] == {
        "Azure DevOps": ["POST"],
        "GitHub": ["GET"],
    }.get(kind, [])
    assert emulator.log[-1]["user_agent"] == "zoom-calendar"  # not az


def test_the_azure_cli_is_asked_where_nothing_else_is_given(
    client: Client, emulator: Emulator, tmp_path: Path
) -> None:
    login = logins.cli(emulator, tmp_path)
    client(login.env, ARM_USE_OIDC="true", ARM_USE_CLI=None).token()
    assert emulator.log[-1]["user_agent"] == "az"


def test_a_managed_identity_is_asked_of_the_machine_where_no_endpoint_is_given(
    client: Client, emulator: Emulator
) -> None:
    emulator.add_managed_identity("runner", AUTOMATION_ROLES)
    env = {
        "ARM_USE_MSI": "true",
        # azure-identity's name for where the instance metadata is.
        "AZURE_POD_IDENTITY_AUTHORITY_HOST": emulator.metadata_url,
    }
    client(env, ARM_CLIENT_ID=None).token()
    assert asked(emulator) == ["imds"]
    assert "no reason given" not in refused(
        client(env, ARM_CLIENT_ID="00000000-0000-0000-0000-00000000000a"), CredentialsRejected
    )


# ---- one token, renewed in time ------------------------------------------------------------


def test_many_threads_share_one_token(client: Client, emulator: Emulator) -> None:
    credentials = client(ARM_CLIENT_SECRET=emulator.env["ARM_CLIENT_SECRET"])
    tokens: set[str] = set()
    threads = [threading.Thread(target=lambda: tokens.add(credentials.token())) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(tokens) == 1
    assert asked(emulator) == ["login"]


@pytest.mark.parametrize("kind", ["secret", "certificate", "OIDC token", "managed identity"])
def test_a_token_that_is_no_longer_taken_or_about_to_expire_is_replaced(
    client: Client,
    emulator: Emulator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    credentials = client(logins.KINDS[kind](emulator, tmp_path).env)
    first = credentials.token()
    second = credentials.token(not_this=first)
    assert credentials.token() == second != first
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 75 * 60 - 600)
    assert credentials.token() == second
    monkeypatch.setattr(time, "monotonic", lambda: now + 75 * 60 - 200)
    assert credentials.token() != second


def test_a_token_file_is_read_anew_for_every_token(
    client: Client, emulator: Emulator, tmp_path: Path
) -> None:
    login = logins.oidc_file(emulator, tmp_path)
    credentials = client(login.env)
    first = credentials.token()
    Path(login.env["ARM_OIDC_TOKEN_FILE_PATH"]).write_text(emulator.world.builds.token(exp=1))
    with pytest.raises(CredentialsRejected, match="AADSTS700024"):
        credentials.token(not_this=first)


def test_a_token_of_another_tenant_is_refused(client: Client, emulator: Emulator) -> None:
    emulator.add_managed_identity("runner", AUTOMATION_ROLES)
    other = "22222222-2222-2222-2222-222222222222"
    env = {"ARM_USE_MSI": "true", "ARM_MSI_ENDPOINT": _imds(emulator)}
    text = refused(client(env, ARM_TENANT_ID=other, ARM_CLIENT_ID=None), CredentialsRejected)
    assert f"is for tenant {emulator.tenant_id}, declared is {other}: nothing was read" in text


def test_a_token_endpoint_in_trouble_is_asked_again(client: Client, emulator: Emulator) -> None:
    emulator.faults.add(Fault("login", status=503, times=2))
    emulator.faults.add(Fault("login", reset="before"))
    client(ARM_CLIENT_SECRET=emulator.env["ARM_CLIENT_SECRET"]).token()
    assert asked(emulator) == ["login"] * 4


# ---- one line that says what to do ---------------------------------------------------------

TROUBLE: dict[str, tuple[Fault, type[ServiceError], str]] = {
    "down": (Fault("login", status=503, times=None), Unavailable, "HTTP 503"),
    "a proxy's page": (
        Fault("login", raw="<html>Access denied</html>", raw_status=403),
        CredentialsRejected,
        "HTTP 403: no reason given",
    ),
    "a page that says 200": (
        Fault("login", raw="<html>Welcome</html>", times=None),
        Unavailable,
        "not JSON",
    ),
    "an object without a token": (Fault("login", status=200, json={"a": 1}), Unavailable, "200"),
    "no object": (Fault("login", status=400, json=["x"]), CredentialsRejected, "no reason given"),
    "a redirect": (
        Fault("login", status=302, headers={"Location": "https://127.0.0.1:1"}, times=None),
        Unavailable,
        "redirect",
    ),
}


@pytest.mark.parametrize("kind", ["secret", "certificate", "OIDC token"])
@pytest.mark.parametrize("trouble", TROUBLE)
def test_any_answer_but_a_token_is_one_line(
    client: Client,
    emulator: Emulator,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    kind: str,
    trouble: str,
) -> None:
    fault, error, words = TROUBLE[trouble]
    login = logins.KINDS[kind](emulator, tmp_path)
    emulator.faults.add(Fault(**{k: v for k, v in vars(fault).items() if k in _GIVEN}))
    text = refused(client(login.env), error)
    assert words in text
    assert "POST token" in text
    assert capfd.readouterr() == ("", "")  # the libraries' loggers print nothing


_GIVEN = ("service", "times", "status", "json", "headers", "raw", "raw_status")

NUMBERS = {
    "secret": ("passwordCredentials", 7000215, "and the secret"),
    "certificate": ("keyCredentials", 700027, "the certificate of ARM_CLIENT_CERTIFICATE"),
    "GitHub": ("federatedIdentityCredentials", 700211, "and the federated credential"),
}


@pytest.mark.parametrize("kind", NUMBERS)
def test_a_credential_that_entra_does_not_know_is_named(
    client: Client, emulator: Emulator, tmp_path: Path, kind: str
) -> None:
    collection, number, named = NUMBERS[kind]
    login = logins.KINDS[kind](emulator, tmp_path)
    with emulator.world.lock:
        for app in emulator.world.data["entra"]["applications"].values():
            app[collection] = []
    text = refused(client(login.env), CredentialsRejected)
    assert f"AADSTS{number}" in text
    assert "Check ARM_TENANT_ID, ARM_CLIENT_ID" in text
    assert named in text


def _imds(emulator: Emulator) -> str:
    return f"{emulator.metadata_url}/metadata/identity/oauth2/token"


WRONG: dict[str, tuple[dict[str, str | None], tuple[str, ...]]] = {
    "no credentials": (
        {"ARM_USE_CLI": "false"},
        ("ARM_CLIENT_SECRET", "ARM_CLIENT_CERTIFICATE_PATH", "ARM_USE_OIDC=true", "ARM_USE_MSI"),
    ),
    "OIDC without a token": (
        {"ARM_USE_OIDC": "1", "ARM_USE_CLI": "0"},
        ("ARM_USE_OIDC is true and no token is offered", "id-token: write"),
    ),
    "no Azure CLI": ({"ARM_USE_CLI": None, "PATH": "/nowhere"}, ("az login",)),
    "no client": (
        {"ARM_CLIENT_SECRET": "x", "ARM_CLIENT_ID": None},
        ("ARM_CLIENT_SECRET is set and ARM_CLIENT_ID is not",),
    ),
    "no tenant": (
        {"ARM_USE_OIDC": "true", "ARM_OIDC_TOKEN": "x.y.z", "ARM_TENANT_ID": None},
        ("ARM_USE_OIDC is set and ARM_TENANT_ID is not",),
    ),
    "a strange tenant": (
        {"ARM_CLIENT_SECRET": "x", "ARM_TENANT_ID": "con/toso"},
        ("ARM_TENANT_ID is 'con/toso'", "verified domains"),
    ),
    "a flag that is none": ({"ARM_USE_MSI": "yes"}, ("ARM_USE_MSI is 'yes'", "true, false")),
    "an unreadable file": (
        {"ARM_CLIENT_SECRET_FILE_PATH": "/nowhere/secret"},
        ("ARM_CLIENT_SECRET_FILE_PATH", "/nowhere/secret", "No such file"),
    ),
    "no base64": ({"ARM_CLIENT_CERTIFICATE": "#"}, ("ARM_CLIENT_CERTIFICATE is not base64",)),
    "no archive": (
        {"ARM_CLIENT_CERTIFICATE": b64encode(b"certificate").decode()},
        ("ARM_CLIENT_CERTIFICATE cannot be used", "PKCS#12", "ARM_CLIENT_CERTIFICATE_PASSWORD"),
    ),
    "two tenants on AKS": (
        {
            "ARM_USE_AKS_WORKLOAD_IDENTITY": "true",
            "AZURE_TENANT_ID": "other",
            "ARM_OIDC_TOKEN": "x.y.z",
        },
        ("ARM_TENANT_ID", "AZURE_TENANT_ID", "other"),
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_variable_is_named_before_anything_is_asked(
    client: Client, emulator: Emulator, wrong: str
) -> None:
    env, words = WRONG[wrong]
    text = refused(client(**env), MissingCredentials)
    assert all(word in text for word in words), text
    assert asked(emulator) == []


def test_a_value_and_a_file_that_differ_are_refused(
    client: Client, emulator: Emulator, tmp_path: Path
) -> None:
    login = logins.secret_file(emulator, tmp_path)
    text = refused(client(login.env, ARM_CLIENT_SECRET="CANARY~another"), MissingCredentials)
    assert "ARM_CLIENT_SECRET and the file of ARM_CLIENT_SECRET_FILE_PATH differ" in text


@pytest.mark.parametrize("what", ["PEM", "a wrong password", "a key of a curve", "no password"])
def test_an_archive_that_azuread_or_azure_identity_cannot_use_is_refused(
    client: Client, emulator: Emulator, tmp_path: Path, what: str
) -> None:
    made = Certificate(curve=what == "a key of a curve")
    emulator.add_certificate(made.der)
    file = tmp_path / "archive"
    file.write_bytes(made.pem if what == "PEM" else made.archive(logins.PASSWORD))
    password = {"a wrong password": "CANARY~wrong", "no password": None}.get(what, logins.PASSWORD)
    credentials = client(
        ARM_CLIENT_CERTIFICATE_PATH=str(file), ARM_CLIENT_CERTIFICATE_PASSWORD=password
    )
    text = refused(credentials, MissingCredentials)
    assert "ARM_CLIENT_CERTIFICATE_PATH" in text
    assert "PKCS#12" in text
    assert asked(emulator) == []


def test_an_azure_cli_that_is_not_signed_in_is_told_to_sign_in(
    client: Client, emulator: Emulator, tmp_path: Path
) -> None:
    env = logins.cli(emulator, tmp_path).env
    text = refused(client(env, AZURE_CONFIG_DIR=str(tmp_path / "x")), CredentialsRejected)
    assert text.endswith("failed: run `az login`, then run again")
    text = refused(client(env, ARM_TENANT_ID="other"), CredentialsRejected)
    assert text.endswith("failed (AADSTS90002): run `az login`, then run again")


def test_an_azure_cli_that_does_not_answer_is_not_waited_for(
    client: Client, emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    env = logins.cli(emulator, tmp_path).env
    (tmp_path / "bin" / "az").write_text("#!/bin/sh\nexec sleep 5\n")
    monkeypatch.setattr("services.entra.identity.CLI_TIMEOUT", 0.2)
    text = refused(client(env), Unavailable)
    assert "no answer in 0.2 s" in text


def test_a_build_service_that_refuses_is_told_apart_from_entra(
    client: Client, emulator: Emulator, tmp_path: Path
) -> None:
    env = logins.github(emulator, tmp_path).env | {"ACTIONS_ID_TOKEN_REQUEST_TOKEN": "CANARY~stale"}
    text = refused(client(env), CredentialsRejected)
    assert text.startswith("Entra: GET OIDC token: HTTP 401. In GitHub Actions give the job")
    assert asked(emulator) == ["ci"]


def test_a_machine_without_the_identity_says_so(client: Client, emulator: Emulator) -> None:
    text = refused(
        client(ARM_USE_MSI="true", ARM_MSI_ENDPOINT=_imds(emulator)), CredentialsRejected
    )
    assert text.startswith("Entra: GET managed identity token: HTTP 400: Identity not found.")
    assert "ARM_MSI_ENDPOINT" in text


def test_a_metadata_without_tls_gets_no_credential(client: Client, emulator: Emulator) -> None:
    body: dict[str, Any] = {
        "microsoftGraphResourceId": "https://127.0.0.1:1/",
        "authentication": {"loginEndpoint": "http://127.0.0.1:1"},
    }
    emulator.faults.add(Fault("metadata", status=200, json=body))
    with pytest.raises(Unavailable, match="without TLS"):
        client(ARM_CLIENT_SECRET="x")


def test_no_proxy_sees_a_managed_identity_s_token(
    client: Client, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator.add_managed_identity("runner", AUTOMATION_ROLES)
    credentials = client(ARM_USE_MSI="true", ARM_MSI_ENDPOINT=_imds(emulator), ARM_CLIENT_ID=None)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "")
    assert credentials.token()


def test_a_process_that_needs_no_token_does_not_load_azure_identity() -> None:
    code = (
        "import sys, services.entra.graph, providers.entra.delegated_grant, __main__\n"
        "heavy = {'azure.identity', 'msal', 'jwt', 'cryptography', 'requests'}\n"
        "sys.exit(sorted(heavy & set(sys.modules)) or 0)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
