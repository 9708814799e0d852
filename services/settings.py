"""Where credentials and addresses come from: the environment, else the stack's configuration."""

import os
from collections.abc import Callable, Mapping

from services.errors import MissingCredentials
from services.redact import remember_secret

SECRETS = {
    "ARM_CLIENT_SECRET",
    "ARM_OIDC_TOKEN",
    "ARM_OIDC_REQUEST_TOKEN",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "ZOOM_CLIENT_SECRET",
}

# azuread reads these from the stack; the same values serve our own providers.
_AZUREAD_KEYS = {
    "ARM_CLIENT_ID": "azuread:clientId",
    "ARM_CLIENT_SECRET": "azuread:clientSecret",
    "ARM_TENANT_ID": "azuread:tenantId",
    "ARM_METADATA_HOSTNAME": "azuread:metadataHost",
    "ARM_ENVIRONMENT": "azuread:environment",
}


class Settings:
    """Look-up of a variable: environment first, then stack configuration of the same name."""

    def __init__(
        self,
        config: Callable[[str], str | None] = lambda key: None,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._config, self._environ = config, environ

    def get(self, *names: str) -> str | None:
        """The first of `names` that has a value, or None."""
        for name in names:
            if name == "ARM_TENANT_ID" and (declared := self._config("azuread:tenantId")):
                return declared  # no credential but part of the declaration, as azuread takes it
            value = (
                self._environ.get(name)
                or self._config(name)
                or self._config(_AZUREAD_KEYS.get(name, name))
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
        """A boolean variable, as azuread reads it (1, true)."""
        value = self.get(name)
        return default if value is None else value.strip().lower() in ("1", "true", "t")
