"""What a declaration asks of Entra: names, policies and entries, computed once for all users."""

from typing import Any

from msgspec import UNSET

from tenant.model import ZOOM_CALENDAR_CLIENT_ID, Tenant

# Microsoft Graph's own application id, the same in every tenant (Microsoft's first-party list).
MICROSOFT_GRAPH = "00000003-0000-0000-c000-000000000000"

# Users' own consent is the …ForSelf kind of entry in the authorization policy; Graph's
# documentation writes it in lower camel case, tenants return both.
ASSIGNMENT_PREFIX = "ManagePermissionGrantsForSelf."

# One policy per tenant, so one name for all: the id of a permission-grant policy never changes.
POLICY_ID = "zoom-calendar-users"

# The built-in policy of each value of consent.userPolicy (Graph reference: permission-grant
# policies). least-privilege is our own; leave assigns nothing.
USER_POLICIES = {
    "least-privilege": POLICY_ID,
    "verified-publishers": "microsoft-user-default-low",
    "recommended": "microsoft-user-default-recommended",
    "any-app": "microsoft-user-default-legacy",
}


def user_policy_id(tenant: Tenant) -> str | None:
    """The permission-grant policy that is to be assigned to the users; None for leave."""
    return USER_POLICIES.get(tenant.consent.effective_user_policy)


def client_id(tenant: Tenant) -> str | None:
    """The application's client id where it is known before Entra answers, else None."""
    app = tenant.application
    if app.source == "registered":
        return None
    return ZOOM_CALENDAR_CLIENT_ID if app.client_id is UNSET else app.client_id.lower()


def display_name(tenant: Tenant) -> str:
    """The app registration's display name."""
    name = tenant.application.display_name
    return "Zoom calendar" if name is UNSET else name


def permission_grant_policy(tenant: Tenant, application: Any) -> dict[str, Any]:
    """The custom policy that lets users consent to `application` (a client id) and no more.

    Returns the properties of a permissionGrantPolicy with names for its permissions.
    """
    return {
        "policyId": POLICY_ID,
        "displayName": "Users may consent to Zoom's calendar integration",
        "description": (
            "Managed as code (zoom-calendar). Users may consent to this application "
            "and these delegated permissions, and nothing else."
        ),
        "includes": [condition_set(application, sorted(tenant.consent.permissions))],
        "excludes": [],
    }


def condition_set(application: Any, permissions: list[str]) -> dict[str, Any]:
    """What that policy includes: `application` and these delegated permissions."""
    return {
        "clientApplicationIds": [application],
        "resourceApplication": MICROSOFT_GRAPH,
        "permissionType": "delegated",
        "permissions": permissions,
    }


def expected_consent(tenant: Tenant) -> str:
    """One sentence for people: who consents, on both sides."""
    if tenant.consent.by == "admin":
        return (
            "An administrator consents for the company: tenant-wide grant in Entra, "
            "users are not asked by Zoom."
        )
    return "Users consent for themselves: allowed by a policy in Entra, asked for by Zoom."
