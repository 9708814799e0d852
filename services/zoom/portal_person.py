"""What only a person can do in Zoom's portal: sign in, and consent at Microsoft's page.

Both open a browser that the person sees and wait, bounded, for what they do there. `person` stands
in for them in tests: it gets the page.
"""

import re
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from services.errors import Refused, SignedOut
from services.settings import Settings
from services.zoom import portal_evidence
from services.zoom.browser import has_display, signed_in_context
from services.zoom.portal_page import SETTINGS_PATH, SIGN_IN, SettingsPage, Stopped, exactly
from services.zoom.portal_state import (
    OthersState,
    alone,
    data_folder,
    load_state,
    portal_url,
    save_state,
    state_file,
    whose,
)
from tenant.catalogue import load

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

Person = Callable[["Page"], None]
PATIENCE = 20.0  # seconds for what a page does by itself
A_PERSON = 600.0  # seconds for what a person does
_AUTHORIZE = ("Authorize", "Authorize and Save")


def sign_in(
    settings: Settings,
    tenant: str,
    *,
    person: Person | None = None,
    headless: bool = False,
    wait: float = A_PERSON,
) -> Path:
    """Lets a person sign in, whatever their SSO and MFA ask, and keeps the state; returns its file.

    Done when the account settings are shown. Raises SignedOut, also
    where the file is another tenant's.
    """
    _refuse_without_display(headless)
    file, url = state_file(settings, tenant), portal_url(settings)
    try:  # a device that is remembered need not prove itself again
        before = load_state(file, settings, tenant)
    except OthersState:
        raise
    except SignedOut:
        before = None
    with alone(settings, file, 5), signed_in_context(url, before, headless=headless) as context:
        page = context.new_page()
        page.goto(url + SETTINGS_PATH, wait_until="domcontentloaded")
        if person is not None:
            person(page)
        _wait_for(lambda: any(map(_shows_settings(url), context.pages)), wait, page)
        save_state(file, {**context.storage_state(), **whose(settings, tenant)})
    return file


def authorize(
    settings: Settings,
    tenant: str,
    *,
    person: Person | None = None,
    headless: bool = False,
    wait: float = A_PERSON,
) -> None:
    """The article's solution 2: walks to the calendar's authorization, ticks the box, clicks
    Authorize, and hands over at Microsoft's sign-in until the person is back in Zoom's portal.

    Raises SignedOut, and Refused where the page is not as the article says.
    """
    _refuse_without_display(headless)
    file, url = state_file(settings, tenant), portal_url(settings)
    state = load_state(file, settings, tenant)
    with alone(settings, file, 5), signed_in_context(url, state, headless=headless) as context:
        page = context.new_page()
        SettingsPage(page, url, PATIENCE, tenant).open()
        try:
            walk_to_microsoft(page)
        except Stopped as stop:
            where = portal_evidence.keep(page, data_folder() / "refusals", "authorize")
            raise Refused(
                f"Zoom's portal: {stop}. Nothing was authorized: follow the article by hand, then "
                f"attest to it ({where})"
            ) from None
        at_home = _is_at(url)
        _wait_for(lambda: not all(map(at_home, context.pages)), PATIENCE, page)
        if person is not None:
            person(next(one for one in context.pages if not at_home(one)))
        _wait_for(lambda: all(map(at_home, context.pages)), wait, page)
        page.wait_for_load_state("networkidle")
        save_state(file, {**state, **context.storage_state()})


def walk_to_microsoft(page: "Page") -> None:
    """From the portal's menu to the click on Authorize. Raises Stopped."""
    setting = next(one for one in load().portal if one.name == "admin_consents_for_company")
    box, way = setting.labels[0], setting.labels[1]
    for part in box.page.split(" > "):
        _only(page, ("link", "button", "menuitem", "tab"), [part]).click()
    _only(page, ("radio", "tab", "button", "link"), [way.label]).click()
    tick = _only(page, ("checkbox", "switch"), [box.label])
    tick.check()
    button = _only(page, ("button",), _AUTHORIZE)
    if not button.is_enabled():
        raise Stopped("the button Authorize is disabled")
    button.click()


def _only(page: "Page", roles: Any, names: Iterable[str]) -> "Locator":
    """The one visible control of these roles and names, waited for. Raises Stopped."""
    names = list(names)
    deadline = time.monotonic() + PATIENCE
    while True:
        found = [
            one
            for role in roles
            for name in names
            for one in page.get_by_role(role, name=exactly(name)).all()
            if one.is_visible()
        ]
        if len(found) == 1:
            return found[0]
        if found or time.monotonic() > deadline:
            shown = " or ".join(f'"{name}"' for name in names)
            raise Stopped(f"{len(found) or 'no'} controls are labelled {shown}")
        page.wait_for_timeout(150)


def _is_at(url: str) -> Callable[["Page"], bool]:
    home = urlsplit(url).netloc

    def at_home(page: "Page") -> bool:
        here = urlsplit(page.url)
        return here.netloc == home and not re.match(SIGN_IN, here.path)

    return at_home


def _shows_settings(url: str) -> Callable[["Page"], bool]:
    at_home = _is_at(url)

    def shown(page: "Page") -> bool:
        path = urlsplit(page.url).path.rstrip("/")
        asks = page.locator("input[type=password]:visible").count()
        return at_home(page) and path == SETTINGS_PATH and not asks

    return shown


def _wait_for(holds: Callable[[], bool], wait: float, page: "Page") -> None:
    from playwright.sync_api import Error

    deadline = time.monotonic() + wait
    while True:
        try:
            if holds():
                return
            page.wait_for_timeout(200)
        except Error:
            raise SignedOut("the browser was closed before it was done; run again") from None
        if time.monotonic() > deadline:
            raise SignedOut(f"nothing happened for {wait:g} s; run again")


def _refuse_without_display(headless: bool) -> None:
    if not headless and not has_display():
        raise SignedOut(
            "there is no display here: run this where there is one, copy the state file, and set "
            "ZOOM_PORTAL_STATE to it"
        )
