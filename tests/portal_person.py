"""What the portal's tests share: names, settings, and a session without the sign-in page."""

import json
import secrets
from pathlib import Path

from demo.person import ADMIN
from emulator import Emulator
from emulator.portal import COOKIE
from services.settings import Settings
from services.zoom.portal_state import portal_url, save_state, state_file

INTEGRATION, SIGN_IN, CONSENT = NAMES = (
    "calendar_and_contacts_integration",
    "integrate_calendar_on_sign_in",
    "users_can_consent",
)


def settings(emulator: Emulator, **more: str) -> Settings:
    """What a client of the emulators has in its environment, that waits for a busy machine."""
    return Settings(environ={**emulator.env, "ZOOM_PORTAL_TIMEOUT": "10", **more})


def signed_in(emulator: Emulator, tenant: str = "contoso", **more: str) -> Path:
    """The state's file of a session that was made behind the sign-in page, without a browser."""
    session = secrets.token_urlsafe(24)
    emulator.world.tokens.portal[session] = ADMIN
    known = settings(emulator, **more)
    cookie = {
        "name": COOKIE,
        "value": session,
        "domain": portal_url(known).split("//")[1].split(":")[0],
        "path": "/",
        "expires": -1,
        "httpOnly": True,
        "secure": False,
        "sameSite": "Lax",
    }
    file = state_file(known, tenant)
    save_state(file, {"cookies": [cookie], "origins": []})
    assert json.loads(file.read_text())["cookies"]
    return file
