"""The Zoom account a test starts from."""

from __future__ import annotations

from . import portal_pages, zoom_schema
from .entra_login import digest_of
from .seed_entra import Ids
from .wire import Json

SCOPES = (
    "account:read:lock_settings:master",
    "account:read:managed_domains:master",
    "account:read:settings:admin",
    "account:read:trusted_domains:master",
    "account:update:lock_settings:admin",
    "account:update:settings:admin",
    "report:read:operation_logs:admin",
    "zoom_rooms:read:list_calendar_services:admin",
)


def zoom(tenant_id: str) -> dict[str, Json]:
    """The state of the Zoom side."""
    ids = Ids(tenant_id)
    state: dict[str, Json] = {
        "account_id": ids.short("zoom/account"),
        "apps": {
            ids.short("zoom/app"): {
                "name": "automation",
                "secret": digest_of(ids.secret("zoom")),
                "scopes": list(SCOPES),
                "enabled": True,
            }
        },
        "users": [
            {"id": ids.short(f"zoom/user/{name}"), "email": f"{name}@contoso.com"}
            for name in ("adele", "diego", "megan")
        ],
        "rooms": {"licensed": True, "services": [_service(ids)]},
        # The four switches of the integration: in the portal only, in no API.
        "portal": {
            "calendar_and_contacts_integration": False,
            "integrate_calendar_on_sign_in": False,
            "users_can_consent": True,
            "admin_consented": False,
        },
        # How the portal's page is, and what is wrong with it.
        "portal_page": portal_pages.options(),
        # Settings that answer 204 and stay: locked by a master account, or not licensed.
        "no_effect": [],
        # What a PATCH does with a leaf nobody knows: "ignore" or "refuse".
        "unknown_leaf": "ignore",
        # What it does with the siblings, below one setting, of what it names: "merge" keeps them,
        # "replace" gives them their first values. Zoom does not say which.
        "nested": "merge",
        "sub_accounts": {ids.short("zoom/sub"): _account()},
    }
    state |= _account()
    bypass = state["users"][2]
    sso = state["settings"]["security"]["signin_with_sso"]
    sso["sso_bypass_users"] = [{"id": bypass["id"], "email": bypass["email"]}]
    return state


def _account() -> dict[str, Json]:
    return {
        "plan": "business",
        "paid": True,
        # By shape: settings, locks, and what an option shows of either.
        **{shape: zoom_schema.tree(shape) for shape in zoom_schema.SHAPES},
        **_authentication(),
        "managed_domains": [
            {"domain": "contoso.com", "status": "verified"},
            {"domain": "contoso-labs.com", "status": "pending"},
        ],
        "trusted_domains": ["contoso.com", "northwind.com"],
    }


def _authentication() -> dict[str, Json]:
    option = {
        "id": "signIn_D8cJuqWVQ623CI4Q8yQK0Q",
        "name": "Sign in to Zoom",
        "type": "enforce_login",
        "default_option": True,
        "visible": True,
    }
    return {
        "settings?meeting_authentication": {
            "meeting_authentication": False,
            "allow_authentication_exception": False,
            "authentication_options": [option],
        },
        "settings?recording_authentication": {
            "recording_authentication": False,
            "authentication_options": [option],
        },
    }


def _service(ids: Ids) -> dict[str, Json]:
    return {
        "calendar_service_id": ids.short("zoom/calendar"),
        "calendar_service_name": "rooms@contoso.com",
        "added_date_time": "2024-03-04T09:30:00Z",
        "latest_synced_date_time": "2024-03-05T09:30:00Z",
        "resources": [
            {
                "calendar_resource_id": "boardroom.contoso.com",
                "calendar_resource_name": "boardroom",
                "calendar_resource_email": "boardroom@contoso.com",
                "assigned": True,
            }
        ],
    }
