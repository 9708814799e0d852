"""Which hosts a cloud has, and what would be asked of them: no request is sent."""

from __future__ import annotations

from typing import Any

import pytest
from azure.identity import AzureAuthorityHosts

from services.entra.endpoints import CLOUDS, find_cloud
from services.entra.kinds import request_token
from services.errors import MissingCredentials
from services.http import Answer, Http
from services.settings import Settings

PUBLIC = ("https://login.microsoftonline.com", "https://graph.microsoft.com")
GOVERNMENT = ("https://login.microsoftonline.us", "https://graph.microsoft.us")
DOD = ("https://login.microsoftonline.us", "https://dod-graph.microsoft.us")
CHINA = ("https://login.chinacloudapi.cn", "https://microsoftgraph.chinacloudapi.cn")
# Microsoft Graph, "National cloud deployments"; the names are those of azuread's schema.
HOSTS = {
    "": PUBLIC,
    "public": PUBLIC,
    "global": PUBLIC,
    "usgovernment": GOVERNMENT,
    "usgovernmentl4": GOVERNMENT,
    "dod": DOD,
    "usgovernmentl5": DOD,
    "china": CHINA,
    "USGovernment": GOVERNMENT,
}


class Silent(Http):
    """Keeps what would be sent and answers with a token."""

    def __init__(self) -> None:
        super().__init__("Entra")
        self.sent: list[tuple[str, str, Any]] = []

    def send(self, method: str, url: str, *, form: Any = None, **_: Any) -> Answer:
        self.sent.append((method, url, form))
        return Answer(200, {"access_token": "a.b.c", "token_type": "Bearer", "expires_in": 10}, {})


@pytest.mark.parametrize("name", HOSTS)
def test_a_cloud_s_token_is_asked_of_its_own_hosts(name: str) -> None:
    login, graph = HOSTS[name]
    http = Silent()
    environ = {
        "ARM_ENVIRONMENT": name,
        "ARM_TENANT_ID": "contoso.com",
        "ARM_CLIENT_ID": "11111111-1111-1111-1111-111111111111",
        "ARM_CLIENT_SECRET": "CANARY~secret",
    }
    settings = Settings(environ=environ)
    cloud = find_cloud(settings, http)
    assert (cloud.login, cloud.graph) == (login, graph)
    assert request_token(settings, cloud, http).value == "a.b.c"
    ((method, url, form),) = http.sent
    assert (method, url) == ("POST", f"{login}/contoso.com/oauth2/v2.0/token")
    assert form["scope"] == f"{graph}/.default"


def test_the_login_hosts_are_those_that_azure_identity_knows() -> None:
    known = {AzureAuthorityHosts.AZURE_PUBLIC_CLOUD, AzureAuthorityHosts.AZURE_GOVERNMENT}
    known.add(AzureAuthorityHosts.AZURE_CHINA)
    assert {cloud.login.removeprefix("https://") for cloud in CLOUDS.values()} == known


@pytest.mark.parametrize("name", ["german", "usgov", "canary", "Azure"])
def test_another_name_is_refused_with_the_allowed_ones(name: str) -> None:
    with pytest.raises(MissingCredentials) as caught:
        find_cloud(Settings(environ={"ARM_ENVIRONMENT": name}), Silent())
    assert str(caught.value) == (
        f"Entra: ARM_ENVIRONMENT is {name!r}; allowed: china, dod, global, public, usgovernment, "
        "usgovernmentl4, usgovernmentl5"
    )


def test_the_stack_s_environment_counts_before_the_shell_s_as_azuread_has_it() -> None:
    config = {"azuread:environment": "china"}
    settings = Settings(config.get, {"ARM_ENVIRONMENT": "dod"})
    assert find_cloud(settings, Silent()) == CLOUDS["china"]
