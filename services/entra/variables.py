"""The ARM_* variables of Entra's credentials, read as azuread reads them.

Source: terraform-provider-azuread, internal/provider (names, files, mismatches).
"""

import binascii
import re
from base64 import b64decode
from dataclasses import dataclass
from pathlib import Path

from services.errors import MissingCredentials
from services.redact import remember_secret
from services.settings import Settings


@dataclass(frozen=True)
class Application:
    """Whom a certificate, a secret or an assertion signs in."""

    tenant: str
    client: str


@dataclass(frozen=True)
class Archive:
    """A PKCS#12 archive, what opens it, and the variable that named it."""

    data: bytes
    password: str | None
    name: str


def application(settings: Settings, given: str) -> Application:
    """The application that the credential `given` is of.

    Without tenant or client azuread goes on to the next kind, at last the Azure CLI, and acts as
    somebody else than was meant. Here that is refused: raises MissingCredentials.
    """
    tenant, client = tenant_id(settings), client_id(settings)
    if tenant and client:
        return Application(tenant, client)
    missing = "ARM_CLIENT_ID" if tenant else "ARM_TENANT_ID"
    raise MissingCredentials(f"Entra: {given} is set and {missing} is not: export it")


def tenant_id(settings: Settings) -> str | None:
    """The tenant to sign in to. AKS sets a name of its own for it, which has to agree."""
    given = settings.get("ARM_TENANT_ID")
    if given and not re.fullmatch(r"[A-Za-z0-9._-]+", given):
        raise MissingCredentials(
            f"Entra: ARM_TENANT_ID is {given!r}; allowed: the tenant's id, or one of its verified "
            "domains"
        )
    if not settings.flag("ARM_USE_AKS_WORKLOAD_IDENTITY", False):
        return given
    theirs = settings.get("AZURE_TENANT_ID")
    if given and theirs and given != theirs:
        raise MissingCredentials(
            f"Entra: ARM_TENANT_ID is {given} and AZURE_TENANT_ID, which AKS sets, is {theirs}: "
            "make them the same, or unset ARM_USE_AKS_WORKLOAD_IDENTITY"
        )
    return theirs or given


def client_id(settings: Settings) -> str | None:
    """The application's (client) id; a managed identity's, where one of several is meant."""
    return _value_or_file(settings, "ARM_CLIENT_ID", secret=False)


def client_secret(settings: Settings) -> str | None:
    """The client secret."""
    return _value_or_file(settings, "ARM_CLIENT_SECRET")


def oidc_token(settings: Settings) -> str | None:
    """The token that whoever runs us was given. Read each time: a file's changes while we run."""
    return _value_or_file(settings, "ARM_OIDC_TOKEN")


def certificate(settings: Settings) -> Archive | None:
    """The client certificate with its key."""
    encoded = settings.get("ARM_CLIENT_CERTIFICATE")
    path = settings.get("ARM_CLIENT_CERTIFICATE_PATH")
    if encoded:
        name = "ARM_CLIENT_CERTIFICATE"
        try:
            data = b64decode("".join(encoded.split()), validate=True)
        except binascii.Error:
            raise MissingCredentials(
                f"Entra: {name} is not base64; allowed is a PKCS#12 archive in base64"
            ) from None
    elif path:
        name = "ARM_CLIENT_CERTIFICATE_PATH"
        data = _read(path, name)
    else:
        return None
    if b"-----BEGIN" in data:  # azure-identity would take it, azuread does not
        raise MissingCredentials(
            f"Entra: {name} is PEM; allowed is PKCS#12, as `openssl pkcs12 -export` makes it"
        )
    return Archive(data, settings.get("ARM_CLIENT_CERTIFICATE_PASSWORD"), name)


def _value_or_file(settings: Settings, name: str, *, secret: bool = True) -> str | None:
    value = (settings.get(name) or "").strip()
    path = settings.get(f"{name}_FILE_PATH")
    if path:
        read = _read(path, f"{name}_FILE_PATH").decode("utf-8", "replace").strip()
        if secret:
            remember_secret(read)
        if value and value != read:
            raise MissingCredentials(
                f"Entra: {name} and the file of {name}_FILE_PATH differ: remove one of them"
            )
        value = read
    return value or None


def _read(path: str, name: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise MissingCredentials(f"Entra: {name}: cannot read {path}: {error.strerror}") from None
