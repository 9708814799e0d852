"""Zoom's settings behind `option`, its locks of them, and lists that an action edits."""

from __future__ import annotations

from typing import Any

import pytest

from emulator import Emulator

from .conftest import Zoom

LOCKS = "/accounts/me/lock_settings"


def fields(response: Any) -> list[str]:
    assert response.status_code == 400, response.text
    return [one["field"] for one in response.json()["errors"]]


@pytest.mark.parametrize("option", ["meeting_security", "meeting_authentication"])
def test_a_shape_has_only_its_own_leaves_in_both_directions(zoom: Zoom, option: str) -> None:
    assert not set(zoom.settings()) & set(zoom.settings(option=option))
    assert fields(zoom.patch({"in_meeting": {"chat": False}}, option=option)) == ["in_meeting"]
    assert fields(zoom.patch({option: True})) == [option]
    assert zoom.settings()["in_meeting"]["chat"] is True


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"meeting_authentication": "on"}, "meeting_authentication"),
        ({"recording_authentication": True}, "recording_authentication"),
    ],
)
def test_authentication_takes_its_own_switches_only(zoom: Zoom, body: Any, field: str) -> None:
    assert fields(zoom.patch(body, option="meeting_authentication")) == [field]


def test_authentication_options_are_edited_one_by_one(zoom: Zoom) -> None:
    def edit(**option: Any) -> list[str]:
        body = {"authentication_option": option}
        assert zoom.patch(body, option="meeting_authentication").status_code == 204
        shown = zoom.settings(option="meeting_authentication")
        assert "authentication_option" not in shown
        return [one["name"] for one in shown["authentication_options"]]

    assert edit(action="add", name="Staff", type="enforce_login") == ["Sign in to Zoom", "Staff"]
    assert edit(action="update", name="Staff", domains="contoso.com")[1] == "Staff"
    assert edit(action="delete", name="Staff") == ["Sign in to Zoom"]
    gone = {"authentication_option": {"action": "delete", "name": "Staff"}}
    assert fields(zoom.patch(gone, option="meeting_authentication")) == ["name"]


def test_locks_of_meeting_security_are_changed_by_their_body_alone(zoom: Zoom) -> None:
    body: Any = {"meeting_security": {"waiting_room": True}}
    assert "meeting_security" not in zoom.get(LOCKS)
    assert zoom.patch(body, "lock_settings").status_code == 204
    locks = zoom.get(LOCKS, params={"option": "meeting_security"})
    assert list(locks) == ["meeting_security"]
    assert locks["meeting_security"]["waiting_room"] is True

    published_for_get_only = zoom.patch(body, "lock_settings", option="meeting_security")
    assert fields(published_for_get_only) == ["option"]
    mixed = zoom.patch(body | {"in_meeting": {"chat": True}}, "lock_settings")
    assert fields(mixed) == ["in_meeting"]
    assert zoom.get(LOCKS)["in_meeting"]["chat"] is False


def test_a_lock_that_is_written_as_text_stays_true_or_false(zoom: Zoom) -> None:
    body = {"meeting_security": {"encryption_type": "e2ee"}}
    assert zoom.patch(body, "lock_settings").status_code == 204
    locks = zoom.get(LOCKS, params={"option": "meeting_security"})
    assert locks["meeting_security"]["encryption_type"] is False


def test_a_list_that_an_action_edits_stays_without_one(zoom: Zoom) -> None:
    def etiquette(**tool: Any) -> list[str]:
        assert zoom.patch({"chat": {"chat_etiquette_tool": tool}}).status_code == 204
        return [one["name"] for one in zoom.settings()["chat"]["chat_etiquette_tool"]["policies"]]

    policy = {"name": "Kind words", "keywords": ["bad"], "trigger_action": 2}
    assert etiquette(enable=True, policies=[policy]) == []
    assert etiquette(operate="create", policies=[policy]) == ["Kind words"]
    assert etiquette(enable=False) == ["Kind words"]
    assert etiquette(operate="delete", policies=[{"name": "Kind words"}]) == []


def test_entries_of_a_list_are_checked_and_keep_what_only_a_get_shows(zoom: Zoom) -> None:
    def dial_in(*entries: Any) -> Any:
        return zoom.patch({"audio_conferencing": {"toll_call": {"numbers": list(entries)}}})

    assert dial_in({"code": "US", "number": "1", "country_name": "ignored"}).status_code == 204
    path = "audio_conferencing.toll_call.numbers[]"
    assert fields(dial_in("US")) == [path]
    assert fields(dial_in({"code": 1})) == [f"{path}.code"]
    assert fields(dial_in({"number": "1" * 31})) == [f"{path}.number"]
    [shown] = zoom.settings()["audio_conferencing"]["toll_call"]["numbers"]
    assert shown["country_name"] == ""


def test_what_becomes_of_siblings_is_as_the_account_is_told(zoom: Zoom, emulator: Emulator) -> None:
    other: Any = {"schedule_meeting": {"meeting_password_requirement": {"have_letter": False}}}
    zoom.patch(other)
    body: Any = {"schedule_meeting": {"meeting_password_requirement": {"length": 9}}}
    zoom.patch(body)
    requirement = zoom.settings()["schedule_meeting"]["meeting_password_requirement"]
    assert (requirement["length"], requirement["have_letter"]) == (9, False)

    emulator.world.data["zoom"]["nested"] = "replace"
    zoom.patch(body)
    requirement = zoom.settings()["schedule_meeting"]["meeting_password_requirement"]
    assert (requirement["length"], requirement["have_letter"]) == (9, True)
    zoom.patch({"security": {"signin_with_sso": {"enable": True}}})
    assert zoom.settings()["security"]["signin_with_sso"]["sso_bypass_users"] == []
