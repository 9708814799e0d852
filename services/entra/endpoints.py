"""Which login and Graph hosts a cloud has: Microsoft's published ones, or a metadata host's."""

from dataclasses import dataclass
from typing import Any

from services.errors import MissingCredentials, Unavailable
from services.http import Http
from services.settings import Settings

METADATA_VERSION = "2022-09-01"


@dataclass(frozen=True)
class Cloud:
    """The two hosts of a cloud, without a trailing slash."""

    login: str
    graph: str


# Microsoft Graph, "National cloud deployments": token service and Graph root endpoints, the same as
# azuread's. The names are those that its ARM_ENVIRONMENT takes.
_PUBLIC = Cloud("https://login.microsoftonline.com", "https://graph.microsoft.com")
_GOVERNMENT = Cloud("https://login.microsoftonline.us", "https://graph.microsoft.us")
_DOD = Cloud("https://login.microsoftonline.us", "https://dod-graph.microsoft.us")
_CHINA = Cloud("https://login.chinacloudapi.cn", "https://microsoftgraph.chinacloudapi.cn")
CLOUDS = {
    "public": _PUBLIC,
    "global": _PUBLIC,
    "usgovernment": _GOVERNMENT,
    "usgovernmentl4": _GOVERNMENT,
    "dod": _DOD,
    "usgovernmentl5": _DOD,
    "china": _CHINA,
}


def find_cloud(settings: Settings, http: Http) -> Cloud:
    """The cloud of ARM_METADATA_HOSTNAME (one request), else of ARM_ENVIRONMENT (none)."""
    host = settings.get("ARM_METADATA_HOSTNAME")
    if host:
        return _read_metadata(http, host)
    name = settings.get("ARM_ENVIRONMENT") or "public"
    if name.lower() not in CLOUDS:
        raise MissingCredentials(
            f"Entra: ARM_ENVIRONMENT is {name!r}; allowed: {', '.join(sorted(CLOUDS))}"
        )
    return CLOUDS[name.lower()]


def _read_metadata(http: Http, host: str) -> Cloud:
    url = f"https://{host}/metadata/endpoints?api-version={METADATA_VERSION}"
    answer = http.send("GET", url, label=f"GET metadata of {host}")
    body: Any = answer.body if isinstance(answer.body, dict) else {}
    graph = body.get("microsoftGraphResourceId")
    login = (body.get("authentication") or {}).get("loginEndpoint")
    if answer.status != 200 or not isinstance(graph, str) or not isinstance(login, str):
        raise Unavailable(
            f"Entra: GET metadata of {host}: HTTP {answer.status} without a Graph and a login "
            "endpoint. Check ARM_METADATA_HOSTNAME."
        )
    if not login.startswith("https://"):
        raise Unavailable(
            f"Entra: GET metadata of {host}: the login endpoint is {login}: no credential is sent "
            "without TLS. Check ARM_METADATA_HOSTNAME."
        )
    return Cloud(login.rstrip("/"), graph.rstrip("/"))
