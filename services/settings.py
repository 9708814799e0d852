"""Where credentials and addresses come from: the environment, else the stack's configuration."""

import os
from collections.abc import Callable, Mapping

from services.errors import MissingCredentials
from services.redact import remember_secret
from tenant.spelling import slips

SECRETS = {
    "ARM_CLIENT_CERTIFICATE",
    "ARM_CLIENT_CERTIFICATE_PASSWORD",
    "ARM_CLIENT_SECRET",
    "ARM_OIDC_TOKEN",
    "ARM_OIDC_REQUEST_TOKEN",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "SYSTEM_ACCESSTOKEN",
    "ZOOM_CLIENT_SECRET",
}

# azuread's own configuration, which it takes before the environment; it serves our providers too.
_AZUREAD_KEYS = {
    "ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID": "azuread:adoPipelineServiceConnectionId",
    "ARM_CLIENT_CERTIFICATE": "azuread:clientCertificate",
    "ARM_CLIENT_CERTIFICATE_PASSWORD": "azuread:clientCertificatePassword",
    "ARM_CLIENT_CERTIFICATE_PATH": "azuread:clientCertificatePath",
    "ARM_CLIENT_ID": "azuread:clientId",
    "ARM_CLIENT_ID_FILE_PATH": "azuread:clientIdFilePath",
    "ARM_CLIENT_SECRET": "azuread:clientSecret",
    "ARM_CLIENT_SECRET_FILE_PATH": "azuread:clientSecretFilePath",
    "ARM_ENVIRONMENT": "azuread:environment",
    "ARM_METADATA_HOSTNAME": "azuread:metadataHost",
    "ARM_MSI_ENDPOINT": "azuread:msiEndpoint",
    "ARM_OIDC_REQUEST_TOKEN": "azuread:oidcRequestToken",
    "ARM_OIDC_REQUEST_URL": "azuread:oidcRequestUrl",
    "ARM_OIDC_TOKEN": "azuread:oidcToken",
    "ARM_OIDC_TOKEN_FILE_PATH": "azuread:oidcTokenFilePath",
    "ARM_TENANT_ID": "azuread:tenantId",
    "ARM_USE_AKS_WORKLOAD_IDENTITY": "azuread:useAksWorkloadIdentity",
    "ARM_USE_CLI": "azuread:useCli",
    "ARM_USE_MSI": "azuread:useMsi",
    "ARM_USE_OIDC": "azuread:useOidc",
}
# Every variable that we or azuread read, for those that are nearly one.
_VARIABLES = {
    *_AZUREAD_KEYS,
    *SECRETS,
    *("ARM_DISABLE_TERRAFORM_PARTNER_ID", "ARM_OIDC_AZURE_SERVICE_CONNECTION_ID", "ARM_PARTNER_ID"),
    *("ZOOM_ACCOUNT_ID", "ZOOM_API_URL", "ZOOM_CLIENT_ID", "ZOOM_OAUTH_URL"),
    *("ZOOM_PORTAL_STATE", "ZOOM_PORTAL_TIMEOUT", "ZOOM_PORTAL_URL"),
}
# What strconv.ParseBool, which azuread reads its flags with, takes.
_TRUE, _FALSE = ("1", "t", "true"), ("0", "f", "false")


class Settings:
    """Look-up of a variable: azuread's key in the stack, the environment, the stack by its name."""

    def __init__(
        self,
        config: Callable[[str], str | None] = lambda key: None,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._config, self._environ = config, environ

    def get(self, *names: str) -> str | None:
        """The first of `names` that has a value, or None."""
        for name in names:
            key = _AZUREAD_KEYS.get(name)
            value = (
                (self._config(key) if key else None)
                or self._environ.get(name)
                or self._config(name)
            )
            if value:
                if name in SECRETS:
                    remember_secret(value)
                return value
        return None

    def require(self, name: str) -> str:
        """The value of `name`. Raises MissingCredentials with both ways to give it."""
        value = self.get(name)
        if value is None:
            secret = " --secret" if name in SECRETS else ""
            key = _AZUREAD_KEYS.get(name, name)  # azuread has to find it too
            raise MissingCredentials(
                f"{name} is not set: export it, or run `pulumi config set{secret} {key}`"
            )
        return value

    def flag(self, name: str, default: bool) -> bool:
        """A boolean variable. Raises MissingCredentials where it is neither true nor false."""
        value = self.get(name)
        if value is None:
            return default
        text = value.strip().lower()
        if text not in _TRUE + _FALSE:
            raise MissingCredentials(f"{name} is {value!r}; allowed: true, false")
        return text in _TRUE


def misspelt_variables(environ: Mapping[str, str] = os.environ) -> list[str]:
    """A line for each ZOOM_ and ARM_ variable that nobody reads and is nearly one that is not set.

    Others use these prefixes, too, so it is no error; and where the right one is set, neither.
    """
    return [
        f"the environment has {name}, which nothing here reads: {' or '.join(near)} is not set"
        for name in sorted(environ)
        if name.upper().startswith(("ZOOM_", "ARM_")) and name not in _VARIABLES
        if (near := slips(name, _VARIABLES)[:2]) and not any(environ.get(one) for one in near)
    ]
