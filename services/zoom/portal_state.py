"""Who is signed in to Zoom's portal: the file with the browser's state, and the locks beside it.

The file is as good as a password: mode 0600, outside any repository, never printed.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from services.errors import SignedOut
from services.redact import remember_secret
from services.settings import Settings

PORTAL_URL = "https://zoom.us"
# Beside the browser's own keys in the file: the portal's pages do not say whose they are.
MARK = "zoomCalendar"
LOCK_WAIT = 120.0  # seconds to wait for another run's browser on the same account


class _Cookie(msgspec.Struct):
    """What a browser asks of one; it may have more."""

    name: str
    value: str
    domain: str
    path: str
    expires: float
    httpOnly: bool  # noqa: N815 - the browser's name
    secure: bool
    sameSite: Literal["Strict", "Lax", "None"]  # noqa: N815


class _Whose(msgspec.Struct):
    """Whom a person signed in for. account: a digest of ZOOM_ACCOUNT_ID, '' where that is unset."""

    tenant: str
    account: str = ""

    def is_other_than(self, mine: "_Whose") -> bool:
        """The account decides where both name one: a stack may have got another name."""
        if self.account and mine.account:
            return self.account != mine.account
        return self.tenant != mine.tenant


class _State(msgspec.Struct, rename={"signed_in_for": MARK}):
    cookies: list[_Cookie]
    origins: list[dict[str, Any]]
    signed_in_for: _Whose | None = None  # a state from elsewhere does not say


class OthersState(SignedOut):
    """The state is of another tenant's portal."""


def data_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of this user's portal files; made when something is put there."""
    base = environ.get("XDG_DATA_HOME", "")
    home = Path(base) if base.startswith("/") else Path.home() / ".local" / "share"
    return home / "zoom-calendar" / "portal"


def state_file(settings: Settings, tenant: str) -> Path:
    """Where the tenant's signed-in state is: ZOOM_PORTAL_STATE, else this user's data folder."""
    named = settings.get("ZOOM_PORTAL_STATE")
    return Path(named).expanduser() if named else data_folder() / f"{tenant}.json"


def portal_url(settings: Settings) -> str:
    """The portal's address, without a slash at its end."""
    return (settings.get("ZOOM_PORTAL_URL") or PORTAL_URL).rstrip("/")


def sign_in_anew(tenant: str) -> str:
    """What to do where nobody is signed in any more."""
    return f"run `python -m fleet portal login {tenant}`"


def whose(settings: Settings, tenant: str) -> dict[str, Any]:
    """What a state says of whom it is for, to be saved with it."""
    return {MARK: msgspec.to_builtins(_whose(settings, tenant))}


def _whose(settings: Settings, tenant: str) -> _Whose:
    account = settings.get("ZOOM_ACCOUNT_ID") or ""
    return _Whose(tenant, account and hashlib.sha256(account.encode()).hexdigest()[:12])


def load_state(file: Path, settings: Settings, tenant: str) -> dict[str, Any]:
    """The state in `file`, whose cookies no text shows from now on.

    Raises SignedOut, and OthersState where somebody signed in for another tenant's account.
    """
    try:
        if file.stat().st_mode & 0o077:
            raise SignedOut(f"{file} can be read by others: chmod 600 {file}", sent=False)
        state = json.loads(file.read_text(encoding="utf-8"))
        known = msgspec.convert(state, _State)
    except FileNotFoundError:
        raise SignedOut(
            f"nobody is signed in to Zoom's portal ({file} is not there): {sign_in_anew(tenant)}",
            sent=False,
        ) from None
    except OSError as error:
        raise SignedOut(f"{file}: {error.strerror}", sent=False) from None
    except ValueError:  # of JSON, of its text, and msgspec's
        raise SignedOut(
            f"{file} is no browser's state: {sign_in_anew(tenant)}", sent=False
        ) from None
    for cookie in known.cookies:
        if len(cookie.value) >= 12:  # shorter ones are flags and languages, which texts may hold
            remember_secret(cookie.value)
    theirs = known.signed_in_for
    if theirs is not None and theirs.is_other_than(_whose(settings, tenant)):
        raise OthersState(
            f"{file} is signed in for tenant {theirs.tenant}, and this is {tenant}: nothing was "
            "read. Name another file in ZOOM_PORTAL_STATE, check ZOOM_ACCOUNT_ID, or delete the "
            f"file and {sign_in_anew(tenant)}",
            sent=False,
        )
    return dict(state)


def save_state(file: Path, state: Mapping[str, Any]) -> None:
    """Writes the state whole or not at all, for its owner only.

    Raises SignedOut where `file` is in a repository or cannot be written.
    """
    target = file.absolute()
    if any((folder / ".git").exists() for folder in target.parents):
        raise SignedOut(f"{file} is in a git repository: keep the state elsewhere", sent=False)
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent)  # of mode 0600
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            json.dump(state, stream)
        Path(name).replace(target)
    except OSError as error:
        raise SignedOut(f"{file}: {error.strerror}", sent=False) from None


@contextlib.contextmanager
def alone(settings: Settings, file: Path, wait: float | None = None) -> Iterator[None]:
    """Holds the account's lock: never two browsers on one account, across processes.

    The account is known by its id where ZOOM_ACCOUNT_ID says it, and by its state file. Raises
    SignedOut after `wait` seconds. A process that dies lets go of its locks.
    """
    account = settings.get("ZOOM_ACCOUNT_ID")
    names = {f"{portal_url(settings)} {key}" for key in (account, str(file.absolute())) if key}
    with contextlib.ExitStack() as held:
        for name in sorted(names):
            digest = hashlib.sha256(name.encode()).hexdigest()[:16]
            held.enter_context(_lock(data_folder() / f"{digest}.lock", wait))
        yield


@contextlib.contextmanager
def _lock(file: Path, wait: float | None) -> Iterator[None]:
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise SignedOut(f"{file}: {error.strerror}", sent=False) from None
    try:
        deadline = time.monotonic() + (LOCK_WAIT if wait is None else wait)
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise SignedOut(
                        "another run has a browser on this Zoom account: wait for its end, then "
                        "run again",
                        sent=False,
                    ) from None
                time.sleep(0.1)
        yield
    finally:
        os.close(descriptor)
