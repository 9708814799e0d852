"""What a person sees while something long runs, and what they read when it fails."""

from __future__ import annotations

import collections
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, TextIO

from engine.errors import BUILD, CHECKSUM, DISK, NETWORK, EngineError

LINE_SECONDS = 15.0
LIVE_SECONDS = 0.2
STOP_SECONDS = 5.0
TAIL_LINES = 15

_HINTS: tuple[tuple[tuple[str, ...], int, str], ...] = (
    (
        ("no space left on device", "disk quota exceeded"),
        DISK,
        "The disk is full. Free some space, or put the caches elsewhere with XDG_CACHE_HOME, "
        "GOCACHE and GOMODCACHE; then run it again, it goes on where it stopped.",
    ),
    (
        ("security error", "checksum mismatch", "do not match the hashes", "hash mismatch"),
        CHECKSUM,
        "What was downloaded is not what is pinned here. Do not go on: look at what your proxy or "
        "index served.",
    ),
    (
        ("requires go >=", "go.mod requires go", "toolchain not available"),
        BUILD,
        "The Go on PATH is too old. Update it, or take it off PATH: one is then installed for you.",
    ),
    (
        (
            "dial tcp",
            "proxyconnect",
            "i/o timeout",
            "no such host",
            "connection refused",
            "connection reset",
            "403 forbidden",
            "404 not found",
            "407 proxy",
            "x509:",
            "certificate verify failed",
            "could not find a version",
            "connection error",
            "newconnectionerror",
            "max retries exceeded",
        ),
        NETWORK,
        "The network refused a package. Check HTTPS_PROXY, GOPROXY (Go modules) and pip's index "
        "(PIP_INDEX_URL), and SSL_CERT_FILE where a proxy has its own certificate; then run it "
        "again, it goes on where it stopped.",
    ),
)


class Progress:
    """Tells on `stream` how far a step is: a live line on a terminal, else a line now and then."""

    def __init__(self, stream: TextIO | None = None, line_seconds: float = LINE_SECONDS) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._live = self._stream.isatty()
        self._line_seconds = line_seconds
        self._said: set[str] = set()

    def say(self, line: str) -> None:
        """Print `line`."""
        self._stream.write(f"{line}\n")
        self._stream.flush()

    def say_once(self, line: str) -> None:
        """Print `line`, unless it was said before."""
        if line not in self._said:
            self._said.add(line)
            self.say(line)

    def run(
        self,
        what: str,
        command: Sequence[str | Path],
        *,
        environ: Mapping[str, str],
        folder: Path,
        describe: Callable[[str], str | None] = lambda line: None,
        timeout: float | None = None,
    ) -> None:
        """Run `command` in `folder` and wait, telling about `what`.

        `describe` sees each line of output and answers what to show from now on (None: no change).
        Raises EngineError with the last lines and what to do when the command fails.
        """
        started = time.monotonic()
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=folder,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        assert process.stdout is not None
        reader = _Reader(process.stdout, describe)
        try:
            self._follow(what, process, reader, started, timeout)
        except BaseException:
            _stop(process)
            raise
        finally:
            reader.join(STOP_SECONDS)
            if not reader.is_alive():  # else a grandchild holds the pipe, and closing would wait
                process.stdout.close()
        if process.returncode != 0:
            raise EngineError(*explain(what, process.returncode, reader.tail))
        self.say(f"{what}: done in {_elapsed(started)}")

    def _follow(
        self,
        what: str,
        process: subprocess.Popen[str],
        reader: _Reader,
        started: float,
        timeout: float | None,
    ) -> None:
        told, shown = started, ""
        while True:
            try:
                process.wait(LIVE_SECONDS)
                break
            except subprocess.TimeoutExpired:
                now = time.monotonic()
            if timeout is not None and now - started > timeout:
                raise EngineError(f"{what}: no end after {timeout:.0f} s", NETWORK)
            line = f"{what}: {_elapsed(started)}{reader.status and ', ' + reader.status}"
            if self._live and line != shown:
                shown = line
                width = shutil.get_terminal_size().columns - 1
                self._stream.write(f"\r\x1b[K{line[:width]}")
                self._stream.flush()
            elif not self._live and now - told >= self._line_seconds:
                told = now
                self.say(line)
        if self._live:
            self._stream.write("\r\x1b[K")


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class _Reader(threading.Thread):
    """Reads a child's output to its end, keeping the last lines and what `describe` made of it."""

    def __init__(self, stream: IO[str], describe: Callable[[str], str | None]) -> None:
        super().__init__(daemon=True)
        self._stream = stream
        self._describe = describe
        self.status = ""
        self.tail: collections.deque[str] = collections.deque(maxlen=TAIL_LINES)
        self.start()

    def run(self) -> None:
        for line in self._stream:
            text = line.rstrip()
            if text:
                self.tail.append(text)
                self.status = self._describe(text) or self.status


def explain(what: str, code: int, tail: Sequence[str]) -> tuple[str, int]:
    """The message and the exit code for a step that failed with these last lines of output."""
    output = "\n".join(f"  {line}" for line in tail)
    lowered = output.lower()
    for signs, exit_code, hint in _HINTS:
        if any(sign in lowered for sign in signs):
            return f"{what} failed ({code}):\n{output}\n{hint}", exit_code
    return f"{what} failed ({code}):\n{output}", BUILD


def _elapsed(started: float) -> str:
    seconds = int(time.monotonic() - started)
    return f"{seconds // 60} min {seconds % 60:02} s" if seconds >= 60 else f"{seconds} s"
