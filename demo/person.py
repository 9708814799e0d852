"""A person at the emulated portals: what they type and click, in a real browser."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

ADMIN = "megan@contoso.com"


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
