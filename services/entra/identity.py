"""azure-identity: each kind of credential asked for one token, its requests sent by our own HTTP.

A credential object is made for each token: caching and renewal are auth.py's, once for all kinds.
"""

import io
import json
import logging
import re
import subprocess
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import requests
from azure.core.credentials import SupportsTokenInfo
from azure.core.pipeline.transport import RequestsTransport
from azure.identity import (
    AzureCliCredential,
    CertificateCredential,
    ClientAssertionCredential,
    ClientSecretCredential,
    ManagedIdentityCredential,
)
from requests.adapters import BaseAdapter

from services.entra.endpoints import Cloud
from services.entra.token import Token, refusal
from services.entra.variables import Application, Archive
from services.errors import CredentialsRejected, MissingCredentials, ServiceError, Unavailable
from services.http import Answer, Http
from services.redact import remember_secret

CLI_TIMEOUT = 60  # seconds

_IDS = "ARM_TENANT_ID, ARM_CLIENT_ID"
_DISCOVERY = "/.well-known/openid-configuration"
_SECRET_HEADERS = ("Authorization", "X-IDENTITY-HEADER", "Secret")
# Ours, or of the body as it was sent.
_OWN_HEADERS = ("User-Agent", "Accept", "Accept-Encoding", "Connection", "Content-Length")
_BODY_HEADERS = {"content-length", "content-encoding", "transfer-encoding"}

# They warn of every failure with the service's words; ours is the one line that is shown.
for _name in ("azure", "msal"):
    logging.getLogger(_name).addHandler(logging.NullHandler())
    logging.getLogger(_name).propagate = False


class Identity:
    """Asks for one token of a cloud's Graph. Every method raises ServiceError with one line."""

    def __init__(self, cloud: Cloud, http: Http) -> None:
        self._cloud, self._http = cloud, http

    def by_certificate(self, application: Application, archive: Archive) -> Token:
        """With an assertion that the certificate's key signs."""
        wire = self._wire(application)
        try:
            credential = CertificateCredential(
                application.tenant,
                application.client,
                certificate_data=archive.data,
                password=archive.password,
                **self._options(wire),
            )
        except ValueError:  # its text may hold parts of what it could not read
            raise MissingCredentials(
                f"Entra: {archive.name} cannot be used: allowed is a PKCS#12 archive with an RSA "
                "key and its certificate, opened by ARM_CLIENT_CERTIFICATE_PASSWORD"
            ) from None
        return self._token(credential, wire, f"{_IDS} and the certificate of {archive.name}")

    def by_secret(self, application: Application, secret: str) -> Token:
        """With a client secret."""
        wire = self._wire(application)
        credential = ClientSecretCredential(
            application.tenant, application.client, secret, **self._options(wire)
        )
        return self._token(credential, wire, f"{_IDS} and the secret")

    def by_assertion(self, application: Application, assertion: Callable[[], str]) -> Token:
        """With another issuer's token, by a federated credential of the application."""
        wire = self._wire(application)
        credential = ClientAssertionCredential(
            application.tenant, application.client, assertion, **self._options(wire)
        )
        return self._token(credential, wire, f"{_IDS} and the federated credential")

    def by_managed_identity(self, client: str | None) -> Token:
        """As the machine we run on; as one of its identities where `client` names it."""
        wire = _Wire(Http("Entra", proxy=False))
        credential = ManagedIdentityCredential(client_id=client, **self._options(wire))
        return self._token(credential, wire, "this machine's identities, and ARM_CLIENT_ID")

    def by_cli(self, tenant: str | None) -> Token:
        """As whoever ran `az login`."""
        credential = AzureCliCredential(tenant_id=tenant or "", process_timeout=CLI_TIMEOUT)
        return self._token(credential, None, "")

    # ---- one request -----------------------------------------------------------------------

    def _wire(self, application: Application) -> "_Wire":
        return _Wire(self._http, f"{self._cloud.login}/{application.tenant}/oauth2/v2.0/token")

    def _options(self, wire: "_Wire") -> dict[str, Any]:
        session = requests.Session()
        session.trust_env = False  # proxies, authorities and .netrc are Http's
        session.mount("https://", wire)
        session.mount("http://", wire)
        return {
            "authority": self._cloud.login,
            "disable_instance_discovery": True,
            "retry_total": 0,
            "transport": RequestsTransport(session=session, session_owner=False),
        }

    def _token(self, credential: SupportsTokenInfo, wire: "_Wire | None", check: str) -> Token:
        try:
            found = credential.get_token_info(f"{self._cloud.graph}/.default")
        except Exception as error:
            raise _plain(error, wire, check) from None
        return Token(found.token, found.expires_on - time.time())


class _Wire(BaseAdapter):
    """Sends what azure-identity sends with `http`: its retries, its timeouts, its trust."""

    def __init__(self, http: Http, token_url: str = "") -> None:
        super().__init__()
        self._http, self._token_url = http, token_url
        self.what, self.answer = "token", Answer(200, None, {})  # of the last request

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        """The answer to one request. Raises what Http raises."""
        url, method = str(request.url), str(request.method)
        if self._token_url and url.split("?")[0].endswith(_DISCOVERY):
            # MSAL looks up the token endpoint, which is known: no request for it.
            known = {"token_endpoint": self._token_url, "authorization_endpoint": self._token_url}
            return _response(request, Answer(200, known, {}))
        headers = {k: v for k, v in request.headers.items() if k not in _OWN_HEADERS}
        for name in _SECRET_HEADERS:
            remember_secret(str(request.headers.get(name, "")))
        form = dict(parse_qsl(str(request.body))) if request.body else None
        remember_secret((form or {}).get("client_assertion", ""))
        self.what = f"{method} {'' if self._token_url else 'managed identity '}token"
        self.answer = self._http.send(
            method, url, headers=headers, form=form, label=self.what, repeatable=True
        )
        return _response(request, self.answer)

    def close(self) -> None:
        """The connections are Http's."""


def _response(request: requests.PreparedRequest, answer: Answer) -> requests.Response:
    made = requests.Response()
    made.status_code, made.request, made.url = answer.status, request, str(request.url)
    kept = {k: v for k, v in answer.headers.items() if k.lower() not in _BODY_HEADERS}
    made.headers.update({**kept, "Content-Type": "application/json"})
    made.raw = io.BytesIO(b"" if answer.body is None else json.dumps(answer.body).encode())
    return made


def _plain(error: BaseException, wire: _Wire | None, check: str) -> ServiceError:
    """One line for whatever went wrong in azure-identity; its own text is never shown."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ServiceError):
            return cause
        if isinstance(cause, subprocess.TimeoutExpired):
            return Unavailable(f"Entra: az account get-access-token: no answer in {CLI_TIMEOUT} s")
        cause = cause.__cause__ or cause.__context__
    if wire is None:
        code = re.search(r"AADSTS\d+", str(error))
        why = f" ({code[0]})" if code else ""
        return CredentialsRejected(
            f"Entra: az account get-access-token failed{why}: run `az login`, then run again"
        )
    return refusal(wire.answer, wire.what, f"Check {check}.")
