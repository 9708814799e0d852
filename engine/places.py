"""Where things are kept: this clone, the per-user cache (can be deleted) and data (cannot)."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).resolve().parent.parent
NAME = "zoom-calendar"


@dataclass(frozen=True)
class Places:
    """The folders and the process environment that every decision is made from."""

    environ: Mapping[str, str]
    root: Path
    cache: Path
    data: Path
    user_home: Path

    @property
    def pulumi_home(self) -> Path:
        """Our own PULUMI_HOME, used where engine or plugin are built here."""
        return self.data / "pulumi"

    @property
    def state(self) -> Path:
        """The file backend for a user who is logged in nowhere."""
        return self.data / "state"

    @property
    def state_url(self) -> str:
        """`state` as a PULUMI_BACKEND_URL."""
        return f"file://{quote(str(self.state))}"

    @property
    def passphrase_file(self) -> Path:
        """The passphrase of the stacks in `state`."""
        return self.data / "passphrase"

    @property
    def search_path(self) -> str:
        """PATH without the folders that an earlier `make env` put there."""
        entries = self.environ.get("PATH", os.defpath).split(os.pathsep)
        cache = f"{self.cache}{os.sep}"
        return os.pathsep.join(entry for entry in entries if not entry.startswith(cache))


def places(environ: Mapping[str, str] | None = None, root: Path = ROOT) -> Places:
    """The folders that `environ` (the process's own, unless given) asks for."""
    environ = os.environ if environ is None else environ
    home = Path(environ["HOME"]) if environ.get("HOME") else Path.home()
    return Places(
        environ=environ,
        root=root,
        cache=_base(environ, "XDG_CACHE_HOME", home / ".cache") / NAME,
        data=_base(environ, "XDG_DATA_HOME", home / ".local" / "share") / NAME,
        user_home=home,
    )


def key_of(*parts: str | bytes) -> str:
    """A short name for a cache entry that changes with any of its inputs."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(b"%d:%b" % (len(data), data))
    return digest.hexdigest()[:16]


def machine() -> tuple[str, str]:
    """The system and the architecture as Go names them: ("linux", "amd64")."""
    name = os.uname()
    arch = {"x86_64": "amd64", "aarch64": "arm64"}.get(name.machine, name.machine)
    return name.sysname.lower(), arch


def _base(environ: Mapping[str, str], name: str, default: Path) -> Path:
    value = environ.get(name, "")
    return Path(value) if value.startswith("/") else default
