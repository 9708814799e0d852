"""What Zoom shows behind `option`: asked for where declared, written with what is published."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emulator import Emulator
from providers.values import leaf, set_leaf
from providers.zoom import settings as module
from providers.zoom.settings import AccountSettingsProvider
from services.settings import Settings
from services.zoom.api import ZoomApi
from tests.providers.stack import LOCKS, SETTINGS, Kind, Resource, writes
from tests.providers.wire import Process

Refused = Callable[[Callable[[], object]], str]

DECLARED: dict[str, Any] = {
    "zoom_rooms": {"list_meetings_with_calendar": True},
    "meeting_security": {"waiting_room": False, "waiting_room_options": {"enable": True}},
    "meeting_authentication": True,
    "recording_authentication": True,
}
OPTIONS = [None, "meeting_authentication", "meeting_security", "recording_authentication"]


def zoom(emulator: Emulator) -> dict[str, Any]:
    state: dict[str, Any] = emulator.world.data["zoom"]
    return state


def asked(emulator: Emulator, method: str) -> list[str | None]:
    """The options of the requests since the log was cleared, sorted, each once."""
    log = [one for one in emulator.log if one["service"] == "zoom" and one["method"] == method]
    return sorted({one["query"].get("option") for one in log}, key=str)


def test_every_shape_is_written_healed_and_left_by_requests_of_its_own(
    process: Process, emulator: Emulator
) -> None:
    resource = Resource(process, Kind(SETTINGS.of, {"account": "me"}, DECLARED))
    resource.up()
    assert asked(emulator, "GET") == asked(emulator, "PATCH") == sorted(OPTIONS, key=str)
    assert {next(iter(body)) for _, _, body in writes(emulator)} == set(DECLARED)
    assert resource.drift() == {}

    set_leaf(zoom(emulator)["settings?meeting_security"], "meeting_security.waiting_room", True)
    set_leaf(zoom(emulator)["settings?recording_authentication"], "recording_authentication", False)
    assert set(resource.drift()) == {"meeting_security", "recording_authentication"}
    emulator.clear_log()
    assert resource.up() == "update"
    assert asked(emulator, "PATCH") == ["meeting_security", "recording_authentication"]

    less = {"meeting_authentication": True}
    emulator.clear_log()
    resource.up(less)
    assert writes(emulator) == []
    emulator.clear_log()
    assert resource.drift(less) == {}
    assert asked(emulator, "GET") == ["meeting_authentication"]


def test_all_shapes_are_given_back(process: Process, emulator: Emulator) -> None:
    before = emulator.world.dump()
    resource = Resource(process, Kind(SETTINGS.of, {"account": "me"}, DECLARED))
    resource.up()
    assert emulator.world.dump() != before
    resource.destroy()
    assert emulator.world.dump() == before


def test_locks_of_meeting_security_are_read_with_the_option_and_written_without(
    process: Process, emulator: Emulator
) -> None:
    before = emulator.world.dump()
    declared = {"meeting_security": {"waiting_room": True}, "in_meeting": {"chat": True}}
    resource = Resource(process, Kind(LOCKS.of, {"account": "me"}, declared))
    resource.up()
    assert asked(emulator, "GET") == [None, "meeting_security"]
    assert asked(emulator, "PATCH") == [None]
    assert [body for _, _, body in writes(emulator)] == [
        {"in_meeting": {"chat": True}},
        {"meeting_security": {"waiting_room": True}},
    ]
    assert resource.drift() == {}
    resource.destroy()
    assert emulator.world.dump() == before


def test_text_in_the_locks_is_set_and_given_back(process: Process, emulator: Emulator) -> None:
    before = emulator.world.dump()
    declared = {"schedule_meeting": {"enforce_login_domains": "contoso.com"}}
    resource = Resource(process, Kind(LOCKS.of, {"account": "me"}, declared))
    resource.up()
    assert leaf(zoom(emulator)["lock_settings"], "schedule_meeting.enforce_login_domains")
    resource.destroy()
    assert emulator.world.dump() == before


@pytest.mark.parametrize(
    ("path", "document", "lock"),
    [
        (
            "meeting_security.waiting_room",
            "lock_settings?meeting_security",
            "meeting_security.waiting_room",
        ),
        ("meeting_authentication", "lock_settings", "schedule_meeting.meeting_authentication"),
        ("recording_authentication", "lock_settings", "recording.recording_authentication"),
    ],
)
def test_the_lock_that_holds_a_setting_is_read_in_its_own_shape(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, path: str, document: str, lock: str
) -> None:
    api = ZoomApi(Settings(environ=emulator.env))
    monkeypatch.setattr(module, "zoom", lambda: api)
    provider = AccountSettingsProvider()
    assert f"Not locked in this account: {path};" in provider.why_it_stays("me", [path])
    set_leaf(zoom(emulator)[document], lock, True)
    api = ZoomApi(Settings(environ=emulator.env))
    assert provider.why_it_stays("me", [path]) == f"Locked at account level: {path}."

    del zoom(emulator)[document][lock.partition(".")[0]]
    api = ZoomApi(Settings(environ=emulator.env))
    assert provider.why_it_stays("me", [path]).startswith(f"Zoom shows no lock of {path}: likely")


def test_a_write_into_one_shape_makes_the_reads_of_the_others_old(emulator: Emulator) -> None:
    api = ZoomApi(Settings(environ=emulator.env))

    api.read("me", "settings", "one", "meeting_security")
    emulator.clear_log()
    api.read("me", "settings", "another", "meeting_security")
    assert emulator.log == []
    api.change("me", "settings", {"integration": {"kubi": True}})
    emulator.clear_log()
    api.read("me", "settings", "yet another", "meeting_security")
    assert len(emulator.log) == 1


def test_a_leaf_that_zoom_does_not_return_is_refused_and_drift_once_it_is_gone(
    process: Process, emulator: Emulator, refused: Refused
) -> None:
    resource = Resource(process, Kind(SETTINGS.of, {"account": "me"}, DECLARED))
    resource.up()
    del zoom(emulator)["settings?meeting_authentication"]["meeting_authentication"]
    assert resource.drift() == {"meeting_authentication": ({}, True)}
    emulator.clear_log()
    assert "GET settings does not return meeting_authentication" in refused(resource.up)
    assert writes(emulator) == []
