"""kill -9 of the engine while azuread creates: nothing is made twice, adopting is the way out."""

import pytest

from tests.engine_runs import declarations
from tests.engine_runs.killing import killed_at
from tests.engine_runs.stack import Stack, State

pytestmark = pytest.mark.engine

UP = ("up", "--yes", "--skip-preview")
FILE = declarations.text("admin", "registered")
NAME = declarations.REGISTERED["displayName"]


def assert_one_of_each(stack: Stack) -> None:
    """One application, one principal of it, and one grant of that."""
    entra = stack.snapshot()["entra"]
    (application,) = named(entra["applications"])
    (principal,) = named(entra["servicePrincipals"])
    assert principal["appId"] == application["appId"]
    grants = entra["oauth2PermissionGrants"].values()
    assert len([one for one in grants if one["clientId"] == principal["id"]]) == 1


def named(objects: State) -> list[State]:
    return [one for one in objects.values() if one["displayName"] == NAME]


def recover(stack: Stack, refusal: str) -> None:
    """What an operator does: cancel, try, read why not, adopt, and go on."""
    assert "pulumi cancel" in stack.up(code=1)
    stack.cancel()
    assert refusal in stack.up(code=1)
    stack.adopt()
    stack.up()
    assert_one_of_each(stack)
    assert stack.plan(code=0) == []


@pytest.mark.full
def test_an_application_made_by_a_killed_up_is_named_adopted_and_destroyed(stack: Stack) -> None:
    stack.declare(FILE)
    with killed_at(stack, "POST /v1.0/applications$", *UP):
        (application,) = named(stack.snapshot()["entra"]["applications"])
        recover(stack, refusal=f'"{NAME}" (ID: "{application["id"]}")')
        stack.destroy()
        stack.assert_as_before()


@pytest.mark.full
@pytest.mark.parametrize(
    ("write", "refusal"),
    [
        pytest.param("POST /v1.0/servicePrincipals$", "already exists", id="principal"),
        pytest.param("POST /v1.0/oauth2PermissionGrants$", "already exists", id="grant"),
    ],
)
def test_what_a_killed_up_made_beside_the_application_is_adopted(
    stack: Stack, write: str, refusal: str
) -> None:
    stack.declare(FILE)
    with killed_at(stack, write, *UP):
        recover(stack, refusal)
