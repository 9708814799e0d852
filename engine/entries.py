"""Cache entries: complete or absent, made once however many ask at the same time."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from engine.progress import Progress

POLL_SECONDS = 0.2
READY = ".ready"


def publish(entry: Path, what: str, progress: Progress, fill: Callable[[Path], None]) -> Path:
    """Return `entry`, made by `fill(folder)` if it is not there yet.

    The work is done in a folder beside and renamed at the end, so a killed run leaves no entry.
    """
    if entry.is_dir():
        return entry
    with lock(entry, what, progress):
        if entry.is_dir():
            return entry
        for leftover in entry.parent.glob(f"{entry.name}.tmp-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        folder = Path(tempfile.mkdtemp(prefix=f"{entry.name}.tmp-", dir=entry.parent))
        try:
            fill(folder)
            folder.chmod(0o755)
            folder.rename(entry)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
    return entry


def publish_in_place(
    entry: Path, what: str, progress: Progress, fill: Callable[[Path], None]
) -> Path:
    """As `publish`, for what cannot be moved once made: a marker written last says it is whole."""
    marker = entry / READY
    if marker.is_file():
        return entry
    with lock(entry, what, progress):
        if marker.is_file():
            return entry
        shutil.rmtree(entry, ignore_errors=True)
        try:
            fill(entry)
            marker.touch()
        except BaseException:
            shutil.rmtree(entry, ignore_errors=True)
            raise
    return entry


@contextlib.contextmanager
def lock(entry: Path, what: str, progress: Progress) -> Iterator[None]:
    """Hold `entry`'s lock; wait, and say so, while another process holds it.

    The system releases it when its holder ends, however it ends.
    """
    entry.parent.mkdir(parents=True, exist_ok=True)
    with entry.with_name(f"{entry.name}.lock").open("a+") as file:
        waiting = False
        while not _locked(file.fileno()):
            if not waiting:
                file.seek(0)
                holder = file.read().strip() or "?"
                progress.say(f"{what}: process {holder} is making it; waiting for it")
                waiting = True
            time.sleep(POLL_SECONDS)
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
