"""Zoom's rate limits: per account, shared by all its apps, by the class of the API."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from .world import timestamp
from .zoom_api import HEAVY, LIGHT, MEDIUM, ZoomError

_PER_SECOND = {
    "free": {LIGHT: 4, MEDIUM: 2, HEAVY: 1},
    "pro": {LIGHT: 30, MEDIUM: 20, HEAVY: 10},
    "business": {LIGHT: 80, MEDIUM: 60, HEAVY: 40},
}
_PER_DAY = {
    "free": {LIGHT: 6000, MEDIUM: 2000, HEAVY: 1000},
    "pro": {HEAVY: 30000},
    "business": {HEAVY: 60000},
}
_DAY = 86400


@dataclass
class _Window:
    start: int = 0
    used: int = 0

    def take(self, start: int) -> int:
        """Count one call in the window that begins at `start`; returns how many it holds now."""
        if self.start != start:
            self.start, self.used = start, 0
        self.used += 1
        return self.used


@dataclass
class Limits:
    """The windows of all accounts."""

    _seconds: dict[tuple[str, str], _Window] = field(default_factory=dict)
    _days: dict[tuple[str, str], _Window] = field(default_factory=dict)

    def take(
        self, account_id: str, plan: str, rate: str
    ) -> tuple[dict[str, str], ZoomError | None]:
        """Count one call: the headers of its answer, and the error where it is one too many."""
        now = int(time.time())
        key = (account_id, rate)
        day = now - now % _DAY
        daily = _PER_DAY[plan].get(rate)
        if daily and (used := self._days.setdefault(key, _Window()).take(day)) > daily:
            headers = _headers(rate, "Daily-limit", daily, daily - used, day + _DAY)
            # A date here, where other services send seconds.
            headers["Retry-After"] = timestamp(day + _DAY - time.time())
            return headers, ZoomError(
                429,
                429,
                "You have reached the maximum daily rate limit for this API. Refer to the "
                "response header for details on when you can make another request.",
            )
        limit = _PER_SECOND[plan][rate]
        used = self._seconds.setdefault(key, _Window()).take(now)
        headers = _headers(rate, "QPS", limit, limit - used, now + 1)
        return headers, over_the_second() if used > limit else None


def over_the_second() -> ZoomError:
    return ZoomError(
        429,
        429,
        "You have reached the maximum per-second rate limit for this API. Try again later.",
    )


def _headers(rate: str, kind: str, limit: int, remaining: int, reset: int) -> dict[str, str]:
    return {
        "X-RateLimit-Category": rate,
        "X-RateLimit-Type": kind,
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": str(max(remaining, 0)),
        "X-RateLimit-Reset": str(reset),
    }
