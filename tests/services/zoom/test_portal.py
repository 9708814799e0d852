"""The portal in a real Chromium: what is read and set, and everything that is refused."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from demo.person import ADMIN
from emulator import Emulator, Fault
from emulator.portal_pages import options
from services.errors import (
    Forbidden,
    Refused,
    SignedOut,
    Unavailable,
    Unreadable,
    WriteHadNoEffect,
)
from services.zoom import portal as portal_module
from services.zoom import portal_evidence
from services.zoom.browser import signed_in_context
from services.zoom.portal import Portal
from tests.portal_person import CONSENT, INTEGRATION, NAMES, SIGN_IN, settings, signed_in

pytestmark = pytest.mark.browser
OFF = {INTEGRATION: False, SIGN_IN: False, CONSENT: True}
ON = {INTEGRATION: True, SIGN_IN: True, CONSENT: False}


class Account:
    """The emulated account, and the portal that a test drives."""

    def __init__(self, emulator: Emulator, folder: Path) -> None:
        self.emulator, self.folder = emulator, folder
        self.portal = Portal(settings(emulator), "contoso")

    def is_(self, values: dict[str, bool] = OFF, **page: Any) -> None:
        """The portal shows these values, on a page with these options."""
        zoom = self.emulator.world.data["zoom"]
        zoom["portal"] |= values
        zoom["portal_page"] = options() | page
        self.emulator.clear_log()

    @property
    def values(self) -> dict[str, bool]:
        portal = self.emulator.world.data["zoom"]["portal"]
        return {name: portal[name] for name in NAMES}

    @property
    def writes(self) -> list[Any]:
        return [one["body"] for one in self.emulator.log if one["method"] == "POST"]

    def evidence(self) -> list[Path]:
        return sorted(self.folder.glob("refusals/*"))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """One emulator and one browser for all tests here."""
    with pytest.MonkeyPatch.context() as patch, Emulator() as emulator:
        home = tmp_path_factory.mktemp("data")
        patch.setenv("XDG_DATA_HOME", str(home))
        account = Account(emulator, home / "zoom-calendar" / "portal")
        signed_in(emulator)
        yield account
        account.portal.close()


@pytest.fixture
def account(shared: Account) -> Iterator[Account]:
    shared.is_()
    for file in shared.evidence():
        file.unlink()
    yield shared
    shared.emulator.faults.clear()


@pytest.mark.parametrize("era", ["2020", "2020-2023", "now"])
def test_each_generation_of_the_page_is_read_set_and_read_back(account: Account, era: str) -> None:
    account.is_(era=era)
    before = account.emulator.snapshot()
    assert account.portal.read(list(NAMES)).values == OFF
    account.portal.write(ON)
    assert account.values == ON
    account.portal.write({CONSENT: True, SIGN_IN: False, INTEGRATION: False})
    assert account.emulator.snapshot() == before


def test_what_is_as_declared_is_not_touched(account: Account) -> None:
    account.is_(ON)
    account.portal.write(ON)
    assert account.writes == []
    account.portal.write({**ON, SIGN_IN: False})
    assert account.writes == [{SIGN_IN: False}]


@pytest.mark.parametrize(
    ("page", "says"),
    [
        ({"labels": {SIGN_IN: "Offer the calendar"}}, "no control is labelled .*SSO credentials"),
        ({"doubled": [SIGN_IN]}, "2 controls are labelled .*SSO credentials"),
        ({"disabled": [SIGN_IN]}, 'SSO credentials" is disabled'),
        ({"locked": [SIGN_IN]}, 'SSO credentials" is locked'),
    ],
)
def test_a_control_that_is_not_as_it_must_be_refuses_the_write_before_the_first_click(
    account: Account, page: dict[str, Any], says: str
) -> None:
    start = {INTEGRATION: True, SIGN_IN: False, CONSENT: True}
    account.is_(start, **page)
    with pytest.raises(Refused, match=says) as caught:
        account.portal.write({CONSENT: False, SIGN_IN: True})
    assert account.values == start
    assert account.writes == []
    picture, outline = account.evidence()
    assert str(picture.with_suffix("")) in str(caught.value)
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert {file.stat().st_mode & 0o777 for file in (picture, outline)} == {0o600}


def test_what_a_write_had_set_before_it_was_refused_is_put_back(account: Account) -> None:
    account.is_(disabled=[SIGN_IN])  # grey like all while the integration is off, and then still
    with pytest.raises(Refused, match=rf"is disabled.*{INTEGRATION} was put back") as caught:
        account.portal.write(ON)
    assert account.writes == [{INTEGRATION: True}, {INTEGRATION: False}]
    assert account.values == OFF
    assert "could not" not in str(caught.value)


@pytest.mark.parametrize(
    "page", [{"labels": {SIGN_IN: "Offer the calendar"}}, {"doubled": [SIGN_IN]}]
)
def test_one_setting_that_cannot_be_read_leaves_the_others_readable(
    account: Account, page: dict[str, Any]
) -> None:
    account.is_(**page)
    reading = account.portal.read(list(NAMES))
    assert reading.values == {INTEGRATION: False, CONSENT: True}
    assert list(reading.unread) == [SIGN_IN]
    assert "screenshot and outline" in reading.unread[SIGN_IN]


@pytest.mark.parametrize("page", [{"disabled": [SIGN_IN]}, {"locked": [SIGN_IN]}])
def test_what_cannot_be_set_can_still_be_read(account: Account, page: dict[str, Any]) -> None:
    account.is_(ON, **page)
    assert account.portal.read(list(NAMES)).values == ON


def test_a_toggle_that_springs_back_is_a_write_without_effect(account: Account) -> None:
    account.is_(ON, springs_back=[CONSENT])
    with pytest.raises(WriteHadNoEffect, match=r"Who can set up the integration.*as before"):
        account.portal.write({CONSENT: True})


def test_a_dialog_with_other_buttons_is_not_answered(account: Account) -> None:
    account.is_(dialog_button="Proceed")
    with pytest.raises(Refused, match="has no one button Enable"):
        account.portal.write(ON)
    assert account.values == OFF


def test_a_notice_over_the_page_is_closed(account: Account) -> None:
    account.is_(notice="What is new", notice_button="Got it")
    account.portal.write(ON)
    assert account.values == ON


def test_a_notice_that_asks_for_more_than_to_be_closed_is_left(account: Account) -> None:
    account.is_(notice="New terms", notice_button="Accept")
    with pytest.raises(Unavailable, match=r"a dialog \(New terms\) is over the page") as caught:
        account.portal.read(list(NAMES))
    assert not caught.value.sent
    with pytest.raises(Refused, match="New terms"):
        account.portal.write(ON)
    assert account.values == OFF


def test_a_slow_page_is_waited_for_and_not_for_ever(account: Account) -> None:
    account.is_(slow=0.7)
    assert account.portal.read(list(NAMES)).values == OFF
    account.is_(slow=30)
    reading = account.portal.read(list(NAMES))
    assert (reading.values, set(reading.unread)) == ({}, set(NAMES))


def test_an_expired_session_is_unknown_and_nothing_is_set(account: Account) -> None:
    kept = dict(account.emulator.world.tokens.portal)
    account.emulator.world.tokens.portal.clear()
    for act in (lambda: account.portal.read(list(NAMES)), lambda: account.portal.write(ON)):
        with pytest.raises(SignedOut, match="asks to sign in, so the state has expired") as caught:
            act()
        assert isinstance(caught.value, Unreadable)
        assert not caught.value.sent
    account.emulator.world.tokens.portal.update(kept)
    assert account.values == OFF


def test_a_session_that_expires_within_a_write_is_told(account: Account) -> None:
    fault = Fault(service="zoom-portal", method="POST", status=401, times=None)
    account.emulator.faults.add(fault)
    with pytest.raises(SignedOut) as caught:
        account.portal.write(ON)
    assert caught.value.sent
    assert account.values == OFF


@pytest.mark.parametrize(("status", "error"), [(503, Unavailable), (403, Forbidden)])
def test_a_portal_that_does_not_answer_is_unknown(
    account: Account, status: int, error: type[Exception]
) -> None:
    account.emulator.faults.add(Fault(service="zoom-portal", status=status, times=1))
    with pytest.raises(error, match=str(status)):
        account.portal.read(list(NAMES))


def test_evidence_has_the_labels_and_no_personal_data(account: Account) -> None:
    account.is_(labels={SIGN_IN: f"Offer it, says {ADMIN}"})
    account.portal.read(list(NAMES))
    _, outline = account.evidence()
    text = outline.read_text()
    assert "Integrate third-party mail and calendar services" in text
    assert "Offer it, says" in text
    assert not re.search(r"@|megan|contoso|555|425", text, re.IGNORECASE)
    assert text.splitlines()[0].endswith("/account/setting")


def test_only_the_last_refusals_are_kept(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portal_evidence, "KEPT", 1)
    account.is_(doubled=[SIGN_IN])
    for _ in range(2):
        account.portal.read(list(NAMES))
    assert len(account.evidence()) == 2


def test_many_threads_and_reads_have_one_browser_between_them(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[str] = []

    def start(url: str, state: Any) -> Any:
        started.append(url)
        return signed_in_context(url, state)

    monkeypatch.setattr(portal_module, "signed_in_context", start)
    account.portal.close()
    with ThreadPoolExecutor(4) as pool:
        readings = list(pool.map(lambda _: account.portal.read(list(NAMES)), range(4)))
    assert [reading.values for reading in readings] == [OFF] * 4
    assert len(started) == 1


def test_a_browser_that_crashed_is_told_and_replaced(account: Account) -> None:
    def crash(page: Any) -> None:
        page.page.context.browser.close()
        page.page.title()

    with pytest.raises(Unavailable, match="the browser failed"):
        account.portal._run(crash, sent=False)
    assert account.portal.read(list(NAMES)).values == OFF


def test_without_playwright_one_line_says_how_to_get_it(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.portal.close()
    monkeypatch.setattr(portal_module, "installed", lambda: False)
    with pytest.raises(SignedOut, match="make setup PORTAL=1"):
        account.portal.read(list(NAMES))
