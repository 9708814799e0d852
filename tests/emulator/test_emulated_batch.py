"""`$batch`: every item is a request of its own."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from emulator import Emulator, Fault

from .conftest import Graph, Object, Refused


def _batch(graph: Graph, *urls: str, **common: Any) -> requests.Response:
    requests = [{"id": str(n), "method": "GET", "url": url} | common for n, url in enumerate(urls)]
    return graph("POST", "/$batch", json={"requests": requests})


def _answers(response: requests.Response) -> Object:
    assert response.status_code == 200, response.text
    return {answer["id"]: answer for answer in response.json()["responses"]}


def test_items_have_their_own_status_headers_and_body(graph: Graph) -> None:
    answers = _answers(
        _batch(graph, "/domains", "/nothing", "users?$select=id", "/policies/authorizationPolicy")
    )

    assert [answers[str(n)]["status"] for n in range(4)] == [200, 501, 200, 200]
    assert answers["0"]["headers"]["Content-Type"].startswith("application/json")
    assert answers["1"]["body"]["error"]["code"] == "NotImplemented"
    assert set(answers["2"]["body"]["value"][0]) == {"id"}


def test_answers_come_in_another_order(graph: Graph) -> None:
    response = _batch(graph, *["/domains"] * 20)

    order = [answer["id"] for answer in response.json()["responses"]]
    assert sorted(order, key=int) == [str(n) for n in range(20)]
    assert order != [str(n) for n in range(20)]


def test_an_item_is_refused_for_its_own_permission(graph: Graph) -> None:
    graph.login("Domain.Read.All")
    answers = _answers(_batch(graph, "/domains", "/applications"))

    assert (answers["0"]["status"], answers["1"]["status"]) == (200, 403)
    assert answers["1"]["body"]["error"]["code"] == "Authorization_RequestDenied"


def test_items_write(graph: Graph, emulator: Emulator) -> None:
    item = {
        "id": "1",
        "method": "POST",
        "url": "/policies/permissionGrantPolicies",
        "headers": {"content-type": "application/json"},
        "body": {"id": "batched"},
    }
    answers = _answers(graph("POST", "/$batch", json={"requests": [item]}))

    assert answers["1"]["status"] == 201
    assert "batched" in emulator.world.data["entra"]["permissionGrantPolicies"]
    assert emulator.log[-1]["write"] is True
    assert [i["status"] for i in emulator.log[-1]["items"]] == [201]


def test_what_depends_on_a_failure_fails(graph: Graph) -> None:
    items = [
        {"id": "a", "method": "GET", "url": "/nothing"},
        {"id": "b", "method": "GET", "url": "/domains", "dependsOn": ["a"]},
        {"id": "c", "method": "GET", "url": "/domains", "dependsOn": ["b"]},
    ]
    answers = _answers(graph("POST", "/$batch", json={"requests": items}))

    assert [answers[key]["status"] for key in "abc"] == [501, 424, 424]


@pytest.mark.parametrize(
    "requests",
    [
        None,
        [],
        [{"id": "1", "method": "GET"}],
        [{"id": 1, "method": "GET", "url": "/domains"}],
        [{"id": "a", "method": "GET", "url": "/x"}, {"id": "A", "method": "GET", "url": "/x"}],
        [{"id": "1", "method": "POST", "url": "/applications", "body": {"displayName": "a"}}],
        [{"id": "1", "method": "GET", "url": "/domains", "dependsOn": ["2"]}],
        [{"id": "1", "method": "POST", "url": "/$batch"}],
        [{"id": str(n), "method": "GET", "url": "/domains"} for n in range(21)],
    ],
)
def test_a_malformed_batch_is_refused_whole(graph: Graph, refused: Refused, requests: Any) -> None:
    refused(graph("POST", "/$batch", json={"requests": requests}), 400, "BadRequest")


def test_a_batch_needs_a_token(graph: Graph, refused: Refused) -> None:
    graph.bearer("x.y.z")

    refused(_batch(graph, "/domains"), 401, "InvalidAuthenticationToken")


def test_one_item_is_throttled_under_an_outer_200(graph: Graph, emulator: Emulator) -> None:
    emulator.faults.add(Fault(path="/v1.0/users", status=429, headers={"Retry-After": "2"}))
    answers = _answers(_batch(graph, "/domains", "/users"))

    assert answers["0"]["status"] == 200
    assert answers["1"]["status"] == 429
    assert answers["1"]["headers"]["Retry-After"] == "2"
    assert answers["1"]["body"]["error"]["code"] == "TooManyRequests"


def test_an_item_can_be_missing_from_the_answer(graph: Graph, emulator: Emulator) -> None:
    emulator.faults.add(Fault(path="/users", drop_item=True))

    assert set(_answers(_batch(graph, "/domains", "/users"))) == {"0"}


def test_an_item_without_effect_changes_nothing(graph: Graph, emulator: Emulator) -> None:
    emulator.faults.add(Fault("entra", no_effect=True))
    before = emulator.snapshot()
    item = {
        "id": "1",
        "method": "POST",
        "url": "/applications",
        "headers": {"Content-Type": "application/json"},
        "body": {"displayName": "new"},
    }

    assert _answers(graph("POST", "/$batch", json={"requests": [item]}))["1"]["status"] == 201
    assert emulator.snapshot() == before


def test_the_whole_batch_can_be_throttled(graph: Graph, emulator: Emulator) -> None:
    emulator.faults.add(Fault(path=r"/\$batch", status=429))

    assert _batch(graph, "/domains").status_code == 429
    assert _batch(graph, "/domains").status_code == 200
