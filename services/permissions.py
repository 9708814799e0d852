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
PRINCIPAL_CREATE = Need(
    "Application.ReadWrite.All", _CONSENT, "create and delete a service principal that is declared"
)
ROLE_READ = Need("Application.Read.All", _CONSENT, "read app role assignments")
ROLE_WRITE = Need(
    "AppRoleAssignment.ReadWrite.All", _CONSENT, "add and remove our application permissions"
)
SETTINGS_READ = Need(
    "account:read:settings:admin (classic: account:read:admin)", _ZOOM_APP, "read account settings"
)
SETTINGS_WRITE = Need(
    "account:update:settings:admin (classic: account:write:admin)",
    _ZOOM_APP,
    "change account settings",
)
# A sub-account's, for a master account; reading its locks needs the same scope as reading ours.
SETTINGS_READ_SUB = Need(
    "account:read:settings:master (classic: account:master)",
    _ZOOM_APP,
    "read a sub-account's settings",
)
SETTINGS_WRITE_SUB = Need(
    "account:update:settings:master (classic: account:master)",
    _ZOOM_APP,
    "change a sub-account's settings",
)
LOCKS_WRITE_SUB = Need(
    "account:update:lock_settings:master (classic: account:master)",
    _ZOOM_APP,
    "change a sub-account's lock settings",
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
        "`userPolicy: least-privilege`, the default under `by: user`",
        (POLICY_READ, PRINCIPAL_READ),
        (POLICY_WRITE,),
    ),
    Row(
        "PolicyAssignment",
        "`userPolicy` is any value but `leave`",
        (AUTHORIZATION_READ,),
        (AUTHORIZATION_WRITE,),
    ),
    Row(
        "UserConsentSettings",
        "`by: user`, or any `userPolicy`; what it cannot read it calls unknown",
        (AUTHORIZATION_READ, POLICY_READ),
        (),
    ),
    Row(
        "DelegatedGrant",
        "`by: admin` with `source: zoom`",
        (GRANT_READ, PRINCIPAL_READ),
        (GRANT_WRITE,),
    ),
    Row(
        "AppRoleAssignments",
        "`applicationPermissions` with `source: zoom`",
        (ROLE_READ, PRINCIPAL_READ),
        (ROLE_WRITE,),
    ),
    Row(
        "EnsuredPrincipal",
        "`ensurePrincipal`; grants are read only by destroy",
        (PRINCIPAL_READ, GRANT_READ),
        (PRINCIPAL_CREATE,),
    ),
    Row(
        "azuread Application, ServicePrincipal, ApplicationFederatedIdentityCredential",
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
    Row(
        "azuread AppRoleAssignment",
        "`applicationPermissions` with `source: registered`",
        (ROLE_READ,),
        (ROLE_WRITE,),
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


_SUB_ACCOUNT = (SETTINGS_READ_SUB, SETTINGS_WRITE_SUB, LOCKS_WRITE_SUB)

# For any declaration: Directory.Read.All also reads applications and the organization.
PREVIEW_ANY = ("Directory.Read.All", "Policy.Read.All", "Policy.Read.PermissionGrant")


_WITHOUT_GRANT = ["Application.Read.All", "Organization.Read.All"]


def preview_permissions(by: str, *, user_policy: bool = False) -> tuple[str, ...]:
    """The least that a preview of a tenant needs of Entra; nothing in it can write."""
    needs = ["Directory.Read.All"] if by == "admin" else _WITHOUT_GRANT
    policies = ["Policy.Read.All", "Policy.Read.PermissionGrant"]
    return tuple(sorted([*needs, *(policies if by == "user" or user_policy else [])]))


def preview_scopes(*, locks: bool) -> tuple[str, ...]:
    """The least that a preview needs of Zoom's granular scopes; nothing in it can write."""
    needs = [SETTINGS_READ, MANAGED_DOMAINS_READ, *([LOCKS_READ] if locks else [])]
    return tuple(sorted(need.permission.split()[0] for need in needs))


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
        "How to sign in: [credentials](credentials.md).",
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
        "Where `zoom.account` is a sub-account's id: "
        + ", ".join(need.permission for need in _SUB_ACCOUNT)
        + ", in the place of those that end in `:admin`.",
        "",
        "AppRoleAssignment.ReadWrite.All lets its holder give any application any permission, its",
        "own included: grant it only where `applicationPermissions` is declared.",
        "",
        *_preview_only(),
        "Zoom's granular `account:read:lock_settings` exists with `:master` only; a plain account",
        "needs the classic scope, or its locks stay unknown.",
        "",
        "Sources: the reference page of each Graph operation, and Zoom's Accounts specification.",
    ]
    return "\n".join(lines) + "\n"


def _preview_only() -> list[str]:
    cases = (
        ("`by: admin`", preview_permissions("admin")),
        ("`by: admin` with `userPolicy`", preview_permissions("admin", user_policy=True)),
        ("`by: user`", preview_permissions("user")),
    )
    rows = [f"| {case} | {_listed(names)} |" for case, names in cases]
    return [
        "## An identity for previews",
        "",
        "Give previews an identity of their own, with exactly these application permissions:",
        "",
        "| declared | Microsoft Graph |",
        "|---|---|",
        *rows,
        f"| anything, many tenants | {_listed(PREVIEW_ANY)} |",
        "",
        "And a Server-to-Server OAuth app of its own, with exactly these scopes:",
        "",
        "| declared | Zoom, granular scopes |",
        "|---|---|",
        f"| no `zoom.locks` | {_listed(preview_scopes(locks=False))} |",
        f"| `zoom.locks` | {_listed(preview_scopes(locks=True))} |",
        "",
        "They are enough for `pulumi preview`, `fleet preview`, `drift`, `preflight` and `adopt`;",
        "those of the last row for all that `fleet doctor` looks at, too.",
        "Take any one away and what it reads is *unknown*; what azuread reads (`source:",
        "registered`) fails instead. `pulumi up` with them names what is missing and changes",
        "nothing. tests/engine_runs/test_preview_only.py runs all that against an Entra and a Zoom",
        "that refuse everything else.",
        "",
        "The identity that runs `pulumi up` needs both columns of the table above.",
        "",
    ]


def _listed(names: tuple[str, ...]) -> str:
    return "<br>".join(names)


if __name__ == "__main__":
    print(as_markdown(), end="")
