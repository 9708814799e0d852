"""A registration with all it can have: application permissions and sign-in without a secret."""

from collections.abc import Callable
from typing import Any

import pytest

from emulator.seed_graph import role_ids
from tests.engine_runs import declarations
from tests.engine_runs.drift import Drift, check_round, update
from tests.engine_runs.stack import REVIEW, Stack, State, in_words
from tests.engine_runs.test_drift_registered import application, principal

pytestmark = pytest.mark.engine

CI: dict[str, Any] = {
    "name": "tenants-main",
    "issuer": "https://ci.contoso.com",
    "subject": "repo:contoso/tenants:ref:refs/heads/main",
    "description": "Runs of the main branch",
}
FILE = declarations.text(
    "admin",
    "registered",
    application={**declarations.REGISTERED, "federatedCredentials": [CI]},
    consent__applicationPermissions=[{"name": "Mail.Read", "reason": "free or busy"}],
    consent__userPolicy="leave",
)
CREDENTIAL, ROLE = f"federated-{CI['name']}", "app-role-Mail.Read"


def credential(state: State) -> State:
    (found,) = application(state)["federatedIdentityCredentials"]
    one: State = found
    return one


def becomes(name: str, value: Any) -> Callable[[State], None]:
    def edit(state: State) -> None:
        assert credential(state)[name] != value
        credential(state)[name] = value

    return edit


def assignments(state: State) -> dict[str, State]:
    held: dict[str, State] = state["entra"]["appRoleAssignments"]
    ours = principal(state)["id"]
    return {key: one for key, one in held.items() if one["principalId"] == ours}


def drift(name: str, live: Any, declared: Any) -> Drift:
    return Drift(name, becomes(name, live), update(CREDENTIAL, name, live, declared))


CHANGED = [
    drift("issuer", "https://evil.example", CI["issuer"]),
    drift("subject", "repo:evil/tenants:ref:refs/heads/main", CI["subject"]),
    drift("description", "Theirs", CI["description"]),
    Drift(  # a list to azuread, not a set: the change is that of the member
        "audiences",
        becomes("audiences", ["https://evil.example"]),
        update(CREDENTIAL, "audiences", "https://evil.example", "api://AzureADTokenExchange"),
    ),
]


def test_a_credential_and_an_app_role_that_somebody_changed_are_named_and_healed(
    applied: Callable[[str], Stack],
) -> None:
    stack = applied(FILE)
    now = stack.snapshot()
    (assigned,) = assignments(now).values()
    assert assigned["appRoleId"] == role_ids()["Mail.Read"]
    (access,) = application(now)["requiredResourceAccess"]
    assert {"id": role_ids()["Mail.Read"], "type": "Role"} in access["resourceAccess"]
    check_round(stack, CHANGED)
    with stack.portal() as state:
        (key,) = assignments(state)
        del state["entra"]["appRoleAssignments"][key]
    (change,) = stack.plan()
    assert (change.resource, change.operation) == (ROLE, "create")
    stack.up()
    assert len(assignments(stack.snapshot())) == 1
    with stack.nothing_written():
        stack.pulumi(*REVIEW)


@pytest.mark.full
def test_all_of_it_is_adopted_and_destroyed(applied: Callable[[str], Stack]) -> None:
    stack = applied(FILE)
    stack.forget()
    stack.declare(FILE)
    with stack.nothing_written():
        said = stack.adopt()
        assert in_words(stack.plan()) == {
            ("zoom-calendar-integration", "create", ""),
            ("registration", "update", "preventDuplicateNames"),  # adopting goes without
        }
    for name in (CREDENTIAL, ROLE, "registration", "principal", "grant"):
        assert f"{name} " in said
    stack.up()
    stack.destroy()
    left = {c["displayName"] for c in stack.snapshot()["entra"]["applications"].values()}
    assert declarations.REGISTERED["displayName"] not in left
