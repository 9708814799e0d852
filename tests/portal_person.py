"""A person at the emulated portals: what they type and click, in a real browser."""

import json
import re
import secrets
from pathlib import Path

from playwright.sync_api import Page

from emulator import Emulator
from emulator.portal import COOKIE
from services.settings import Settings
from services.zoom.portal_state import portal_url, save_state, state_file

ADMIN = "megan@contoso.com"
INTEGRATION, SIGN_IN, CONSENT = NAMES = (
    "calendar_and_contacts_integration",
    "integrate_calendar_on_sign_in",
    "users_can_consent",
)


def settings(emulator: Emulator, **more: str) -> Settings:
    """What a client of the emulators has in its environment, with little patience."""
    return Settings(environ={**emulator.env, "ZOOM_PORTAL_TIMEOUT": "2", **more})


def sign_in_to_zoom(page: Page) -> None:
    """Email, password and a second factor."""
    page.get_by_label("Email Address").fill(ADMIN)
    page.get_by_label("Password").fill("correct horse")
    page.get_by_role("button", name="Sign In").click()
    page.get_by_label("Verification Code").fill("123456")
    page.get_by_role("button", name="Verify").click()


def sign_in_to_microsoft(page: Page, who: str = ADMIN, decision: str = "Accept") -> None:
    """Microsoft's pages up to the decision; "" decides nothing."""
    page.get_by_label("Email, phone, or Skype").fill(who)
    page.get_by_role("button", name="Next").click()
    page.get_by_label("Password").fill("battery staple")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name=re.compile("Permissions requested|Need admin")).wait_for()
    if decision:
        page.get_by_role("button", name=decision).click()


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
