"""Any published leaf, in Zoom's two forms; what holds a setting; paths of the account's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emulator import Emulator, Fault
from providers.values import leaf, set_leaf
from providers.zoom.forms import as_written
from providers.zoom.settings import smallest_patch
from tests.providers.stack import LOCKS, SETTINGS, Kind, Resource, writes
from tests.providers.wire import Process

Refused = Callable[[Callable[[], object]], str]
SSO = "security.signin_with_sso"
PATH = "mail_calendar.users_can_consent"  # such as Zoom might publish one day


def zoom(emulator: Emulator) -> dict[str, Any]:
    state: dict[str, Any] = emulator.world.data["zoom"]
    return state


def users(emulator: Emulator) -> list[str]:
    return [one["id"] for one in zoom(emulator)["users"]]


def bypass(emulator: Emulator) -> list[str]:
    return [one["id"] for one in leaf(zoom(emulator)["settings"], f"{SSO}.sso_bypass_users")]


def declared(ids: list[str]) -> dict[str, Any]:
    return {"security": {"signin_with_sso": {"sso_bypass_user_ids": ids}}}


def test_users_who_bypass_single_sign_on_are_declared_by_id_and_replaced(
    process: Process, emulator: Emulator
) -> None:
    before = emulator.world.dump()
    adele, diego, megan = users(emulator)
    resource = Resource(process, SETTINGS)
    resource.up(declared([adele, diego]))
    assert bypass(emulator) == [adele, diego]
    ((_, _, body),) = writes(emulator)
    assert "operation" not in body["security"]["signin_with_sso"]
    assert "sso_bypass_users" not in body["security"]["signin_with_sso"]

    shown = leaf(zoom(emulator)["settings"], f"{SSO}.sso_bypass_users")
    shown.reverse()
    assert resource.drift(declared([adele, diego])) == {}
    set_leaf(zoom(emulator)["settings"], f"{SSO}.sso_bypass_users", [{"id": megan, "email": "m"}])
    assert list(resource.drift(declared([adele, diego]))) == ["security"]
    assert resource.up(declared([adele, diego])) == "update"
    assert bypass(emulator) == [adele, diego]
    resource.destroy()
    assert emulator.world.dump() == before


def test_another_setting_beside_them_loses_nobody(process: Process, emulator: Emulator) -> None:
    before = bypass(emulator)
    Resource(process, SETTINGS).up({"security": {"signin_with_sso": {"enable": False}}})
    assert bypass(emulator) == before != []


def test_a_list_travels_without_what_is_only_read_and_not_where_an_action_edits_it() -> None:
    dial_in = {"enable": False, "numbers": [{"code": "US", "number": "1", "country_name": "USA"}]}
    templates = [{"id": "1", "enable": True, "name": "Weekly"}]
    live = {
        "audio_conferencing": {"toll_call": dial_in},
        "schedule_meeting": {"meeting_template": {"enable": False, "templates": templates}},
    }
    on = {
        "audio_conferencing": {"toll_call": {"enable": True}},
        "schedule_meeting": {"meeting_template": {"enable": True}},
    }
    numbers = [{"code": "US", "number": "1"}]
    assert smallest_patch(on, as_written(live, "settings")) == {
        "audio_conferencing": {"toll_call": {"enable": True, "numbers": numbers}},
        "schedule_meeting": {"meeting_template": {"enable": True}},
    }


@pytest.fixture
def held(emulator: Emulator) -> None:
    """A setting that answers success and stays."""
    zoom(emulator)["no_effect"] = ["schedule_meeting.host_video"]


HELD = {"schedule_meeting": {"host_video": True}}


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize(
    ("locked", "words"),
    [
        (True, "Locked at account level: schedule_meeting.host_video."),
        (False, "Not locked in this account: schedule_meeting.host_video; so a master account"),
    ],
)
def test_what_holds_a_setting_is_told_from_its_lock(
    process: Process, emulator: Emulator, refused: Refused, locked: bool, words: str
) -> None:
    zoom(emulator)["lock_settings"]["schedule_meeting"]["host_video"] = locked
    text = refused(lambda: Resource(process, SETTINGS).up(HELD))
    assert text.startswith("WriteHadNoEffect: ")
    assert "schedule_meeting.host_video (wanted True, is False)" in text
    assert words in text


@pytest.mark.usefixtures("held")
def test_a_lock_that_cannot_be_read_is_unknown_and_not_open(
    process: Process, emulator: Emulator, refused: Refused
) -> None:
    emulator.faults.add(Fault("zoom", "GET", path="lock_settings", status=403, times=None))
    text = refused(lambda: Resource(process, SETTINGS).up(HELD))
    assert "Whether it is locked is unknown (Zoom: GET lock_settings" in text
    assert "Not locked" not in text


@pytest.fixture
def opened(emulator: Emulator) -> dict[str, Any]:
    """An account that has a switch at PATH, which Zoom's description lacks."""
    set_leaf(zoom(emulator)["settings"], PATH, True)
    settings: dict[str, Any] = zoom(emulator)["settings"]
    return settings


def by_path(value: bool) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    set_leaf(tree, PATH, value)
    return tree


def test_a_path_is_written_read_back_healed_and_restored(
    process: Process, emulator: Emulator, opened: dict[str, Any]
) -> None:
    before = emulator.world.dump()
    resource = Resource(process, SETTINGS)
    resource.up(by_path(False))
    assert writes(emulator) == [("PATCH", "accounts/me/settings", by_path(False))]
    assert leaf(opened, PATH) is False
    assert resource.drift(by_path(False)) == {}
    set_leaf(opened, PATH, True)
    assert list(resource.drift(by_path(False))) == ["mail_calendar"]
    resource.up(by_path(False))
    assert leaf(opened, PATH) is False
    resource.destroy()
    assert emulator.world.dump() == before


def test_a_path_that_zoom_does_not_return_is_refused_and_named(
    process: Process, emulator: Emulator, refused: Refused
) -> None:
    text = refused(lambda: Resource(process, SETTINGS).up(by_path(False)))
    assert f"GET settings does not return {PATH}" in text
    assert writes(emulator) == []


@pytest.mark.usefixtures("opened")
def test_a_path_whose_write_changes_nothing_is_an_error_that_names_it(
    process: Process, emulator: Emulator, refused: Refused
) -> None:
    zoom(emulator)["no_effect"] = [PATH]
    text = refused(lambda: Resource(process, SETTINGS).up(by_path(False)))
    assert text.startswith("WriteHadNoEffect: ")
    assert f"did not change {PATH} (wanted False, is True)" in text


@pytest.mark.parametrize("kind", [SETTINGS, LOCKS], ids=lambda kind: kind.of)
def test_where_nothing_is_declared_nothing_is_asked(
    process: Process, emulator: Emulator, kind: Kind
) -> None:
    resource = Resource(process, kind)
    resource.up({})
    assert resource.up({}) == "same"
    resource.destroy()
    assert emulator.log == []


def test_the_last_setting_that_is_declared_no_more_stays_as_it_is(
    process: Process, emulator: Emulator
) -> None:
    resource = Resource(process, SETTINGS)
    resource.up(HELD)
    emulator.clear_log()
    assert resource.up({}) == "update"
    resource.destroy()
    assert writes(emulator) == []
    assert zoom(emulator)["settings"]["schedule_meeting"]["host_video"] is True


@pytest.fixture
def used_up(emulator: Emulator) -> None:
    emulator.faults.add(
        Fault(
            "zoom",
            times=None,
            status=429,
            json={
                "code": 429,
                "message": "You have reached the maximum daily rate limit for this API. Refer to "
                "the response header for details on when you can make another request.",
            },
            headers={
                "X-RateLimit-Category": "Medium",
                "X-RateLimit-Type": "Daily-limit",
                "X-RateLimit-Remaining": "0",
                "Retry-After": "2099-01-01T00:00:00Z",
            },
        )
    )


@pytest.mark.usefixtures("used_up")
def test_a_day_that_is_used_up_ends_the_run_with_when_to_come_back(
    start: Callable[[], Process], emulator: Emulator, refused: Refused
) -> None:
    process = start()
    text = refused(lambda: Resource(process, SETTINGS).up(HELD))
    assert text.startswith("LimitReached: ")
    assert "Run again after 2099-01-01T00:00Z." in text
    sent = [entry for entry in emulator.log if entry["service"] == "zoom"]
    assert len(sent) == 1
    assert "Run again after" in refused(lambda: Resource(process, LOCKS).up())
    assert [entry for entry in emulator.log if entry["service"] == "zoom"] == sent
