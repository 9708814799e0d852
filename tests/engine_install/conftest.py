"""A clone of its own with small go.mods, a user of its own, and fakes of `go` and `pulumi`."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.install import ACTIONLINT, CLI, HOST, PLUGIN
from engine.places import Places, places
from engine.progress import Progress

FAKE_GO = r"""#!/bin/sh
echo "$*" >> "$HOME/go-calls"
case "$1" in
version) echo "go version go$FAKE_GO_VERSION linux/amd64" ;;
env) echo "$HOME/gocache"; echo "$HOME/gomodcache" ;;
list) echo "$HOME/sdk" ;;
build)
    [ -z "${FAKE_GO_FAILS:-}" ] || { echo "$FAKE_GO_FAILS" >&2; exit 1; }
    while [ "$1" != -o ]; do shift; done
    printf '#!/bin/sh\necho built\n' > "$2"; chmod +x "$2" ;;
esac
"""


class User:
    """A home folder, a PATH and a clone; `where()` is what a start sees there."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.bin = folder / "bin"
        self.clone = folder / "clone"
        self.environ = {
            "HOME": str(self.home),
            "PATH": f"{self.bin}{os.pathsep}/usr/bin{os.pathsep}/bin",
            "FAKE_GO_VERSION": "1.26.3",
        }
        self.home.mkdir()
        self.bin.mkdir()
        for piece in (CLI, HOST, PLUGIN, ACTIONLINT):
            module = self.clone / "engine" / piece.folder
            module.mkdir(parents=True)
            (module / "go.mod").write_text(
                f"module x\n\ngo 1.25.3\n\nrequire {piece.version_module} v3.259.0\n"
            )
            (module / "go.sum").write_text("sums\n")
        (self.clone / "engine" / PLUGIN.folder / "main.go").write_text("package main\n")
        pins = self.clone / "requirements"
        pins.mkdir()
        for name in ("pip", "go", "runtime", "portal", "dev"):
            (pins / f"{name}.txt").write_text("pulumi-azuread==6.11.1 \\\n    --hash=sha256:00\n")
        for script in ("cmd/pulumi-language-python-exec", "dist/pulumi-resource-pulumi-python"):
            path = self.home / "sdk" / "python" / script
            path.parent.mkdir(parents=True)
            path.write_text("#!/bin/sh\n")

    def where(self, **environ: str) -> Places:
        """What a start with these additional variables works from."""
        return places({**self.environ, **environ}, self.clone)

    def program(self, name: str, text: str, folder: Path | None = None) -> Path:
        """Put an executable of this text on the user's PATH (or into `folder`)."""
        path = (folder or self.bin) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
        return path

    def pulumi(self, version: str, folder: Path | None = None, *, host: bool = True) -> None:
        """Put a `pulumi` of this version on PATH, with its language host unless told otherwise."""
        self.program("pulumi", f"#!/bin/sh\necho {version}\n", folder)
        if host:
            self.program(HOST.name, "#!/bin/sh\n", folder)

    def go_calls(self) -> list[str]:
        """The arguments of every call of the fake `go`."""
        calls = self.home / "go-calls"
        return calls.read_text().splitlines() if calls.exists() else []


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> User:
    """A user with a fake `go`, whose Python environments count as made, and no network."""
    user = User(tmp_path)
    user.program("go", FAKE_GO)
    monkeypatch.setattr("engine.python_env.ensure", lambda where, kind, _: where.cache / kind)
    monkeypatch.setattr("engine.download.published_checksum", lambda version: None)
    monkeypatch.setattr("engine.download.plugin_reachable", lambda name, version: False)
    return user


class Told(Progress):
    """What a person was told."""

    def __init__(self) -> None:
        self.stream = io.StringIO()
        super().__init__(self.stream)

    @property
    def text(self) -> str:
        return self.stream.getvalue()


@pytest.fixture
def told() -> Told:
    """A Progress whose `text` can be looked at."""
    return Told()


@pytest.fixture
def mode() -> Callable[[Path], int]:
    """The permission bits of a path."""
    return lambda path: path.stat().st_mode & 0o777
