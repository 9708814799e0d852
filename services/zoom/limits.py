"""Zoom's rate limits as its answers tell them: per account, shared by all of the account's apps."""

import datetime
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from services.errors import LimitReached
from services.http import Answer

# Seconds that are waited for a second's limit to begin anew; its reset is never farther away.
LONGEST_PAUSE = 2.0


@dataclass(frozen=True)
class RateLimit:
    """What the newest answer said of one category of requests; `reset` is in unix seconds."""

    category: str
    kind: str
    limit: int | None
    remaining: int | None
    reset: float | None


class RateLimits:
    """The newest limit of every category of one account. Thread-safe."""

    def __init__(self, sleep: Callable[[float], None] = time.sleep) -> None:
        self._sleep, self._lock = sleep, threading.Lock()
        self._known: dict[str, RateLimit] = {}
        self._ended: tuple[float | None, str] | None = None

    @property
    def known(self) -> dict[str, RateLimit]:
        """By category: Light, Medium, Heavy, Resource-intensive."""
        with self._lock:
            return dict(self._known)

    def before(self, what: str) -> None:
        """Called before a request: waits out a second that is used up.

        Raises LimitReached where the day is used up; nothing is sent then.
        """
        with self._lock:
            ended = self._ended
            waits = [
                one.reset - time.time()
                for one in self._known.values()
                if one.remaining == 0 and one.reset is not None and one.kind != "Daily-limit"
            ]
        if ended is not None and (ended[0] is None or ended[0] > time.time()):
            raise _day_is_used_up(what, ended[1])
        pause = max(waits, default=0.0)
        if 0 < pause <= LONGEST_PAUSE:
            self._sleep(pause)

    def after(self, answer: Answer, what: str) -> None:
        """Called with every answer: keeps what it says. Raises LimitReached on the day's limit."""
        limit = _limit_of(answer.headers)
        with self._lock:
            if limit is not None:
                self._known[limit.category] = limit
        if answer.status != 429 or not _is_daily(answer, limit):
            return
        moment = _moment(answer.headers.get("Retry-After"), limit)
        when = "tomorrow: Zoom did not say when" if moment is None else f"after {_shown(moment)}"
        with self._lock:
            self._ended = (moment, when)
        raise _day_is_used_up(what, when)


def _day_is_used_up(what: str, when: str) -> LimitReached:
    return LimitReached(
        f"Zoom: {what}: the account's daily limit of requests is used up, which all of its apps "
        f"share. Nothing more is sent. Run again {when}."
    )


def _limit_of(headers: Mapping[str, str]) -> RateLimit | None:
    category = headers.get("X-RateLimit-Category")
    if not category:
        return None
    return RateLimit(
        category,
        headers.get("X-RateLimit-Type") or "",
        _whole(headers.get("X-RateLimit-Limit")),
        _whole(headers.get("X-RateLimit-Remaining")),
        _whole(headers.get("X-RateLimit-Reset")),
    )


def _whole(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() else None


def _is_daily(answer: Answer, limit: RateLimit | None) -> bool:
    # All headers may be missing on a 429; then only the text tells.
    body = answer.body if isinstance(answer.body, dict) else {}
    named = limit is not None and limit.kind == "Daily-limit"
    return named or "daily rate limit" in str(body.get("message", ""))


def _moment(retry_after: str | None, limit: RateLimit | None) -> float | None:
    try:
        moment = datetime.datetime.fromisoformat(retry_after or "")
    except ValueError:
        return None if limit is None else limit.reset
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    return moment.timestamp()


def _shown(moment: float) -> str:
    at = datetime.datetime.fromtimestamp(moment, datetime.UTC)
    return at.isoformat(timespec="minutes").replace("+00:00", "Z")
