"""One thread that owns the browser: work is queued, the browser starts with the first of it.

The engine calls a provider on several threads, and Playwright's objects belong to one. The browser
is closed, and its account free for others, when nothing came for a while and when the process ends.
"""

import atexit
import contextlib
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Generic, TypeVar

from services.errors import ServiceError

IDLE = 15.0  # seconds without work after which the browser is closed
_END = 10.0  # seconds that the end of the process waits for the browser

S = TypeVar("S")  # what is open while there is work
R = TypeVar("R")


class Worker(Generic[S]):
    """Runs jobs one after the other in a thread of its own, each with what `open_` gave.

    `open_` is entered in that thread for the first job, and left after `idle` seconds without one.
    """

    def __init__(
        self, open_: Callable[[], contextlib.AbstractContextManager[S]], idle: float = IDLE
    ) -> None:
        self._open, self._idle = open_, idle
        self._jobs: queue.Queue[tuple[Callable[[S], Any], Future[Any]] | None] = queue.Queue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def run(self, job: Callable[[S], R]) -> R:
        """What `job` returns; raises what it or `open_` raises."""
        future: Future[R] = Future()
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._work, name="portal", daemon=True)
                self._thread.start()
                atexit.register(self.close)
            self._jobs.put((job, future))
        return future.result()

    def close(self) -> None:
        """Ends the thread after what is queued, and closes what is open; `run` can start anew."""
        with self._lock:
            thread, self._thread = self._thread, None
            atexit.unregister(self.close)
            if thread is not None and thread.is_alive():
                self._jobs.put(None)
                thread.join(_END)

    def _work(self) -> None:
        while (entry := self._jobs.get()) is not None:
            try:
                with self._open() as opened:
                    if not self._serve(opened, entry):
                        return
            except BaseException as error:
                # From opening or closing: whoever still waits for this job is told.
                if not entry[1].done():
                    entry[1].set_exception(error)

    def _serve(self, opened: S, entry: tuple[Callable[[S], Any], Future[Any]]) -> bool:
        """Does jobs until nothing comes for a while (True), or the end was asked for (False)."""
        following: tuple[Callable[[S], Any], Future[Any]] | None = entry
        while following is not None:
            job, future = following
            try:
                future.set_result(job(opened))
            except ServiceError as error:
                future.set_exception(error)
            except BaseException as error:
                future.set_exception(error)
                return True  # what is open may be broken: the next job gets a new one
            try:
                following = self._jobs.get(timeout=self._idle)
            except queue.Empty:
                return True
        return False
