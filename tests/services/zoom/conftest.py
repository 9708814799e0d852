"""One emulated account and one browser for all tests of the portal in a worker."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator import Emulator
from emulator.portal_pages import options
from services.zoom import portal_page
from services.zoom.portal import Portal
from tests.portal_person import CONSENT, INTEGRATION, NAMES, SIGN_IN, settings, signed_in

OFF = {INTEGRATION: False, SIGN_IN: False, CONSENT: True}
ON = {INTEGRATION: True, SIGN_IN: True, CONSENT: False}


class Account:
    """The emulated account, and the portal that a test drives."""

    def __init__(self, emulator: Emulator, home: Path) -> None:
        self.emulator, self.home = emulator, home
        self.folder = home / "zoom-calendar" / "portal"
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


@pytest.fixture(scope="session")
def shared_account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    with pytest.MonkeyPatch.context() as patch, Emulator() as emulator:
        home = tmp_path_factory.mktemp("data")
        patch.setenv("XDG_DATA_HOME", str(home))
        account = Account(emulator, home)
        signed_in(emulator)
        patch.undo()  # the tests of other folders run in this process too
        yield account
        account.portal.close()


@pytest.fixture
def account(shared_account: Account, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    """The account as it was, signed in, without evidence; what is missing is missing soon."""
    monkeypatch.setenv("XDG_DATA_HOME", str(shared_account.home))
    monkeypatch.setattr(portal_page, "_STEADY", 0.4)
    shared_account.is_()
    for file in shared_account.evidence():
        file.unlink()
    sessions = dict(shared_account.emulator.world.tokens.portal)
    yield shared_account
    shared_account.emulator.world.tokens.portal.update(sessions)
    shared_account.emulator.faults.clear()
