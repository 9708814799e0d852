"""Solution 2 with all there is: an ensured principal, its grant and its application permissions."""

from collections.abc import Callable
from typing import Any

import pytest

from emulator.entra_grants import new_assignment
from emulator.entra_login import graph_principal
from emulator.seed_entra import ROOMS_APP_ID
from emulator.seed_graph import role_ids
from tests.engine_runs import declarations
from tests.engine_runs.conftest import Apply
from tests.engine_runs.drift import update
from tests.engine_runs.killing import killed_at, matrix
from tests.engine_runs.stack import REVIEW, Stack, State, differences, in_words

pytestmark = pytest.mark.engine

SCOPES = ["Calendars.ReadWrite", "Contacts.ReadWrite"]
ROLES = ["Calendars.Read", "Mail.Read"]


def declared(by: str = "admin", *, ensured: bool = True, **changes: Any) -> str:
    """The text of a file that has all of it; `changes` as of `declarations.tenant`."""
    application = {"source": "zoom", "clientId": ROOMS_APP_ID, "ensurePrincipal": ensured}
    admin = {
        "consent__applicationPermissions": [
            {"name": ROLES[0], "reason": "free or busy"},
            {"name": ROLES[1]},
        ],
        "consent__exclusive": True,
    }
    changes = {**(admin if by == "admin" else {}), "consent__userPolicy": "leave", **changes}
    return declarations.text(by, application=application, **changes)


FILE = declared()
UP = ("up", "--yes", "--skip-preview")
DESTROY = ("destroy", "--yes", "--skip-preview")
# The writes beside those that test_kill_up and test_kill_destroy have.
CREATES = {
    "principal": "POST /v1.0/servicePrincipals$",
    "app role": "POST /v1.0/servicePrincipals/[^/]*/appRoleAssignedTo$",
}
DELETES = {
    "principal": "DELETE /v1.0/servicePrincipals/[^/]*$",
    "app role": "DELETE /v1.0/servicePrincipals/[^/]*/appRoleAssignedTo/",
    "grant": "DELETE /v1.0/oauth2PermissionGrants/",
}


def principals(state: State) -> set[str]:
    return {one["appId"] for one in state["entra"]["servicePrincipals"].values()}


def rooms(state: State) -> State:
    (found,) = [
        one for one in state["entra"]["servicePrincipals"].values() if one["appId"] == ROOMS_APP_ID
    ]
    one: State = found
    return one


def roles(state: State) -> list[str]:
    names = {key: name for name, key in role_ids().items()}
    held = state["entra"]["appRoleAssignments"].values()
    return sorted(names[a["appRoleId"]] for a in held if a["principalId"] == rooms(state)["id"])


def assign(state: State, name: str) -> None:
    """Another administrator gives the application a permission."""
    entra = state["entra"]
    key = {
        "principalId": rooms(state)["id"],
        "resourceId": graph_principal(entra)["id"],
        "appRoleId": role_ids()[name],
    }
    one = new_assignment(key, "Rooms", "ServicePrincipal", "Microsoft Graph")
    entra["appRoleAssignments"][one["id"]] = one


def unassign(name: str) -> Callable[[State], None]:
    def edit(state: State) -> None:
        held = state["entra"]["appRoleAssignments"]
        (key,) = [
            key
            for key, one in held.items()
            if one["principalId"] == rooms(state)["id"] and one["appRoleId"] == role_ids()[name]
        ]
        del held[key]

    return edit


def grant_more(state: State) -> None:
    grants = state["entra"]["oauth2PermissionGrants"].values()
    (grant,) = [one for one in grants if one["clientId"] == rooms(state)["id"]]
    grant["scope"] += " Mail.Read"


def remade(state: State) -> State:
    """A state without what Entra makes anew each time: times of assignments."""
    for one in state["entra"]["appRoleAssignments"].values():
        del one["createdDateTime"]
    return state


def test_all_of_it_is_made_compared_healed_and_given_back(applied: Callable[[str], Stack]) -> None:
    stack = applied(FILE)
    assert roles(stack.snapshot()) == ROLES
    with stack.nothing_written():
        stack.pulumi(*REVIEW)
    healthy = remade(stack.snapshot())
    with stack.portal() as state:
        unassign(ROLES[1])(state)
        grant_more(state)
    changes = stack.plan()
    assert in_words(changes) == {("app-roles", "update", "roles"), ("grant", "update", "scopes")}
    assert update("app-roles", "roles", ROLES[:1], ROLES) in changes
    assert update("grant", "scopes", [*SCOPES, "Mail.Read"], SCOPES) in changes
    stack.up()
    assert differences(remade(stack.snapshot()), healthy) == []
    stack.destroy()
    stack.assert_as_before()


def test_a_preview_of_all_of_it_asks_seven_times(applied: Callable[[str], Stack]) -> None:
    """Six as of any tenant (test_consent_line), and the locks.

    One more until an `up` has seen the principal that it made, and for names not known yet.
    """
    stack = applied(declared(consent__userPolicy="least-privilege"))
    assert len(asked_by(stack)[1]) <= 8
    with stack.portal() as state:
        assign(state, "User.Read.All")
    stack.up()
    said, asked = asked_by(stack)
    assert len(asked) <= 7, asked
    assert "app-roles: the application also has User.Read.All" in said


def asked_by(stack: Stack) -> tuple[str, list[str]]:
    """What the reviewer's preview says, and what our own providers asked for."""
    stack.emulator.clear_log()
    said = stack.pulumi(*REVIEW)
    ours = [e for e in stack.emulator.log if "zoom-calendar" in e["user_agent"]]
    return said, [f"{e['method']} {e['path']}" for e in ours]


@pytest.mark.full
def test_a_principal_that_others_use_by_now_stays_and_destroy_says_so(
    applied: Callable[[str], Stack],
) -> None:
    stack = applied(FILE)
    with stack.portal() as state:
        rooms(state)["notes"] = "Rooms use it, too"
    out = stack.destroy()
    assert "that was created here stays: it has changed properties or owners" in out
    now = stack.snapshot()
    stack.before["entra"]["servicePrincipals"][rooms(now)["id"]] = rooms(now)
    stack.assert_as_before()


@pytest.mark.parametrize(
    "then",
    [
        "destroy",
        pytest.param("users consent", marks=pytest.mark.full),
        pytest.param("ensured again", marks=pytest.mark.full),
    ],
)
def test_one_that_is_ensured_no_more_goes_with_the_grant_that_needs_it(
    applied: Callable[[str], Stack], then: str
) -> None:
    stack = applied(FILE)
    granted = stack.snapshot()
    stack.declare(declared(ensured=False))
    assert in_words(stack.plan()) == {("zoom-principal", "delete", "")}
    assert "that was created here stays: this stack's grant needs it" in stack.up()
    assert differences(stack.snapshot(), granted) == []
    assert stack.plan(code=0) == []
    if then != "destroy":
        by_user = then == "users consent"
        stack.declare(declared("user", ensured=False) if by_user else FILE)
        stack.up()
        assert (ROOMS_APP_ID in principals(stack.snapshot())) is not by_user
        assert stack.plan(code=0) == []
    stack.destroy()
    stack.assert_as_before()


def test_one_that_is_ensured_no_more_and_that_nothing_needs_goes_at_once(
    applied: Callable[[str], Stack],
) -> None:
    stack = applied(declared("user"))
    assert ROOMS_APP_ID in principals(stack.snapshot())
    stack.declare(declared("user", ensured=False))
    assert "stays" not in stack.up()
    assert ROOMS_APP_ID not in principals(stack.snapshot())
    stack.destroy()
    stack.assert_as_before()


def test_a_preview_before_anybody_connected_zoom_shows_all_and_asks_for_nothing(
    stack: Stack,
) -> None:
    stack.declare(FILE)
    with stack.nothing_written():
        made = {change.resource for change in stack.plan() if change.operation == "create"}
    assert {"zoom-principal", "grant", "app-roles"} <= made


@pytest.mark.full
def test_adopting_takes_app_roles_and_writes_nothing(stack: Stack, apply: Apply) -> None:
    stack.go_on_from(apply(FILE))
    stack.forget()
    stack.declare(FILE)
    with stack.nothing_written():
        said = stack.adopt()
        assert in_words(stack.plan()) == {("zoom-calendar-integration", "create", "")}
    for name in ("zoom-principal", "app-roles", "grant", "user-consent-settings"):
        assert f"{name} " in said
    with stack.nothing_written():
        stack.destroy()  # all was there before, as far as this state knows


@pytest.mark.parametrize(("write", "arrived"), matrix(CREATES, set()))
def test_an_up_killed_at_a_write_is_finished_by_the_next_one(
    stack: Stack, write: str, arrived: bool
) -> None:
    stack.declare(FILE)
    with killed_at(stack, write, *UP, arrived=arrived) as run:
        run.assert_orphans_stopped()
        stack.cancel()
        stack.up()
        assert roles(stack.snapshot()) == ROLES
        assert stack.plan(code=0) == []
        stack.destroy()
        stack.assert_as_before()


@pytest.mark.full
@pytest.mark.parametrize("write", CREATES.values(), ids=CREATES)
def test_destroy_right_after_a_kill_takes_away_what_the_killed_write_made(
    stack: Stack, write: str
) -> None:
    stack.declare(FILE)
    with killed_at(stack, write, *UP) as run:
        run.assert_orphans_stopped()
    stack.cancel()
    stack.destroy()
    stack.assert_as_before()


@pytest.mark.parametrize(("write", "arrived"), matrix(DELETES, set()))
def test_a_destroy_killed_at_a_write_is_finished_by_the_next_one(
    applied: Callable[[str], Stack], write: str, arrived: bool
) -> None:
    stack = applied(FILE)
    with killed_at(stack, write, *DESTROY, arrived=arrived) as run:
        run.assert_orphans_stopped()
        stack.cancel()
        stack.destroy()
        stack.assert_as_before()
        assert stack.resources() == []


@pytest.mark.full
@pytest.mark.parametrize("arrived", [True, False], ids=["answered", "lost"])
def test_a_switch_of_the_user_policy_killed_at_its_write_is_finished(
    applied: Callable[[str], Stack], arrived: bool
) -> None:
    stack = applied(declarations.text("user", consent__userPolicy="verified-publishers"))
    stack.declare(declarations.text("user"))
    write = "PATCH /v1.0/policies/authorizationPolicy$"
    with killed_at(stack, write, *UP, arrived=arrived) as run:
        run.assert_orphans_stopped()
        stack.cancel()
        stack.up()
        assert stack.plan(code=0) == []
        stack.destroy()
        stack.assert_as_before()
