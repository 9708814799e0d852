"""A usable Pulumi engine and azuread plugin: found, downloaded or built, and where they are.

In this order, each only where the one before is not to be had: what the user has on PATH or in
their PULUMI_HOME; what was downloaded or built before; the official release; a build from Go
modules. Nothing that is there already asks the network.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engine import download, golang, python_env
from engine.entries import lock, publish
from engine.errors import EngineError
from engine.golang import Piece
from engine.places import Places, key_of
from engine.progress import Progress

Source = Literal["path", "release", "built"]

# What Pulumi.yaml asks for (requiredPulumiVersion).
LOWEST, BELOW = (3, 254, 0), (4, 0, 0)
INSTALL_SECONDS = 600.0

SDK = "github.com/pulumi/pulumi/sdk/v3"
CLI = Piece(
    name="pulumi",
    folder="pulumi",
    package="github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    version_module="github.com/pulumi/pulumi/pkg/v3",
    version_variable=f"{SDK}/go/common/version.Version",
    packages=1686,
)
HOST = Piece(
    name="pulumi-language-python",
    folder="language-python",
    package=f"{SDK}/python/cmd/pulumi-language-python",
    version_module=SDK,
    version_variable=f"{SDK}/go/common/version.Version",
    packages=534,
)
PLUGIN = Piece(
    name="pulumi-resource-azuread",
    folder="azuread",
    package=".",
    version_module="github.com/pulumi/pulumi-terraform-bridge/v3",
    version_variable="main.version",
    packages=1056,
)
ACTIONLINT = Piece(
    name="actionlint",
    folder="actionlint",
    package="github.com/rhysd/actionlint/cmd/actionlint",
    version_module="github.com/rhysd/actionlint",
    version_variable="github.com/rhysd/actionlint.version",
    tags="",
    packages=160,
)

# The scripts that a release has beside the language host, in the SDK's module of the CLI's version.
SCRIPTS = (
    "python/cmd/pulumi-language-python-exec",
    "python/dist/pulumi-resource-pulumi-python",
)
MARKER = ".built-by-zoom-calendar"


@dataclass(frozen=True)
class Engine:
    """The CLI with its language host: `folder` has both, `source` says how they came there."""

    folder: Path
    version: str
    source: Source


@dataclass(frozen=True)
class Plugin:
    """The azuread plugin: `home` is the PULUMI_HOME that has it."""

    home: Path
    version: str
    built: bool


def ensure_engine(where: Places, progress: Progress) -> Engine:
    """The engine to use, made available now if it is not."""
    found, why_not = engine_on_path(where)
    if found is not None:
        return found
    version = CLI.version(where)
    released = download.entry_of(where, version)
    if released.is_dir():
        return Engine(released, version, "release")
    built = _engine_entry(where)
    if built.is_dir():
        return Engine(built, version, "built")
    if why_not:
        progress.say(why_not)
    checksum = download.published_checksum(version)
    if checksum is not None:
        try:
            folder = download.release(where, version, checksum, progress)
        except OSError as error:
            progress.say(f"pulumi {version}: the download failed ({error}); building it instead")
        else:
            return Engine(folder, version, "release")
    else:
        progress.say(f"pulumi {version}: Pulumi's download site cannot be reached; building it")
    return Engine(_build_engine(where, progress), version, "built")


def engine_on_path(where: Places) -> tuple[Engine | None, str]:
    """The user's own engine, or None and why theirs is not used ("" where they have none).

    It is used if it is of a sufficient version and has its Python language host.
    """
    cli = shutil.which("pulumi", path=where.search_path)
    if cli is None:
        return None, ""
    version = _version_of(cli, where)
    if not sufficient(version):
        wanted = ".".join(map(str, LOWEST))
        return None, f"{cli} is {version or 'of no known version'}, not {wanted} or newer: not used"
    folder = Path(cli).resolve().parent
    if shutil.which(HOST.name, path=os.pathsep.join([str(folder), where.search_path])) is None:
        return None, f"{cli} has no {HOST.name} beside it or on PATH: not used"
    return Engine(Path(cli).parent, version, "path"), ""


def sufficient(version: str) -> bool:
    """Whether an engine of this version (`v3.259.0`, `3.260.0-alpha.1`) can run this project."""
    found = re.match(r"v?(\d+)\.(\d+)\.(\d+)", version)
    if found is None:
        return False
    return LOWEST <= (int(found[1]), int(found[2]), int(found[3])) < BELOW


def azuread_version(where: Places) -> str:
    """The plugin's version: the pinned Python package's."""
    pins = (where.root / "requirements" / "runtime.txt").read_text()
    found = re.search(r"^pulumi-azuread==([\w.]+)", pins, re.MULTILINE)
    if found is None:
        raise EngineError("requirements/runtime.txt pins no pulumi-azuread; run: make pins")
    return found[1]


def ensure_plugin(where: Places, engine: Engine, progress: Progress) -> Plugin:
    """The azuread plugin to use, made available now if it is not."""
    version = azuread_version(where)
    homes = _homes(where, engine)
    for home in homes:
        found = _plugin_in(where, home, version)
        if found is not None:
            return found
    entry = golang.entry_of(PLUGIN, where, version)
    if not entry.is_dir() and download.plugin_reachable("azuread", version):
        try:
            _install_plugin(where, engine, homes[0], version, progress)
        except EngineError as error:
            progress.say(f"{error}\nazuread {version}: building it instead")
        else:
            return Plugin(homes[0], version, built=False)
    python = python_env.python_in(python_env.ensure(where, "runtime", progress))
    entry = golang.build(PLUGIN, where, progress, python, version)
    return place_plugin(where, homes[-1], entry, version, progress)


def place_plugin(
    where: Places, home: Path, entry: Path, version: str, progress: Progress
) -> Plugin:
    """Put the built plugin of the cache entry `entry` into the PULUMI_HOME `home`."""
    target = _plugin_folder(home, version)
    with lock(target.with_name(f".{target.name}"), f"azuread {version}", progress):
        found = _plugin_in(where, home, version)
        if found is None:
            target.parent.mkdir(parents=True, exist_ok=True)
            folder = Path(tempfile.mkdtemp(prefix=".placing-", dir=target.parent))
            folder.chmod(0o755)
            link_or_copy(entry / PLUGIN.name, folder / PLUGIN.name)
            (folder / MARKER).write_text(f"{entry.name}\n")
            if target.exists():
                shutil.rmtree(target)
            folder.rename(target)
            _partial(target).unlink(missing_ok=True)
    return Plugin(home, version, built=True)


def ensure_actionlint(where: Places, progress: Progress) -> Path:
    """The folder that has actionlint."""
    python = python_env.python_in(python_env.ensure(where, "dev", progress))
    return golang.build(ACTIONLINT, where, progress, python)


def logged_in(where: Places, home: Path) -> bool:
    """Whether the user logged in to a backend of theirs with this PULUMI_HOME."""
    try:
        current = json.loads((home / "credentials.json").read_text()).get("current")
    except (OSError, ValueError, AttributeError):
        return False
    return bool(current) and current != where.state_url


def link_or_copy(source: Path, target: Path) -> None:
    """`source` at `target` too, taking no room where both are on one file system."""
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.copy2(source, target)


def _version_of(cli: str, where: Places) -> str:
    environ = {**where.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        done = subprocess.run(
            [cli, "version"],
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip().removeprefix("v") if done.returncode == 0 else ""


def _engine_entry(where: Places) -> Path:
    pieces = [golang.entry_of(piece, where, piece.version(where)).name for piece in (CLI, HOST)]
    return where.cache / "engine" / f"engine-{key_of(*pieces, *SCRIPTS)}"


def _build_engine(where: Places, progress: Progress) -> Path:
    """The CLI, the language host and its scripts in one folder, as a release has them."""
    python = python_env.python_in(python_env.ensure(where, "runtime", progress))
    entries = [golang.build(piece, where, progress, python) for piece in (CLI, HOST)]

    def fill(folder: Path) -> None:
        for piece, entry in zip((CLI, HOST), entries, strict=True):
            link_or_copy(entry / piece.name, folder / piece.name)
        go = golang.find_go(where, progress, python, golang.minimum(CLI.module(where)))
        sdk = golang.module_folder(CLI, where, go, SDK)
        for script in SCRIPTS:
            target = folder / Path(script).name
            target.write_bytes((sdk / script).read_bytes())
            target.chmod(0o755)

    return publish(_engine_entry(where), "engine", progress, fill)


def _homes(where: Places, engine: Engine) -> list[Path]:
    """The PULUMI_HOMEs to look in: first where a release's plugin belongs, last where ours does."""
    chosen = where.environ.get("PULUMI_HOME", "")
    if chosen and Path(chosen) != where.pulumi_home:
        return [Path(chosen)]
    default = where.user_home / ".pulumi"
    if logged_in(where, default):
        return [default]
    return [where.pulumi_home] if engine.source == "built" else [default, where.pulumi_home]


def _plugin_folder(home: Path, version: str) -> Path:
    return home / "plugins" / f"resource-azuread-v{version}"


def _partial(folder: Path) -> Path:
    """What `pulumi plugin install` leaves beside a plugin's folder until the plugin is whole."""
    return Path(f"{folder}.partial")


def _plugin_in(where: Places, home: Path, version: str) -> Plugin | None:
    """The plugin that `home` has: an official one, or one built here from what is committed now."""
    folder = _plugin_folder(home, version)
    if not os.access(folder / PLUGIN.name, os.X_OK) or _partial(folder).exists():
        return None
    try:
        built_from = (folder / MARKER).read_text().strip()
    except FileNotFoundError:
        return Plugin(home, version, built=False)
    current = built_from == golang.entry_of(PLUGIN, where, version).name
    return Plugin(home, version, built=True) if current else None


def _install_plugin(
    where: Places, engine: Engine, home: Path, version: str, progress: Progress
) -> None:
    progress.run(
        f"azuread {version} (download)",
        [engine.folder / CLI.name, "plugin", "install", "resource", "azuread", version],
        environ={**where.environ, "PULUMI_HOME": str(home), "PULUMI_SKIP_UPDATE_CHECK": "true"},
        folder=where.root,
        timeout=INSTALL_SECONDS,
    )
    if _plugin_in(where, home, version) is None:
        raise EngineError(f"pulumi plugin install left no plugin in {home}")
