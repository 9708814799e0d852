"""A person at the emulated portals: what they type and click, in a real browser."""

import re
from typing import Any

from playwright.sync_api import Page

from emulator import Emulator
from services.settings import Settings
from services.zoom.portal_person import sign_in

ADMIN = "megan@contoso.com"


def settings(emulator: Emulator, **more: str) -> Settings:
    """What a client of the emulators has in its environment."""
    return Settings(environ={**emulator.env, "ZOOM_PORTAL_TIMEOUT": "4", **more})


def sign_in_to_zoom(page: Page) -> None:
    """Email, password and a second factor."""
    page.get_by_label("Email Address").fill(ADMIN)
    page.get_by_label("Password").fill("correct horse")
    page.get_by_role("button", name="Sign In").click()
    page.get_by_label("Verification Code").fill("123456")
    page.get_by_role("button", name="Verify").click()


def sign_in_to_microsoft(page: Page, who: str = ADMIN, decision: str = "Accept") -> None:
    """Microsoft's pages up to the decision."""
    page.get_by_label("Email, phone, or Skype").fill(who)
    page.get_by_role("button", name="Next").click()
    page.get_by_label("Password").fill("battery staple")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name=re.compile("Permissions requested|Need admin")).wait_for()
    if decision:
        page.get_by_role("button", name=decision).click()


def make_state(emulator: Emulator, **more: str) -> Any:
    """A signed-in state's file, made headless; `more` says where."""
    return sign_in(settings(emulator, **more), "contoso", person=sign_in_to_zoom, headless=True)
