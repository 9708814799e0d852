"""Filters, selections and pages, and the headers of every answer of Graph."""

from __future__ import annotations

import pytest

from emulator import Emulator

from .conftest import Graph, Refused


@pytest.fixture
def many(graph: Graph) -> Graph:
    for number in range(7):
        graph("POST", "/applications", json={"displayName": f"app {number}"})
    return graph


def test_pages_are_linked_absolutely_until_the_last(many: Graph, emulator: Emulator) -> None:
    emulator.page_size = 4
    first = many.get("/applications", params={"$filter": "startswith(displayName,'app')"})
    link = first["@odata.nextLink"]
    assert link.startswith(f"{many.root}/v1.0/applications?$filter=")
    assert "$skiptoken=" in link

    second = many.session.get(link, timeout=10).json()

    assert "@odata.nextLink" not in second
    names = [app["displayName"] for app in first["value"] + second["value"]]
    assert names == [f"app {number}" for number in range(7)]


def test_top_sets_the_size_of_a_page(many: Graph) -> None:
    page = many.get("/applications", params={"$top": "2"})

    assert len(page["value"]) == 2
    assert "$top=2" in page["@odata.nextLink"]


@pytest.mark.parametrize("top", ["0", "1000", "-1", "x"])
def test_an_impossible_page_size_is_refused(graph: Graph, refused: Refused, top: str) -> None:
    refused(graph("GET", "/users", params={"$top": top}), 400, "Request_UnsupportedQuery")


def test_a_made_up_page_token_is_refused(graph: Graph, refused: Refused) -> None:
    response = graph("GET", "/users", params={"$skiptoken": "abc"})

    refused(response, 400, "Directory_ExpiredPageToken")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("displayName eq 'app 1'", ["app 1"]),
        ("displayName eq 'APP 1'", ["app 1"]),
        ("displayName eq 'app 1' or displayName eq 'app 2'", ["app 1", "app 2"]),
        ("(displayName eq 'app 1') and signInAudience eq 'AzureADMyOrg'", ["app 1"]),
        ("displayName in ('app 3', 'app 4')", ["app 3", "app 4"]),
        ("displayName eq 'it''s'", []),
        ("displayName eq null", []),
    ],
)
def test_a_filter_selects(many: Graph, text: str, names: list[str]) -> None:
    found = many.get("/applications", params={"$filter": text})["value"]

    assert [app["displayName"] for app in found] == names


@pytest.mark.parametrize(
    "text",
    ["displayName", "displayName eq", "displayName eq 'it's'", "displayName eq 'a' and", "%", "()"],
)
def test_a_malformed_filter_is_refused(graph: Graph, refused: Refused, text: str) -> None:
    refused(graph("GET", "/applications", params={"$filter": text}), 400, "BadRequest")


def test_a_property_that_cannot_be_filtered_is_named(graph: Graph, refused: Refused) -> None:
    response = graph("GET", "/applications", params={"$filter": "notes eq 'a'"})

    assert "'notes'" in refused(response, 400, "Request_BadRequest")


@pytest.mark.parametrize("option", ["$orderby", "$search", "$expand", "$nonsense"])
def test_an_option_that_is_not_there_is_refused(
    graph: Graph, refused: Refused, option: str
) -> None:
    response = graph("GET", "/applications", params={option: "displayName"})

    refused(response, 400, "Request_UnsupportedQuery")


@pytest.mark.parametrize(
    "path",
    [
        "/policies/authorizationPolicy?$filter=id eq 'a'",
        "/domains?$filter=id eq 'a'",
        "/users/x?$top=1",
    ],
)
def test_an_option_of_another_place_is_refused_too(
    graph: Graph, refused: Refused, path: str
) -> None:
    path = path.replace("/x", f"/{next(iter(graph.emulator.world.data['entra']['users']))}")

    refused(graph("GET", path), 400, "Request_UnsupportedQuery")


def test_what_is_no_id_is_told_apart_from_what_is_not_there(graph: Graph, refused: Refused) -> None:
    refused(graph("GET", "/applications/nonsense"), 400, "Request_BadRequest")
    absent = graph("GET", "/applications/2c6bd2d4-4b5c-4b8f-9d4b-64d9e6f6a002")
    refused(absent, 404, "Request_ResourceNotFound")


def test_selecting_what_is_not_there_is_refused(graph: Graph, refused: Refused) -> None:
    refused(graph("GET", "/users", params={"$select": "id,nonsense"}), 400, "BadRequest")


def test_select_leaves_the_rest_out(graph: Graph) -> None:
    found = graph.get("/users", params={"$select": "id,mail"})["value"]

    assert {key for user in found for key in user} == {"id", "mail"}


def test_every_answer_carries_its_ids(graph: Graph) -> None:
    own = "7a1f3f0e-0f39-4b0e-9d5c-0d3b3c1f4e11"
    good = graph("GET", "/domains", headers={"client-request-id": own})
    bad = graph("GET", "/nothing")

    for response in (good, bad):
        assert response.headers["request-id"]
        assert response.headers["Date"]
        assert response.headers["Connection"] == "close"
        assert response.headers["Content-Type"].startswith("application/json")
    assert good.headers["client-request-id"] == own
    assert bad.headers["client-request-id"] == bad.headers["request-id"]


def test_domains_and_the_organization_agree(graph: Graph) -> None:
    domains = {d["id"]: d for d in graph.get("/domains")["value"]}
    [organization] = graph.get("/organization")["value"]

    verified = {d["name"] for d in organization["verifiedDomains"]}
    assert verified == {name for name, d in domains.items() if d["isVerified"]}
    assert domains["contoso.onmicrosoft.com"]["isInitial"] is True
    assert graph.get("/domains/contoso.com")["isDefault"] is True
    assert graph.get(f"/organization/{graph.emulator.tenant_id}")["displayName"] == "Contoso"


def test_users_are_found_by_id_and_by_name(graph: Graph, refused: Refused) -> None:
    adele = graph.get("/users/Adele@contoso.com")

    assert graph.get(f"/users/{adele['id']}") == adele
    refused(graph("GET", "/users/nobody@contoso.com"), 404, "Request_ResourceNotFound")


def test_an_app_only_token_has_no_me(graph: Graph, refused: Refused) -> None:
    refused(graph("GET", "/me"), 400, "BadRequest")
