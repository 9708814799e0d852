"""The log of every request, without its secrets."""

from __future__ import annotations

import threading
import time

from .wire import Json, Request, Response

_SECRET_KEYS = frozenset(
    {
        "access_token",
        "authorized_channel_token",
        "client_assertion",
        "client_secret",
        "passcode",
        "passwd",
        "password",
        "refresh_token",
        "secrettext",
    }
)
MASK = "***"


def masked(value: Json) -> Json:
    """A copy of a JSON value with every secret replaced, at any depth."""
    if isinstance(value, dict):
        return {
            k: MASK if k.lower() in _SECRET_KEYS and isinstance(v, str) and v else masked(v)
            for k, v in value.items()
        }
    if isinstance(value, list):
        return [masked(item) for item in value]
    return value


class Journal:
    """Requests in the order of their arrival; `n` goes on counting when the log is cleared."""

    def __init__(self) -> None:
        self._entries: list[dict[str, Json]] = []
        self._count = 0
        self._lock = threading.Lock()

    def number(self) -> int:
        with self._lock:
            self._count += 1
            return self._count

    def add(self, request: Request, response: Response, at: float) -> None:
        """Note a request with what became of it; status 0 is a broken connection."""
        entry = {
            "n": request.n,
            "at": at,
            "service": request.service,
            "method": request.method,
            "path": request.path,
            "query": masked(request.query),
            "body": masked(request.parsed_body()),
            "status": 0 if response.reset else response.status,
            "write": request.wrote,
            "user_agent": request.headers.get("User-Agent", ""),
        }
        if request.items:
            entry["items"] = request.items
        with self._lock:
            self._entries.append(entry)

    def entries(self) -> list[dict[str, Json]]:
        with self._lock:
            return sorted(self._entries, key=lambda entry: int(entry["n"]))

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()

    now = staticmethod(time.monotonic)
