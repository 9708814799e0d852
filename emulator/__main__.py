"""`python -m emulator`: print the environment a client needs, then serve until told to stop."""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import sys
import tempfile
import threading
from pathlib import Path

from .emulator import DEFAULT_TENANT, Emulator
from .seed_entra import VARIANTS


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with Emulator(options.tenant, seed=options.seed, state_file=options.state) as emulator:
        lines = [f"export {k}={shlex.quote(v)}" for k, v in emulator.exports().items()]
        if options.env_file is not None:
            _write_private(options.env_file, "\n".join([*lines, ""]))
        print(*lines, "# serving on loopback until interrupted", sep="\n", flush=True)
        stop.wait()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m emulator", description=__doc__)
    parser.add_argument("--state", type=Path, metavar="FILE", help="keep the state in this file")
    parser.add_argument(
        "--env-file", type=Path, metavar="FILE", help="write the exports here too, mode 0600"
    )
    parser.add_argument(
        "--seed", default="contoso", choices=list(VARIANTS), help="the state to start from"
    )
    parser.add_argument("--tenant", default=DEFAULT_TENANT, metavar="ID", help="the tenant's id")
    return parser


def _write_private(path: Path, text: str) -> None:
    """Write a file that holds credentials: its owner's only, and whole as soon as it is there."""
    handle, name = tempfile.mkstemp(dir=path.absolute().parent)
    with os.fdopen(handle, "w") as file:
        file.write(text)
    Path(name).replace(path)


if __name__ == "__main__":
    sys.exit(main())
