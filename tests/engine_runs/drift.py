"""What people do behind the code's back, and what a preview must say of it."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fleet.plan import Change
from tests.engine_runs.stack import Stack, State, differences


@dataclass(frozen=True)
class Drift:
    """One edit, and the one change that the next preview proposes; None where it is no drift."""

    what: str
    edit: Callable[[State], None]
    proposed: Change | None


def check_round(stack: Stack, drifts: list[Drift]) -> None:
    """All drifts at once: the preview names exactly each of them, and `up` heals them all."""
    healthy = stack.snapshot()
    with stack.portal() as state:
        for drift in drifts:
            drift.edit(state)
    drifted = stack.snapshot()
    proposed = [drift.proposed for drift in drifts if drift.proposed is not None]
    found = stack.plan()
    for drift in drifts:
        if drift.proposed is not None:
            assert drift.proposed in found, f"{drift.what}: not among {found}"
    beside = [change for change in found if change not in proposed]
    assert beside == [], "somebody's doing is proposed that is nobody's drift"
    assert differences(stack.snapshot(), drifted) == []
    stack.up()
    assert differences(in_one_form(stack.snapshot()), in_one_form(healthy)) == []


def check_no_drift(stack: Stack, drifts: list[Drift]) -> None:
    """None of the edits counts: no change is proposed and `up` writes nothing."""
    assert all(drift.proposed is None for drift in drifts)
    with stack.portal() as state:
        for drift in drifts:
            drift.edit(state)
    with stack.nothing_written():
        assert stack.plan(code=0) == []
        stack.up()


def in_one_form(state: State) -> State:
    """A state without what has no meaning: ids that Graph gives to condition sets, scope order,
    and the empty relay state that azuread writes with any change of a principal."""
    state = copy.deepcopy(state)
    for principal in state["entra"]["servicePrincipals"].values():
        if principal["samlSingleSignOnSettings"] == {"relayState": ""}:
            principal["samlSingleSignOnSettings"] = {}
    for policy in state["entra"]["permissionGrantPolicies"].values():
        for kind in ("includes", "excludes"):
            for one in policy[kind]:
                del one["id"]
    for grant in state["entra"]["oauth2PermissionGrants"].values():
        grant["scope"] = " ".join(sorted(grant["scope"].split()))
    return state


def update(resource: str, property_: str, live: Any, declared: Any) -> Change:
    return Change(resource, "update", property_, live, declared)


def at(path: str, value: Any) -> Callable[[State], None]:
    """An edit that puts `value` at a dotted path of the state."""

    def edit(state: State) -> None:
        *parents, last = path.split(".")
        place = state
        for key in parents:
            place = place[key]
        assert place[last] != value, f"{path} is {value!r} already"
        place[last] = value

    return edit
