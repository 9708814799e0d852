"""Zoom's account settings and locks: only what is declared, in the smallest PATCH."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from emulator import Emulator, Fault
from providers.values import leaf, leaves, set_leaf
from tests.providers.stack import LOCKS, SETTINGS, Kind, Resource, writes
from tests.providers.wire import Process, Props

Refused = Callable[[Callable[[], object]], str]

ROOMS = {"zoom_rooms": {"list_meetings_with_calendar": True}}
SSO = "security.signin_with_sso"
BYPASS = f"{SSO}.sso_bypass_users"


def live(emulator: Emulator, path: str, document: str = "settings") -> Any:
    return leaf(emulator.world.data["zoom"][document], path)


def click(emulator: Emulator, path: str, value: Any, document: str = "settings") -> None:
    """Somebody changes a setting in the portal."""
    with emulator.world.lock:
        set_leaf(emulator.world.data["zoom"][document], path, value)


def test_create_sends_one_patch_of_what_differs(process: Process, emulator: Emulator) -> None:
    declared = {
        "zoom_rooms": {"list_meetings_with_calendar": True, "ultrasonic": True},
        "integration": {"microsoft_one_drive": True},
    }
    Resource(process, SETTINGS).up(declared)
    assert writes(emulator) == [("PATCH", "accounts/me/settings", ROOMS)]


def test_a_nested_setting_travels_whole_without_what_is_only_read(
    process: Process, emulator: Emulator
) -> None:
    Resource(process, SETTINGS).up({"security": {"signin_with_sso": {"enable": False}}})
    ((_, _, body),) = writes(emulator)
    assert body == {
        "security": {
            "signin_with_sso": {
                "enable": False,
                "require_sso_for_domains": True,
                "domains": ["contoso.com"],
                "sso_bypass_user_ids": [user["id"] for user in live(emulator, BYPASS)],
            }
        }
    }
    assert len(live(emulator, BYPASS)) == 1


def test_locks_have_a_document_of_their_own(process: Process, emulator: Emulator) -> None:
    Resource(process, LOCKS).up()
    assert writes(emulator) == [
        ("PATCH", "accounts/me/lock_settings", {"schedule_meeting": {"host_video": True}})
    ]
    assert live(emulator, "schedule_meeting.host_video") is False


@pytest.mark.parametrize("kind", [SETTINGS, LOCKS], ids=lambda kind: kind.of)
def test_drift_of_every_declared_leaf_is_seen_and_healed_alone(
    process: Process, emulator: Emulator, kind: Kind
) -> None:
    document = "settings" if kind is SETTINGS else "lock_settings"
    resource = Resource(process, kind)
    resource.up()
    for path, value in leaves(kind.declared):
        section, name = path.split(".")[:2]
        click(emulator, path, (not value) if isinstance(value, bool) else value + 1, document)
        emulator.clear_log()

        assert list(resource.drift()) == [section]
        assert writes(emulator) == []
        assert resource.up() == "update"
        ((_, _, body),) = writes(emulator)
        assert list(body) == [section]
        assert list(body[section]) == [name]
        assert live(emulator, path, document) == value


def test_a_change_of_what_is_not_declared_is_nobody_s_business(
    process: Process, emulator: Emulator
) -> None:
    resource = Resource(process, SETTINGS)
    resource.up()
    click(emulator, "zoom_rooms.ultrasonic", False)
    emulator.clear_log()
    assert resource.up() == "same"
    assert writes(emulator) == []


def test_what_is_not_declared_any_more_is_not_written_any_more(
    process: Process, emulator: Emulator
) -> None:
    resource = Resource(process, SETTINGS)
    resource.up()
    click(emulator, "zoom_rooms.list_meetings_with_calendar", False)
    emulator.clear_log()

    less = {name: tree for name, tree in SETTINGS.declared.items() if name != "zoom_rooms"}
    assert resource.up(less) == "update"
    assert writes(emulator) == []
    assert "zoom_rooms.list_meetings_with_calendar" not in json.loads(resource.prior)
    assert resource.state is not None
    assert "zoom_rooms" not in resource.state.outs
    resource.destroy()
    assert live(emulator, "zoom_rooms.list_meetings_with_calendar") is False


def test_a_leaf_declared_later_is_recorded_with_its_value_of_then(
    process: Process, emulator: Emulator, start: Callable[[], Process]
) -> None:
    before = emulator.world.dump()
    resource = Resource(process, SETTINGS)
    resource.up(ROOMS)
    resource.run_in(start())
    resource.up({**ROOMS, "integration": {"kubi": True}})
    assert json.loads(resource.prior) == {
        "zoom_rooms.list_meetings_with_calendar": False,
        "integration.kubi": False,
    }
    resource.destroy()
    assert emulator.world.dump() == before


@pytest.mark.parametrize("refresh", [True, False])
def test_destroy_keeps_what_somebody_changed_since(
    process: Process, emulator: Emulator, refresh: bool
) -> None:
    resource = Resource(process, SETTINGS)
    resource.up()
    click(emulator, "other_options.meeting_qos_and_mos", 3)

    resource.destroy(refresh=refresh)
    assert live(emulator, "other_options.meeting_qos_and_mos") == 3
    assert live(emulator, "zoom_rooms.list_meetings_with_calendar") is False


def test_destroy_restores_what_we_wrote_last_and_not_what_we_wrote_first(
    process: Process, emulator: Emulator
) -> None:
    before = emulator.world.dump()
    resource = Resource(process, SETTINGS)
    resource.up({"other_options": {"meeting_qos_and_mos": 2}})
    resource.up({"other_options": {"meeting_qos_and_mos": 3}})
    resource.destroy()
    assert emulator.world.dump() == before


def test_a_list_in_another_order_is_the_same_list(process: Process, emulator: Emulator) -> None:
    regions = "in_meeting.data_center_regions"
    click(emulator, regions, ["EU", "US", "DE"])
    resource = Resource(process, SETTINGS)
    resource.up({"in_meeting": {"data_center_regions": ["DE", "EU", "US"]}})
    click(emulator, regions, ["US", "DE", "EU"])

    assert resource.up({"in_meeting": {"data_center_regions": ["EU", "DE", "US"]}}) == "update"
    assert resource.drift({"in_meeting": {"data_center_regions": ["EU", "DE", "US"]}}) == {}
    assert writes(emulator) == []


def test_a_list_of_objects_may_come_in_another_order_of_keys(
    process: Process, emulator: Emulator
) -> None:
    numbers = [{"code": "1", "country": "US"}, {"code": "49", "country": "DE"}]
    click(
        emulator,
        "audio_conferencing.toll_call.numbers",
        [dict(reversed(one.items())) for one in reversed(numbers)],
    )
    Resource(process, SETTINGS).up({"audio_conferencing": {"toll_call": {"numbers": numbers}}})
    assert writes(emulator) == []


@pytest.mark.parametrize(
    ("declared", "meant"),
    [
        ({"zoom_rooms": {"list_meeting_with_calendar": True}}, "list_meetings_with_calendar"),
        ({"zoom_room": {"ultrasonic": True}}, "zoom_rooms.ultrasonic"),
        ({"security": {"signin_with_sso": {"operation": "add"}}}, "GET settings does not return"),
    ],
)
def test_a_name_that_zoom_does_not_return_is_refused_before_any_write(
    process: Process, emulator: Emulator, refused: Refused, declared: Props, meant: str
) -> None:
    text = refused(lambda: Resource(process, SETTINGS).up({**ROOMS, **declared}))
    assert "nothing was written" in text
    assert meant in text
    assert writes(emulator) == []


def test_a_section_that_zoom_no_longer_returns_is_drift_and_not_a_crash(
    process: Process, emulator: Emulator, refused: Refused
) -> None:
    resource = Resource(process, SETTINGS)
    resource.up()
    with emulator.world.lock:
        del emulator.world.data["zoom"]["settings"]["zoom_rooms"]
    assert resource.drift() == {"zoom_rooms": ({}, SETTINGS.declared["zoom_rooms"])}
    assert "does not return zoom_rooms.list_meetings_with_calendar" in refused(resource.up)


def test_an_account_that_does_not_exist_is_an_error_and_never_absent(
    process: Process, emulator: Emulator, refused: Refused
) -> None:
    resource = Resource(process, SETTINGS)
    resource.up()
    emulator.faults.add(Fault("zoom", "GET", status=404, times=None))
    text = refused(resource.refresh)
    assert text.startswith("NotFound: Zoom: GET settings of account me: HTTP 404 2001: ")
    assert "Check zoom.account in the tenant's file" in text


@pytest.mark.parametrize("status", [403, 404])
def test_an_answer_of_something_in_between_is_unknown_and_blames_no_plan(
    process: Process, emulator: Emulator, status: int
) -> None:
    resource = Resource(process, SETTINGS)
    resource.up()
    page = Fault("zoom", "GET", "/settings$", raw="<h1>Blocked</h1>", raw_status=status)
    emulator.faults.add(page)
    resource.refresh()
    assert resource.state is not None
    assert f"HTTP {status} without an error of Zoom's" in resource.state.outs["unknown"]


def test_an_error_under_http_200_is_an_error(
    process: Process, emulator: Emulator, refused: Refused
) -> None:
    emulator.world.data["zoom"]["paid"] = False
    text = refused(lambda: Resource(process, SETTINGS).up())
    assert "HTTP 200 200: Only available for Paid account" in text
    assert "The account's plan or the app owner's role does not allow it" in text


@pytest.fixture
def _master(emulator: Emulator) -> Iterator[None]:
    """Credentials that may also work on sub-accounts."""
    emulator.set_zoom_scopes(["account:read:admin", "account:write:admin", "account:master"])
    emulator.world.tokens.expire("zoom")
    yield
    emulator.world.tokens.expire("zoom")


@pytest.mark.usefixtures("_master")
def test_a_hostile_account_id_stays_one_part_of_the_path(
    process: Process, emulator: Emulator, refused: Refused
) -> None:
    hostile = "me/settings?option=security#/../.."
    kind = Kind(SETTINGS.of, {"account": hostile}, ROOMS)
    assert "Account does not exist" in refused(lambda: Resource(process, kind).up())
    entry = emulator.log[-1]
    assert entry["path"] == f"/v2/accounts/{hostile}/settings"
    assert entry["query"] == {}


@pytest.mark.usefixtures("_master")
def test_another_account_is_another_resource(process: Process, emulator: Emulator) -> None:
    (sub,) = emulator.world.data["zoom"]["sub_accounts"]
    before = emulator.world.dump()
    resource = Resource(process, SETTINGS)
    resource.up(ROOMS)
    resource.kind = Kind(SETTINGS.of, {"account": sub}, ROOMS)

    assert resource.up(ROOMS) == "replace"
    assert live(emulator, "zoom_rooms.list_meetings_with_calendar") is False
    accounts = emulator.world.data["zoom"]["sub_accounts"]
    assert accounts[sub]["settings"]["zoom_rooms"]["list_meetings_with_calendar"] is True
    resource.destroy()
    assert emulator.world.dump() == before
