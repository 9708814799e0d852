"""Tenants' files as the tests need them."""

from typing import Any

import yaml

from emulator import Emulator
from tests.engine_runs.stack import TENANT

# One setting of each type that Zoom has, all different from what the emulated account starts with.
SETTINGS: dict[str, Any] = {
    "zoom_rooms": {"list_meetings_with_calendar": True},
    "schedule_meeting": {
        "audio_type": "voip",
        "jbh_time": 10,
        "meeting_password_requirement": {"length": 8, "have_special_character": True},
    },
    "in_meeting": {"data_center_regions": ["EU", "DE"], "dscp_audio": 46},
    "telephony": {"audio_conference_info": "Dial 1 for Contoso"},
}
LOCKS: dict[str, Any] = {
    "schedule_meeting": {"host_video": True},
    "in_meeting": {"chat": True},
}
OWNER, SOMEBODY, *_ = sorted(Emulator().snapshot()["entra"]["users"])
REGISTERED: dict[str, Any] = {
    "source": "registered",
    "displayName": "Contoso calendar",
    "redirectUris": ["https://zoom.us/office365/oauth"],
    "owners": [OWNER],
    "notes": "Owned by the collaboration team",
}


def tenant(by: str = "admin", source: str = "zoom", **changes: Any) -> dict[str, Any]:
    """A declaration with everything in it; `changes` replace parts, by dotted key."""
    consent: dict[str, Any] = {
        "by": by,
        "permissions": ["Calendars.ReadWrite", "Contacts.ReadWrite"],
    }
    if by == "admin":
        consent["userPolicy"] = "least-privilege"
    declared: dict[str, Any] = {
        "name": "Contoso",
        "domains": ["contoso.com"],
        "consent": consent,
        "application": dict(REGISTERED) if source == "registered" else {"source": "zoom"},
        "zoom": {
            "calendar": {"integration": True, "integrateOnSignIn": True},
            "settings": SETTINGS,
            "locks": LOCKS,
        },
    }
    for path, value in changes.items():
        *parents, last = path.split("__")
        place = declared
        for key in parents:
            place = place[key]
        if value is None:
            del place[last]
        else:
            place[last] = value
    return declared


def file_of(declared: Any, **config: Any) -> str:
    """The text of a tenant's file that declares this."""
    return yaml.safe_dump({"config": {"zoom-calendar:tenant": declared, **config}}, sort_keys=False)


def text(by: str = "admin", source: str = "zoom", **changes: Any) -> str:
    """The text of the file of `tenant` with the same arguments."""
    return file_of(tenant(by, source, **changes))


FILE = f"stacks/Pulumi.{TENANT}.yaml"
