"""The environment variables with which `pulumi` works at once, and what a shell reads them from."""

from __future__ import annotations

import os
import secrets
import shlex
import tempfile
from collections.abc import Mapping
from pathlib import Path

from engine import python_env
from engine.install import Engine, Plugin, ensure_engine, ensure_plugin, logged_in
from engine.places import Places
from engine.progress import Progress


def variables(
    where: Places, kind: str, progress: Progress, *, backend: bool = True
) -> dict[str, str]:
    """What to set for `pulumi` and `python`; installs what is missing.

    `kind` names the Python environment (engine/python_env.py). `backend` adds the per-user file
    backend and its passphrase for a user who has none: leave it out where a run brings its own.
    """
    python = python_env.ensure(where, kind, progress)
    python_env.compile_program(where.root)
    engine = ensure_engine(where, progress)
    plugin = ensure_plugin(where, engine, progress)
    values = {
        "PATH": _path(where, engine, python),
        "VIRTUAL_ENV": str(python),
        "PULUMI_PYTHON_CMD": str(python_env.python_in(python)),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        # The program runs before the refresh reads: a file with a mistake is refused before
        # anything is read, new credentials count at once, and one provider process serves both.
        "PULUMI_RUN_PROGRAM": "true",
    }
    if engine.source == "built" or plugin.built:
        values["PULUMI_HOME"] = str(plugin.home)
        values["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] = "true"
    if backend:
        values |= _backend(where, plugin)
    return values


def exports(values: Mapping[str, str]) -> str:
    """`values` as lines that a POSIX shell evaluates."""
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in values.items())


def passphrase_file(where: Places) -> Path:
    """The file with the per-user backend's passphrase, made once, for its user's eyes only."""
    target = where.passphrase_file
    if not target.is_file():
        _private(target.parent)
        descriptor, name = tempfile.mkstemp(dir=target.parent)  # of mode 0600
        with os.fdopen(descriptor, "w") as file:
            file.write(f"{secrets.token_urlsafe(32)}\n")
        try:
            target.hardlink_to(name)
        except FileExistsError:
            pass  # another process was first: its passphrase is the one
        finally:
            Path(name).unlink()
    return target


def _path(where: Places, engine: Engine, python: Path) -> str:
    folders = [str(python / "bin"), where.search_path]
    if engine.source != "path":
        folders.insert(0, str(engine.folder))
    return os.pathsep.join(folders)


def _backend(where: Places, plugin: Plugin) -> dict[str, str]:
    """The file backend, unless the user has a backend; the passphrase, unless they have one."""
    given = where.environ.get("PULUMI_BACKEND_URL", "")
    has_one = given or where.environ.get("PULUMI_ACCESS_TOKEN") or logged_in(where, plugin.home)
    if has_one and given != where.state_url:
        return {}
    _private(where.state)
    values = {"PULUMI_BACKEND_URL": where.state_url}
    named = where.environ.get("PULUMI_CONFIG_PASSPHRASE_FILE", "")
    theirs = named not in {"", str(where.passphrase_file)}
    if not theirs and "PULUMI_CONFIG_PASSPHRASE" not in where.environ:
        values["PULUMI_CONFIG_PASSPHRASE_FILE"] = str(passphrase_file(where))
    return values


def _private(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
