"""What a provider needs to know of the process it runs in."""

import gc
import os
import socket
import sys

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
