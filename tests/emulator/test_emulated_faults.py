"""Every kind of fault, and for how long it strikes."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
import requests

from emulator import Emulator, Fault

from .conftest import Graph, Refused, Zoom

SETTINGS = r"/accounts/me/settings"
ON = {"zoom_rooms": {"list_meetings_with_calendar": True}}


def _shown(zoom: Zoom) -> bool:
    return bool(zoom.settings()["zoom_rooms"]["list_meetings_with_calendar"])


def test_a_status_with_its_body_and_headers(graph: Graph, emulator: Emulator) -> None:
    emulator.faults.add(
        Fault("entra", "GET", "/domains", status=503, json={"x": 1}, headers={"Retry-After": "1"})
    )
    response = graph("GET", "/domains")

    assert (response.status_code, response.json()) == (503, {"x": 1})
    assert response.headers["Retry-After"] == "1"
    assert response.headers["request-id"]


def test_a_status_alone_takes_the_shape_of_its_service(
    graph: Graph, zoom: Zoom, emulator: Emulator, refused: Refused
) -> None:
    emulator.faults.add(Fault(status=429, times=2))

    refused(graph("GET", "/domains"), 429, "TooManyRequests")
    response = zoom("GET", "/accounts/me/settings")
    assert (response.status_code, response.json()["code"]) == (429, 429)
    assert response.headers["x-zm-trackingid"]


def test_a_fault_strikes_its_requests_only_and_as_often_as_asked(
    zoom: Zoom, graph: Graph, emulator: Emulator
) -> None:
    fault = emulator.faults.add(Fault("zoom", "GET", SETTINGS, status=500, times=2, skip=1))

    answers = [zoom("GET", "/accounts/me/settings").status_code for _ in range(4)]

    assert answers == [200, 500, 500, 200]
    assert (fault.seen, fault.hits) == (4, 2)
    assert graph("GET", "/domains").status_code == 200


def test_a_fault_without_times_strikes_until_it_is_cleared(
    graph: Graph, emulator: Emulator
) -> None:
    emulator.faults.add(Fault(path="/domains", status=500, times=None))
    assert [graph("GET", "/domains").status_code for _ in range(3)] == [500] * 3

    emulator.faults.clear()
    assert graph("GET", "/domains").status_code == 200


def test_a_fault_may_look_at_the_body(zoom: Zoom, emulator: Emulator) -> None:
    emulator.faults.add(Fault(body="list_meetings", status=500))

    assert zoom.patch({"zoom_rooms": {"ultrasonic": False}}).status_code == 204
    assert zoom.patch(ON).status_code == 500


def test_a_delay_comes_before_the_answer(graph: Graph, emulator: Emulator) -> None:
    emulator.faults.add(Fault(path="/domains", delay=0.2))
    start = time.monotonic()
    graph.get("/domains")

    assert time.monotonic() - start >= 0.2


@pytest.mark.parametrize(("moment", "committed"), [("before", False), ("after", True)])
def test_a_connection_breaks_before_or_after_the_write(
    zoom: Zoom, emulator: Emulator, moment: str, committed: bool
) -> None:
    emulator.faults.add(Fault(method="PATCH", reset=moment))

    with pytest.raises(requests.exceptions.ConnectionError):
        zoom.patch(ON)

    assert _shown(zoom) is committed
    entry = next(e for e in emulator.log if e["method"] == "PATCH")
    assert (entry["status"], entry["write"]) == (0, committed)


def test_a_connection_breaks_under_tls_too(graph: Graph, emulator: Emulator) -> None:
    emulator.faults.add(Fault(path="/domains", reset="after"))

    with pytest.raises(requests.exceptions.ConnectionError):
        graph("GET", "/domains")


def test_a_truncated_answer_promises_its_full_length(graph: Graph, emulator: Emulator) -> None:
    emulator.faults.add(Fault(path="/domains", truncate=True))

    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.ConnectionError)):
        graph("GET", "/domains")


def test_something_else_than_json_answers(graph: Graph, emulator: Emulator) -> None:
    emulator.faults.add(Fault(path="/domains", raw="<html>Bad Gateway</html>", raw_status=502))
    response = graph("GET", "/domains")

    assert (response.status_code, response.text) == (502, "<html>Bad Gateway</html>")
    assert response.headers["Content-Type"].startswith("text/html")


def test_a_success_can_have_no_effect(zoom: Zoom, graph: Graph, emulator: Emulator) -> None:
    before = emulator.snapshot()
    emulator.faults.add(Fault(method="PATCH", no_effect=True))
    emulator.faults.add(Fault(path="/applications", method="POST", no_effect=True))

    assert zoom.patch(ON).status_code == 204
    made = graph("POST", "/applications", json={"displayName": "new"})
    assert made.status_code == 201
    assert emulator.snapshot() == before
    assert not any(entry["write"] for entry in emulator.log)


def test_stale_reads_show_the_state_before_the_last_write(zoom: Zoom, emulator: Emulator) -> None:
    emulator.faults.add(Fault("zoom", "GET", SETTINGS, reads=2))
    zoom.patch(ON)

    assert [_shown(zoom) for _ in range(3)] == [False, False, True]


def test_a_stale_read_of_what_was_just_made_finds_nothing(graph: Graph, emulator: Emulator) -> None:
    app = graph("POST", "/applications", json={"displayName": "new"}).json()
    emulator.faults.add(Fault(path="/applications/", reads=1))

    path = f"/applications/{app['id']}"
    assert [graph("GET", path).status_code for _ in range(2)] == [404, 200]


def test_stale_reads_end_after_their_seconds(zoom: Zoom, emulator: Emulator) -> None:
    emulator.faults.add(Fault("zoom", "GET", SETTINGS, stale=0.2))
    zoom.patch(ON)

    assert _shown(zoom) is False
    time.sleep(0.25)
    assert _shown(zoom) is True


def test_an_expired_token_ends_all_tokens_of_its_service(
    graph: Graph, zoom: Zoom, emulator: Emulator, refused: Refused
) -> None:
    emulator.faults.add(Fault("entra", path="/domains", expire_token=True))

    refused(graph("GET", "/domains"), 401, "InvalidAuthenticationToken")
    refused(graph("GET", "/users"), 401, "InvalidAuthenticationToken")
    assert zoom("GET", "/accounts/me/settings").status_code == 200
    graph.login()
    assert graph("GET", "/domains").status_code == 200


def test_zoom_says_so_in_its_own_words(zoom: Zoom, emulator: Emulator) -> None:
    emulator.faults.add(Fault("zoom", expire_token=True))

    for _ in range(2):
        response = zoom("GET", "/accounts/me/settings")
        assert response.status_code == 401
        assert response.json() == {"code": 124, "message": "Access token is expired."}


@pytest.mark.parametrize(("hold", "committed"), [(True, False), ("after", True)])
def test_a_held_write_goes_on_when_it_is_released(
    zoom: Zoom, graph: Graph, emulator: Emulator, hold: Any, committed: bool
) -> None:
    fault = emulator.faults.add(Fault(method="PATCH", hold=hold))
    answers = []
    writer = threading.Thread(target=lambda: answers.append(zoom.patch(ON).status_code))
    writer.start()
    assert fault.reached.wait(5)
    deadline = time.monotonic() + 2
    state = emulator.world.data["zoom"]["settings"]["zoom_rooms"]
    while state["list_meetings_with_calendar"] is not committed and time.monotonic() < deadline:
        time.sleep(0.01)

    assert state["list_meetings_with_calendar"] is committed
    assert answers == []
    assert graph("GET", "/domains").status_code == 200, "others are not held up"

    emulator.faults.release()
    writer.join(5)
    assert answers == [204]
    assert state["list_meetings_with_calendar"] is True


def test_one_held_item_holds_its_batch_only(graph: Graph, emulator: Emulator) -> None:
    fault = emulator.faults.add(Fault(path="/v1.0/users", hold=True))
    batch = {"requests": [{"id": "1", "method": "GET", "url": "/users"}]}
    answers = []
    caller = threading.Thread(
        target=lambda: answers.append(graph("POST", "/$batch", json=batch).status_code)
    )
    caller.start()
    assert fault.reached.wait(5)

    assert graph("GET", "/domains").status_code == 200
    emulator.faults.release()
    caller.join(5)
    assert answers == [200]


def test_the_token_endpoints_have_faults_too(graph: Graph, zoom: Zoom, emulator: Emulator) -> None:
    emulator.faults.add(Fault("login", status=503))
    emulator.faults.add(Fault("zoom-oauth", status=500))
    emulator.faults.add(Fault("metadata", status=500))

    assert graph.token().status_code == 503
    assert zoom.token().status_code == 500
    url = f"{graph.root}/metadata/endpoints?api-version=2022-09-01"
    assert [graph.session.get(url, timeout=10).status_code for _ in range(2)] == [500, 200]


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"status": 500, "delay": 1.0},
        {"reset": "during"},
        {"hold": "forever"},
        {"status": 500, "path": "("},
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(wrong: Any) -> None:
    with pytest.raises(Exception, match=r"\w"):
        Fault(**wrong)
