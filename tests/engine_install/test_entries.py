"""Cache entries are whole or absent, and made once."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from engine.entries import publish, publish_in_place
from tests.engine_install.conftest import Told

HANGING = """
import sys, time
from pathlib import Path
from engine.entries import publish, publish_in_place
from engine.progress import Progress

def fill(folder):
    folder.mkdir(exist_ok=True)
    (folder / "half").write_text("half")
    print("filling", flush=True)
    time.sleep(60)

make = publish_in_place if sys.argv[2] == "in-place" else publish
make(Path(sys.argv[1]), "piece", Progress(), fill)
"""


def _fill(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "whole").write_text("whole")


@pytest.mark.parametrize("kind", ["rename", "in-place"])
def test_a_killed_run_leaves_nothing_that_counts(tmp_path: Path, told: Told, kind: str) -> None:
    entry = tmp_path / "piece-key"
    with subprocess.Popen(
        [sys.executable, "-c", HANGING, str(entry), kind], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "filling\n"
        process.send_signal(signal.SIGKILL)
    make = publish_in_place if kind == "in-place" else publish
    assert make(entry, "piece", told, _fill) == entry
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"piece-key", "piece-key.lock"}
    assert {path.name for path in entry.iterdir()} - {".ready"} == {"whole"}


@pytest.mark.parametrize("make", [publish, publish_in_place])
def test_a_failed_run_leaves_nothing(tmp_path: Path, told: Told, make: object) -> None:
    def fill(folder: Path) -> None:
        _fill(folder)
        raise RuntimeError("no")

    assert callable(make)
    with pytest.raises(RuntimeError):
        make(tmp_path / "piece", "piece", told, fill)
    assert {path.name for path in tmp_path.iterdir()} == {"piece.lock"}


def test_two_at_once_make_it_once_and_the_second_says_that_it_waits(
    tmp_path: Path, told: Told
) -> None:
    entry = tmp_path / "piece"
    filling, go_on, fills = threading.Event(), threading.Event(), []

    def slow(folder: Path) -> None:
        fills.append(folder)
        filling.set()
        assert go_on.wait(10)
        _fill(folder)

    threads = [
        threading.Thread(target=publish, args=(entry, "piece", told, slow)) for _ in range(2)
    ]
    threads[0].start()
    assert filling.wait(10)
    threads[1].start()
    deadline = time.monotonic() + 10
    while "waiting" not in told.text and time.monotonic() < deadline:
        time.sleep(0.01)
    go_on.set()
    for thread in threads:
        thread.join()
    assert len(fills) == 1
    assert "is making it; waiting for it" in told.text
    assert (entry / "whole").is_file()


def test_what_is_there_is_not_made_again(tmp_path: Path, told: Told) -> None:
    publish(tmp_path / "piece", "piece", told, _fill)

    def never(folder: Path) -> None:
        raise AssertionError(folder)

    publish(tmp_path / "piece", "piece", told, never)
