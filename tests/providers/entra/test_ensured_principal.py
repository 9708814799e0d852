"""Zoom's principal where there is none: created, ours, and gone only if nobody else uses it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emulator import Emulator, Fault
from emulator.entra_grants import grant_id, new_assignment
from emulator.entra_login import graph_principal
from emulator.seed_entra import ROOMS_APP_ID, ZOOM_APP_ID
from emulator.seed_graph import role_ids
from tests.providers.stack import GRANT, PRINCIPAL, ROLES, Kind, Resource, writes
from tests.providers.wire import Process


def principals(emulator: Emulator) -> list[Any]:
    found = emulator.world.data["entra"]["servicePrincipals"].values()
    return [one for one in found if one["appId"] == ROOMS_APP_ID]


def test_one_that_is_absent_is_created_and_destroyed(process: Process, emulator: Emulator) -> None:
    whole = emulator.world.dump()
    resource = Resource(process, PRINCIPAL)
    resource.up()
    assert writes(emulator) == [("POST", "servicePrincipals", {"appId": ROOMS_APP_ID})]
    assert len(principals(emulator)) == 1
    resource.destroy()
    assert emulator.world.dump() == whole


def test_one_that_is_there_is_never_changed_nor_deleted(
    process: Process, emulator: Emulator
) -> None:
    whole = emulator.world.dump()
    resource = Resource(process, Kind(PRINCIPAL.of, {"clientId": ZOOM_APP_ID}, {}))
    resource.up()
    resource.destroy()
    assert writes(emulator) == []
    assert emulator.world.dump() == whole


def grant_to_a_user(emulator: Emulator, key: str) -> None:
    entra = emulator.world.data["entra"]
    one = {
        "clientId": key,
        "consentType": "Principal",
        "principalId": next(iter(entra["users"])),
        "resourceId": graph_principal(entra)["id"],
        "scope": "User.Read",
    }
    entra["oauth2PermissionGrants"][grant_id(one)] = {**one, "id": grant_id(one)}


def assign(emulator: Emulator, principal: str, resource: str, role: str) -> None:
    ids = {"principalId": principal, "resourceId": resource, "appRoleId": role}
    one = new_assignment(ids, "x", "User", "y")
    emulator.world.data["entra"]["appRoleAssignments"][one["id"]] = one


def give_a_role(emulator: Emulator, key: str) -> None:
    graph = graph_principal(emulator.world.data["entra"])["id"]
    assign(emulator, key, graph, role_ids()["Mail.Read"])


def assign_a_user(emulator: Emulator, key: str) -> None:
    user = next(iter(emulator.world.data["entra"]["users"]))
    assign(emulator, user, key, "00000000-0000-0000-0000-000000000000")


def own(emulator: Emulator, key: str) -> None:
    user = next(iter(emulator.world.data["entra"]["users"]))
    emulator.world.data["entra"]["servicePrincipals"][key]["owners"].append(user)


def require_assignment(emulator: Emulator, key: str) -> None:
    emulator.world.data["entra"]["servicePrincipals"][key]["appRoleAssignmentRequired"] = True


@pytest.mark.parametrize(
    ("use", "words"),
    [
        (grant_to_a_user, "1 delegated permission grants of others"),
        (give_a_role, "1 application permissions of others"),
        (assign_a_user, "1 assigned users or groups of others"),
        (own, "changed properties or owners"),
        (require_assignment, "changed properties or owners"),
    ],
)
def test_one_that_somebody_else_uses_by_now_stays_and_destroy_says_so(
    process: Process, emulator: Emulator, use: Callable[[Emulator, str], None], words: str
) -> None:
    resource = Resource(process, PRINCIPAL)
    resource.up()
    (principal,) = principals(emulator)
    with emulator.world.lock:
        use(emulator, principal["id"])
    resource.destroy()
    assert principals(emulator) == [principal]
    assert process.has_told(words)


def test_one_that_somebody_created_in_between_is_not_ours(
    process: Process, emulator: Emulator
) -> None:
    resource = Resource(process, PRINCIPAL)
    resource._record(PRINCIPAL.declared)
    Resource(process, PRINCIPAL).up()
    stale = Fault("entra", "GET", r"servicePrincipals\(", reads=1)
    emulator.faults.add(stale)
    resource.up()
    assert resource.state is not None
    assert resource.state.outs["made"] == ""
    resource.destroy()
    assert len(principals(emulator)) == 1


def test_one_that_was_deleted_and_made_anew_by_zoom_is_zooms(
    process: Process, emulator: Emulator
) -> None:
    resource = Resource(process, PRINCIPAL)
    resource.up()
    (principal,) = principals(emulator)
    entra = emulator.world.data["entra"]
    with emulator.world.lock:
        del entra["servicePrincipals"][principal["id"]]
        anew = {**principal, "id": "99999999-1111-2222-3333-444444444444"}
        entra["servicePrincipals"][anew["id"]] = anew
    resource.destroy()
    assert principals(emulator) == [anew]


def test_one_that_was_deleted_is_created_again_and_still_ours(
    process: Process, emulator: Emulator
) -> None:
    whole = emulator.world.dump()
    resource = Resource(process, PRINCIPAL)
    resource.up()
    with emulator.world.lock:
        del emulator.world.data["entra"]["servicePrincipals"][principals(emulator)[0]["id"]]
    resource.refresh()
    assert resource.state is None
    assert resource.up() == "create"
    resource.destroy()
    assert emulator.world.dump() == whole


def test_with_our_grant_and_roles_on_it_it_goes_after_them(
    start: Callable[[], Process], emulator: Emulator
) -> None:
    whole = emulator.world.dump()
    process = start()  # of its own: what a process deleted, it remembers
    key = {**GRANT.key, "clientId": ROOMS_APP_ID}
    resources = [
        Resource(process, PRINCIPAL),
        Resource(process, Kind(GRANT.of, key, GRANT.declared)),
        Resource(process, Kind(ROLES.of, key, ROLES.declared)),
    ]
    for resource in resources:
        resource.up()
    for resource in reversed(resources):
        if resource is resources[0]:  # lists that still show what was deleted a moment ago
            emulator.faults.add(Fault("entra", "GET", r"oauth2PermissionGrants$", reads=2))
        resource.destroy()
    assert emulator.world.dump() == whole


def test_a_copy_that_does_not_have_it_yet_is_asked_again(
    process: Process, emulator: Emulator
) -> None:
    whole = emulator.world.dump()
    late = emulator.faults.add(Fault("entra", "GET", r"/owners$", reads=1))
    resource = Resource(process, PRINCIPAL)
    resource.up()
    assert late.hits == 1
    resource.destroy()
    assert emulator.world.dump() == whole
