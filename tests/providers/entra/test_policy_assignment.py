"""One entry of the authorization policy: ours comes and goes, all others stay."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from emulator import Emulator, Fault
from tests.providers.stack import ASSIGNMENT, POLICY, Kind, Resource, writes
from tests.providers.wire import Process

Refused = Callable[[Callable[[], object]], str]
OURS = "ManagePermissionGrantsForSelf.contoso-tier-1"
PATH = "policies/authorizationPolicy"
SURPRISE = "ManagePermissionGrantsForOwnedResource.somebody-else"


def entries(emulator: Emulator) -> Any:
    policy = emulator.world.data["entra"]["authorizationPolicy"]
    return policy["defaultUserRolePermissions"]["permissionGrantPoliciesAssigned"]


def body(*assigned: str) -> Any:
    return {"defaultUserRolePermissions": {"permissionGrantPoliciesAssigned": list(assigned)}}


def test_create_sends_all_entries_and_ours_last(process: Process, emulator: Emulator) -> None:
    before = list(entries(emulator))
    Resource(process, ASSIGNMENT).up()
    assert writes(emulator) == [("PATCH", PATH, body(*before, OURS))]


def test_our_entry_is_ours_in_any_case(process: Process, emulator: Emulator) -> None:
    entries(emulator).append(OURS.lower())
    resource = Resource(process, ASSIGNMENT)
    resource.up()
    assert resource.drift() == {}
    assert writes(emulator) == []


def test_a_removed_entry_is_drift_and_comes_back(process: Process, emulator: Emulator) -> None:
    resource = Resource(process, ASSIGNMENT)
    resource.up()
    entries(emulator).remove(OURS)
    emulator.clear_log()
    assert resource.drift() == {"assigned": (False, True)}
    assert resource.up() == "update"
    assert len(writes(emulator)) == 1
    assert entries(emulator)[-1] == OURS


def test_an_entry_of_somebody_else_between_runs_is_kept_by_all_of_ours(
    process: Process, emulator: Emulator
) -> None:
    resource = Resource(process, ASSIGNMENT)
    resource.up()
    with emulator.world.lock:
        entries(emulator).insert(0, SURPRISE)
    assert resource.drift() == {}
    with emulator.world.lock:
        entries(emulator).remove(OURS)
    resource.up()
    assert entries(emulator)[0] == SURPRISE
    resource.destroy()
    assert SURPRISE in entries(emulator)
    assert OURS not in entries(emulator)


def test_an_entry_that_came_after_our_first_read_is_kept(
    process: Process, emulator: Emulator
) -> None:
    resource = Resource(process, ASSIGNMENT)
    resource._record(ASSIGNMENT.declared)
    first = emulator.faults.add(Fault("entra", "GET", PATH, hold="after"))
    up = threading.Thread(target=resource.up)
    up.start()
    assert first.reached.wait(10)
    with emulator.world.lock:
        entries(emulator).append(SURPRISE)
    first.release()
    up.join()
    assert entries(emulator)[-2:] == [SURPRISE, OURS]


def test_what_was_read_ahead_is_never_written_back(process: Process, emulator: Emulator) -> None:
    """A read of our policy brings the authorization policy along: too old to be replaced with."""
    policy = Resource(process, POLICY)
    policy.up()
    assignment = Resource(process, ASSIGNMENT)
    assignment._record(ASSIGNMENT.declared)
    # The last read before the one that the write itself makes.
    first = emulator.faults.add(Fault("entra", "GET", f"{PATH}$", hold="after"))
    up = threading.Thread(target=assignment.up)
    up.start()
    assert first.reached.wait(10)
    policy.refresh()  # its answer waits for whoever reads next
    with emulator.world.lock:
        entries(emulator).append(SURPRISE)
    first.release()
    up.join()
    assert SURPRISE in entries(emulator)
    assert OURS in entries(emulator)


def test_destroy_leaves_an_assignment_that_was_there_before_us(
    process: Process, emulator: Emulator
) -> None:
    entries(emulator).append(OURS)
    resource = Resource(process, ASSIGNMENT)
    resource.up()
    entries(emulator).append(SURPRISE)
    resource.destroy()
    assert entries(emulator)[-2:] == [OURS, SURPRISE]
    assert writes(emulator) == []


def test_destroy_of_what_somebody_removed_already_writes_nothing(
    process: Process, emulator: Emulator
) -> None:
    resource = Resource(process, ASSIGNMENT)
    resource.up()
    entries(emulator).remove(OURS)
    emulator.clear_log()
    resource.destroy()
    assert writes(emulator) == []


@pytest.mark.parametrize("role", [None, {}, {"permissionGrantPoliciesAssigned": None}])
def test_a_list_that_was_not_seen_whole_is_never_written_back(
    process: Process, emulator: Emulator, refused: Refused, role: Any
) -> None:
    answer = {"id": "authorizationPolicy", "defaultUserRolePermissions": role}
    emulator.faults.add(Fault("entra", "GET", PATH, status=200, json=answer, times=None))
    assert "nothing written" in refused(lambda: Resource(process, ASSIGNMENT).up())
    assert writes(emulator) == []


LOW = Kind(ASSIGNMENT.of, {"policyId": "microsoft-user-default-low"}, ASSIGNMENT.declared)
LOW_ENTRY = "ManagePermissionGrantsForSelf.microsoft-user-default-low"


def switched(resource: Resource, kind: Kind) -> str:
    """`up` with another policy declared."""
    resource.kind = kind
    return resource.up()


@pytest.mark.parametrize("on_destroy", ["restore", "leave"])
def test_another_policy_takes_the_place_of_ours_in_one_write(
    process: Process, emulator: Emulator, on_destroy: str
) -> None:
    before = list(entries(emulator))
    resource = Resource(process, ASSIGNMENT, on_destroy)
    resource.up()
    emulator.clear_log()
    assert switched(resource, LOW) == "update"
    assert writes(emulator) == [("PATCH", PATH, body(*before, LOW_ENTRY))]
    assert resource.drift() == {}
    resource.destroy()
    assert entries(emulator) == (before if on_destroy == "restore" else [*before, LOW_ENTRY])


def test_a_policy_that_was_assigned_before_us_stays_when_another_is_declared(
    process: Process, emulator: Emulator
) -> None:
    entries(emulator).append(OURS)
    before = list(entries(emulator))
    resource = Resource(process, ASSIGNMENT)
    resource.up()
    switched(resource, LOW)
    assert entries(emulator) == [*before, LOW_ENTRY]
    switched(resource, ASSIGNMENT)
    assert entries(emulator) == before
    resource.destroy()
    assert entries(emulator) == before


def test_a_switch_whose_write_was_lost_is_done_again_by_the_next_run(
    process: Process, emulator: Emulator, refused: Refused
) -> None:
    before = list(entries(emulator))
    resource = Resource(process, ASSIGNMENT)
    resource.up()
    emulator.faults.add(Fault("entra", "PATCH", PATH, status=400))
    refused(lambda: switched(resource, LOW))
    assert entries(emulator) == [*before, OURS]
    assert switched(resource, LOW) == "update"
    assert entries(emulator) == [*before, LOW_ENTRY]
    resource.destroy()
    assert entries(emulator) == before


@pytest.mark.parametrize("on_destroy", ["restore", "leave"])
def test_a_refused_write_says_what_destroy_makes_of_an_entry_set_by_hand(
    start: Callable[..., Process], emulator: Emulator, refused: Refused, on_destroy: str
) -> None:
    """Not what anybody wants, but what cannot be told apart: so the error has to say it."""
    before = list(entries(emulator))
    resource = Resource(start(), ASSIGNMENT)
    emulator.faults.add(Fault("entra", "PATCH", PATH, status=403))
    text = refused(resource.up)
    assert text.startswith("Forbidden: ")
    assert "lacks Policy.ReadWrite.Authorization" in text
    assert "assigns contoso-tier-1 by hand instead: destroy takes that for this stack's" in text
    entries(emulator).append(OURS)
    if on_destroy == "leave":
        resource.on_destroy = on_destroy
        assert resource.up() == "create"
    resource.destroy(refresh=resource.state is not None)
    assert entries(emulator) == (before if on_destroy == "restore" else [*before, OURS])


def test_another_administrators_write_that_drops_our_entry_is_found_by_the_read_back(
    process: Process, emulator: Emulator, refused: Refused
) -> None:
    """Their tool replaces the list as it was before ours, right after our write."""
    theirs = [*entries(emulator), SURPRISE]
    resource = Resource(process, ASSIGNMENT)
    resource._record(ASSIGNMENT.declared)
    first = emulator.faults.add(Fault("entra", "PATCH", PATH, hold="after"))
    said: list[str] = []
    up = threading.Thread(target=lambda: said.append(refused(resource.up)))
    up.start()
    assert first.reached.wait(10)
    while OURS not in entries(emulator):
        pass
    with emulator.world.lock:
        entries(emulator)[:] = theirs
    first.release()
    up.join()
    (text,) = said
    assert text.startswith("WriteHadNoEffect: ")
    assert "Another administrator or tool may be changing the list" in text
    assert entries(emulator) == theirs
    assert resource.up() == "create"
    assert entries(emulator) == [*theirs, OURS]
