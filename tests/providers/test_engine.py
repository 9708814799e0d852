"""What the program can tell of the command that runs it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from providers.engine import _by_ps, _parent_of

ROOT = Path(__file__).parents[2]
ASK = "from providers.engine import is_destroying; print(is_destroying())"


@pytest.mark.parametrize(
    ("name", "words", "destroying"),
    [
        ("pulumi", ["destroy", "--yes"], True),
        ("/usr/bin/pulumi", ["-s", "prod", "down"], True),
        ("pulumi", ["--stack", "destroy", "up"], False),
        ("pulumi", ["up", "-s", "destroy"], False),
        ("pulumi", ["preview", "--diff"], False),
        ("pulumi", ["about"], False),
        ("make", ["destroy"], False),
    ],
)
def test_a_destroy_is_known_by_the_command_above(
    name: str, words: list[str], destroying: bool
) -> None:
    # A shell by pulumi's name, a launcher in between, and the program.
    script = f"sh -c '{sys.executable} -c \"{ASK}\"; true'; true"
    done = subprocess.run(
        [name, "-c", script, *words],
        executable="/bin/sh",
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == str(destroying), done.stderr


@pytest.mark.skipif(shutil.which("ps") is None, reason="no ps here")
def test_a_parent_is_the_same_by_either_way_to_ask() -> None:
    parent, command = _by_ps(os.getpid())
    assert parent == _parent_of(os.getpid())[0] == os.getppid()
    assert command


def test_a_process_that_is_gone_has_no_parent() -> None:
    assert _parent_of(2**22 + 1) == (0, [])
