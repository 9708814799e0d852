"""The assertion of OpenID Connect: given, or asked of Azure DevOps or GitHub as azuread asks.

Source: go-azure-sdk, sdk/auth, and each service's reference of its token endpoint.
"""

from collections.abc import Callable
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from services.entra.variables import oidc_token
from services.errors import CredentialsRejected, Unavailable
from services.http import Http
from services.redact import remember_secret
from services.settings import Settings

AUDIENCE = "api://AzureADTokenExchange"  # what a federated credential expects (Microsoft's docs)
_URLS = ("ARM_OIDC_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_URL", "SYSTEM_OIDCREQUESTURI")
_TOKENS = ("ARM_OIDC_REQUEST_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "SYSTEM_ACCESSTOKEN")
_CONNECTIONS = (
    "ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID",
    "ARM_OIDC_AZURE_SERVICE_CONNECTION_ID",
)


def is_enabled(settings: Settings) -> bool:
    """Whether an assertion may sign us in."""
    on_aks = settings.flag("ARM_USE_AKS_WORKLOAD_IDENTITY", False)
    return settings.flag("ARM_USE_OIDC", False) or on_aks


def source(settings: Settings, http: Http) -> Callable[[], str] | None:
    """What gives the assertion when it is called; None where none is offered."""
    if not is_enabled(settings):
        return None
    given = oidc_token(settings)
    if given:
        return lambda: given
    url, bearer = settings.get(*_URLS), settings.get(*_TOKENS)
    if not url or not bearer:
        return None
    connection = settings.get(*_CONNECTIONS)
    if connection:
        query = {"api-version": "7.1", "serviceConnectionId": connection, "audience": AUDIENCE}
        return lambda: _ask(http, "POST", _with(url, query), bearer, "oidcToken")
    return lambda: _ask(http, "GET", _with(url, {"audience": AUDIENCE}), bearer, "value")


def _ask(http: Http, method: str, url: str, bearer: str, key: str) -> str:
    what = f"{method} OIDC token"
    headers = {"Authorization": f"Bearer {bearer}"}
    answer = http.send(method, url, headers=headers, label=what, repeatable=True)
    value = answer.body.get(key) if isinstance(answer.body, dict) else None
    if answer.status == 200 and isinstance(value, str) and value:
        remember_secret(value)
        return value
    if answer.status >= 500 or answer.status < 300:
        raise Unavailable(f"Entra: {what}: HTTP {answer.status} without a token. Run again.")
    raise CredentialsRejected(
        f"Entra: {what}: HTTP {answer.status}. In GitHub Actions give the job `id-token: write`; "
        "in Azure DevOps check SYSTEM_ACCESSTOKEN and the id of the service connection."
    )


def _with(url: str, query: dict[str, str]) -> str:
    """`url` with what it does not have of `query` yet."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(query=urlencode(query | dict(parse_qsl(parts.query)))))
