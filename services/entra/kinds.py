"""Which credential the variables give, in azuread's order; the first with all its parts wins.

Certificate, client secret, OIDC token, Azure DevOps, GitHub, managed identity, Azure CLI.
Source: go-azure-sdk, sdk/auth/auth.go, which azuread signs in with.
"""

import shutil
from urllib.parse import urlencode

from services.entra import oidc
from services.entra.endpoints import Cloud
from services.entra.token import Token, refusal, token_in
from services.entra.variables import (
    application,
    certificate,
    client_id,
    client_secret,
    tenant_id,
)
from services.errors import MissingCredentials
from services.http import Http
from services.settings import Settings


def request_token(settings: Settings, cloud: Cloud, http: Http) -> Token:
    """A new token of Microsoft Graph. Raises ServiceError with one line that names the variable."""
    # azure-identity is heavy: only a process that needs a token loads it.
    from services.entra.identity import Identity

    identity = Identity(cloud, http)
    if archive := certificate(settings):
        return identity.by_certificate(application(settings, archive.name), archive)
    if secret := client_secret(settings):
        return identity.by_secret(application(settings, "ARM_CLIENT_SECRET"), secret)
    if assertion := oidc.source(settings, http):
        return identity.by_assertion(application(settings, "ARM_USE_OIDC"), assertion)
    if settings.flag("ARM_USE_MSI", False):
        if endpoint := settings.get("ARM_MSI_ENDPOINT"):
            return _by_endpoint(endpoint, cloud, client_id(settings))
        return identity.by_managed_identity(client_id(settings))
    if settings.flag("ARM_USE_CLI", True) and shutil.which("az"):
        return identity.by_cli(tenant_id(settings))
    offered = ""
    if oidc.is_enabled(settings):
        offered = (
            " ARM_USE_OIDC is true and no token is offered: set ARM_OIDC_TOKEN_FILE_PATH; in "
            "GitHub Actions give the job `id-token: write`."
        )
    raise MissingCredentials(
        "Entra: no credentials: set ARM_CLIENT_SECRET, ARM_CLIENT_CERTIFICATE_PATH, or "
        "ARM_USE_OIDC=true, or ARM_USE_MSI=true; or install the Azure CLI and run `az login` "
        f"(ARM_USE_CLI must not be false).{offered} See docs/credentials.md."
    )


def _by_endpoint(endpoint: str, cloud: Cloud, client: str | None) -> Token:
    """A managed identity at an endpoint of the user's, which azure-identity has no argument for.

    The request is the one of Azure's instance metadata, as azuread sends it; never by a proxy.
    """
    query = {"api-version": "2018-02-01", "resource": cloud.graph}
    if client:
        query["client_id"] = client
    what = "GET managed identity token"
    answer = Http("Entra", proxy=False).send(
        "GET", f"{endpoint}?{urlencode(query)}", headers={"Metadata": "true"}, label=what
    )
    token = token_in(answer)
    if token is None:
        raise refusal(answer, what, "Check ARM_MSI_ENDPOINT, and ARM_CLIENT_ID if it is set.")
    return token
