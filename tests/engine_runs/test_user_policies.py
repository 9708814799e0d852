"""Solution 1: what users may consent to, by each value of `userPolicy`, on the real engine."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from tenant.desired import POLICY_ID, USER_POLICIES
from tests.engine_runs import declarations
from tests.engine_runs.drift import Drift, update
from tests.engine_runs.stack import REVIEW, Stack, State, differences

pytestmark = pytest.mark.engine

PREFIX = "ManagePermissionGrantsForSelf."
SEEDED = f"{PREFIX}microsoft-user-default-recommended"  # somebody assigned it before us
VALUES = [*USER_POLICIES, "leave"]
ALWAYS = ("admin", "verified-publishers")  # the others when asked for: make test-kill
# In words, as it is and as it is declared; `recommended` is there anyway.
LIVE = {
    "least-privilege": "for 2 delegated permissions of Microsoft Graph [zoom-calendar-users]",
    "verified-publishers": "applications of verified publishers",
    "recommended": "Microsoft's managed default",
    "any-app": "any application, for any permission that needs no administrator",
    "leave": "Microsoft's managed default",
}
DECLARED = {**LIVE, "least-privilege": "for Calendars.ReadWrite, Contacts.ReadWrite"}


def text(by: str, value: str) -> str:
    meant: dict[str, Any] = {"consent__acknowledge": "any-app"} if value == "any-app" else {}
    return declarations.text(by, "zoom", consent__userPolicy=value, **meant)


def role(state: State) -> State:
    found: State = state["entra"]["authorizationPolicy"]["defaultUserRolePermissions"]
    return found


def entries(state: State) -> list[str]:
    return list(role(state)["permissionGrantPoliciesAssigned"])


def expected(stack: Stack, value: str) -> list[str]:
    """The entries of before, and the one of `value`."""
    ours = [PREFIX + USER_POLICIES[value]] if value != "leave" else []
    before = entries(stack.before)
    return [*before, *(entry for entry in ours if entry not in before)]


def one_line(out: str, start: str) -> str:
    """The one thing that is said so, wherever the engine shows it."""
    (found,) = {line[line.index(start) :].strip() for line in out.splitlines() if start in line}
    return found


def check_what_is_told(shown: str, before: str, after: str) -> None:
    """One line each way, and a warning of what the declared value does not narrow.

    One line in all for `leave`: whether the last value goes is not known to a program then.
    """
    assigned = before not in ("recommended", "leave")  # recommended was there before us
    if after == "leave":
        told = one_line(shown, "users can consent in Entra to: ")
        assert LIVE[before] in told
        assert ("taken away if this stack assigned it" in told) is assigned
    else:
        assert LIVE[before] in one_line(shown, "before, users can consent in Entra to: ")
        told = one_line(shown, "after, users can consent in Entra to: ")
        assert "takes up to about 30 minutes" in told
        assert (LIVE[before] in told) is not assigned
        assert "taken away" not in shown
    assert DECLARED[after] in told
    narrow = after in ("least-privilege", "verified-publishers")
    assert ("recommended: whatever Microsoft" in shown) is narrow
    assert ("CISA SCuBA MS.AAD.5.2" in shown) is (after == "any-app")


def test_each_value_takes_the_place_of_the_last_one_and_says_what_changes(stack: Stack) -> None:
    stack.declare(text("user", "leave"))
    stack.up()
    for before, after in pairwise(["leave", *VALUES]):
        stack.declare(text("user", after))
        if after == "any-app":
            check_what_is_told(stack.pulumi("preview", "--diff"), before, after)
        check_what_is_told(stack.up(), before, after)
        assert entries(stack.snapshot()) == expected(stack, after)
    assert POLICY_ID not in stack.snapshot()["entra"]["permissionGrantPolicies"]
    with stack.nothing_written():
        shown = stack.pulumi(*REVIEW)
    assert "Microsoft's managed default" in one_line(shown, "users can consent in Entra to: ")
    stack.destroy()
    stack.assert_as_before()


def test_the_first_preview_says_what_is_there_and_what_is_added(stack: Stack) -> None:
    stack.declare(text("admin", "least-privilege"))
    with stack.nothing_written():
        shown = stack.pulumi("preview", "--diff")
    assert LIVE["recommended"] in one_line(shown, "before, users can consent in Entra to: ")
    added = one_line(shown, "after, users can also consent in Entra to: ")
    assert DECLARED["least-privilege"] in added


@pytest.mark.full
def test_a_broader_policy_that_others_assign_later_stays_and_is_warned_of(stack: Stack) -> None:
    stack.declare(text("user", "least-privilege"))
    stack.up()
    legacy = USER_POLICIES["any-app"]
    with stack.portal() as state:
        role(state)["permissionGrantPoliciesAssigned"].append(PREFIX + legacy)
    with stack.nothing_written():
        shown = stack.pulumi("preview", "--refresh", "--expect-no-changes")
    assert LIVE["any-app"] in one_line(shown, "users can consent in Entra to: ")
    assert "after, users" not in shown
    assert "taken away" not in shown
    warning = one_line(shown, f"users can also consent by {legacy}: ")
    assert "It is not ours and stays" in warning
    with stack.nothing_written():
        stack.up()
    assert PREFIX + legacy in entries(stack.snapshot())
    # Somebody takes ours away: what is written for that leaves theirs, and is not known to do so.
    with stack.portal() as state:
        role(state)["permissionGrantPoliciesAssigned"].remove(PREFIX + POLICY_ID)
    shown = stack.pulumi("preview", "--refresh")
    assert "stays" in one_line(shown, f"users can also consent by {legacy}: ")
    stack.destroy()
    assert entries(stack.snapshot()) == [*entries(stack.before), PREFIX + legacy]


def remove(entry: str) -> Callable[[State], None]:
    def edit(state: State) -> None:
        role(state)["permissionGrantPoliciesAssigned"].remove(entry)

    return edit


@pytest.mark.parametrize(
    ("by", "value"),
    [
        pytest.param(by, value, marks=() if (by, value) == ALWAYS else pytest.mark.full)
        for by in ("admin", "user")
        for value in VALUES
    ],
)
def test_a_value_from_nothing_to_drift_and_back(
    applied: Callable[[str], Stack], by: str, value: str
) -> None:
    stack = applied(text(by, value))
    assert entries(stack.snapshot()) == expected(stack, value)
    with stack.nothing_written():
        stack.pulumi(*REVIEW)
    with stack.portal() as state:
        for one in (state, stack.before):  # what others do meanwhile stays
            role(one)["permissionGrantPoliciesAssigned"].insert(
                0, "managePermissionGrantsForSelf.contoso-tier-1"
            )
    if value == "leave":
        with stack.nothing_written():
            stack.pulumi(*REVIEW)
    else:
        gone = update("user-consent-assignment", "assigned", False, True)
        check_entries(stack, Drift("entry", remove(PREFIX + USER_POLICIES[value]), gone))
    stack.destroy()
    assert sorted(entries(stack.snapshot())) == sorted(entries(stack.before))
    if value == "recommended":  # healed, it is the last one now
        role(stack.before)["permissionGrantPoliciesAssigned"] = entries(stack.snapshot())
    stack.assert_as_before()


def check_entries(stack: Stack, drift: Drift) -> None:
    """As `check_round`; a healed entry is the last one, wherever it was."""
    healthy = stack.snapshot()
    role(healthy)["permissionGrantPoliciesAssigned"].sort()
    with stack.portal() as state:
        drift.edit(state)
    assert stack.plan() == [drift.proposed]
    stack.up()
    now = stack.snapshot()
    role(now)["permissionGrantPoliciesAssigned"].sort()
    assert differences(now, healthy) == []


@pytest.mark.full
@pytest.mark.parametrize("value", VALUES)
def test_on_destroy_leave_keeps_the_entry_of_the_last_value(
    applied: Callable[[str], Stack], value: str
) -> None:
    meant: dict[str, Any] = {"consent__acknowledge": "any-app"} if value == "any-app" else {}
    stack = applied(
        declarations.text("user", consent__userPolicy=value, onDestroy="leave", **meant)
    )
    with stack.nothing_written():
        stack.destroy()
    assert entries(stack.snapshot()) == expected(stack, value)


def test_any_app_without_acknowledging_it_is_refused_before_any_request(stack: Stack) -> None:
    stack.declare(declarations.text("user", consent__userPolicy="any-app"))
    out = stack.up(code=1)
    assert "consent.userPolicy: given 'any-app' without acknowledge: any-app" in out
    assert stack.emulator.log == []
