"""Ends the engine with kill -9 in the middle of a write, and sees what its orphans still do."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from _pytest.mark import ParameterSet

from emulator import Fault
from tests.engine_runs.stack import TENANT, Stack, State, sent_writes

SECONDS_TO_REACH_THE_WRITE = 60.0
QUIET = 0.6  # seconds without a request after which nobody is at work any more


def matrix(writes: dict[str, str], always: set[tuple[str, bool]]) -> list[ParameterSet]:
    """Every write, answered and lost, as test parameters (write, arrived); the run without -m has
    only those of `always`."""
    return [
        pytest.param(
            path,
            arrived,
            id=f"{name} {'answered' if arrived else 'lost'}",
            marks=() if (name, arrived) in always else pytest.mark.full,
        )
        for name, path in writes.items()
        for arrived in (True, False)
    ]


@dataclass
class Killed:
    """What was live while the write was held, and what was sent after the engine had ended."""

    held: State
    sent_after: list[str] = field(default_factory=list)

    def assert_orphans_stopped(self) -> None:
        """Whoever was left finished the write in flight and began no other."""
        assert len(self.sent_after) <= 1, f"the orphans went on: {self.sent_after}"


@contextmanager
def killed_at(stack: Stack, write: str, *arguments: str, arrived: bool = True) -> Iterator[Killed]:
    """`pulumi ARGUMENTS` whose engine is killed while `write` ("METHOD path", a regular
    expression) waits for its answer; the orphans are left alive, and end when the block does.

    With `arrived` false the write is lost with the machine: nobody is left, nothing is done.
    """
    method, _, path = write.partition(" ")
    fault = stack.emulator.faults.add(Fault(method=method, path=path, hold="before"))
    command = ["pulumi", *arguments, "--stack", TENANT, "--non-interactive", "--color", "never"]
    engine = subprocess.Popen(
        command,
        cwd=stack.workspace.folder,
        env=stack.workspace.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    orphans: list[int] = []
    try:
        assert fault.reached.wait(SECONDS_TO_REACH_THE_WRITE), f"{write} was never sent"
        wait_until_quiet(stack)
        orphans = descendants_of(engine.pid)
        killed = Killed(stack.snapshot())
        engine.kill()
        engine.wait(timeout=10)
        if not arrived:
            end(orphans)
        answered = {entry["n"] for entry in stack.emulator.log}
        fault.release()
        wait_until_quiet(stack)
        later = [entry for entry in stack.emulator.log if entry["n"] not in answered]
        killed.sent_after = [text for text, _ in sent_writes(later)]
        if not arrived:
            stack.emulator.world.replace(killed.held)
        yield killed
    finally:
        fault.release()
        if engine.poll() is None:
            engine.kill()
            engine.wait(timeout=10)
        end(orphans)


def wait_until_quiet(stack: Stack) -> None:
    """Returns once no request has been answered for a while."""
    count, since = -1, time.monotonic()
    while time.monotonic() - since < QUIET:
        now = len(stack.emulator.log)
        if now != count:
            count, since = now, time.monotonic()
        time.sleep(0.05)


def descendants_of(pid: int) -> list[int]:
    """The processes that a process started, and those that they started."""
    listing = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True
    ).stdout
    children: dict[int, list[int]] = {}
    for line in listing.splitlines():
        child, parent = map(int, line.split())
        children.setdefault(parent, []).append(child)
    found = list(children.get(pid, ()))
    for one in found:
        found.extend(children.get(one, ()))
    return found


def end(pids: list[int]) -> None:
    """Kills what a killed engine left behind, and waits until it is gone."""
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    deadline = time.monotonic() + 10
    while any(is_alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.02)
    pids.clear()


def is_alive(pid: int) -> bool:
    """Whether a process is there and not only waited for."""
    state = subprocess.run(
        ["ps", "-p", str(pid), "-o", "stat="], capture_output=True, text=True, check=False
    ).stdout.strip()
    return bool(state) and not state.startswith("Z")
