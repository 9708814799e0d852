"""An identity that can only read is enough for everything that only reads, and for nothing else.

The emulated Entra and Zoom refuse whatever docs/permissions.md does not name.
"""

import re
from collections.abc import Callable
from itertools import zip_longest

import pytest

from emulator.seed_graph import role_ids
from services.permissions import PREVIEW_ANY, preview_permissions, preview_scopes
from tests.engine_runs import declarations
from tests.engine_runs.stack import REVIEW, Stack
from tests.engine_runs.test_messages import errors

pytestmark = pytest.mark.engine

SCOPES = preview_scopes(locks=True)
LEAST = {
    "admin": preview_permissions("admin", user_policy=True),
    "user": preview_permissions("user"),
}
# What cannot be read without it, by the name that the warning gives it.
READS = {
    "Application.Read.All": "user-consent-policy is unknown",
    "Directory.Read.All": "grant is unknown",
    "Organization.Read.All": "verified domains",
    "Policy.Read.All": "user-consent-assignment is unknown",
    "Policy.Read.PermissionGrant": "user-consent-policy is unknown",
    "account:read:lock_settings:master": "zoom-locks is unknown",
    "account:read:managed_domains:master": "managed domains",
    "account:read:settings:admin": "zoom-settings is unknown",
}


def only(stack: Stack, roles: tuple[str, ...], scopes: tuple[str, ...] = SCOPES) -> None:
    stack.emulator.grant_roles(roles)
    stack.emulator.set_zoom_scopes(scopes)


def test_nothing_that_is_listed_can_write() -> None:
    listed = {*LEAST["admin"], *LEAST["user"], *PREVIEW_ANY}
    assert all("ReadWrite" not in name for name in listed)
    assert listed <= set(role_ids())
    assert all(scope.split(":")[1] == "read" for scope in SCOPES)


@pytest.mark.parametrize(
    ("by", "source"),
    [
        ("admin", "zoom"),
        pytest.param("user", "zoom", marks=pytest.mark.full),
        pytest.param("admin", "registered", marks=pytest.mark.full),
        pytest.param("user", "registered", marks=pytest.mark.full),
    ],
)
def test_what_is_listed_is_enough_to_see_everything_and_change_nothing(
    applied: Callable[[str], Stack], by: str, source: str
) -> None:
    stack = applied(declarations.text(by, source))
    only(stack, LEAST[by])
    with stack.nothing_written():
        out = stack.pulumi(*REVIEW)
    assert errors(out) == []
    assert not re.search("is unknown, not compared|: unknown", out), out
    refused = [e["path"] for e in stack.emulator.log if e["status"] in (401, 403)]
    assert refused == []


def test_what_is_listed_for_anything_is_enough_for_the_doctor(
    applied: Callable[[str], Stack],
) -> None:
    stack = applied(declarations.text("user"))
    only(stack, PREVIEW_ANY)
    with stack.nothing_written():
        told = stack.workspace.fleet("doctor", "contoso", "--user", "adele@contoso.com").out
    assert "adele@contoso.com is assigned to the application" in told
    assert "the identity lacks" not in told


@pytest.mark.parametrize("by", ["admin", pytest.param("user", marks=pytest.mark.full)])
def test_each_single_one_is_needed(applied: Callable[[str], Stack], by: str) -> None:
    stack = applied(declarations.text(by))
    if by == "user":  # a permission that we did not declare, whose name has to be looked up
        with stack.portal() as state:
            (ours,) = [
                policy
                for key, policy in state["entra"]["permissionGrantPolicies"].items()
                if key not in stack.before["entra"]["permissionGrantPolicies"]
            ]
            ours["includes"][0]["permissions"].append("570282fd-fa5c-430d-a7fd-fc8dc98a9dca")
    # One of each side at a time: what one side cannot read says nothing of the other.
    for names in zip_longest(LEAST[by], SCOPES if by == "admin" else ()):
        only(
            stack,
            tuple(role for role in LEAST[by] if role not in names),
            tuple(scope for scope in SCOPES if scope not in names),
        )
        with stack.nothing_written():
            out = stack.workspace.pulumi(*REVIEW, tenant="contoso").out
        assert all("no changes were expected" in line for line in errors(out)), out
        for name in filter(None, names):
            told = [line for line in out.splitlines() if READS[name] in line]
            assert any(name in line for line in told), (name, out)


@pytest.mark.parametrize("by", ["admin", pytest.param("user", marks=pytest.mark.full)])
def test_up_with_it_names_the_missing_permission_and_changes_nothing(
    applied: Callable[[str], Stack], by: str
) -> None:
    stack = applied(declarations.text(by))
    with stack.portal() as state:
        entra = state["entra"]
        if by == "admin":
            (grant,) = [
                key
                for key in entra["oauth2PermissionGrants"]
                if key not in stack.before["entra"]["oauth2PermissionGrants"]
            ]
            del entra["oauth2PermissionGrants"][grant]
        else:
            entra["authorizationPolicy"] = stack.before["entra"]["authorizationPolicy"]
    only(stack, LEAST[by])
    with stack.nothing_changed():
        (line,) = errors(stack.up(code=1))
    needed = "DelegatedPermissionGrant.ReadWrite.All" if by == "admin" else None
    assert (needed or "Policy.ReadWrite.Authorization") in line
    assert line.startswith("Forbidden: Entra: ")


def test_it_is_enough_for_the_commands_that_only_read(applied: Callable[[str], Stack]) -> None:
    stack = applied(declarations.text("user"))
    only(stack, PREVIEW_ANY)
    with stack.nothing_written():
        stack.fleet("preflight", "contoso", code=3)
        stack.fleet("adopt", "contoso")
    assert [e["path"] for e in stack.emulator.log if e["status"] in (401, 403)] == []
