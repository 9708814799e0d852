"""Changes of a file after it was applied: both sides follow, and destroy still restores."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.engine_runs import declarations
from tests.engine_runs.stack import REVIEW, Stack, in_words

pytestmark = pytest.mark.engine

ZOOM = "zoom-calendar-integration"
FEWER, DECLARED = ["Calendars.ReadWrite"], ["Calendars.ReadWrite", "Contacts.ReadWrite"]
MORE = [*DECLARED, "offline_access"]
ADMIN_TO_USER = {
    ("grant", "delete", ""),
    (ZOOM, "update", "users_can_consent"),
    (ZOOM, "update", "admin_consents_for_company"),
}
USER_TO_ADMIN = {
    ("grant", "create", ""),
    ("user-consent-assignment", "delete", ""),
    ("user-consent-policy", "delete", ""),
    (ZOOM, "update", "users_can_consent"),
    (ZOOM, "update", "admin_consents_for_company"),
}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (declarations.text("admin"), declarations.text("user"), ADMIN_TO_USER),
        (
            declarations.text("user"),
            declarations.text("admin", consent__userPolicy="leave"),
            USER_TO_ADMIN,
        ),
    ],
    ids=["admin to user", "user to admin"],
)
def test_a_switch_of_who_consents_is_one_diff_of_both_sides(
    applied: Callable[[str], Stack], before: str, after: str, expected: set[tuple[str, str, str]]
) -> None:
    stack = applied(before)
    stack.declare(after)
    with stack.nothing_written():
        assert in_words(stack.plan()) == expected
        shown = stack.pulumi(*REVIEW, code=7)
    assert "users_can_consent" in shown
    assert "grant" in shown
    stack.up()
    stack.pulumi(*REVIEW)
    stack.destroy()
    stack.assert_as_before()


@pytest.mark.parametrize(
    ("source", "after"),
    [
        pytest.param("zoom", FEWER, id="zoom fewer", marks=pytest.mark.full),
        pytest.param("zoom", MORE, id="zoom more"),
        pytest.param("registered", FEWER, id="registered fewer", marks=pytest.mark.full),
        pytest.param("registered", MORE, id="registered more", marks=pytest.mark.full),
    ],
)
def test_a_change_of_the_permissions_reaches_the_policy_and_the_grant(
    applied: Callable[[str], Stack], source: str, after: list[str]
) -> None:
    stack = applied(declarations.text("admin", source))
    stack.declare(declarations.text("admin", source, consent__permissions=after))
    grants = "claimValues" if source == "registered" else "scopes"
    changes = {(c.resource, c.property): (c.live, c.declared) for c in stack.plan()}
    assert changes.pop(("grant", grants)) == (DECLARED, after)
    assert changes.pop(("user-consent-policy", "includes[0].permissions")) == (DECLARED, after)
    assert {resource for resource, _ in changes} <= {"registration"}
    stack.up()
    assert stack.plan(code=0) == []
    now, before = grants_of(stack.snapshot()), grants_of(stack.before)
    assert [sorted(s.split()) for key, s in now.items() if key not in before] == [sorted(after)]
    if source == "zoom":  # azuread's deletes wait 40 s, and are tested elsewhere
        stack.destroy()
        stack.assert_as_before()


@pytest.mark.full
def test_a_change_of_the_permissions_where_users_consent_reaches_the_policy(
    applied: Callable[[str], Stack],
) -> None:
    stack = applied(declarations.text("user"))
    for after in (MORE, FEWER):
        stack.declare(declarations.text("user", consent__permissions=after))
        stack.up()
    assert stack.plan(code=0) == []
    stack.destroy()
    stack.assert_as_before()


def test_what_is_declared_no_more_is_left_as_it_is_and_a_new_setting_is_restored(
    applied: Callable[[str], Stack],
) -> None:
    stack = applied(declarations.text("admin"))
    settings: dict[str, Any] = {**declarations.SETTINGS, "recording": {"auto_recording": "cloud"}}
    del settings["telephony"]
    stack.declare(declarations.text("admin", zoom__settings=settings))
    changes = stack.plan()
    assert {(c.resource, c.property.split(".")[0]) for c in changes} == {
        ("zoom-settings", "recording"),
        ("zoom-settings", "telephony"),
    }
    stack.up()
    assert stack.plan(code=0) == []
    live = stack.snapshot()["zoom"]["settings"]
    assert live["recording"]["auto_recording"] == "cloud"
    stack.destroy()
    telephony = stack.before["zoom"]["settings"]["telephony"]
    telephony["audio_conference_info"] = live["telephony"]["audio_conference_info"]
    stack.assert_as_before()


@pytest.mark.full
def test_with_on_destroy_leave_a_destroy_only_forgets(applied: Callable[[str], Stack]) -> None:
    stack = applied(declarations.text("admin", onDestroy="leave"))
    assert stack.resources() != []
    with stack.nothing_written():
        stack.destroy()
    assert stack.resources() == []


@pytest.mark.full
def test_without_our_environment_a_switch_works_the_same(applied: Callable[[str], Stack]) -> None:
    stack = applied(declarations.text("admin"))
    del stack.workspace.environment["PULUMI_RUN_PROGRAM"]
    stack.declare(declarations.text("user"))
    assert in_words(stack.plan()) == ADMIN_TO_USER
    stack.up()
    stack.pulumi(*REVIEW)
    stack.destroy()
    stack.assert_as_before()


def grants_of(state: dict[str, Any]) -> dict[str, str]:
    return {key: one["scope"] for key, one in state["entra"]["oauth2PermissionGrants"].items()}
