"""Cache keys: another for each change of what goes in, the same wherever the clone is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from engine import golang, python_env
from engine.errors import PYTHON, EngineError
from engine.golang import Piece
from engine.install import CLI, HOST, PLUGIN
from engine.places import key_of
from tests.engine_install.conftest import Told, User


@pytest.mark.parametrize(
    ("piece", "file"),
    [(CLI, "go.mod"), (CLI, "go.sum"), (HOST, "go.sum"), (PLUGIN, "main.go"), (PLUGIN, "new.go")],
    ids=str,
)
def test_a_pieces_key_follows_its_sources(user: User, piece: Piece, file: str) -> None:
    before = golang.entry_of(piece, user.where(), "1.0.0")
    with (user.clone / "engine" / piece.folder / file).open("a") as source:
        source.write("// more\n")
    assert golang.entry_of(piece, user.where(), "1.0.0") != before


def test_a_pieces_key_follows_its_version_and_its_machine(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = golang.entry_of(PLUGIN, user.where(), "1.0.0")
    assert golang.entry_of(PLUGIN, user.where(), "1.0.1") != before
    monkeypatch.setattr(golang, "machine", lambda: ("plan9", "mips"))
    assert golang.entry_of(PLUGIN, user.where(), "1.0.0") != before


def test_a_key_is_that_of_the_contents_not_of_the_clone(user: User, tmp_path: Path) -> None:
    before = (
        golang.entry_of(PLUGIN, user.where(), "1.0.0"),
        python_env.entry_of(user.where(), "dev"),
    )
    user.clone = user.clone.rename(tmp_path / "other clone")
    after = golang.entry_of(PLUGIN, user.where(), "1.0.0"), python_env.entry_of(user.where(), "dev")
    assert after == before


@pytest.mark.parametrize("file", ["runtime.txt", "pip.txt"])
def test_an_environments_key_follows_its_pins(user: User, file: str) -> None:
    before = python_env.entry_of(user.where(), "runtime")
    (user.clone / "requirements" / file).write_text("other==1\n")
    assert python_env.entry_of(user.where(), "runtime") != before


def test_an_environments_key_follows_the_python(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = python_env.entry_of(user.where(), "runtime")
    monkeypatch.setattr(sys, "version", "3.99.0")
    assert python_env.entry_of(user.where(), "runtime") != before


def test_parts_do_not_run_into_each_other() -> None:
    assert key_of("ab", "c") != key_of("a", "bc")


def test_an_old_python_is_refused_in_one_line(tmp_path: Path, user: User) -> None:
    old = user.program("python3", '#!/bin/sh\n[ "$1" = -c ] && echo\n')
    script = Path(__file__).parents[2] / "engine" / "python"
    for environ in ({"PATH": str(old.parent)}, {"PATH": "/usr/bin:/bin", "PYTHON": str(old)}):
        done = subprocess.run(
            ["/bin/sh", str(script), "-c", "print('ran')"],
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == PYTHON
        assert done.stdout == ""
        assert "3.11 or newer" in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_a_python_that_cannot_make_an_environment_says_what_to_install(
    user: User, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()  # the real `ensure`
    monkeypatch.setattr(python_env, "_try", lambda *_: (False, "No module named ensurepip"))
    with pytest.raises(EngineError, match=r"apt-get install python3\.\d+-venv") as caught:
        python_env.ensure(user.where(), "runtime", told)
    assert caught.value.code == PYTHON


def test_a_pip_from_outside_installs_where_ensurepip_is_missing(
    user: User, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    tried: list[str] = []
    ran: list[list[str]] = []

    def attempt(where: object, *command: object) -> tuple[bool, str]:
        tried.append(str(command[2]))
        return command[2] != "ensurepip", ""

    def run(what: str, command: list[object], **_: object) -> None:
        ran.append([str(part) for part in command])

    monkeypatch.setattr(python_env, "_try", attempt)
    monkeypatch.setattr(python_env, "_compile", lambda where, folder, _: folder.mkdir(parents=True))
    monkeypatch.setattr(told, "run", run)
    entry = python_env.ensure(user.where(), "runtime", told)
    assert tried == ["venv", "ensurepip", "pip"]
    inside = str(python_env.python_in(entry))
    assert ran[0][:6] == [str(python_env.base_python()), "-m", "pip", "--python", inside, "install"]
    assert ran[1][:4] == [inside, "-m", "pip", "install"]
    assert all("--require-hashes" in command and "--only-binary" in command for command in ran)
