"""kill -9 of the engine at each write of a `destroy`: the next destroy completes the restore."""

import re
from collections.abc import Callable

import pytest

from tests.engine_runs import declarations
from tests.engine_runs.killing import killed_at, matrix
from tests.engine_runs.stack import Stack

pytestmark = pytest.mark.engine

# Every write of a `destroy` of all there is.
WRITES = {
    "policy": "DELETE /v1.0/policies/permissionGrantPolicies/zoom-calendar-users$",
    "assignment": "PATCH /v1.0/policies/authorizationPolicy$",
    "grant": "DELETE /v1.0/oauth2PermissionGrants/",
    "settings": "PATCH /v2/accounts/me/settings$",
    "locks": "PATCH /v2/accounts/me/lock_settings$",
}


ALWAYS = {("grant", True)}
DESTROY = ("destroy", "--yes", "--skip-preview")


def test_the_writes_of_a_destroy_are_these(applied: Callable[[str], Stack]) -> None:
    stack = applied(declarations.text("admin", "zoom"))
    stack.destroy()
    sent = stack.writes()
    assert len(sent) == len(WRITES)
    for pattern in WRITES.values():
        assert any(re.search(pattern, one) for one in sent), pattern


@pytest.mark.parametrize(("write", "arrived"), matrix(WRITES, ALWAYS))
def test_a_destroy_killed_at_a_write_is_finished_by_the_next_one(
    applied: Callable[[str], Stack], write: str, arrived: bool
) -> None:
    stack = applied(declarations.text("admin", "zoom"))
    with killed_at(stack, write, *DESTROY, arrived=arrived) as run:
        run.assert_orphans_stopped()
        assert "pulumi cancel" in stack.destroy(code=1)
        stack.cancel()
        stack.destroy()
        stack.assert_as_before()
        assert stack.resources() == []
