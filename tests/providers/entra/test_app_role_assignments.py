"""Application permissions of Zoom's application: our assignments, and only those."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emulator import Emulator, Fault
from emulator.entra_grants import new_assignment
from emulator.seed_graph import role_ids
from tests.providers.entra.test_delegated_grant import ids
from tests.providers.stack import ROLES, Resource, writes
from tests.providers.wire import Process

Refused = Callable[[Callable[[], object]], str]
NAMES = ROLES.declared["roles"]


def held(emulator: Emulator) -> dict[str, Any]:
    """Role name to assignment, of what Zoom's application has of Microsoft Graph."""
    client, resource = ids(emulator)
    names = {key: name for name, key in role_ids().items()}
    return {
        names[one["appRoleId"]]: one
        for one in emulator.world.data["entra"]["appRoleAssignments"].values()
        if (one["principalId"], one["resourceId"]) == (client, resource)
    }


def assign(emulator: Emulator, *names: str) -> None:
    """Another administrator assigns roles."""
    client, resource = ids(emulator)
    with emulator.world.lock:
        for name in names:
            key = {"principalId": client, "resourceId": resource, "appRoleId": role_ids()[name]}
            one = new_assignment(key, "Zoom", "ServicePrincipal", "Microsoft Graph")
            emulator.world.data["entra"]["appRoleAssignments"][one["id"]] = one


def test_create_assigns_each_role_by_the_live_id(process: Process, emulator: Emulator) -> None:
    Resource(process, ROLES).up()
    client, resource = ids(emulator)
    path = f"servicePrincipals/{resource}/appRoleAssignedTo"
    key = {"principalId": client, "resourceId": resource}
    assert writes(emulator) == [
        ("POST", path, {**key, "appRoleId": role_ids()[name]}) for name in NAMES
    ]


def test_names_of_roles_of_others_are_asked_for_once(process: Process, emulator: Emulator) -> None:
    resource = Resource(process, ROLES)
    resource.up()
    assign(emulator, "User.Read.All")
    for _ in range(2):
        resource.refresh()
    assert resource.state is not None
    assert resource.state.outs["surplus"] == "User.Read.All"
    emulator.clear_log()
    resource.refresh()
    assert [entry["method"] for entry in emulator.log] == ["GET"]


def test_roles_of_others_are_told_by_name_and_stay(process: Process, emulator: Emulator) -> None:
    assign(emulator, "User.Read.All", "Mail.Read")
    whole = emulator.world.dump()
    resource = Resource(process, ROLES)
    resource.up()
    resource.refresh()
    assert resource.state is not None
    assert resource.state.outs["surplus"] == "User.Read.All"
    assert resource.drift() == {}
    resource.destroy()
    assert emulator.world.dump() == whole


@pytest.mark.parametrize("name", NAMES)
def test_drift_of_every_role_is_seen_and_healed_alone(
    process: Process, emulator: Emulator, name: str
) -> None:
    resource = Resource(process, ROLES)
    resource.up()
    del emulator.world.data["entra"]["appRoleAssignments"][held(emulator)[name]["id"]]
    emulator.clear_log()
    assert resource.drift() == {"roles": ([n for n in NAMES if n != name], NAMES)}
    assert resource.up() == "update"
    assert len(writes(emulator)) == 1
    assert sorted(held(emulator)) == NAMES


def test_a_role_not_declared_any_more_is_taken_away_unless_it_was_there_before(
    process: Process, emulator: Emulator
) -> None:
    assign(emulator, "Mail.Read")
    resource = Resource(process, ROLES)
    resource.up()
    resource.up({"roles": ["Contacts.Read"]})
    assert sorted(held(emulator)) == ["Contacts.Read", "Mail.Read"]


def test_a_role_that_somebody_assigned_before_we_declared_it_survives_destroy(
    process: Process, emulator: Emulator
) -> None:
    resource = Resource(process, ROLES)
    resource.up({"roles": ["Calendars.Read"]})
    assign(emulator, "Mail.Read")
    resource.up()
    resource.destroy()
    assert list(held(emulator)) == ["Mail.Read"]


def test_a_role_that_somebody_assigns_at_the_same_moment_is_no_error(
    process: Process, emulator: Emulator
) -> None:
    resource = Resource(process, ROLES)
    error = {"error": {"code": "Request_BadRequest", "message": "already exists on the object"}}
    emulator.faults.add(Fault("entra", "POST", "appRoleAssignedTo", reset="after"))
    emulator.faults.add(Fault("entra", "POST", "appRoleAssignedTo", status=409, json=error))
    resource.up()
    assert sorted(held(emulator)) == NAMES


def test_a_refusal_that_leaves_the_role_unassigned_is_an_error(
    process: Process, emulator: Emulator, refused: Refused
) -> None:
    emulator.faults.add(Fault("entra", "POST", "appRoleAssignedTo", status=400))
    assert "HTTP 400" in refused(lambda: Resource(process, ROLES).up())


def test_an_assignment_that_is_gone_when_it_is_deleted_is_no_error(
    process: Process, emulator: Emulator
) -> None:
    resource = Resource(process, ROLES)
    resource.up()
    emulator.faults.add(Fault("entra", "DELETE", "appRoleAssignedTo", reset="after"))
    resource.destroy()
    assert held(emulator) == {}


def test_a_removed_application_is_drift_and_no_failure_of_the_preview(
    process: Process, emulator: Emulator, refused: Refused
) -> None:
    resource = Resource(process, ROLES)
    resource.up()
    client, _ = ids(emulator)
    with emulator.world.lock:
        emulator.world.data["entra"]["servicePrincipals"].pop(client)
    assert resource.drift() == {"roles": ([], NAMES)}
    assert "no service principal" in refused(resource.up)


def test_what_a_principal_that_was_made_anew_was_given_is_not_ours(
    process: Process, emulator: Emulator
) -> None:
    resource = Resource(process, ROLES)
    resource.up()
    client, _ = ids(emulator)
    anew = "99999999-1111-2222-3333-444444444444"
    entra = emulator.world.data["entra"]
    with emulator.world.lock:
        entra["servicePrincipals"][anew] = {**entra["servicePrincipals"].pop(client), "id": anew}
        entra["appRoleAssignments"].clear()
        assign(emulator, "Mail.Read")
    resource.destroy()
    assert list(held(emulator)) == ["Mail.Read"]


def test_a_permission_that_does_not_exist_is_refused_before_any_write(
    process: Process, emulator: Emulator, refused: Refused
) -> None:
    text = refused(lambda: Resource(process, ROLES).up({"roles": ["Mail.Reed"]}))
    assert "has no application permission Mail.Reed (did you mean Mail.Read" in text
    assert "Correct consent.applicationPermissions" in text
    assert writes(emulator) == []
