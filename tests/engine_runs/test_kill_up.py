"""kill -9 of the engine at each write of an `up`: the next runs converge, and destroy restores."""

import re
from collections.abc import Callable

import pytest

from tenant.desired import MICROSOFT_GRAPH
from tenant.model import ZOOM_CALENDAR_CLIENT_ID
from tests.engine_runs import declarations
from tests.engine_runs.conftest import Apply
from tests.engine_runs.drift import in_one_form
from tests.engine_runs.killing import killed_at, matrix
from tests.engine_runs.stack import Stack, differences

pytestmark = pytest.mark.engine

POLICIES = "/v1.0/policies/permissionGrantPolicies"
# Every write of an `up` from nothing, as "METHOD regular expression of the path".
WRITES = {
    "policy": f"POST {POLICIES}$",
    "condition set": f"POST {POLICIES}/zoom-calendar-users/includes$",
    "assignment": "PATCH /v1.0/policies/authorizationPolicy$",
    "grant": "POST /v1.0/oauth2PermissionGrants$",
    "settings": "PATCH /v2/accounts/me/settings$",
    "locks": "PATCH /v2/accounts/me/lock_settings$",
}


ALWAYS = {("policy", False), ("grant", True)}
UP = ("up", "--yes", "--skip-preview")
FILE = declarations.text("admin", "zoom")


def test_the_writes_of_an_up_are_these(stack: Stack) -> None:
    stack.declare(FILE)
    stack.up()
    sent = stack.writes()
    assert len(sent) == len(WRITES)
    for pattern in WRITES.values():
        assert any(re.search(pattern, one) for one in sent), pattern


@pytest.mark.parametrize(("write", "arrived"), matrix(WRITES, ALWAYS))
def test_an_up_killed_at_a_write_is_finished_by_the_next_one(
    stack: Stack, apply: Apply, write: str, arrived: bool
) -> None:
    stack.declare(FILE)
    with killed_at(stack, write, *UP, arrived=arrived) as run:
        run.assert_orphans_stopped()
        assert "pulumi cancel" in stack.up(code=1)
        stack.cancel()
        stack.up()
        assert differences(in_one_form(stack.snapshot()), in_one_form(apply(FILE).world)) == []
        stack.destroy()
        stack.assert_as_before()


@pytest.mark.full
def test_a_switch_killed_at_the_grant_is_finished_and_destroy_still_restores(
    applied: Callable[[str], Stack],
) -> None:
    stack = applied(FILE)
    stack.declare(declarations.text("user", "zoom"))
    with killed_at(stack, "DELETE /v1.0/oauth2PermissionGrants/", *UP) as run:
        run.assert_orphans_stopped()
        stack.cancel()
        stack.up()
        assert stack.plan(code=0) == []
        stack.destroy()
        stack.assert_as_before()


@pytest.mark.full
def test_what_a_killed_up_replaced_is_put_back_where_others_had_a_part(stack: Stack) -> None:
    stack.declare(FILE)
    with stack.portal() as state:
        entra = state["entra"]
        ids = {one["appId"]: key for key, one in entra["servicePrincipals"].items()}
        entra["oauth2PermissionGrants"]["made-by-zoom"] = {
            "id": "made-by-zoom",
            "clientId": ids[ZOOM_CALENDAR_CLIENT_ID],
            "consentType": "AllPrincipals",
            "principalId": None,
            "resourceId": ids[MICROSOFT_GRAPH],
            "scope": "openid Contacts.ReadWrite offline_access",
        }
    stack.before = stack.snapshot()
    with killed_at(stack, "PATCH /v1.0/oauth2PermissionGrants/", *UP) as run:
        run.assert_orphans_stopped()
        stack.cancel()
        stack.up()
        stack.destroy()
        stack.assert_as_before()


@pytest.mark.parametrize(
    "write",
    [
        "grant",
        pytest.param("settings", marks=pytest.mark.full),
        pytest.param("assignment", marks=pytest.mark.full),
    ],
)
def test_destroy_right_after_a_kill_puts_back_what_the_killed_write_changed(
    stack: Stack, write: str
) -> None:
    stack.declare(FILE)
    with killed_at(stack, WRITES[write], *UP) as run:
        run.assert_orphans_stopped()
    stack.cancel()
    stack.destroy()
    stack.assert_as_before()
