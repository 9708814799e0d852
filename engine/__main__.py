"""python -m engine: setup | env | which | run. See engine/errors.py for the exit codes."""

from __future__ import annotations

import argparse
import errno
import os
import shutil
import signal
import sys
import time

from engine import python_env
from engine.errors import BUILD, DISK, EngineError
from engine.install import ensure_actionlint, ensure_engine, ensure_plugin
from engine.places import Places, places
from engine.progress import Progress
from engine.variables import exports, variables


def main(arguments: list[str]) -> int:
    """Carry out one command; the exit code."""
    options = _parser().parse_args(arguments)
    where, progress = places(), Progress()
    portal = options.portal or (options.browser and _browser_on(where.search_path))
    kind = "dev" if options.dev else python_env.kind_for_runs(where, portal=portal)
    started = time.monotonic()
    try:
        match options.command:
            case "setup":
                variables(where, kind, progress, backend=False)
                progress.say(f"ready in {time.monotonic() - started:.1f} s")
            case "env":
                sys.stdout.write(exports(variables(where, kind, progress)))
            case "which":
                _which(where, kind, progress)
            case "run":
                _run(where, kind, progress, options)
    except EngineError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.code
    except OSError as error:
        sys.stderr.write(f"error: {error}\n")
        return DISK if error.errno in {errno.ENOSPC, errno.EDQUOT} else BUILD
    except KeyboardInterrupt:
        sys.stderr.write("\ninterrupted; what is done is kept, run it again to go on\n")
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m engine", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (
        ("setup", "make the engine and the Python environment ready"),
        ("env", "the same, and print what a shell evaluates to use them"),
        ("which", "say where each piece is and how it came there"),
        ("run", "run a command with them"),
    ):
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("--dev", action="store_true", help="with what tests and lint need")
        command.add_argument("--portal", action="store_true", help="with what drives a browser")
        command.add_argument(
            "--browser", action="store_true", help="the same, if a browser is here"
        )
        if name == "run":
            command.add_argument("--no-engine", action="store_true", help="Python only")
            command.add_argument("--lint", action="store_true", help="Python and actionlint only")
            command.add_argument("argv", nargs="+", metavar="COMMAND")
    return parser


def _browser_on(path: str) -> bool:
    """Whether a Chromium is there that services/zoom/browser.py would find."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return any(shutil.which(name, path=path) for name in names)


def _which(where: Places, kind: str, progress: Progress) -> None:
    python = python_env.ensure(where, kind, progress)
    engine = ensure_engine(where, progress)
    plugin = ensure_plugin(where, engine, progress)
    how = "built here" if plugin.built else "Pulumi's"
    for line in (
        f"python   {python_env.python_in(python)}",
        f"pulumi   {engine.folder / 'pulumi'} {engine.version} ({engine.source})",
        f"azuread  {plugin.home / 'plugins'} {plugin.version} ({how})",
        f"cache    {where.cache} (can be deleted)",
        f"data     {where.data} (the stacks of the file backend and their passphrase: keep)",
    ):
        sys.stdout.write(f"{line}\n")


def _run(where: Places, kind: str, progress: Progress, options: argparse.Namespace) -> None:
    if options.lint or options.no_engine:
        python = python_env.ensure(where, "dev" if options.lint else kind, progress)
        folders = [str(python / "bin"), where.search_path]
        if options.lint:
            folders.insert(0, str(ensure_actionlint(where, progress)))
        values = {"PATH": os.pathsep.join(folders)}
    else:
        values = variables(where, kind, progress, backend=False)
    environ = {**where.environ, **values}
    # A job that a script starts with `&` ignores SIGINT, and Pulumi then waits seconds at its end.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    sys.stdout.flush()
    os.execvpe(options.argv[0], options.argv, environ)  # noqa: S606 - the caller's own command


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
