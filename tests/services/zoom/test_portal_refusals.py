"""Everything the portal is refused for, in a real Chromium: one line with the label and what to do,
a screenshot and an outline without personal data, and nothing set."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import playwright.sync_api
import pytest

from demo.person import ADMIN
from emulator import Fault
from services.errors import (
    Forbidden,
    Refused,
    ServiceError,
    SignedOut,
    Unavailable,
    Unreadable,
    WriteHadNoEffect,
)
from services.zoom import portal as portal_module
from services.zoom import portal_evidence, portal_person
from services.zoom.portal import Portal
from tests.portal_person import CONSENT, INTEGRATION, NAMES, SIGN_IN, settings, signed_in
from tests.services.zoom.conftest import OFF, ON, Account

pytestmark = pytest.mark.browser
PERSONAL: dict[str, Any] = {
    "name": "Ottoline Quux",
    "phone": "+44 7700 900142",
    "account_number": "860417235",
}
ANOTHER: dict[str, Any] = {
    "name": "Winifred Tesk",
    "phone": "+61 4915 701567",
    "account_number": "119204886",
}
LABEL = "Ask users to integrate Office 365 calendar when signing in with SSO credentials"
ONE_OFF = {INTEGRATION: True, SIGN_IN: False, CONSENT: False}


def told(account: Account, act: Callable[[], object], error: type[ServiceError]) -> str:
    """The one line with which `act` is refused; nobody's data or session is in it or beside it."""
    with pytest.raises(error) as caught:
        act()
    text = str(caught.value)
    assert "\n" not in text
    outlines = [file.read_text() for file in account.evidence() if file.suffix == ".txt"]
    for shown in (text, *outlines):
        assert not re.search(r"ottoline|quux|megan@|contoso\.com|7700|860417", shown, re.IGNORECASE)
        assert not any(session in shown for session in account.emulator.world.tokens.portal)
    return text


def evidence_of(account: Account, text: str) -> str:
    """The outline that the line names; its picture is beside it, both for their owner only."""
    picture, outline = account.evidence()
    assert str(picture.with_suffix("")) in text
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert {file.stat().st_mode & 0o777 for file in (picture, outline)} == {0o600}
    return outline.read_text()


@pytest.mark.parametrize(
    ("page", "says", "fix"),
    [
        ({"labels": {SIGN_IN: "Offer it"}}, f'no control is labelled "{LABEL}', "set it by hand"),
        ({"doubled": [SIGN_IN]}, f'2 controls are labelled "{LABEL}', "set it by hand and attest"),
        ({"disabled": [SIGN_IN]}, f'"{LABEL}" is disabled', "look in the portal at what holds it"),
        ({"locked": [SIGN_IN]}, f'"{LABEL}" is locked', "unlock it by hand first"),
        ({"notice": "New terms", "notice_button": "Accept"}, "a dialog (New terms)", "answer it"),
    ],
    ids=["missing", "doubled", "disabled", "locked", "interstitial"],
)
def test_a_page_that_is_not_as_it_must_be_refuses_the_write_before_the_first_click(
    account: Account, page: dict[str, Any], says: str, fix: str
) -> None:
    account.is_({**ONE_OFF, CONSENT: True}, **PERSONAL, **page)
    before = account.values
    text = told(account, lambda: account.portal.write({CONSENT: False, SIGN_IN: True}), Refused)
    assert says in text
    assert f"Nothing is guessed: {fix}" in text
    assert (account.values, account.writes) == (before, [])
    seen = "New terms" if "notice" in page else "Who can set up the integration"
    assert seen in evidence_of(account, text)


def test_a_dialog_with_other_buttons_is_not_answered(account: Account) -> None:
    account.is_(dialog_button="Proceed", **PERSONAL)
    text = told(account, lambda: account.portal.write(ON), Refused)
    assert '"Integrate third-party mail and calendar services" asks back and has no one' in text
    assert "Enable or Turn On. Nothing is guessed: set it by hand" in text
    assert account.values == OFF
    assert "Proceed" in evidence_of(account, text)


def test_what_was_clicked_and_then_not_understood_is_put_back_too(account: Account) -> None:
    account.is_(tells_on="Take the tour")  # it was saved by then
    text = told(account, lambda: account.portal.write(ON), Refused)
    assert re.search(rf"asks back and has no one button.*{INTEGRATION} was put back", text)
    assert account.writes == [{INTEGRATION: True}, {INTEGRATION: False}]
    assert account.values == OFF


def test_a_toggle_that_springs_back_is_a_write_without_effect(account: Account) -> None:
    account.is_(ON, springs_back=[CONSENT], **PERSONAL)
    text = told(account, lambda: account.portal.write({CONSENT: True}), WriteHadNoEffect)
    assert '"Who can set up the integration" took the change and is as before' in text
    assert "look at it in the portal" in text
    assert evidence_of(account, text)


def test_what_a_write_had_set_before_it_was_refused_is_put_back(account: Account) -> None:
    account.is_(disabled=[SIGN_IN])  # grey like all while the integration is off, and then still
    text = told(account, lambda: account.portal.write(ON), Refused)
    assert re.search(rf"is disabled.*{INTEGRATION} was put back", text)
    assert account.writes == [{INTEGRATION: True}, {INTEGRATION: False}]
    assert account.values == OFF


@pytest.mark.parametrize(
    "page", [{"labels": {SIGN_IN: "Offer the calendar"}}, {"doubled": [SIGN_IN]}]
)
def test_one_setting_that_cannot_be_read_leaves_the_others_readable(
    account: Account, page: dict[str, Any]
) -> None:
    account.is_(**page)
    reading = account.portal.read(list(NAMES))
    assert reading.values == {INTEGRATION: False, CONSENT: True}
    (text,) = reading.unread.values()
    assert "Nothing is guessed: set it by hand and attest to it" in text
    evidence_of(account, text)


def test_a_notice_that_asks_for_more_than_to_be_closed_makes_the_page_unreadable(
    account: Account,
) -> None:
    account.is_(notice="New terms", notice_button="Accept")
    text = told(account, lambda: account.portal.read(list(NAMES)), Unavailable)
    assert "a dialog (New terms) is over the page" in text
    assert account.values == OFF


def test_a_page_that_stays_empty_is_waited_for_and_not_for_ever(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    def impatient(page: Any) -> None:
        monkeypatch.setattr(page, "_patience", 0.5)

    account.portal._run(impatient, sent=False)
    account.is_(slow=30)
    reading = account.portal.read(list(NAMES))
    assert (reading.values, set(reading.unread)) == ({}, set(NAMES))
    assert "none of the settings, and may be slow; 0.5 s were waited for" in reading.unread[CONSENT]


@pytest.mark.parametrize("page", ["expired", "elsewhere", "in place"])
def test_who_is_asked_to_sign_in_has_no_state_any_more(account: Account, page: str) -> None:
    """At the portal's own page, at another host's as with single sign-on, or in its place."""
    if page == "expired":
        account.emulator.world.tokens.portal.clear()
    elif page == "elsewhere":
        # The same server by another name: another host for whoever compares names.
        portal = account.emulator.env["ZOOM_PORTAL_URL"]
        account.is_(sign_in_at=f"{portal.replace('127.0.0.1', 'localhost')}/sso")
    else:
        account.is_(asks_password=True)
    for act in (lambda: account.portal.read(list(NAMES)), lambda: account.portal.write(ON)):
        with pytest.raises(SignedOut) as caught:
            act()
        assert isinstance(caught.value, Unreadable)
        assert not caught.value.sent
        assert "the state has expired: run `python -m fleet portal login contoso`" in str(
            caught.value
        )
    assert account.values == OFF


def test_a_session_that_expires_within_a_write_is_told(account: Account) -> None:
    account.emulator.faults.add(Fault(service="zoom-portal", method="POST", status=401, times=None))
    with pytest.raises(SignedOut) as caught:
        account.portal.write(ON)
    assert caught.value.sent
    assert account.values == OFF


@pytest.mark.parametrize(("status", "error"), [(503, Unavailable), (403, Forbidden)])
def test_a_portal_that_does_not_answer_is_unknown(
    account: Account, status: int, error: type[ServiceError]
) -> None:
    account.emulator.faults.add(Fault(service="zoom-portal", status=status, times=1))
    assert str(status) in told(account, lambda: account.portal.read(list(NAMES)), error)


# ---- what is kept ------------------------------------------------------------------------------


def test_the_picture_is_the_same_whoever_is_signed_in(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two people with data of the same length: their pages differ, what is kept does not."""
    unmasked: list[bytes] = []
    masked: list[bytes] = []
    keep = portal_evidence.keep

    def shoot_and_keep(page: Any, *more: Any) -> str:
        unmasked.append(page.screenshot(animations="disabled"))
        return keep(page, *more)

    monkeypatch.setattr(portal_evidence, "keep", shoot_and_keep)
    for person in (PERSONAL, ANOTHER):
        account.is_(labels={SIGN_IN: f"Offer it, says {ADMIN}"}, **person)
        account.portal.read(list(NAMES))
        picture, outline = account.evidence()
        masked.append(picture.read_bytes())
        text = outline.read_text()
        for kept in ("Integrate third-party mail and calendar services", "Offer it, says"):
            assert kept in text
        assert not re.search(r"@|megan|contoso|Ottoline|Tesk|7700|4915|\d{6}", text)
        assert text.splitlines()[0].endswith("/account/setting")
        picture.unlink()
        outline.unlink()
    assert unmasked[0] != unmasked[1]
    assert masked[0] == masked[1]


def test_the_page_is_blanked_before_the_picture_is_taken(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    shoot = playwright.sync_api.Page.screenshot

    def look_and_shoot(page: Any, **more: Any) -> bytes:
        values = "[...document.querySelectorAll('input')].map((one) => one.value).join()"
        shown.append(page.evaluate(f"document.body.innerText + {values}"))
        return shoot(page, **more)

    monkeypatch.setattr(playwright.sync_api.Page, "screenshot", look_and_shoot)
    account.is_(doubled=[SIGN_IN], **PERSONAL)
    account.portal.read(list(NAMES))
    (text,) = shown
    assert "••••" in text
    assert not re.search(r"ottoline|quux|@|7700|860417", text, re.IGNORECASE)


def test_only_the_last_refusals_are_kept(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portal_evidence, "KEPT", 1)
    account.is_(doubled=[SIGN_IN])
    for _ in range(2):
        account.portal.read(list(NAMES))
    assert len(account.evidence()) == 2


# ---- no state, no browser ----------------------------------------------------------------------


@pytest.fixture
def new_portal(account: Account, monkeypatch: pytest.MonkeyPatch) -> Iterator[Portal]:
    """A portal of its own, which is to start no browser."""
    monkeypatch.setattr(portal_module, "signed_in_context", lambda *_: pytest.fail("a browser"))
    portal = Portal(settings(account.emulator), "another")
    yield portal
    portal.close()
    for file in account.folder.glob("another*"):
        file.unlink()


@pytest.mark.parametrize(
    ("text", "mode", "says"),
    [
        (None, 0, "nobody is signed in to Zoom's portal"),
        ("{}", 0o600, "is no browser's state"),
        ('{"cookies": [], "origins": []}', 0o644, "can be read by others: chmod 600"),
    ],
)
def test_a_state_that_cannot_be_used_starts_no_browser(
    account: Account, new_portal: Portal, text: str | None, mode: int, says: str
) -> None:
    file = account.folder / "another.json"
    if text is not None:
        file.write_text(text)
        file.chmod(mode)
    line = told(account, lambda: new_portal.read(list(NAMES)), SignedOut)
    assert says in line
    assert str(file) in line


def test_a_state_whose_cookies_no_browser_takes_is_told_without_them(
    account: Account, new_portal: Portal
) -> None:
    file = signed_in(account.emulator, "another")
    file.write_text(file.read_text().replace('"sameSite": "Lax"', '"sameSite": "Sometimes"'))
    line = told(account, lambda: new_portal.read(list(NAMES)), SignedOut)
    assert "is no browser's state: run `python -m fleet portal login another`" in line


def test_without_a_browser_one_line_says_how_to_get_it(
    account: Account, new_portal: Portal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    signed_in(account.emulator, "another")
    for name in ("PATH", "HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.delenv("PLAYWRIGHT_BROWSERS_PATH", raising=False)
    line = told(account, lambda: new_portal.read(list(NAMES)), SignedOut)
    assert "run `make setup PORTAL=1`" in line


def test_a_display_that_cannot_be_opened_is_told(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("DISPLAY", ":4077")
    assert not os.path.exists("/tmp/.X11-unix/X4077")  # noqa: PTH110
    line = told(
        account,
        lambda: portal_person.sign_in(settings(account.emulator, ZOOM_ACCOUNT_ID="no"), "another"),
        SignedOut,
    )
    assert line == "no browser could be started: the display :4077 cannot be opened"
