"""Zoom's web portal as a service: reads and sets the settings that are in no API.

Reads are three-valued: on, off, or a reason why that is not known. A write looks at all it is to
change before the first click, and believes only what the page shows after a reload.
"""

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from services.errors import Refused, ServiceError, SignedOut, Unavailable, WriteHadNoEffect
from services.settings import Settings
from services.zoom import portal_evidence
from services.zoom.browser import HOW_TO_GET_IT, installed, signed_in_context
from services.zoom.portal_page import Control, Found, SettingsPage, Stopped
from services.zoom.portal_state import (
    alone,
    data_folder,
    load_state,
    portal_url,
    save_state,
    state_file,
)
from services.zoom.portal_worker import Worker

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

PATIENCE = 20.0  # seconds that any one wait may take; ZOOM_PORTAL_TIMEOUT says another number
PARENT = "calendar_and_contacts_integration"  # the others may be greyed out while it is off

SHARED_FOR = 5.0  # seconds that one look at the page serves other purposes

R = TypeVar("R")


@dataclass
class Reading:
    """What the page showed: values by setting, and for the others the reason why not."""

    values: dict[str, bool] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)


@dataclass
class _Look:
    """A look at the page: what it showed, until when that counts, and whom it has served."""

    reading: Reading
    names: frozenset[str]
    until: float
    served: set[str] = field(default_factory=set)


class Portal:
    """One account's portal, signed in with the state file of `tenant`. Thread-safe."""

    def __init__(self, settings: Settings, tenant: str) -> None:
        self._settings, self._tenant = settings, tenant
        self._file = state_file(settings, tenant)
        self._url = portal_url(settings)
        self._evidence = data_folder() / "refusals"
        self._worker = Worker(self._open)
        self._last: _Look | None = None  # only ever used in the browser's thread

    def read(self, names: list[str], purpose: str = "") -> Reading:
        """The settings' values now; changes nothing.

        One look at the page serves several purposes within a few seconds, each once, and none
        across a write. Raises Unreadable (SignedOut, Forbidden, Unavailable) where not one can be
        read.
        """
        return self._run(lambda page: self._shared(page, names, purpose), sent=False)

    def write(self, values: Mapping[str, bool]) -> None:
        """Sets the settings in the given order, reloads, and compares.

        Raises Refused, with nothing clicked where that could be seen before, and WriteHadNoEffect.
        """
        self._run(lambda page: self._write(page, values), sent=True)

    def refuse_unusable(self) -> None:
        """Raises SignedOut where there is no browser or no state; starts no browser."""
        if not installed():
            raise SignedOut(HOW_TO_GET_IT, sent=False)
        load_state(self._file, self._settings, self._tenant)

    def close(self) -> None:
        """Closes the browser, if one is open."""
        self._worker.close()

    # ---- in the browser's thread -----------------------------------------------------------

    @contextlib.contextmanager
    def _open(self) -> Iterator[SettingsPage]:
        self.refuse_unusable()  # before a lock is waited for
        with alone(self._settings, self._file):
            state = load_state(self._file, self._settings, self._tenant)
            with signed_in_context(self._url, state) as context:
                page, patience = context.new_page(), _patience(self._settings)
                yield SettingsPage(page, self._url, patience, self._tenant)
                self._keep_state(context, state)

    def _keep_state(self, context: "BrowserContext", before: Any) -> None:
        """Where the portal renews its cookies the newer state takes the older's place."""
        now = {**before, **context.storage_state()}
        if now != before and now["cookies"] and os.access(self._file, os.W_OK):
            with contextlib.suppress(ServiceError):
                save_state(self._file, now)

    def _run(self, job: Callable[[SettingsPage], R], *, sent: bool) -> R:
        def guarded(page: SettingsPage) -> R:
            try:
                return job(page)
            except ServiceError:
                raise
            except Exception:
                page.refuse_signed_out()  # the likely cause, where the page went away
                raise

        try:
            return self._worker.run(guarded)
        except ServiceError:
            raise
        except Exception as error:
            # Playwright's own errors: the browser or the page is gone.
            line = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise Unavailable(
                f"Zoom's portal: the browser failed ({line}); run again", sent=sent
            ) from None

    def _shared(self, page: SettingsPage, names: list[str], purpose: str) -> Reading:
        last = self._last
        if (
            last is None
            or purpose in last.served
            or not set(names) <= last.names
            or time.monotonic() > last.until
        ):
            # Before the page is looked at: a look that fails serves nobody else.
            self._last = None
            reading = self._read(page, names)
            last = _Look(reading, frozenset(names), time.monotonic() + SHARED_FOR)
            self._last = last
        last.served.add(purpose)
        return Reading(
            {name: value for name, value in last.reading.values.items() if name in names},
            {name: why for name, why in last.reading.unread.items() if name in names},
        )

    def _read(self, page: SettingsPage, names: list[str]) -> Reading:
        page.open()
        reading, stops = Reading(), dict[str, Stopped]()
        try:
            found = page.find(names)
        except Stopped as stop:
            raise Unavailable(self._refusal(page, "read", stop), sent=False) from None
        for name in names:
            try:
                reading.values[name] = page.value(page.one(name, found))
            except Stopped as stop:
                stops[name] = stop
        if stops:
            where = self._keep_evidence(page, "read")
            reading.unread = {name: _told(stop, where) for name, stop in stops.items()}
        return reading

    def _write(self, page: SettingsPage, values: Mapping[str, bool]) -> None:
        self._last = None
        page.open()
        done: dict[str, bool] = {}
        doing = "look"
        try:
            self._look_before(page, values)
            for name, value in values.items():
                doing = f"set {name}"
                try:
                    changed = page.set(name, value)
                except Stopped as stop:
                    if stop.clicked:
                        done[name] = value
                    raise
                if changed:
                    done[name] = value
            if done:
                self._read_back(page, values)
        except Stopped as stop:
            text = self._refusal(page, doing, stop)
            raise Refused(f"{text}{self._put_back(page, done)}") from None
        except ServiceError as error:
            error.sent = True  # something may have been clicked
            raise

    def _read_back(self, page: SettingsPage, values: Mapping[str, bool]) -> None:
        """Raises WriteHadNoEffect where the reloaded page does not show the values."""
        page.open()
        stayed = []
        try:
            found = page.find(values)
            for name, value in values.items():
                control = page.one(name, found)
                if page.value(control) is not value:
                    stayed.append(f'"{control.label.label}"')
        except Stopped as stop:
            stayed.append(f"what was set cannot be read back ({stop}), which")
        if stayed:
            raise WriteHadNoEffect(
                f"Zoom's portal: {', '.join(stayed)} took the change and is as before after a "
                f"reload: look at it in the portal ({self._keep_evidence(page, 'stayed')})"
            )

    @staticmethod
    def _put_back(page: SettingsPage, done: Mapping[str, bool]) -> str:
        """Undoes what this write had clicked when it was refused; says what came of it."""
        if not done:
            return ""
        try:
            page.open()
            for name in reversed(list(done)):
                page.set(name, not done[name])
        except (Stopped, ServiceError) as trouble:
            return f". {', '.join(done)} may be set and could not be put back: {trouble}"
        return f". {', '.join(done)} was put back"

    def _look_before(self, page: SettingsPage, values: Mapping[str, bool]) -> None:
        """Raises Stopped before the first click where one of the changes cannot be made."""
        found: Found = page.find(values)
        for name, value in values.items():
            control: Control = page.one(name, found)
            if page.value(control) is not value:
                opened_by_us = name != PARENT and values.get(PARENT) is True
                page.refuse_unsettable(control, value, grey=not opened_by_us)

    def _refusal(self, page: SettingsPage, what: str, stop: Stopped) -> str:
        return f"Zoom's portal: {_told(stop, self._keep_evidence(page, what))}"

    def _keep_evidence(self, page: SettingsPage, what: str) -> str:
        return portal_evidence.keep(page.page, self._evidence, what)


class Portals:
    """One Portal per tenant in this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_tenant: dict[str, Portal] = {}

    def of(self, tenant: str, settings: Settings) -> Portal:
        """The tenant's portal, made when it is first asked for."""
        with self._lock:
            if tenant not in self._by_tenant:
                self._by_tenant[tenant] = Portal(settings, tenant)
            return self._by_tenant[tenant]

    def close(self) -> None:
        """Closes every browser and forgets the portals."""
        with self._lock:
            while self._by_tenant:
                self._by_tenant.popitem()[1].close()


def _told(stop: Stopped, evidence: str) -> str:
    return f"{stop}. Nothing is guessed: {stop.fix}, or see docs/channels/portal.md ({evidence})"


def _patience(settings: Settings) -> float:
    try:
        return float(settings.get("ZOOM_PORTAL_TIMEOUT") or PATIENCE)
    except ValueError:
        return PATIENCE
