"""Zoom's tokens, scopes, settings, locks, domains, rooms and limits."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime
from typing import Any

import pytest
import requests

from emulator import Emulator

from .conftest import Object, Zoom

RATE_HEADERS = {f"X-RateLimit-{n}" for n in ("Category", "Type", "Limit", "Remaining", "Reset")}


def _is(response: requests.Response, status: int, code: int) -> str:
    assert (response.status_code, response.json()["code"]) == (status, code), response.text
    assert response.headers["x-zm-trackingid"]
    return str(response.json()["message"])


@pytest.mark.parametrize("form", [False, True])
def test_a_token_is_given_for_a_query_and_for_a_form(
    zoom: Zoom, emulator: Emulator, form: Any
) -> None:
    body = zoom.token(form=form).json()

    assert body["token_type"] == "bearer"
    assert body["expires_in"] == 3599
    assert emulator.env["ZOOM_API_URL"] == f"{body['api_url']}/v2"
    assert "account:update:settings:admin" in body["scope"].split(" ")


@pytest.mark.parametrize(
    ("values", "body"),
    [
        (
            {"secret": "wrong"},
            {"reason": "Invalid client_id or client_secret", "error": "invalid_client"},
        ),
        (
            {"account_id": "another"},
            {"reason": "Account does not exist", "error": "invalid_request"},
        ),
        (
            {"grant_type": "client_credentials"},
            {"reason": "unsupported grant type", "error": "unsupported_grant_type"},
        ),
    ],
)
def test_a_refused_token_request_gives_no_token(
    zoom: Zoom, values: dict[str, Any], body: Any
) -> None:
    response = zoom.token(**values)

    assert (response.status_code, response.json()) == (400, body)


def test_a_disabled_app_gets_no_token(zoom: Zoom, emulator: Emulator) -> None:
    with emulator.world.lock:
        for app in emulator.world.data["zoom"]["apps"].values():
            app["enabled"] = False

    assert zoom.token().json()["reason"] == "Account does not enabled the OAuth app type"


@pytest.mark.parametrize("header", [None, "Bearer nonsense", "Basic abc"])
def test_the_api_needs_a_bearer_token(zoom: Zoom, header: str | None) -> None:
    zoom.session.headers.pop("Authorization")
    headers = {"Authorization": header} if header else {}

    message = _is(zoom("GET", "/accounts/me/settings", headers=headers), 401, 124)
    assert message == "Invalid access token."


@pytest.mark.parametrize(
    ("method", "path", "granular", "classic"),
    [
        ("GET", "settings", "account:read:settings:admin", "account:read:admin"),
        ("PATCH", "settings", "account:update:settings:admin", "account:write:admin"),
        ("GET", "lock_settings", "account:read:lock_settings:master", "account:read:admin"),
        ("PATCH", "lock_settings", "account:update:lock_settings:admin", "account:write:admin"),
        ("GET", "managed_domains", "account:read:managed_domains:master", "account:read:admin"),
        ("GET", "trusted_domains", "account:read:trusted_domains:master", "account:read:admin"),
    ],
)
def test_a_route_needs_its_granular_or_classic_scope(
    zoom: Zoom, method: str, path: str, granular: str, classic: str
) -> None:
    zoom.login("user:read:user:admin")
    message = _is(zoom(method, f"/accounts/me/{path}", json={}), 400, 4711)
    assert message == f"Invalid access token, does not contain scopes:[{granular}]."

    for scope in (granular, classic):
        zoom.login(scope)
        assert zoom(method, f"/accounts/me/{path}", json={}).status_code in (200, 204)


def test_new_scopes_count_from_the_next_token_on(zoom: Zoom, emulator: Emulator) -> None:
    emulator.set_zoom_scopes(["account:read:settings:admin"])
    assert zoom.patch({}).status_code == 204

    zoom.login()
    assert zoom.token().json()["scope"] == "account:read:settings:admin"
    _is(zoom.patch({}), 400, 4711)


def test_the_own_account_has_two_names(zoom: Zoom, emulator: Emulator) -> None:
    account = emulator.env["ZOOM_ACCOUNT_ID"]

    assert zoom.get(f"/accounts/{account}/settings") == zoom.settings()


def test_a_sub_account_needs_a_master_scope(zoom: Zoom, emulator: Emulator) -> None:
    sub = next(iter(emulator.world.data["zoom"]["sub_accounts"]))
    _is(zoom("GET", f"/accounts/{sub}/settings"), 400, 4711)

    zoom.login("account:read:settings:master")
    assert zoom("GET", f"/accounts/{sub}/settings").status_code == 200
    _is(zoom("GET", "/accounts/me/settings"), 400, 4711)


@pytest.mark.parametrize(
    ("path", "status"),
    [("settings", 404), ("lock_settings", 400), ("managed_domains", 404), ("trusted_domains", 200)],
)
def test_an_account_that_does_not_exist_is_2001_under_several_statuses(
    zoom: Zoom, path: str, status: int
) -> None:
    zoom.login("account:master", "account:read:admin")

    message = _is(zoom("GET", f"/accounts/nobody/{path}"), status, 2001)
    assert message == "Account does not exist: nobody"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "settings", 200),
        ("PATCH", "settings", 400),
        ("GET", "lock_settings", 200),
        ("PATCH", "lock_settings", 200),
        ("GET", "managed_domains", 200),
    ],
)
def test_a_free_account_is_refused_often_under_http_200(
    zoom: Zoom, emulator: Emulator, method: str, path: str, status: int
) -> None:
    emulator.world.data["zoom"]["paid"] = False

    assert "Only available for Paid" in _is(zoom(method, f"/accounts/me/{path}"), status, 200)


def test_a_patch_changes_the_leaves_it_names(zoom: Zoom) -> None:
    before = zoom.settings()
    response = zoom.patch({"schedule_meeting": {"meeting_password_requirement": {"length": 9}}})

    assert (response.status_code, response.content) == (204, b"")
    assert "Content-Type" not in response.headers
    before["schedule_meeting"]["meeting_password_requirement"]["length"] = 9
    assert zoom.settings() == before


def test_lists_are_replaced_whole(zoom: Zoom) -> None:
    zoom.patch({"security": {"signin_with_sso": {"domains": ["contoso-labs.com"]}}})

    assert zoom.settings()["security"]["signin_with_sso"]["domains"] == ["contoso-labs.com"]


@pytest.mark.parametrize("data", ["nonsense", "[]", "1", ""])
def test_a_body_that_is_no_object_is_refused(zoom: Zoom, data: str) -> None:
    message = _is(zoom("PATCH", "/accounts/me/settings", data=data), 400, 300)

    assert message == "Request Body should be a valid JSON object."


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"nonsense": {"a": True}}, "nonsense"),
        ({"calendar_and_contacts_integration": True}, "calendar_and_contacts_integration"),
        ({"meeting_security": {"waiting_room": True}}, "meeting_security"),
        ({"security": True}, "security"),
        ({"security": {"signin_with_sso": True}}, "security.signin_with_sso"),
        ({"in_meeting": {"chat": "on"}}, "in_meeting.chat"),
        ({"in_meeting": {"chat": 1}}, "in_meeting.chat"),
        ({"in_meeting": {"chat": None}}, "in_meeting.chat"),
        ({"in_meeting": {"dscp_audio": 64}}, "in_meeting.dscp_audio"),
        ({"in_meeting": {"entry_exit_chime": "loud"}}, "in_meeting.entry_exit_chime"),
        ({"schedule_meeting": {"jbh_time": 7}}, "schedule_meeting.jbh_time"),
        ({"schedule_meeting": {"jbh_time": "5"}}, "schedule_meeting.jbh_time"),
        ({"in_meeting": {"data_center_regions": "US"}}, "in_meeting.data_center_regions"),
    ],
)
def test_a_wrong_section_or_type_is_refused_and_nothing_changes(
    zoom: Zoom, emulator: Emulator, body: Any, field: str
) -> None:
    before = emulator.snapshot()
    response = zoom.patch({"integration": {"kubi": True}} | body)

    assert _is(response, 400, 300) == "Validation Failed."
    assert response.json()["errors"] == [{"field": field, "message": "Invalid field."}]
    assert emulator.snapshot() == before


def test_an_unknown_leaf_is_ignored_in_silence_unless_asked(zoom: Zoom, emulator: Emulator) -> None:
    body = {"mail_calendar": {"calendar_and_contacts_integration": True}}
    before = emulator.snapshot()
    assert zoom.patch(body).status_code == 204
    assert emulator.snapshot() == before

    emulator.world.data["zoom"]["unknown_leaf"] = "refuse"
    _is(zoom.patch(body), 400, 300)


def test_a_204_can_be_without_effect(zoom: Zoom, emulator: Emulator) -> None:
    emulator.world.data["zoom"]["no_effect"] = ["in_meeting.chat", "recording"]
    before = zoom.settings()
    body = {
        "in_meeting": {"chat": False, "co_host": False},
        "recording": {"cloud_recording": False},
    }

    assert zoom.patch(body).status_code == 204

    before["in_meeting"]["co_host"] = False
    assert zoom.settings() == before


def test_sso_bypass_is_written_as_ids_and_read_as_users(zoom: Zoom, emulator: Emulator) -> None:
    ids = [user["id"] for user in emulator.world.data["zoom"]["users"]]

    def bypass(**sso: Any) -> list[str]:
        assert zoom.patch({"security": {"signin_with_sso": sso}}).status_code == 204
        shown = zoom.settings()["security"]["signin_with_sso"]
        assert not {"sso_bypass_user_ids", "operation"} & set(shown)
        return [user["id"] for user in shown["sso_bypass_users"]]

    assert bypass(sso_bypass_user_ids=[ids[0]], operation="add") == [ids[2], ids[0]]
    assert bypass(sso_bypass_user_ids=[ids[2]], operation="remove") == [ids[0]]
    assert bypass(sso_bypass_user_ids=[ids[1]]) == [ids[1]]
    assert bypass(sso_bypass_users=[]) == [ids[1]], "what only a GET shows is ignored"


def test_custom_query_fields_name_sections_and_leaves(zoom: Zoom) -> None:
    chosen = zoom.settings(custom_query_fields="integration,chat")

    assert set(chosen) == {"integration", "in_meeting", "chat"}
    assert chosen["in_meeting"] == {"chat": True}
    assert chosen["integration"]["kubi"] is False


def test_options_show_and_change_other_trees(zoom: Zoom) -> None:
    body: Object = {"meeting_security": {"waiting_room": False}}
    assert zoom.patch(body, option="meeting_security").status_code == 204
    security = zoom.settings(option="meeting_security")
    assert security["meeting_security"]["waiting_room"] is False
    assert set(zoom.settings(option="security")) == {"security"}
    assert "meeting_security" not in zoom.settings()

    body = {"meeting_authentication": True}
    assert zoom.patch(body, option="meeting_authentication").status_code == 204
    assert zoom.settings(option="meeting_authentication")["meeting_authentication"] is True
    _is(zoom("GET", "/accounts/me/settings", params={"option": "all"}), 400, 300)


def test_locks_are_plain_booleans(zoom: Zoom) -> None:
    path = "/accounts/me/lock_settings"
    assert zoom.get(path)["schedule_meeting"]["continuous_meeting_chat"] is False
    assert zoom.patch({"in_meeting": {"chat": True}}, "lock_settings").status_code == 204
    assert zoom.get(path)["in_meeting"]["chat"] is True

    ignored = {"in_meeting": {"meeting_reactions": True}}
    assert zoom.patch(ignored, "lock_settings").status_code == 204
    assert zoom.get(path)["in_meeting"]["meeting_reactions"] is False
    _is(zoom.patch({"integration": {"kubi": True}}, "lock_settings"), 400, 300)
    security = zoom.get(path, params={"option": "meeting_security"})
    assert security["meeting_security"]["waiting_room"] is False


def test_domains_are_read(zoom: Zoom) -> None:
    managed = zoom.get("/accounts/me/managed_domains")

    assert managed["total_records"] == len(managed["domains"]) == 2
    assert {"domain": "contoso.com", "status": "verified"} in managed["domains"]
    assert "contoso.com" in zoom.get("/accounts/me/trusted_domains")["trusted_domains"]


def test_the_four_portal_switches_are_in_no_answer(zoom: Zoom, emulator: Emulator) -> None:
    portal = emulator.world.data["zoom"]["portal"]
    everything = str([zoom.settings(), zoom.get("/accounts/me/lock_settings")])

    assert set(portal) == {
        "calendar_and_contacts_integration",
        "integrate_calendar_on_sign_in",
        "users_can_consent",
        "admin_consented",
    }
    assert not any(name in everything for name in portal)


def test_an_unknown_endpoint_is_not_recognized(zoom: Zoom) -> None:
    message = _is(zoom("GET", "/accounts/me/calendar"), 404, 2300)

    assert message == "This API endpoint is not recognized."


def test_calendar_services_of_rooms(zoom: Zoom, emulator: Emulator) -> None:
    zoom.login("room:read:admin", "room:write:admin")
    [service] = zoom.get("/rooms/calendar/services")["calendar_services"]
    path = f"/rooms/calendar/services/{service['calendar_service_id']}"
    assert service["calendar_resource_assigned_number"] == 1

    assert zoom("PUT", f"{path}/sync").status_code == 202
    _is(zoom("DELETE", path), 400, 4005)
    made = zoom("POST", f"{path}/resources", json={"calendar_resource_email": "a@contoso.com"})
    assert made.status_code == 201
    resource = f"{path}/resources/{made.json()['calendar_resource_id']}"
    assert zoom.get(resource) == made.json()
    assert zoom("DELETE", resource).status_code == 204

    emulator.world.data["zoom"]["rooms"]["services"][0]["resources"] = []
    assert zoom("DELETE", path).status_code == 204
    _is(zoom("DELETE", path), 404, 4061)
    emulator.world.data["zoom"]["rooms"]["licensed"] = False
    _is(zoom("GET", "/rooms/calendar/services"), 400, 200)


def test_the_operation_log_shows_what_changed(zoom: Zoom) -> None:
    today = date.today().isoformat()
    zoom.patch({"in_meeting": {"chat": False}})
    query = {"from": today, "to": datetime.now(UTC).date().isoformat()}

    [entry] = zoom.get("/report/operationlogs", params=query)["operation_logs"]

    assert "in_meeting.chat" in entry["operation_detail"]
    _is(zoom("GET", "/report/operationlogs", params={"from": "x", "to": today}), 400, 300)
    long = {"from": "2020-01-01", "to": "2020-03-01"}
    _is(zoom("GET", "/report/operationlogs", params=long), 400, 300)


def test_every_answer_tells_its_rate_limit(zoom: Zoom) -> None:
    settings = zoom("GET", "/accounts/me/settings").headers
    domains = zoom("GET", "/accounts/me/managed_domains").headers

    assert set(settings) >= RATE_HEADERS
    assert (settings["X-RateLimit-Category"], settings["X-RateLimit-Limit"]) == ("Medium", "60")
    assert (domains["X-RateLimit-Category"], domains["X-RateLimit-Limit"]) == ("Light", "80")


def test_more_calls_than_a_second_holds_are_refused(zoom: Zoom, emulator: Emulator) -> None:
    emulator.world.data["zoom"]["plan"] = "free"
    time.sleep(1 - time.time() % 1 + 0.01)

    answers = [zoom("GET", "/accounts/me/settings") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert _is(answers[2], 429, 429).startswith("You have reached the maximum per-second rate")
    assert answers[2].headers["X-RateLimit-Remaining"] == "0"
    assert answers[2].headers["X-RateLimit-Type"] == "QPS"


def test_the_daily_limit_names_a_date(
    zoom: Zoom, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    from emulator import zoom_limits

    monkeypatch.setitem(zoom_limits._PER_DAY["free"], "Medium", 1)
    emulator.world.data["zoom"]["plan"] = "free"
    zoom("GET", "/accounts/me/settings")
    response = zoom("GET", "/accounts/me/settings")

    assert "maximum daily rate limit" in _is(response, 429, 429)
    assert response.headers["X-RateLimit-Type"] == "Daily-limit"
    assert datetime.fromisoformat(response.headers["Retry-After"]) > datetime.now(UTC)
