"""The Python environments, kept per user: `runtime`, `portal` with what drives a browser besides,
and `dev` with what tests and lint need."""

from __future__ import annotations

import compileall
import contextlib
import os
import subprocess
import sys
from pathlib import Path

from engine.entries import READY, publish_in_place
from engine.errors import PYTHON, EngineError
from engine.places import Places, key_of
from engine.progress import Progress

_PIP_UNSET = (
    "PIP_PREFIX",
    "PIP_REQUIRE_VIRTUALENV",
    "PIP_TARGET",
    "PIP_USER",
    "PYTHONHOME",
    "PYTHONPATH",
    "VIRTUAL_ENV",
    "__PYVENV_LAUNCHER__",
)


# What `pulumi preview` imports of ours, in the program and in the providers' process.
PROGRAM = ("tenant", "services", "providers", "components")


def base_python() -> Path:
    """The interpreter that environments are made of: never one that is itself in an environment."""
    return Path(getattr(sys, "_base_executable", None) or sys.executable)


def entry_of(where: Places, kind: str) -> Path:
    """The environment's place in the cache; another one for other pins or another Python."""
    folder = where.root / "requirements"
    key = key_of(
        os.uname().machine,
        sys.version,
        os.path.realpath(sys.base_prefix),
        (folder / "pip.txt").read_bytes(),
        (folder / f"{kind}.txt").read_bytes(),
    )
    return where.cache / "python" / f"{kind}-{key}"


def kind_for_runs(where: Places, *, portal: bool = False) -> str:
    """The environment that runs use: portal where it is asked for or was made before."""
    made = (entry_of(where, "portal") / READY).is_file()
    return "portal" if portal or made else "runtime"


def python_in(entry: Path) -> Path:
    """The interpreter of an environment."""
    return entry / "bin" / "python"


def ensure(where: Places, kind: str, progress: Progress) -> Path:
    """The folder of the environment `kind`, made now if it is not there."""
    entry = entry_of(where, kind)
    if (entry / READY).is_file() and not python_in(entry).exists():
        (entry / READY).unlink()  # the Python it was made of is gone

    def fill(folder: Path) -> None:
        pins = where.root / "requirements" / f"{kind}.txt"
        total = sum("==" in line for line in pins.read_text().splitlines())
        _create(where, folder, progress)
        progress.run(
            f"Python packages ({kind})",
            [*pip_command(python_in(folder)), "--no-deps", "--requirement", pins],
            environ=pip_environ(where),
            folder=where.root,
            describe=_Packages(total).describe,
        )
        _compile(where, folder, progress)

    return publish_in_place(entry, f"Python environment ({kind})", progress, fill)


def pip_command(python: Path) -> list[str | Path]:
    """`pip install` for hashed wheels only, by the pip of `python`'s environment."""
    return [
        *(python, "-m", "pip", "install", "--progress-bar", "off", "--no-input"),
        *("--disable-pip-version-check", "--no-compile", "--require-hashes"),
        *("--only-binary", ":all:"),
    ]


def pip_environ(where: Places) -> dict[str, str]:
    """The process environment for pip: the user's index and proxy, not their other choices."""
    return {name: value for name, value in where.environ.items() if name not in _PIP_UNSET}


def _create(where: Places, folder: Path, progress: Progress) -> None:
    """An empty environment with the pinned pip, also where the system's Python lacks ensurepip."""
    base, python = base_python(), python_in(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    made, output = _try(where, base, "-m", "venv", "--without-pip", folder)
    if not made:
        raise _unsuitable(base, output)
    has_pip, output = _try(where, python, "-m", "ensurepip")
    command = pip_command(python)
    if not has_pip:  # Debian has it in a package apart: a pip outside can install into it as well
        has_pip, output = _try(where, base, "-m", "pip", "--version")
        command = [base, "-m", "pip", "--python", python, *command[3:]]
    if not has_pip:
        raise _unsuitable(base, output)
    progress.run(
        "pip",
        [*command, "--no-deps", "--requirement", where.root / "requirements" / "pip.txt"],
        environ=pip_environ(where),
        folder=where.root,
    )


def _try(where: Places, *command: str | Path) -> tuple[bool, str]:
    done = subprocess.run(
        [str(part) for part in command],
        env=pip_environ(where),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode == 0, done.stdout.strip()


def _unsuitable(base: Path, output: str) -> EngineError:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return EngineError(
        f"{base} cannot make an environment with pip: {output}\n"
        f"On Debian and Ubuntu: apt-get install python{version}-venv (or python3-venv). "
        "Or name another Python: make PYTHON=/path/to/python3 setup",
        PYTHON,
    )


def compile_program(root: Path) -> None:
    """Compiles what a preview imports of this clone, where it changed: two processes start each
    time, and where PYTHONDONTWRITEBYTECODE is set they would compile it anew."""
    for name in PROGRAM:
        # A clone that cannot be written to works too, a little slower.
        compileall.compile_dir(root / name, quiet=2)


def _compile(where: Places, folder: Path, progress: Progress) -> None:
    """Bytecode that stays valid whatever happens to the files' times (a cache that is copied)."""
    # A package may ship a file for another Python: that one stays without.
    with contextlib.suppress(EngineError):
        progress.run(
            "bytecode",
            [
                *(python_in(folder), "-m", "compileall", "-q", "-q", "-j", "0"),
                *("--invalidation-mode", "unchecked-hash", folder / "lib"),
            ],
            environ=pip_environ(where),
            folder=folder,
        )


class _Packages:
    """Reads what pip prints into how far it is."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._seen = 0

    def describe(self, line: str) -> str | None:
        if line.startswith("Collecting "):
            self._seen += 1
            return f"{self._seen} of {self._total} packages fetched"
        if line.startswith("Installing collected packages"):
            return "installing"
        return None
