"""Faults: what a service or the network does wrong, on demand and for a counted time.

A fault names the requests it is for (service, method, path, body), how often it strikes, and one
thing that goes wrong. The first matching fault wins, in the order they were added.
"""

from __future__ import annotations

import dataclasses
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .wire import Request

_ACTIONS = (
    "status", "delay", "reset", "truncate", "raw", "no_effect", "stale", "reads",
    "expire_token", "hold", "drop_item",
)  # fmt: skip
# On one item of a batch there is no connection to break; the batch itself has no state to spoil.
_OUTER_ONLY = ("reset", "truncate", "raw")
_ITEM_ONLY = ("drop_item", "no_effect", "stale", "reads")


@dataclass
class Fault:
    """One thing that goes wrong. Exactly one action must be given.

    `path` and `body` are regular expressions that are searched. `times` None means always; `skip`
    lets the first matching requests pass.

    - `status` with `json` and `headers`: this answer; without `json` the service's own error shape.
    - `delay`: seconds before the request is handled.
    - `reset`: "before" breaks the connection unhandled, "after" once the write is committed.
    - `truncate`: the full Content-Length, half of the body.
    - `raw`: this text as it is, with `content_type`; its status is `raw_status`.
    - `no_effect`: the answer of a success, and nothing changes.
    - `stale`: GETs see the state before the last write, for so many seconds from the first of them;
      `reads`: the same for so many GETs. Both ignore `times`.
    - `expire_token`: this request and every token issued so far are answered as expired.
    - `hold`: "before" (or True) blocks until released and then goes on; "after" commits first.
    - `drop_item`: the item is missing from the answer of its `$batch`.
    """

    service: str = "*"
    method: str = "*"
    path: str = ""
    body: str | None = None
    times: int | None = 1
    skip: int = 0
    status: int | None = None
    json: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    delay: float | None = None
    reset: str | None = None
    truncate: bool = False
    raw: str | None = None
    raw_status: int = 200
    content_type: str = "text/html; charset=utf-8"
    no_effect: bool = False
    stale: float | None = None
    reads: int | None = None
    expire_token: bool = False
    hold: str | bool = False
    drop_item: bool = False

    seen: int = field(default=0, init=False)
    hits: int = field(default=0, init=False)
    reached: threading.Event = field(default_factory=threading.Event, init=False, repr=False)
    _released: threading.Event = field(default_factory=threading.Event, init=False, repr=False)
    _until: float = field(default=0.0, init=False, repr=False)

    def __post_init__(self) -> None:
        given = [a for a in _ACTIONS if getattr(self, a) not in (None, False)]
        if len(given) != 1:
            raise ValueError(
                f"a fault has exactly one action of {', '.join(_ACTIONS)}; got {given}"
            )
        if self.hold is True:
            self.hold = "before"
        for name in ("reset", "hold"):
            if getattr(self, name) not in (None, False, "before", "after"):
                raise ValueError(f'{name} is "before" or "after", not {getattr(self, name)!r}')
        self.method = self.method.upper()
        re.compile(self.path), re.compile(self.body or "")

    def release(self) -> None:
        """Let a held request go on."""
        self._released.set()

    def wait(self) -> None:
        self._released.wait()

    def matches(self, request: Request, inner: bool) -> bool:
        if self.service not in ("*", request.service) or self.method not in ("*", request.method):
            return False
        if inner and self._is(*_OUTER_ONLY):
            return False
        if not inner and (
            self.drop_item or (self._is(*_ITEM_ONLY) and request.path.endswith("/$batch"))
        ):
            return False
        if self._is("stale", "reads") and request.method != "GET":
            return False
        if not re.search(self.path, request.path):
            return False
        return self.body is None or re.search(self.body, request.text) is not None

    def _is(self, *actions: str) -> bool:
        return any(getattr(self, action) not in (None, False) for action in actions)

    def strike(self) -> bool:
        """Count one matching request; True where the fault strikes it."""
        self.seen += 1
        if self.seen <= self.skip or self._spent():
            return False
        if self.stale is not None and not self.hits:
            self._until = time.monotonic() + self.stale
        self.hits += 1
        self.reached.set()
        return True

    def _spent(self) -> bool:
        if self.reads is not None:
            return self.hits >= self.reads
        if self.stale is not None:
            return self.hits > 0 and time.monotonic() > self._until
        return self.times is not None and self.hits >= self.times

    def as_dict(self) -> dict[str, Any]:
        """The fault for the control interface: what was asked, and how far it came."""
        asked = {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.init}
        defaults = {f.name: f.default for f in dataclasses.fields(self) if f.init}
        shown = {k: v for k, v in asked.items() if v != defaults[k] and v != {}}
        return shown | {"seen": self.seen, "hits": self.hits, "reached": self.reached.is_set()}


class Faults:
    """The faults that are set, in order."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> Fault:
        with self._lock:
            self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Forget every fault; whoever is held goes on."""
        self.release()
        with self._lock:
            self._faults.clear()

    def release(self) -> None:
        """Let every held request go on."""
        self._each(Fault.release)

    def take(self, request: Request, *, inner: bool = False) -> Fault | None:
        """The fault that strikes this request, counted; None lets it pass."""
        with self._lock:
            for fault in self._faults:
                if fault.matches(request, inner) and fault.strike():
                    return fault
        return None

    def as_list(self) -> list[dict[str, Any]]:
        with self._lock:
            return [fault.as_dict() for fault in self._faults]

    def _each(self, do: Callable[[Fault], None]) -> None:
        with self._lock:
            for fault in self._faults:
                do(fault)
