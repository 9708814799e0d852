"""A tenant's life on the real engine: from nothing, no change, no change, and back to nothing."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.engine_runs import declarations
from tests.engine_runs.stack import REVIEW, Stack, State, differences

pytestmark = pytest.mark.engine

POLICY = "zoom-calendar-users"
ENTRY = f"ManagePermissionGrantsForSelf.{POLICY}"
MODES = ("admin", "user")
SOURCES = ("zoom", "registered")

every_tenant = pytest.mark.parametrize(
    ("by", "source"), [(by, source) for by in MODES for source in SOURCES]
)


@every_tenant
def test_after_an_up_from_nothing_there_is_nothing_to_do(
    applied: Callable[[str], Stack], by: str, source: str
) -> None:
    stack = applied(declarations.text(by, source))
    with stack.nothing_written():
        stack.pulumi(*REVIEW)
        again = stack.up()
    assert re.fullmatch(
        r"\s*\d+ unchanged", again.split("Resources:")[-1].split("Duration")[0].rstrip()
    )


def test_a_preview_refreshes_without_being_told(applied: Callable[[str], Stack]) -> None:
    stack = applied(declarations.text("admin", "zoom"))
    with stack.nothing_written():
        stack.pulumi("preview", "--expect-no-changes")
    with stack.portal() as state:
        state["zoom"]["settings"]["schedule_meeting"]["jbh_time"] = 15
    stack.pulumi("preview", "--expect-no-changes", code=7)


@every_tenant
def test_an_up_changes_our_objects_and_nothing_else(
    applied: Callable[[str], Stack], by: str, source: str
) -> None:
    stack = applied(declarations.text(by, source))
    now = stack.snapshot()
    assert now != stack.before
    theirs = not_ours(stack.before, stack.before)
    assert differences(not_ours(now, stack.before), theirs) == []
    assert ENTRY in entries(now)
    assert POLICY in now["entra"]["permissionGrantPolicies"]
    assert [entry for entry in entries(now) if entry != ENTRY] == entries(stack.before)
    declared = declarations.SETTINGS
    assert chosen(now["zoom"]["settings"], declared) == declared
    assert chosen(now["zoom"]["lock_settings"], declarations.LOCKS) == declarations.LOCKS


@pytest.mark.parametrize("by", MODES)
def test_destroy_puts_back_everything_byte_for_byte(
    applied: Callable[[str], Stack], by: str
) -> None:
    stack = applied(declarations.text(by, "zoom"))
    stack.destroy()
    stack.assert_as_before()
    assert stack.resources() == []


@pytest.mark.parametrize("by", ["admin", pytest.param("user", marks=pytest.mark.full)])
def test_destroy_deletes_what_was_registered_and_puts_back_the_rest(
    applied: Callable[[str], Stack], by: str
) -> None:
    stack = applied(declarations.text(by, "registered"))
    stack.destroy()
    stack.assert_as_before()
    assert stack.resources() == []


def test_foreign_edits_made_meanwhile_survive_heal_and_destroy(
    applied: Callable[[str], Stack],
) -> None:
    stack = applied(declarations.text("admin", "zoom"))
    with stack.portal() as state:
        edit_what_is_not_ours(state)
    edit_what_is_not_ours(stack.before)
    stack.up()
    assert stack.plan(code=0) == []
    stack.destroy()
    stack.assert_as_before()


@pytest.mark.parametrize("run_program", ["true", "false"])
def test_a_value_that_somebody_changed_since_is_not_taken_back_by_destroy(
    applied: Callable[[str], Stack], run_program: str
) -> None:
    stack = applied(declarations.text("admin", "zoom"))
    stack.workspace.environment["PULUMI_RUN_PROGRAM"] = run_program
    with stack.portal() as state:
        for one in (state, stack.before):
            one["zoom"]["settings"]["telephony"]["audio_conference_info"] = "Somebody else's"
    stack.destroy()
    stack.assert_as_before()


# ---- whose is what -----------------------------------------------------------------------------


def entries(state: State) -> list[str]:
    policy = state["entra"]["authorizationPolicy"]["defaultUserRolePermissions"]
    found: list[str] = policy["permissionGrantPoliciesAssigned"]
    return found


def not_ours(state: State, before: State) -> State:
    """A state without what a stack declares: exactly that, or the comparison would prove little."""
    state = {**state, "entra": dict(state["entra"]), "zoom": dict(state["zoom"])}
    entra, zoom = state["entra"], state["zoom"]
    for kind in ("applications", "servicePrincipals", "oauth2PermissionGrants"):
        known = before["entra"][kind]
        new = [key for key in entra[kind] if key not in known]
        assert len(new) <= 1, f"{len(new)} new {kind}"
        entra[kind] = {key: item for key, item in entra[kind].items() if key in known}
    policies = entra["permissionGrantPolicies"]
    entra["permissionGrantPolicies"] = {k: v for k, v in policies.items() if k != POLICY}
    entra["authorizationPolicy"] = without_our_entry(entra["authorizationPolicy"])
    zoom["settings"] = without(zoom["settings"], declarations.SETTINGS)
    zoom["lock_settings"] = without(zoom["lock_settings"], declarations.LOCKS)
    return state


def without_our_entry(policy: State) -> State:
    role = policy["defaultUserRolePermissions"]
    name = "permissionGrantPoliciesAssigned"
    left = [entry for entry in role[name] if entry != ENTRY]
    return {**policy, "defaultUserRolePermissions": {**role, name: left}}


def without(tree: State, declared: Any) -> State:
    """A tree without the declared leaves."""
    return {
        key: without(value, declared[key]) if isinstance(declared.get(key), dict) else value
        for key, value in tree.items()
        if key not in declared or isinstance(declared[key], dict)
    }


def chosen(tree: Any, declared: Any) -> Any:
    """The part of a tree that is declared."""
    if not isinstance(declared, dict):
        return tree
    return {key: chosen(tree[key], value) for key, value in declared.items()}


def edit_what_is_not_ours(state: State) -> None:
    """What other administrators do in the meantime, on the same and on other objects."""
    entra, zoom = state["entra"], state["zoom"]
    zoom["settings"]["in_meeting"]["chat"] = False
    zoom["settings"]["schedule_meeting"]["meeting_password_requirement"]["have_letter"] = False
    zoom["lock_settings"]["schedule_meeting"]["join_before_host"] = True
    role = entra["authorizationPolicy"]["defaultUserRolePermissions"]
    role["allowedToCreateApps"] = False
    role["permissionGrantPoliciesAssigned"].insert(
        1, "managePermissionGrantsForSelf.contoso-tier-1"
    )
    entra["permissionGrantPolicies"]["contoso-tier-1"]["displayName"] = "Tier 1"
    intranet = next(a for a in entra["applications"].values() if a["displayName"] == "Intranet")
    intranet["notes"] = "Theirs"
