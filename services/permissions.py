"""The permissions each request needs: one table for error texts and for docs/permissions.md.

Sources: Microsoft Graph's reference page of each operation ("Least privileged permissions",
application), and Zoom's published Accounts specification (scopes, classic and granular).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Need:
    """What one kind of request needs, who can grant it, and what it is for."""

    permission: str
    granted_by: str
    purpose: str


_CONSENT = "admin consent by a Privileged Role Administrator"
_ZOOM_APP = "the Server-to-Server OAuth app's scopes (Zoom App Marketplace), by its developer"

POLICY_READ = Need("Policy.Read.PermissionGrant", _CONSENT, "read permission-grant policies")
POLICY_WRITE = Need("Policy.ReadWrite.PermissionGrant", _CONSENT, "change our own policy")
AUTHORIZATION_READ = Need("Policy.Read.All", _CONSENT, "read the authorization policy")
AUTHORIZATION_WRITE = Need(
    "Policy.ReadWrite.Authorization", _CONSENT, "assign our policy to the tenant's users"
)
PRINCIPAL_READ = Need("Application.Read.All", _CONSENT, "look up service principals")
GRANT_READ = Need(
    "Directory.Read.All (or DelegatedPermissionGrant.ReadWrite.All)",
    _CONSENT,
    "read delegated permission grants",
)
GRANT_WRITE = Need(
    "DelegatedPermissionGrant.ReadWrite.All", _CONSENT, "add and remove our scopes of the grant"
)
SETTINGS_READ = Need(
    "account:read:settings:admin (classic: account:read:admin)", _ZOOM_APP, "read account settings"
)
SETTINGS_WRITE = Need(
    "account:update:settings:admin (classic: account:write:admin)",
    _ZOOM_APP,
    "change account settings",
)
LOCKS_READ = Need(
    "account:read:lock_settings:master (classic: account:read:admin)",
    _ZOOM_APP,
    "read lock settings",
)
LOCKS_WRITE = Need(
    "account:update:lock_settings:admin (classic: account:write:admin)",
    _ZOOM_APP,
    "change lock settings",
)
