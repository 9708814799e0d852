"""A Graph access token from the same ARM_* variables that azuread reads; one per process."""

import json
import subprocess
import threading
import time
from base64 import urlsafe_b64decode
from pathlib import Path
from typing import Any

from services.entra.endpoints import Cloud
from services.errors import CredentialsRejected, MissingCredentials, Unavailable
from services.http import Http
from services.redact import redact, remember_secret
from services.settings import Settings

_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_AUDIENCE = "api://AzureADTokenExchange"  # what a federated credential expects (Microsoft's docs)
RENEW_BEFORE = 300.0  # seconds of life left at which a token is renewed


class Credentials:
    """Who we are in Entra. `token()` is thread-safe and asks only when it has to."""

    def __init__(self, settings: Settings, cloud: Cloud, http: Http) -> None:
        self._settings, self._cloud, self._http = settings, cloud, http
        self._lock = threading.Lock()
        self._token, self._expires = "", 0.0

    def token(self, *, not_this: str | None = None) -> str:
        """The access token; a new one if the current is about to expire or is `not_this`."""
        with self._lock:
            due = time.monotonic() > self._expires - RENEW_BEFORE
            if due or self._token == not_this:
                token, lifetime = self._request()
                remember_secret(token)
                self._check_tenant(token)  # before any other thread can use it
                self._token, self._expires = token, time.monotonic() + lifetime
            return self._token

    def _request(self) -> tuple[str, float]:
        settings = self._settings
        secret = settings.get("ARM_CLIENT_SECRET") or _file(settings, "ARM_CLIENT_SECRET_FILE_PATH")
        if secret:
            return self._exchange({"client_secret": secret})
        if settings.flag("ARM_USE_OIDC", False):
            assertion = self._assertion()
            return self._exchange(
                {"client_assertion": assertion, "client_assertion_type": _ASSERTION}
            )
        if settings.get("ARM_CLIENT_CERTIFICATE", "ARM_CLIENT_CERTIFICATE_PATH"):
            raise MissingCredentials(
                "Entra: a client certificate serves azuread only, not our own providers yet: use "
                "ARM_CLIENT_SECRET, ARM_USE_OIDC or the Azure CLI"
            )
        if settings.flag("ARM_USE_CLI", True):
            return self._from_cli()
        raise MissingCredentials(
            "Entra: no credentials: set ARM_CLIENT_SECRET, or ARM_USE_OIDC=true, or "
            "ARM_USE_CLI=true after `az login`"
        )

    def _exchange(self, proof: dict[str, str]) -> tuple[str, float]:
        tenant = self._settings.require("ARM_TENANT_ID")
        client_id = self._settings.get("ARM_CLIENT_ID") or _file(
            self._settings, "ARM_CLIENT_ID_FILE_PATH"
        )
        form = {
            "grant_type": "client_credentials",
            "client_id": client_id or self._settings.require("ARM_CLIENT_ID"),
            "scope": f"{self._cloud.graph}/.default",
            **proof,
        }
        url = f"{self._cloud.login}/{tenant}/oauth2/v2.0/token"
        answer = self._http.send("POST", url, form=form, label="POST token", repeatable=True)
        body: dict[str, Any] = answer.body if isinstance(answer.body, dict) else {}
        token = body.get("access_token")
        if answer.status == 200 and isinstance(token, str) and token:
            return token, float(body.get("expires_in") or 3600)
        if answer.status >= 500 or answer.status == 200:
            raise Unavailable(
                f"Entra: POST token: HTTP {answer.status} without a token. Run again."
            )
        why = str(body.get("error_description") or body.get("error") or "no reason given")
        raise CredentialsRejected(
            f"Entra: POST token: HTTP {answer.status}: {redact(why.splitlines()[0])[:400]} "
            "Check ARM_TENANT_ID, ARM_CLIENT_ID and the secret or federated credential."
        )

    def _assertion(self) -> str:
        settings = self._settings
        given = settings.get("ARM_OIDC_TOKEN") or _file(settings, "ARM_OIDC_TOKEN_FILE_PATH")
        if given:
            remember_secret(given)
            return given
        url = settings.get("ARM_OIDC_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_URL")
        bearer = settings.get("ARM_OIDC_REQUEST_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN")
        if not url or not bearer:
            raise MissingCredentials(
                "Entra: ARM_USE_OIDC is true and no token is offered: set ARM_OIDC_TOKEN or "
                "ARM_OIDC_TOKEN_FILE_PATH; in GitHub Actions give the job `id-token: write`"
            )
        joined = f"{url}{'&' if '?' in url else '?'}audience={_AUDIENCE}"
        answer = self._http.send(
            "GET", joined, headers={"Authorization": f"Bearer {bearer}"}, label="GET OIDC token"
        )
        value = answer.body.get("value") if isinstance(answer.body, dict) else None
        if answer.status != 200 or not isinstance(value, str):
            raise CredentialsRejected(f"Entra: GET OIDC token: HTTP {answer.status}")
        remember_secret(value)
        return value

    def _from_cli(self) -> tuple[str, float]:
        command = ["az", "account", "get-access-token", "--output", "json"]
        command += ["--resource", f"{self._cloud.graph}/"]
        if tenant := self._settings.get("ARM_TENANT_ID"):
            command += ["--tenant", tenant]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        except FileNotFoundError:
            raise MissingCredentials(
                "Entra: ARM_CLIENT_SECRET is not set and there is no Azure CLI to ask: set "
                "ARM_CLIENT_ID and ARM_CLIENT_SECRET (or ARM_USE_OIDC=true), or install az"
            ) from None
        except subprocess.TimeoutExpired:
            raise Unavailable("Entra: az account get-access-token: no answer in 60 s") from None
        if done.returncode:
            raise CredentialsRejected(
                "Entra: az account get-access-token failed: run `az login`, then run again"
            )
        body = json.loads(done.stdout)
        expires = float(body.get("expires_on") or time.time() + 3600)
        return str(body["accessToken"]), expires - time.time()

    def _check_tenant(self, token: str) -> None:
        """A token of another tenant would send one company's settings to another."""
        wanted = self._settings.get("ARM_TENANT_ID")
        try:
            payload = token.split(".")[1]
            actual = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4))).get("tid")
        except (IndexError, ValueError, AttributeError):
            return  # opaque: Graph will say what it thinks of it
        if actual and wanted and actual.lower() != wanted.lower() and _is_guid(wanted):
            raise CredentialsRejected(
                f"Entra: the token is for tenant {actual}, declared is {wanted}: nothing was read "
                "or written. Check ARM_TENANT_ID and azuread:tenantId."
            )


def _is_guid(text: str) -> bool:
    return len(text) == 36 and text.count("-") == 4


def _file(settings: Settings, name: str) -> str | None:
    path = settings.get(name)
    if not path:
        return None
    try:
        value = Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise MissingCredentials(f"Entra: {name}: cannot read {path}: {error.strerror}") from None
    remember_secret(value)
    return value
