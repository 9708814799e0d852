"""A Chromium, driven by Playwright: where it is, how it starts, how it ends.

Playwright is an optional extra (`make setup PORTAL=1`) and is imported only here, when a browser
is needed. Its objects belong to the thread that made them; services/zoom/portal_worker.py has one.
"""

import contextlib
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from services.errors import SignedOut

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Playwright

HOW_TO_GET_IT = (
    "Zoom's portal needs Playwright and Chromium: run `make setup PORTAL=1`, and where there is no "
    "Chromium `python -m playwright install chromium` or `apt-get install chromium`"
)
START_TIMEOUT = 30.0  # seconds
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_OPTIONS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


_WINDOW: Any = {"no_viewport": True}


def installed() -> bool:
    """Whether Playwright is there and a Chromium on PATH or of Playwright's own; starts nothing."""
    try:
        import playwright  # noqa: F401
    except ImportError:
        return False
    return _on_path() is not None or _has_own()


def _on_path() -> str | None:
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


def _has_own() -> bool:
    folder = os.environ.get("PLAYWRIGHT_BROWSERS_PATH", "")
    places = [Path(folder)] if folder else []
    places += [Path.home() / ".cache/ms-playwright", Path.home() / "Library/Caches/ms-playwright"]
    return any(any(place.glob("chromium*")) for place in places if place.is_dir())


def has_display() -> bool:
    """Whether a window can be shown."""
    return (
        os.name != "posix"
        or os.uname().sysname == "Darwin"
        or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
    )


@contextlib.contextmanager
def signed_in_context(
    portal_url: str, state: Any = None, *, headless: bool = True
) -> "Iterator[BrowserContext]":
    """A browser with one context that holds `state`; closed at the end, whatever happens.

    Raises SignedOut where Playwright or Chromium is missing or does not start.
    """
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        raise SignedOut(HOW_TO_GET_IT, sent=False) from None
    # What else the file has is ours, and none of Playwright's business.
    stored: Any = state and {key: state[key] for key in ("cookies", "origins")}
    with contextlib.ExitStack() as stack:
        try:
            playwright = stack.enter_context(sync_playwright())
            browser = _launch(playwright, headless)
            stack.callback(browser.close)
            context = browser.new_context(
                storage_state=stored,
                locale="en-US",  # the labels are looked for in English
                # A person's window is as large as they make it, and so is the page in it.
                **({"viewport": {"width": 1280, "height": 1600}} if headless else _WINDOW),
                # The emulated Microsoft has a certificate of its own; nothing else is on loopback.
                ignore_https_errors=urlsplit(portal_url).hostname in ("127.0.0.1", "localhost"),
            )
        except Error as error:
            why = _reason(str(error))
            raise SignedOut(f"no browser could be started{why}", sent=False) from None
        yield context


def _reason(error: str) -> str:
    """Playwright's first line, what Chromium itself said last where it gave up, and the remedy."""
    if "Missing X server" in error:
        return f": the display {os.environ.get('DISPLAY', '')} cannot be opened"
    fatal = re.findall(r"FATAL:[^\]]*\]\s*(.+)", error)
    return f" ({'; '.join([error.strip().splitlines()[0], *fatal[-1:]])}). {HOW_TO_GET_IT}"


def _launch(playwright: "Playwright", headless: bool) -> "Browser":
    """Playwright's own Chromium where it was downloaded, else the one on PATH."""
    own = Path(playwright.chromium.executable_path)
    path = None if own.exists() else _on_path()
    arguments = list(_OPTIONS)
    if path is not None and headless:
        arguments.append("--headless=new")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        arguments.append("--no-sandbox")  # Chromium refuses to run as root with one
    return playwright.chromium.launch(
        executable_path=path,
        headless=headless,
        args=arguments,
        timeout=START_TIMEOUT * 1000,
        # The provider's process ends by signals; Playwright's own handlers would swallow them.
        handle_sigint=False,
        handle_sigterm=False,
        handle_sighup=False,
    )
