"""What the tests of several folders share: an emulator whose portal is signed in to."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator import Emulator


@pytest.hookimpl(trylast=True)  # after the order was made random
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out what is marked `full`, unless -m says what to run; the longest comes first."""
    items.sort(key=lambda item: not item.nodeid.startswith("tests/demo/"))
    if not config.getoption("-m"):
        left = [item for item in items if item.get_closest_marker("full")]
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in left]


@pytest.fixture
def data_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of its own for states, locks and screenshots."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data" / "zoom-calendar" / "portal"


@pytest.fixture
def portal_emulator(data_home: Path) -> Iterator[Emulator]:
    """Entra and Zoom; nobody is signed in."""
    with Emulator() as running:
        yield running
