"""A Graph access token from the same ARM_* variables that azuread reads; one per process."""

import json
import threading
import time
from base64 import urlsafe_b64decode

from services.entra.endpoints import Cloud
from services.entra.kinds import request_token
from services.entra.variables import tenant_id
from services.errors import CredentialsRejected
from services.http import Http
from services.redact import remember_secret
from services.settings import Settings

RENEW_BEFORE = 300.0  # seconds of life left at which a token is renewed


class Credentials:
    """Who we are in Entra. `token()` is thread-safe and asks only when it has to."""

    def __init__(self, settings: Settings, cloud: Cloud, http: Http) -> None:
        self._settings, self._cloud, self._http = settings, cloud, http
        self._lock = threading.Lock()
        self._token, self._expires = "", 0.0

    def token(self, *, not_this: str | None = None) -> str:
        """The access token; a new one if the current is about to expire or is `not_this`.

        Raises MissingCredentials, CredentialsRejected, Throttled and Unavailable.
        """
        with self._lock:
            due = time.monotonic() > self._expires - RENEW_BEFORE
            if due or self._token == not_this:
                token, lifetime = request_token(self._settings, self._cloud, self._http)
                remember_secret(token)
                self._check_tenant(token)  # before any other thread can use it
                self._token, self._expires = token, time.monotonic() + lifetime
            return self._token

    def tenant(self) -> str | None:
        """The tenant that the token is for; None where the token does not say."""
        return _tenant_of(self.token())

    def _check_tenant(self, token: str) -> None:
        """A token of another tenant would send one company's settings to another."""
        wanted, actual = tenant_id(self._settings), _tenant_of(token)
        if actual and wanted and actual.lower() != wanted.lower() and _is_guid(wanted):
            raise CredentialsRejected(
                f"Entra: the token is for tenant {actual}, declared is {wanted}: nothing was read "
                "or written. Check ARM_TENANT_ID and azuread:tenantId."
            )


def _tenant_of(token: str) -> str | None:
    try:
        payload = token.split(".")[1]
        tenant = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4))).get("tid")
    except (IndexError, ValueError, AttributeError):
        return None  # opaque: Graph will say what it thinks of it
    return str(tenant) if tenant else None


def _is_guid(text: str) -> bool:
    return len(text) == 36 and text.count("-") == 4
