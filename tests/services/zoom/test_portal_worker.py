"""One thread owns what is open: opened late, shared by all callers, closed when nothing comes."""

import contextlib
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from services.errors import Refused
from services.zoom.portal_worker import Worker


class Door:
    """Counts how often it was opened and closed, and by which threads."""

    def __init__(self) -> None:
        self.opened = self.closed = 0
        self.threads: set[int] = set()

    @contextlib.contextmanager
    def open(self) -> Iterator["Door"]:
        self.opened += 1
        self.threads.add(threading.get_ident())
        try:
            yield self
        finally:
            self.threads.add(threading.get_ident())
            self.closed += 1

    def enter(self) -> int:
        self.threads.add(threading.get_ident())
        return self.opened


def test_nothing_is_opened_before_there_is_work() -> None:
    door = Door()
    worker = Worker(door.open)
    assert door.opened == 0
    worker.close()
    assert door.opened == 0


def test_all_callers_share_one_thread_that_is_none_of_theirs() -> None:
    door = Door()
    worker = Worker(door.open)
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda _: worker.run(Door.enter), range(20))) == [1] * 20
    worker.close()
    assert (door.opened, door.closed, len(door.threads)) == (1, 1, 1)
    assert threading.get_ident() not in door.threads


def test_what_is_open_is_closed_when_nothing_comes_and_opened_again_later() -> None:
    door = Door()
    worker = Worker(door.open, idle=0.05)
    worker.run(Door.enter)
    deadline = time.monotonic() + 5
    while not door.closed and time.monotonic() < deadline:
        time.sleep(0.01)
    assert door.closed == 1
    assert worker.run(Door.enter) == 2
    worker.close()
    assert door.closed == 2


def test_an_error_of_ours_leaves_it_open_and_any_other_opens_a_new_one() -> None:
    door = Door()
    worker = Worker(door.open)

    def refuse(_: Door) -> None:
        raise Refused("no")

    def break_(_: Door) -> None:
        raise RuntimeError("the browser is gone")

    with pytest.raises(Refused):
        worker.run(refuse)
    assert worker.run(Door.enter) == 1
    with pytest.raises(RuntimeError):
        worker.run(break_)
    assert worker.run(Door.enter) == 2
    worker.close()


def test_what_cannot_be_opened_is_told_to_each_caller() -> None:
    @contextlib.contextmanager
    def closed_door() -> Iterator[None]:
        raise Refused("locked")
        yield

    worker = Worker(closed_door)
    for _ in range(2):
        with pytest.raises(Refused, match="locked"):
            worker.run(lambda _: None)
    worker.close()
