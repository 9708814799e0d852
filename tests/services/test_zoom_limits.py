"""Zoom's limits as its answers tell them, and one token and one read for many."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from emulator import Emulator
from services.errors import LimitReached
from services.http import Answer
from services.settings import Settings
from services.zoom.api import ZoomApi
from services.zoom.limits import RateLimits

DAILY = {"code": 429, "message": "You have reached the maximum daily rate limit for this API."}


def headers(remaining: int, reset: float) -> dict[str, str]:
    return {
        "X-RateLimit-Category": "Medium",
        "X-RateLimit-Type": "QPS",
        "X-RateLimit-Limit": "20",
        "X-RateLimit-Remaining": str(remaining),
        "X-RateLimit-Reset": str(int(reset)),
    }


def test_category_rest_and_reset_are_kept_from_each_answer() -> None:
    limits = RateLimits()
    limits.after(Answer(200, {}, headers(7, 1_900_000_000)), "GET settings")
    (one,) = limits.known.values()
    assert (one.category, one.limit, one.remaining, one.reset) == ("Medium", 20, 7, 1_900_000_000)
    limits.after(Answer(200, {}, {}), "GET settings")
    limits.after(Answer(200, {}, {"X-RateLimit-Category": "Light"}), "GET managed_domains")
    assert limits.known["Medium"].remaining == 7
    assert limits.known["Light"].remaining is None


@pytest.mark.parametrize(
    ("remaining", "ahead", "waits"), [(0, 2, 1), (1, 2, 0), (0, -5, 0), (0, 3600, 0)]
)
def test_a_second_that_is_used_up_is_waited_out(remaining: int, ahead: int, waits: int) -> None:
    slept: list[float] = []
    limits = RateLimits(slept.append)
    limits.after(Answer(200, {}, headers(remaining, time.time() + ahead)), "GET settings")
    limits.before("GET settings")
    assert len(slept) == waits
    assert all(0 < one <= 2 for one in slept)


@pytest.mark.parametrize(
    ("given", "when"),
    [
        ({"Retry-After": "2099-01-01T00:00:00Z"}, "after 2099-01-01T00:00Z"),
        ({"Retry-After": "2099-01-01T02:00:00+02:00"}, "after 2099-01-01T00:00Z"),
        ({}, "tomorrow: Zoom did not say when"),
    ],
)
def test_a_day_that_is_used_up_says_when_and_stops_the_next_request_unsent(
    given: dict[str, str], when: str
) -> None:
    limits = RateLimits()
    with pytest.raises(LimitReached, match="daily limit") as caught:
        limits.after(Answer(429, DAILY, given), "GET settings")
    assert f"Run again {when}." in str(caught.value)
    with pytest.raises(LimitReached):
        limits.before("GET lock_settings")


def test_a_day_that_has_passed_stops_nothing() -> None:
    limits = RateLimits()
    with pytest.raises(LimitReached):
        limits.after(Answer(429, DAILY, {"Retry-After": "2020-01-01T00:00:00Z"}), "GET settings")
    limits.before("GET settings")


@pytest.fixture
def zoom() -> Iterator[tuple[Emulator, ZoomApi]]:
    with Emulator() as emulator:
        yield emulator, ZoomApi(Settings(environ=emulator.env))


def paths(emulator: Emulator) -> list[str]:
    return [entry["path"].rpartition("/")[2] for entry in emulator.log]


def test_many_purposes_at_once_share_one_token_and_one_read(
    zoom: tuple[Emulator, ZoomApi],
) -> None:
    emulator, api = zoom
    with ThreadPoolExecutor(8) as pool:
        read = pool.map(lambda n: api.read("me", "settings", f"{n}"), range(8))
        assert len({str(one) for one in read}) == 1
    assert paths(emulator) == ["token", "settings"]


def test_one_purpose_never_gets_the_same_answer_twice_nor_one_from_before_a_write(
    zoom: tuple[Emulator, ZoomApi],
) -> None:
    emulator, api = zoom
    api.read("me", "settings")
    api.read("me", "settings")
    assert paths(emulator) == ["token", "settings", "settings"]
    api.change("me", "settings", {"integration": {"kubi": True}})
    assert api.read("me", "settings", "other")["integration"]["kubi"] is True


def test_what_one_reader_does_to_its_copy_is_not_seen_by_another(
    zoom: tuple[Emulator, ZoomApi],
) -> None:
    _, api = zoom
    api.read("me", "settings", "one").clear()
    assert api.read("me", "settings", "another")


def test_scopes_and_clock_come_with_the_token(zoom: tuple[Emulator, ZoomApi]) -> None:
    emulator, api = zoom
    assert "account:read:settings:admin" in api.scopes()
    skew = api.clock_skew()
    assert skew is not None
    assert abs(skew) < 5
    assert paths(emulator) == ["token"]
