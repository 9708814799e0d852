"""On the real engine: what a report of `fleet preview` tells of consent."""

import json

import pytest

from tests.engine_runs import declarations
from tests.engine_runs.conftest import Apply
from tests.engine_runs.stack import Stack

pytestmark = pytest.mark.engine

FILE = declarations.text("admin")


def told(stack: Stack) -> tuple[list[str], list[str]]:
    """The report's lines on consent: those on both sides, warnings too, and the others."""
    out = stack.fleet("preview", "contoso", "--format", "json")
    (tenant,) = json.loads(out[out.index("{") :])["tenants"]
    lines = tenant["consent"]
    both = [line for line in lines if line.startswith("consent")]
    assert lines[: len(both)] == both
    warned = [line for line in tenant["warnings"] if line.startswith("consent")]
    return warned + both, lines[len(both) :]


def test_each_side_tells_of_consent_before_the_first_up_and_after(
    stack: Stack, apply: Apply
) -> None:
    stack.declare(FILE)
    both, users = told(stack)
    assert [line.split(":")[0] for line in both] == ["consent now", "consent after this update"]
    assert [line.split(",")[0] for line in users] == ["before", "after"]

    stack.go_on_from(apply(FILE))
    with stack.portal() as state:
        for grant in state["entra"]["oauth2PermissionGrants"].values():
            if grant["consentType"] == "AllPrincipals":
                grant["scope"] += " User.Read"
    with stack.nothing_written():
        both, others = told(stack)
    assert any("Zoom and Entra match" in line for line in both)
    assert len(others) == 2
    assert any("User.Read" in line for line in others)
    assert any("[zoom-calendar-users]" in line for line in others)
