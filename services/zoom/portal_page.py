"""Zoom's account settings page, by accessible role and exact label alone.

No CSS class, id or position is used, and nothing is guessed: a setting counts only where exactly
one control has one of its labels. What that assumes of the page is in docs/assumptions.md.
"""

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from services.errors import Forbidden, SignedOut, Unavailable
from services.zoom.portal_state import sign_in_anew
from tenant.catalogue import Label, load

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page, Request

SETTINGS_PATH = "/account/setting"
_ABOVE = "Account Settings"  # in the catalogue's paths the tabs come after this
_CONFIRM = {True: ("Enable", "Turn On"), False: ("Disable", "Turn Off")}
_HARMLESS = ("Close", "Got it", "Not now", "Maybe later", "Dismiss", "Skip")
SIGN_IN = re.compile(r"^/(web/)?(sign_?in|log_?in|saml|sso|oauth)\b", re.IGNORECASE)
_LOCKED = re.compile(r"^\s*(locked|unlock)\b", re.IGNORECASE)
_ROW = (
    "xpath=ancestor-or-self::*[@role='group' or @role='radiogroup' or @role='listitem' or "
    "@role='row' or self::fieldset or self::li or self::tr][1]"
)
_SECTION = "xpath=ancestor::*[@role='region' or self::section or self::form][1]"
_STEADY = 3.0  # seconds after which what is still not on a page that shows others is missing
_QUIET = 0.2  # seconds without a request after which a change has been sent


class Stopped(Exception):
    """The page is not as it must be; the text says what is wrong with it, `fix` what to do.

    clicked: whether the setting itself may have been changed by then.
    """

    clicked = False

    def __init__(self, text: str, fix: str = "set it by hand") -> None:
        super().__init__(text)
        self.fix = fix


@dataclass(frozen=True)
class Control:
    """A setting as the page shows it now."""

    name: str
    label: Label
    tab: str
    element: "Locator"

    def value(self) -> bool:
        """On or off, while its tab is shown. Raises Stopped where the page does not say."""
        choices = self.label.choices
        if choices is None:
            if self.element.get_attribute("aria-checked") == "mixed":
                raise Stopped(f'"{self.label.label}" is neither on nor off')
            return self.element.is_checked()
        on, off = (self.target(value).is_checked() for value in (True, False))
        if on == off:
            raise Stopped(f'of "{self.label.label}" no choice is made, or both are')
        return on

    def target(self, value: bool) -> "Locator":
        """What to click for `value`: the switch, or the radio button. Raises Stopped."""
        if self.label.choices is None:
            return self.element
        text = self.label.choices.on if value else self.label.choices.off
        radio = self.element.get_by_role("radio", name=exactly(text))
        if radio.count() != 1:
            raise Stopped(f'"{self.label.label}" has {radio.count()} choices named "{text}"')
        return radio

    def locked(self) -> bool:
        """Whether a mark beside it says so, while its tab is shown."""
        row = self.element.locator(_ROW)
        return any(row.get_by_role(role, name=_LOCKED).count() for role in ("button", "img"))


Found = dict[str, list[Control]]


class SettingsPage:
    """The page, in a browser's tab. Every wait ends after `patience` seconds."""

    def __init__(self, page: "Page", url: str, patience: float, tenant: str) -> None:
        self._page, self._url, self._patience, self._tenant = page, url, patience, tenant
        self._labels = {one.name: one.labels for one in load().portal if "portal" in one.channels}
        self._writing: set[object] = set()
        self._sent = False  # since the last click on a setting
        self._quiet_since = time.monotonic()
        self._first_tab = ""
        page.set_default_timeout(patience * 1000)
        page.on("request", self._started)
        page.on("requestfinished", self._ended)
        page.on("requestfailed", self._ended)

    @property
    def page(self) -> "Page":
        """The browser's tab."""
        return self._page

    def open(self) -> None:
        """Loads the page anew. Raises SignedOut, Forbidden and Unavailable."""
        from playwright.sync_api import Error

        try:
            answer = self._page.goto(self._url + SETTINGS_PATH, wait_until="domcontentloaded")
        except Error as error:
            line = str(error).splitlines()[0]
            raise Unavailable(f"Zoom's portal does not answer: {line}", sent=False) from None
        self.refuse_signed_out()
        self._first_tab = ""
        status = answer.status if answer is not None else 200
        if status in (401, 403, 404):
            raise Forbidden(
                f"Zoom's portal: HTTP {status} for {SETTINGS_PATH}: sign in as an owner or "
                "administrator of the account",
                sent=False,
            )
        if status >= 400:
            raise Unavailable(f"Zoom's portal: HTTP {status} for {SETTINGS_PATH}", sent=False)

    def find(self, names: Iterable[str]) -> Found:
        """Every visible control by setting; waits until each has one, or no more come."""
        wanted = list(names)
        start = changed = time.monotonic()
        last: list[int] = []
        while True:
            self.refuse_signed_out()
            self._close_notices()
            found = self._scan(wanted)
            counts = [len(found[name]) for name in wanted]
            now = time.monotonic()
            if counts != last:
                last, changed = counts, now
            steady = any(counts) and now - changed > min(_STEADY, self._patience)
            if all(counts) or steady or now - start > self._patience:
                return found
            self._page.wait_for_timeout(150)

    def one(self, name: str, found: Found) -> Control:
        """The one control of a setting. Raises Stopped where it is missing or doubled."""
        controls = found[name]
        if len(controls) == 1:
            return controls[0]
        labels = " / ".join(f'"{label.label}"' for label in reversed(self._labels[name]))
        fix = "set it by hand and attest to it"
        if not any(found.values()):
            slow = f"the page shows none of the settings, and may be slow; {self._patience:g} s"
            raise Stopped(f"no control is labelled {labels}: {slow} were waited for", fix)
        if not controls:
            raise Stopped(
                f"no control is labelled {labels}: the label is missing or has changed", fix
            )
        raise Stopped(f"{len(controls)} controls are labelled {labels}", fix)

    def value(self, control: Control) -> bool:
        """On or off. Raises Stopped where the page does not say."""
        self._show(control.tab)
        return control.value()

    def set(self, name: str, value: bool) -> bool:
        """Sets one setting as a person would: click, confirm, Save. Raises Stopped.

        Returns whether there was anything to do.
        """
        control = self.one(name, self.find([name]))
        if self.value(control) is value:
            return False
        self.refuse_unsettable(control, value, wait=min(_STEADY, self._patience))
        self._sent = False
        try:
            self._click(control.target(value), control.label.label)
            self._confirm(control, value)
            self._save(control)
        except Stopped as stop:
            stop.clicked = True
            self._wait_until_quiet()
            raise
        self._wait_until_quiet()
        return True

    def refuse_unsettable(
        self, control: Control, value: bool, *, grey: bool = True, wait: float = 0.0
    ) -> None:
        """Raises Stopped for what is locked or, with `grey`, disabled for longer than `wait`."""
        self._show(control.tab)
        if control.locked():
            raise Stopped(f'"{control.label.label}" is locked', "unlock it by hand first")
        target, deadline = control.target(value), time.monotonic() + wait
        while grey and not target.is_enabled():
            if time.monotonic() > deadline:
                fix = "look in the portal at what holds it"
                raise Stopped(f'"{control.label.label}" is disabled', fix)
            self._page.wait_for_timeout(100)

    # ---- looking ---------------------------------------------------------------------------

    def _scan(self, names: list[str]) -> Found:
        found: Found = {name: [] for name in names}
        seen: set[tuple[str, str, str]] = set()
        by_tab: dict[str, list[tuple[str, Label]]] = {}
        self._first_tab = self._first_tab or self._shown_tab()
        for name in names:
            for label in self._labels[name]:
                by_tab.setdefault(self._tab_of(label), []).append((name, label))
        for tab, labels in by_tab.items():
            self._show(tab)
            for name, label in labels:
                key = (tab, name, label.label.casefold())
                if key not in seen:
                    seen.add(key)
                    found[name] += self._controls(name, label, tab)
        return found

    def _tab_of(self, label: Label) -> str:
        """The name of the tab that the label's page has now; else the one that was open first."""
        for part in label.page.partition(_ABOVE)[2].split(" > "):
            tabs = self._page.get_by_role("tab", name=exactly(part.strip()))
            if part.strip() and tabs.count() == 1:
                return part.strip()
        return self._first_tab

    def _shown_tab(self) -> str:
        """The name of the one tab that is selected; "" on a page without tabs."""
        shown = self._page.get_by_role("tab", selected=True).all()
        return (shown[0].text_content() or "").strip() if len(shown) == 1 else ""

    def _show(self, tab: str) -> None:
        if not tab:
            return
        element = self._page.get_by_role("tab", name=exactly(tab))
        if element.count() == 1 and element.get_attribute("aria-selected") != "true":
            self._click(element, tab)

    def _controls(self, name: str, label: Label, tab: str) -> list[Control]:
        roles: Any = ("switch", "checkbox") if label.choices is None else ("radiogroup", "group")
        return [
            Control(name, label, tab, element)
            for role in roles
            for element in self._page.get_by_role(role, name=exactly(label.label)).all()
            if element.is_visible()
        ]

    def refuse_signed_out(self) -> None:
        """Raises SignedOut where the browser is asked to sign in."""
        here, home = urlsplit(self._page.url), urlsplit(self._url)
        elsewhere = here.netloc != home.netloc or SIGN_IN.match(here.path)
        if here.scheme not in ("http", "https"):
            return  # no page yet, or the browser's own
        if elsewhere or self._page.locator("input[type=password]:visible").count():
            raise SignedOut(
                "Zoom's portal asks to sign in, so the state has expired: "
                f"{sign_in_anew(self._tenant)}",
                sent=False,
            )

    def _close_notices(self) -> None:
        """Closes what lies over the page by a button that only closes. Raises Stopped."""
        for dialog in self._dialogs():
            buttons = dialog.get_by_role("button", name=_any(_HARMLESS))
            if buttons.count() != 1:
                title = dialog.get_attribute("aria-label") or "without a name"
                raise Stopped(
                    f"a dialog ({title}) is over the page and has no button to close it",
                    "answer it once by hand, as the person who is signed in here",
                )
            self._click(buttons, "the notice's button")

    def _dialogs(self) -> list["Locator"]:
        return [
            dialog
            for role in ("dialog", "alertdialog")
            for dialog in self._page.get_by_role(role).all()
            if dialog.is_visible()
        ]

    # ---- changing --------------------------------------------------------------------------

    def _click(self, target: "Locator", what: str) -> None:
        from playwright.sync_api import TimeoutError as TooLong

        try:
            target.click(timeout=min(self._patience, 5.0) * 1000)
        except TooLong:
            raise Stopped(f'"{what}" could not be clicked: something is over it') from None

    def _confirm(self, control: Control, value: bool) -> None:
        """Answers the dialog that a click may open, with the one button that means `value`."""
        start = time.monotonic()
        while not (dialogs := self._dialogs()):
            waited = time.monotonic() - start
            # What was sent at once, or waits for Save, asked nothing.
            if waited > 0.7 or (waited > 0.2 and (self._sent or self._savable())):
                return
            self._page.wait_for_timeout(50)
        buttons = dialogs[0].get_by_role("button", name=_any(_CONFIRM[value]))
        if len(dialogs) != 1 or buttons.count() != 1:
            expected = " or ".join(_CONFIRM[value])
            raise Stopped(f'"{control.label.label}" asks back and has no one button {expected}')
        self._click(buttons, "the dialog's button")

    def _save(self, control: Control) -> None:
        """Clicks Save where there is one to click. Raises Stopped where it is not clear which."""
        usable = self._savable()
        if len(usable) > 1:
            usable = self._savable(control.element.locator(_SECTION))
            if len(usable) != 1:
                raise Stopped(f'it is not clear which Save belongs to "{control.label.label}"')
        if usable:
            self._click(usable[0], "Save")

    def _savable(self, within: "Locator | None" = None) -> list["Locator"]:
        """The Save buttons that can be clicked now."""
        buttons = (within or self._page).get_by_role("button", name=exactly("Save"))
        return [one for one in buttons.all() if one.is_visible() and one.is_enabled()]

    def _wait_until_quiet(self) -> None:
        """Until what was changed has been sent and answered."""
        deadline = time.monotonic() + self._patience
        if not self._sent:
            self._quiet_since = time.monotonic()
        while self._writing or time.monotonic() - self._quiet_since < _QUIET:
            if time.monotonic() > deadline:
                return  # the reload will show what came of it
            self._page.wait_for_timeout(50)

    def _started(self, request: "Request") -> None:
        to_portal = urlsplit(request.url).netloc == urlsplit(self._url).netloc
        if to_portal and request.method not in ("GET", "HEAD", "OPTIONS"):
            self._sent = True
            self._writing.add(request)

    def _ended(self, request: "Request") -> None:
        if request in self._writing:
            self._writing.discard(request)
            self._quiet_since = time.monotonic()


def exactly(text: str) -> re.Pattern[str]:
    """The whole accessible name, in any case and with any space around and between."""
    words = r"\s+".join(map(re.escape, text.split()))
    return re.compile(rf"^\s*{words}\s*$", re.IGNORECASE)


def _any(texts: Iterable[str]) -> re.Pattern[str]:
    return re.compile(rf"^\s*({'|'.join(map(re.escape, texts))})\s*$", re.IGNORECASE)
