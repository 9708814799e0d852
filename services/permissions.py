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
CONSENT_REQUESTS_READ = Need(
    "Policy.Read.All", _CONSENT, "read whether users may ask an administrator for approval"
)
LEVELS_READ = Need("Application.Read.All", _CONSENT, "read permission classifications")
ASSIGNED_READ = Need("Application.Read.All", _CONSENT, "read who is assigned to the application")
USER_READ = Need("User.Read.All (or Directory.Read.All)", _CONSENT, "look up a user")
USER_ASSIGNED_READ = Need(
    "Directory.Read.All", _CONSENT, "read what a user is assigned to, over groups too"
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
MANAGED_DOMAINS_READ = Need(
    "account:read:managed_domains:master (classic: account:read:admin)",
    _ZOOM_APP,
    "read managed domains",
)
DOMAINS_READ = Need(
    "Organization.Read.All (or Directory.Read.All)", _CONSENT, "read the tenant's verified domains"
)
ROOMS_READ = Need(
    "zoom_rooms:read:list_calendar_services:admin (classic: room:read:admin)",
    _ZOOM_APP,
    "list the calendar services, which `fleet portal authorize` does at its end",
)


@dataclass(frozen=True)
class Row:
    """One resource of the program: what reading it and changing it needs."""

    resource: str
    when: str
    read: tuple[Need, ...]
    write: tuple[Need, ...]


_APPLICATION_READ = Need("Application.Read.All", _CONSENT, "read the registration")
_APPLICATION_WRITE = Need(
    "Application.ReadWrite.OwnedBy (the identity must be in application.owners), else "
    "Application.ReadWrite.All",
    _CONSENT,
    "create and change the registration and its principal",
)

RESOURCES = (
    Row(
        "PermissionGrantPolicy",
        "users may consent (`by: user`, or `userPolicy: least-privilege`)",
        (POLICY_READ, PRINCIPAL_READ),
        (POLICY_WRITE,),
    ),
    Row("PolicyAssignment", "the same", (AUTHORIZATION_READ,), (AUTHORIZATION_WRITE,)),
    Row(
        "DelegatedGrant",
        "`by: admin` with `source: zoom`",
        (GRANT_READ, PRINCIPAL_READ),
        (GRANT_WRITE,),
    ),
    Row(
        "azuread Application, ServicePrincipal",
        "`source: registered`",
        (_APPLICATION_READ,),
        (_APPLICATION_WRITE,),
    ),
    Row(
        "azuread ServicePrincipalDelegatedPermissionGrant",
        "`by: admin` with `source: registered`",
        (GRANT_READ,),
        (GRANT_WRITE,),
    ),
    Row("AccountSettings", "`zoom.settings` is declared", (SETTINGS_READ,), (SETTINGS_WRITE,)),
    Row("AccountLocks", "`zoom.locks` is declared", (LOCKS_READ,), (LOCKS_WRITE,)),
    Row(
        "Preflight",
        "always; what it cannot read it calls unknown",
        (
            SETTINGS_READ,
            MANAGED_DOMAINS_READ,
            DOMAINS_READ,
            PRINCIPAL_READ,
            POLICY_READ,
            AUTHORIZATION_READ,
            GRANT_READ,
        ),
        (),
    ),
    Row(
        "`fleet doctor`",
        "it is run; what it cannot read it calls unknown. The last two only with `--user`",
        (
            SETTINGS_READ,
            DOMAINS_READ,
            PRINCIPAL_READ,
            POLICY_READ,
            AUTHORIZATION_READ,
            GRANT_READ,
            USER_READ,
            USER_ASSIGNED_READ,
        ),
        (),
    ),
    Row(
        "CalendarIntegration",
        "`zoom.calendar` is declared; with `channel: portal` an owner or administrator is signed "
        "in to Zoom's portal",
        (),
        (),
    ),
    Row(
        "`fleet portal authorize`",
        "it is run: what came of it is read",
        (GRANT_READ, PRINCIPAL_READ, ROOMS_READ),
        (),
    ),
)


def as_markdown() -> str:
    """docs/permissions.md: every resource with its permissions and who may grant them."""
    lines = [
        "<!-- Made by `make docs` from services/permissions.py. -->",
        "# Permissions",
        "",
        "The least a run needs, by resource. A preview needs the *read* column only: an identity",
        "with just those sees all drift and can change nothing. All Entra permissions are",
        "application permissions of Microsoft Graph. Where one is missing the error names it; a",
        "read that is forbidden makes the resource *unknown* (never drift, never a write).",
        "",
        "| resource | declared when | read | write | granted by |",
        "|---|---|---|---|---|",
    ]
    for row in RESOURCES:
        read = "<br>".join(need.permission for need in row.read) or "none"
        nothing = "none" if row.read else "none: a person sets it"
        write = "<br>".join(need.permission for need in row.write) or nothing
        granted = "<br>".join(dict.fromkeys(need.granted_by for need in row.read + row.write))
        lines.append(f"| {row.resource} | {row.when} | {read} | {write} | {granted or '-'} |")
    lines += [
        "",
        "The identity that runs `pulumi up` needs both columns; previews should use another one.",
        "",
        "Zoom's granular `account:read:lock_settings` exists with `:master` only; a plain account",
        "needs the classic scope, or its locks stay unknown.",
        "",
        "Sources: the reference page of each Graph operation, and Zoom's Accounts specification.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(as_markdown(), end="")
