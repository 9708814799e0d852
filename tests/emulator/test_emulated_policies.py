"""The authorization policy and the permission-grant policies."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from emulator import Emulator
from emulator.entra_login import GRAPH_APP_ID
from emulator.seed_entra import ZOOM_APP_ID

from .conftest import Graph, Object, Refused

POLICIES = "/policies/permissionGrantPolicies"
AUTHORIZATION = "/policies/authorizationPolicy"
GUID = "2c6bd2d4-4b5c-4b8f-9d4b-64d9e6f6a002"
CALENDARS = "1ec239c2-d7c9-4623-a91a-a9775856bb36"
CALENDARS_ROLE = "ef54d2bf-783f-4e0f-bca1-3210c0444d99"


def _assigned(graph: Graph) -> Any:
    return graph.get(AUTHORIZATION)["defaultUserRolePermissions"]["permissionGrantPoliciesAssigned"]


def _assign(graph: Graph, entries: Any) -> requests.Response:
    permissions = {"permissionGrantPoliciesAssigned": entries}
    return graph("PATCH", AUTHORIZATION, json={"defaultUserRolePermissions": permissions})


@pytest.fixture
def policy(graph: Graph) -> str:
    response = graph("POST", POLICIES, json={"id": "zoom-calendar", "displayName": "Zoom"})
    assert response.status_code == 201
    return f"{POLICIES}/zoom-calendar"


def test_the_seeded_list_has_mixed_case_and_foreign_entries(graph: Graph) -> None:
    assert _assigned(graph) == [
        "ManagePermissionGrantsForSelf.microsoft-user-default-recommended",
        "ManagePermissionGrantsForOwnedResource.microsoft-dynamically-managed-permissions-for-chat",
        "ManagePermissionGrantsForOwnedResource.microsoft-dynamically-managed-permissions-for-team",
    ]


def test_the_list_is_replaced_whole_and_the_rest_is_kept(graph: Graph, policy: str) -> None:
    entry = "managePermissionGrantsForSelf.zoom-calendar"
    before = graph.get(AUTHORIZATION)

    assert _assign(graph, [entry]).status_code == 204

    after = graph.get(AUTHORIZATION)
    assert after["defaultUserRolePermissions"].pop("permissionGrantPoliciesAssigned") == [entry]
    before["defaultUserRolePermissions"].pop("permissionGrantPoliciesAssigned")
    assert after == before


@pytest.mark.parametrize(
    "entries",
    [
        ["managePermissionGrantsForSelf.not-there"],
        ["zoom-calendar"],
        ["managePermissionGrantsForSelf."],
        "managePermissionGrantsForSelf.zoom-calendar",
        [1],
    ],
)
def test_an_entry_that_names_no_policy_is_refused(
    graph: Graph, policy: str, emulator: Emulator, refused: Refused, entries: Any
) -> None:
    before = emulator.snapshot()

    refused(_assign(graph, entries), 400, "Request_BadRequest")

    assert emulator.snapshot() == before


@pytest.mark.parametrize(
    "change",
    [
        {"nonsense": True},
        {"allowedToUseSSPR": "yes"},
        {"allowInvitesFrom": "anybody"},
        {"guestUserRoleId": "guest"},
        {"id": "another"},
        {"defaultUserRolePermissions": {"nonsense": True}},
        {"defaultUserRolePermissions": {"allowedToCreateApps": "no"}},
        {"defaultUserRolePermissions": None},
    ],
)
def test_an_invalid_change_of_the_authorization_policy_is_refused(
    graph: Graph, refused: Refused, change: Object
) -> None:
    refused(graph("PATCH", AUTHORIZATION, json=change), 400, "Request_BadRequest")


def test_the_beta_shape_has_the_list_at_the_top(graph: Graph, policy: str) -> None:
    assigned = _assigned(graph)
    graph.base = f"{graph.root}/beta"

    [listed] = graph.get(AUTHORIZATION)["value"]
    single = graph.get(f"{AUTHORIZATION}/authorizationPolicy")
    assert listed["permissionGrantPolicyIdsAssignedToDefaultUserRole"] == assigned
    assert single["permissionGrantPolicyIdsAssignedToDefaultUserRole"] == assigned
    assert "permissionGrantPoliciesAssigned" not in single["defaultUserRolePermissions"]

    change: Object = {"permissionGrantPolicyIdsAssignedToDefaultUserRole": []}
    path = f"{AUTHORIZATION}/authorizationPolicy"
    assert graph("PATCH", path, json=change).status_code == 204
    graph.base = f"{graph.root}/v1.0"
    assert _assigned(graph) == []


def test_each_shape_is_in_its_own_version_only(graph: Graph, refused: Refused) -> None:
    refused(graph("GET", f"{AUTHORIZATION}/authorizationPolicy"), 501, "NotImplemented")
    change: Object = {"permissionGrantPolicyIdsAssignedToDefaultUserRole": []}
    refused(graph("PATCH", AUTHORIZATION, json=change), 400, "Request_BadRequest")


def test_the_admin_consent_request_policy_is_readable(graph: Graph) -> None:
    assert graph.get("/policies/adminConsentRequestPolicy")["isEnabled"] is False


def test_a_policy_is_made_without_condition_sets(graph: Graph, policy: str) -> None:
    assert graph.get(policy)["includes"] == []
    assert graph.get(policy)["excludes"] == []


@pytest.mark.parametrize(
    "body",
    [
        {"displayName": "no id"},
        {"id": ""},
        {"id": "not an id"},
        {"id": "a/b"},
        {"id": "microsoft-mine"},
        {"id": "Microsoft-mine"},
        {"id": "mine", "displayName": 1},
        {"id": "mine", "includes": []},
        {"id": "mine", "nonsense": 1},
    ],
)
def test_an_invalid_policy_is_refused(
    graph: Graph, emulator: Emulator, refused: Refused, body: Any
) -> None:
    before = emulator.snapshot()

    refused(graph("POST", POLICIES, json=body), 400, "Request_BadRequest")

    assert emulator.snapshot() == before


def test_a_policy_id_is_taken_in_any_case(graph: Graph, policy: str, refused: Refused) -> None:
    again = graph("POST", POLICIES, json={"id": "ZOOM-calendar"})

    refused(again, 409, "Request_MultipleObjectsWithSameKeyValue")


def test_texts_of_a_policy_change_and_its_id_does_not(
    graph: Graph, policy: str, refused: Refused
) -> None:
    assert graph("PATCH", policy, json={"description": "d"}).status_code == 204
    assert graph.get(policy)["description"] == "d"
    refused(graph("PATCH", policy, json={"id": "other"}), 400, "Request_BadRequest")
    refused(graph("PATCH", policy, json={"includes": []}), 400, "Request_BadRequest")


@pytest.mark.parametrize("built_in", ["microsoft-user-default-low", "microsoft-company-admin"])
def test_built_in_policies_are_read_only(
    graph: Graph, emulator: Emulator, refused: Refused, built_in: str
) -> None:
    path, before = f"{POLICIES}/{built_in}", emulator.snapshot()
    conditions, *_ = graph.get(path)["includes"]

    refused(graph("PATCH", path, json={"displayName": "mine"}), 400, "Request_BadRequest")
    refused(graph("DELETE", path), 400, "Request_BadRequest")
    body = {"permissionType": "delegated"}
    refused(graph("POST", f"{path}/includes", json=body), 400, "Request_BadRequest")
    refused(graph("DELETE", f"{path}/includes/{conditions['id']}"), 400, "Request_BadRequest")
    assert emulator.snapshot() == before


def test_left_out_conditions_take_their_most_inclusive_value(graph: Graph, policy: str) -> None:
    response = graph("POST", f"{policy}/includes", json={"permissionType": "delegated"})
    made = response.json()

    assert response.status_code == 201
    assert {key: made[key] for key in made if key not in ("@odata.context", "id")} == {
        "permissionClassification": "all",
        "permissionType": "delegated",
        "resourceApplication": "any",
        "permissions": ["all"],
        "clientApplicationIds": ["all"],
        "clientApplicationTenantIds": ["all"],
        "clientApplicationPublisherIds": ["all"],
        "clientApplicationsFromVerifiedPublisherOnly": False,
    }
    assert graph.get(policy)["includes"][0]["id"] == made["id"]
    assert graph.get(f"{policy}/includes/{made['id']}")["id"] == made["id"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"permissionType": "delegatedUserConsentable"},
        {"permissionType": "delegated", "permissionClassification": "tiny"},
        {"permissionType": "delegated", "resourceApplication": "graph"},
        {"permissionType": "delegated", "resourceApplication": GUID, "permissions": [CALENDARS]},
        {"permissionType": "delegated", "permissions": ["Calendars.ReadWrite"]},
        {"permissionType": "delegated", "permissions": []},
        {"permissionType": "delegated", "permissions": ["all", CALENDARS]},
        {"permissionType": "delegated", "permissions": [CALENDARS, CALENDARS]},
        {
            "permissionType": "delegated",
            "resourceApplication": GRAPH_APP_ID,
            "permissions": [GUID],
        },
        {
            "permissionType": "delegated",
            "resourceApplication": GRAPH_APP_ID,
            "permissions": [CALENDARS_ROLE],
        },
        {"permissionType": "delegated", "clientApplicationIds": ["zoom"]},
        {"permissionType": "delegated", "clientApplicationPublisherIds": ["Zoom"]},
        {"permissionType": "delegated", "clientApplicationsFromVerifiedPublisherOnly": "yes"},
        {"permissionType": "delegated", "scopeSensitivityLabels": {}},
    ],
)
def test_an_invalid_condition_set_is_refused(
    graph: Graph, policy: str, emulator: Emulator, refused: Refused, body: Any
) -> None:
    before = emulator.snapshot()

    refused(graph("POST", f"{policy}/includes", json=body), 400, "Request_BadRequest")

    assert emulator.snapshot() == before


def test_exact_permissions_of_one_application_are_accepted(graph: Graph, policy: str) -> None:
    body = {
        "permissionType": "delegated",
        "resourceApplication": GRAPH_APP_ID,
        "permissions": [CALENDARS],
        "clientApplicationIds": [ZOOM_APP_ID],
    }
    assert graph("POST", f"{policy}/includes", json=body).status_code == 201
    role = body | {"permissionType": "application", "permissions": [CALENDARS_ROLE]}
    assert graph("POST", f"{policy}/excludes", json=role).status_code == 201


def test_a_condition_set_is_replaced_by_delete_and_post_only(
    graph: Graph, policy: str, refused: Refused
) -> None:
    made = graph("POST", f"{policy}/includes", json={"permissionType": "delegated"}).json()
    path = f"{policy}/includes/{made['id']}"

    refused(graph("PATCH", path, json={}), 405, "Request_BadRequest")
    assert graph("DELETE", path).status_code == 204
    refused(graph("DELETE", path), 404, "Request_ResourceNotFound")


def test_a_tenant_holds_a_hundred_values_of_a_kind(
    graph: Graph, policy: str, refused: Refused
) -> None:
    ids = [f"2c6bd2d4-4b5c-4b8f-9d4b-{n:012d}" for n in range(101)]
    body = {"permissionType": "delegated", "clientApplicationIds": ids[:60]}
    assert graph("POST", f"{policy}/includes", json=body).status_code == 201
    body["clientApplicationIds"] = ids[60:]

    refused(graph("POST", f"{policy}/excludes", json=body), 400, "Request_BadRequest")

    body["clientApplicationIds"] = ids[60:100]
    assert graph("POST", f"{policy}/excludes", json=body).status_code == 201


def test_an_assigned_policy_cannot_be_deleted(graph: Graph, policy: str, refused: Refused) -> None:
    kept = _assigned(graph)
    _assign(graph, [*kept, "MANAGEPermissionGrantsForSelf.zoom-calendar"])
    refused(graph("DELETE", policy), 400, "Request_BadRequest")

    _assign(graph, kept)
    assert graph("DELETE", policy).status_code == 204
    refused(graph("GET", policy), 404, "Request_ResourceNotFound")
