"""The real engine, a workspace and an emulator for each test, and stacks that are applied once."""

import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

import engine
from emulator import Emulator
from tests.engine_runs.stack import Applied, Stack

Apply = Callable[[str], Applied]


@pytest.fixture(scope="session")
def engine_environment() -> dict[str, str]:
    return engine.environment(backend=False)


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


@pytest.fixture
def stack(emulator: Emulator, engine_environment: dict[str, str], tmp_path: Path) -> Stack:
    """A tenant without a file yet."""
    return Stack(emulator, tmp_path / "project", engine_environment)


@pytest.fixture(scope="session")
def apply(engine_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Apply:
    """`up` of a tenant's file from nothing, done once however many tests and workers go on."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent

    def once(text: str) -> Applied:
        folder = shared / f"applied-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
        folder.mkdir(exist_ok=True)
        kept = folder / "kept.json"
        with (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not kept.exists():
                with Emulator() as emulator:
                    stack = Stack(emulator, folder / "project", engine_environment)
                    stack.declare(text)
                    stack.up()
                    kept.write_text(json.dumps(asdict(stack.keep())), encoding="utf-8")
        return Applied(**json.loads(kept.read_text(encoding="utf-8")))

    return once


@pytest.fixture
def applied(stack: Stack, apply: Apply) -> Callable[[str], Stack]:
    """The test's stack, right after the first `up` of the given file."""

    def go_on(text: str) -> Stack:
        stack.go_on_from(apply(text))
        return stack

    return go_on
