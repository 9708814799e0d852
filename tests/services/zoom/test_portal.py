"""The portal in a real Chromium: what is read and set; tests beside it are of what is refused."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from services.errors import Unavailable
from services.zoom import portal as portal_module
from services.zoom.browser import signed_in_context
from tests.portal_person import CONSENT, INTEGRATION, NAMES, SIGN_IN
from tests.services.zoom.conftest import OFF, ON, Account

pytestmark = pytest.mark.browser


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


@pytest.mark.parametrize("page", [{"disabled": [SIGN_IN]}, {"locked": [SIGN_IN]}])
def test_what_cannot_be_set_can_still_be_read(account: Account, page: dict[str, Any]) -> None:
    account.is_(ON, **page)
    assert account.portal.read(list(NAMES)).values == ON


def test_a_notice_over_the_page_is_closed(account: Account) -> None:
    account.is_(notice="What is new", notice_button="Got it")
    account.portal.write(ON)
    assert account.values == ON


def test_a_slow_page_is_waited_for(account: Account) -> None:
    account.is_(slow=0.7)
    assert account.portal.read(list(NAMES)).values == OFF


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
