"""What a provider needs to know of the process it runs in."""

import gc
import os
import socket
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

from services.errors import Unavailable

DEBUG = "ZOOM_CALENDAR_DEBUG"
# Set by `fleet adopt` for its previews, which ask what the program would create, to import that.
ADOPTING = "ZOOM_CALENDAR_ADOPTING"

_OBJECTS = 100_000  # new ones, until garbage is looked for


class _Engine:
    """The engine at the other end, known by the address it was given to this process."""

    address: tuple[str, int] | None = None


def _in_provider_process() -> bool:
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    return spec is not None and spec.name == "pulumi.dynamic.__main__"


def shorten_errors() -> None:
    """From now on what ends this process is told by its message alone.

    The engine prints the traceback of whatever a provider or the program raises; with a limit of 0
    nothing is left of it. Set ZOOM_CALENDAR_DEBUG=1 for whole tracebacks.
    """
    if not os.environ.get(DEBUG):
        sys.tracebacklimit = 0


def collect_rarely() -> None:
    """From now on garbage is looked for seldom, and not among what is there by now.

    Most of a preview is imports, which leave none: a tenth of its CPU time (docs/performance.md).
    """
    gc.freeze()
    gc.set_threshold(_OBJECTS)


_COMMANDS = {
    **dict.fromkeys(("destroy", "down", "dn"), True),
    **dict.fromkeys(("up", "update", "u", "upd", "preview", "pre", "refresh", "import"), False),
}


def is_destroying() -> bool:
    """Whether the program runs for `pulumi destroy`, as PULUMI_RUN_PROGRAM has it.

    The engine tells no program what it is run for, so the command line of the `pulumi` above is
    looked at. False where that cannot be read.
    """
    pid = os.getpid()
    for _ in range(6):  # the language host, and a launcher or two, are in between
        pid, command = _parent_of(pid)
        if pid <= 1:
            break
        if command and Path(command[0]).name.removesuffix(".exe") == "pulumi":
            return _is_destroy(command)
    return False


def _is_destroy(command: list[str]) -> bool:
    named = ("-C", "--cwd", "-s", "--stack")  # before the command: what follows is a name
    words = (word for before, word in pairwise(command) if before not in named)
    return next((_COMMANDS[word] for word in words if word in _COMMANDS), False)


def _parent_of(pid: int) -> tuple[int, list[str]]:
    """A process's parent and its command line; (0, []) where that cannot be told."""
    try:
        return _by_proc(pid) if Path("/proc/self").exists() else _by_ps(pid)
    except (OSError, ValueError, IndexError):
        return 0, []


def _by_proc(pid: int) -> tuple[int, list[str]]:
    # "pid (name) state parent …", and the name may hold anything.
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    parent = int(stat.rpartition(")")[2].split()[1])
    line = Path(f"/proc/{parent}/cmdline").read_text(encoding="utf-8", errors="replace")
    return parent, line.rstrip("\0").split("\0")


def _by_ps(pid: int) -> tuple[int, list[str]]:
    def field(name: str, of: int) -> str:
        command = ["ps", "-o", f"{name}=", "-p", str(of)]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout

    parent = int(field("ppid", pid))
    return parent, field("args", parent).split()


def enter_provider_process() -> None:
    """Called once a provider is configured: errors become one line, the engine is remembered."""
    if not _in_provider_process():
        return
    collect_rarely()
    shorten_errors()
    host, _, port = (sys.argv[1] if len(sys.argv) > 1 else "").rpartition(":")
    if port.isdigit() and _reachable((host or "127.0.0.1", int(port))):
        _Engine.address = (host or "127.0.0.1", int(port))


def refuse_without_engine() -> None:
    """Raises where the engine is gone (kill -9): what an orphan writes, no state would know of."""
    if _Engine.address is not None and not _reachable(_Engine.address):
        raise Unavailable(
            "the Pulumi engine ended; nothing more is written. Run `pulumi cancel`, then "
            "`pulumi up`"
        )


def _reachable(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address, timeout=2).close()
    except OSError:
        return False
    return True
