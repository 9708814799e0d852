"""What a person sees while a step runs, and what they read when it fails."""

from __future__ import annotations

import io
import os
import sys
import time
from pathlib import Path

import pytest

from engine.errors import NETWORK, EngineError
from engine.golang import _Counter
from engine.progress import TAIL_LINES, Progress
from tests.engine_install.conftest import Told


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def _run(progress: Progress, script: str, timeout: float | None = None) -> None:
    progress.run(
        "step",
        [sys.executable, "-c", script],
        environ=dict(os.environ),
        folder=Path.cwd(),
        describe=lambda line: f"saw {line}",
        timeout=timeout,
    )


def test_in_a_pipe_a_plain_line_comes_now_and_then() -> None:
    stream = io.StringIO()
    _run(Progress(stream, line_seconds=0.3), "import time; print('x', flush=True); time.sleep(1)")
    lines = stream.getvalue().splitlines()
    assert "step: 0 s, saw x" in lines
    assert lines[-1].startswith("step: done in ")
    assert "\r" not in stream.getvalue()


def test_on_a_terminal_one_line_is_kept_current() -> None:
    stream = Terminal()
    _run(Progress(stream), "import time; print('x', flush=True); time.sleep(0.5)")
    assert "\r\x1b[Kstep: 0 s, saw x" in stream.getvalue()
    assert stream.getvalue().count("\n") == 1


def test_a_failure_shows_the_last_lines(told: Told) -> None:
    with pytest.raises(EngineError) as caught:
        _run(told, "for i in range(100): print(f'line {i};')\nraise SystemExit(9)")
    message = str(caught.value)
    assert message.startswith("step failed (9):")
    assert "line 99;" in message
    assert message.count("line ") == TAIL_LINES


def test_a_step_has_no_standard_input(told: Told) -> None:
    _run(told, "import sys; sys.exit(sys.stdin.read() != '')")


def test_a_step_without_end_is_stopped(told: Told) -> None:
    started = time.monotonic()
    with pytest.raises(EngineError, match="no end after") as caught:
        _run(told, "import time; time.sleep(60)", timeout=0.3)
    assert caught.value.code == NETWORK
    assert time.monotonic() - started < 5


def test_a_line_is_said_once(told: Told) -> None:
    told.say_once("one")
    told.say_once("one")
    assert told.text == "one\n"


def test_go_builds_are_counted() -> None:
    counter = _Counter(7)
    assert counter.describe("go: downloading example.com/x v1.0.0") == "1 modules downloaded"
    assert counter.describe("internal/abi") == "1 of at most 7 packages compiled"
    assert counter.describe("go: warning: something") is None
    assert counter.describe("x.go:1:2: undefined: y") is None
