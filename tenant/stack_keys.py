"""The keys of a stack's configuration, in and beside the declaration, and misspelt ones."""

from collections.abc import Iterable

from tenant.errors import DeclarationError
from tenant.spelling import did_you_mean, slips

PROJECT = "zoom-calendar"
KEY = f"{PROJECT}:tenant"
AZUREAD = "azuread"

# Stack configuration of our own besides the declaration: credentials, under their variables' names.
CREDENTIALS = (
    "ARM_CLIENT_ID",
    "ARM_CLIENT_SECRET",
    "ZOOM_ACCOUNT_ID",
    "ZOOM_CLIENT_ID",
    "ZOOM_CLIENT_SECRET",
)
# Variables that a stack's configuration may hold in clear.
ADDRESSES = ("ZOOM_API_URL", "ZOOM_OAUTH_URL", "ZOOM_PORTAL_URL", "ZOOM_PORTAL_STATE")

# azuread's own keys. Source: terraform-provider-azuread, internal/provider; pulumi-azuread.
AZUREAD_KEYS = (
    *("adoPipelineServiceConnectionId", "clientCertificate", "clientCertificatePassword"),
    *("clientCertificatePath", "clientId", "clientIdFilePath", "clientSecret"),
    *("clientSecretFilePath", "disableTerraformPartnerId", "environment", "metadataHost"),
    *("msiEndpoint", "oidcRequestToken", "oidcRequestUrl", "oidcToken", "oidcTokenFilePath"),
    *("partnerId", "tenantId", "useAksWorkloadIdentity", "useCli", "useMsi", "useOidc"),
)

_OURS = [KEY, *(f"{PROJECT}:{name}" for name in (*CREDENTIALS, *ADDRESSES))]
_AZUREADS = [f"{AZUREAD}:{name}" for name in AZUREAD_KEYS]


def refuse_misspelt_keys(keys: Iterable[str], file: str) -> None:
    """Raises DeclarationError for a key that nobody reads and one of ours or azuread's is meant by.

    In our own namespace that is every unknown key; keys of other programs and providers are theirs.
    """
    for key in keys:
        if key in _OURS or key in _AZUREADS:
            continue
        namespace, _, name = key.rpartition(":")
        if namespace == PROJECT:
            problem = f"is not a key here{did_you_mean(key, _OURS, 1)}; allowed: {', '.join(_OURS)}"
        elif near := _meant(namespace, name):
            problem = f"is not a key that anything here reads; allowed: {' or '.join(near)}"
        else:
            continue
        raise DeclarationError(file, f"config.{key}", problem)


def _meant(namespace: str, name: str) -> list[str]:
    """The known keys that `namespace:name` is with a slip in either part."""
    known = [*_OURS, *_AZUREADS]
    if not namespace:
        return [key for key in known if name in key.split(":")]
    return [
        f"{one}:{key}"
        for one in slips(namespace, (PROJECT, AZUREAD))
        for key in slips(name, [key.partition(":")[2] for key in known if key.startswith(one)])
    ]
