"""`make demo` as a newcomer runs it: it tells all, and leaves nothing behind."""

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import engine
from demo.workspace import ROOT, Run, Workspace

pytestmark = pytest.mark.engine

# The whole demo around another story.
TELLING = "import sys, demo.__main__ as d; d.Demo.tell = lambda self: {}; sys.exit(d.main())"


@pytest.fixture
def temporary() -> Iterator[Path]:
    """A folder with a short path: Chromium makes a socket in it."""
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="demo-") as folder:
        yield Path(folder)


def run(arguments: list[str], temporary: Path, **environment: str) -> Run:
    """A command of the demo, with a folder of its own for whatever is temporary."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, "KEEP": "", "TMPDIR": str(temporary), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=400,
    )
    return Run(done.returncode, done.stdout, 0.0)


def processes_of(temporary: Path) -> list[int]:
    """The processes that are told anything of a folder, by their arguments or environment."""
    by_environment = [
        int(file.parent.name)
        for file in Path("/proc").glob("[0-9]*/environ")
        if str(temporary) in _text(file)
    ]
    if by_environment:
        return by_environment
    listing = subprocess.run(
        ["ps", "-A", "-o", "pid=,args="], capture_output=True, text=True, check=True
    ).stdout
    lines = [line.split(None, 1) for line in listing.splitlines()]
    return [int(pid) for pid, *rest in lines if rest and str(temporary) in rest[0]]


def _text(file: Path) -> str:
    try:
        return file.read_text(errors="replace")
    except OSError:  # ended, or somebody else's
        return ""


def assert_nothing_is_left(temporary: Path) -> None:
    assert processes_of(temporary) == []
    assert list(temporary.iterdir()) == []


@pytest.mark.timeout(450)
def test_the_demo_tells_the_whole_story_and_leaves_nothing(temporary: Path) -> None:
    told = run(["-m", "demo"], temporary)
    assert told.code == 0, told.out
    assert "All as told" in told.out
    assert "byte for byte as before" in told.out
    assert "Traceback" not in told.out
    assert_nothing_is_left(temporary)


def test_a_step_that_is_not_as_told_ends_the_demo_with_1_and_leaves_nothing(
    temporary: Path,
) -> None:
    broken = TELLING.format("self.check_applied()")
    told = run(["-c", broken], temporary)
    assert told.code == 1
    assert "not as told: our entry is not in" in told.out
    assert "All as told" not in told.out
    assert_nothing_is_left(temporary)


def test_with_keep_the_emulators_go_on_and_the_printed_environment_works(
    temporary: Path, tmp_path: Path
) -> None:
    told = run(["-c", TELLING.format("None")], temporary, KEEP="1")
    assert told.code == 0, told.out
    with ended(told.out):
        exports = dict(re.findall(r"^export (\w+)=(.*)$", told.out, re.MULTILINE))
        workspace = Workspace(new(tmp_path / "w"), {**engine.environment(backend=False), **exports})
        workspace.declare("contoso", (ROOT / "demo" / "contoso.yaml").read_text(encoding="utf-8"))
        up = workspace.pulumi("up", "--yes", tenant="contoso")
        assert up.code == 0, up.out
        assert "is unknown, not compared" not in up.out
    assert_nothing_is_left(temporary)


@contextmanager
def ended(out: str) -> Iterator[None]:
    """Ends the emulators as the demo tells to, and waits until they are gone."""
    told = re.search(r"^kill (\d+)", out, re.MULTILINE)
    assert told, out
    pid = int(told[1])
    try:
        os.kill(pid, 0)
        yield
    finally:
        os.kill(pid, signal.SIGTERM)
        subprocess.run(
            ["sh", "-c", f"for i in $(seq 100); do kill -0 {pid} || break; sleep 0.1; done"],
            stderr=subprocess.DEVNULL,
            check=False,
        )


def new(folder: Path) -> Path:
    folder.mkdir()
    return folder
