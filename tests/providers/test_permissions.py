"""What the credentials may not do: named with where to grant it, unknown to read, never written."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from emulator import Emulator
from tests.providers.conftest import Lacking
from tests.providers.stack import (
    ALL,
    ASSIGNMENT,
    GRANT,
    LOCKS,
    POLICY,
    PRINCIPAL,
    ROLES,
    SETTINGS,
    Kind,
    Resource,
    together,
    writes,
)
from tests.providers.wire import Process

Refused = Callable[[Callable[[], object]], str]

IN_ENTRA = "Entra > App registrations > API permissions"
IN_ZOOM = "the Server-to-Server OAuth app's scopes (Zoom App Marketplace)"

LOOK_UPS = ["Application.Read.All", "Application.ReadWrite.All", "Directory.Read.All"]
# Kind, what has to be taken away so that nothing allows it, what the error names, and where.
READS = [
    (SETTINGS, ["account:read:settings:admin"], "account:read:settings:admin", IN_ZOOM),
    (LOCKS, ["account:read:lock_settings:master"], "account:read:lock_settings:master", IN_ZOOM),
    (
        GRANT,
        ["Directory.Read.All", "DelegatedPermissionGrant.ReadWrite.All"],
        "DelegatedPermissionGrant.ReadWrite.All",
        IN_ENTRA,
    ),
    (
        ROLES,
        [*LOOK_UPS, "AppRoleAssignment.ReadWrite.All"],
        "Application.Read.All",
        IN_ENTRA,
    ),
    (PRINCIPAL, LOOK_UPS, "Application.Read.All", IN_ENTRA),
    (
        POLICY,
        ["Policy.Read.PermissionGrant", "Policy.ReadWrite.PermissionGrant"],
        "Policy.Read.PermissionGrant",
        IN_ENTRA,
    ),
    (
        ASSIGNMENT,
        ["Policy.Read.All", "Policy.ReadWrite.Authorization"],
        "Policy.Read.All",
        IN_ENTRA,
    ),
]
WRITES = [
    (SETTINGS, ["account:update:settings:admin"], "account:update:settings:admin", IN_ZOOM),
    (LOCKS, ["account:update:lock_settings:admin"], "account:update:lock_settings:admin", IN_ZOOM),
    (
        GRANT,
        ["DelegatedPermissionGrant.ReadWrite.All"],
        "DelegatedPermissionGrant.ReadWrite.All",
        IN_ENTRA,
    ),
    (GRANT, LOOK_UPS, "Application.Read.All", IN_ENTRA),
    (POLICY, LOOK_UPS, "Application.Read.All", IN_ENTRA),
    (ROLES, LOOK_UPS, "Application.Read.All", IN_ENTRA),
    (ROLES, ["AppRoleAssignment.ReadWrite.All"], "AppRoleAssignment.ReadWrite.All", IN_ENTRA),
    (PRINCIPAL, ["Application.ReadWrite.All"], "Application.ReadWrite.All", IN_ENTRA),
    (
        POLICY,
        ["Policy.ReadWrite.PermissionGrant"],
        "Policy.ReadWrite.PermissionGrant",
        IN_ENTRA,
    ),
    (
        ASSIGNMENT,
        ["Policy.ReadWrite.Authorization"],
        "Policy.ReadWrite.Authorization",
        IN_ENTRA,
    ),
]


@pytest.mark.parametrize(("kind", "taken", "named", "where"), READS)
def test_what_may_not_be_read_is_unknown_and_never_drift_nor_written(
    process: Process,
    emulator: Emulator,
    lacking: Lacking,
    refused: Refused,
    kind: Kind,
    taken: list[str],
    named: str,
    where: str,
) -> None:
    resource = Resource(process, kind)
    resource.up()
    assert resource.state is not None
    inputs = {k: v for k, v in resource.state.inputs.items() if v is not None}
    lacking(*taken)
    emulator.clear_log()
    resource.refresh()

    since, _, reason = resource.state.outs["unknown"].partition(": ")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", since)
    assert named in reason
    assert where in reason
    assert resource.state.inputs == inputs
    assert resource.drift() == {}

    resource.on_destroy = "leave"
    assert named in refused(resource.up)
    assert writes(emulator) == []

    earlier = {**resource.state.outs, "unknown": "2026-01-01T00:00:00+00:00: no answer"}
    _, outs, _ = resource.provider.read(resource.state.id, earlier)
    assert outs["unknown"].startswith("2026-01-01T00:00:00+00:00: ")  # since the first time
    assert named in outs["unknown"]
    lacking()
    resource.refresh()
    assert "unknown" not in resource.state.outs


@pytest.mark.parametrize(("kind", "taken", "named", "where"), READS)
def test_what_may_not_be_read_is_not_created(
    process: Process,
    emulator: Emulator,
    lacking: Lacking,
    refused: Refused,
    kind: Kind,
    taken: list[str],
    named: str,
    where: str,
) -> None:
    lacking(*taken)
    text = refused(Resource(process, kind).up)
    assert text.startswith("Forbidden: ")
    assert named in text
    assert where in text
    assert writes(emulator) == []


@pytest.mark.parametrize(("kind", "taken", "named", "where"), WRITES)
def test_what_may_not_be_written_is_tried_once_and_named(
    process: Process,
    emulator: Emulator,
    lacking: Lacking,
    refused: Refused,
    kind: Kind,
    taken: list[str],
    named: str,
    where: str,
) -> None:
    lacking(*taken)
    before = emulator.world.dump()
    text = refused(Resource(process, kind).up)
    assert text.startswith("Forbidden: ")
    assert named in text
    assert where in text
    assert emulator.world.dump() == before
    assert len(writes(emulator)) <= 1


@pytest.mark.parametrize(
    ("kind", "taken", "named", "where"), [case for case in WRITES if case[1] is not LOOK_UPS]
)
def test_what_may_not_be_given_back_is_named_and_stays(
    process: Process,
    emulator: Emulator,
    lacking: Lacking,
    refused: Refused,
    kind: Kind,
    taken: list[str],
    named: str,
    where: str,
) -> None:
    resource = Resource(process, kind)
    resource.up()
    lacking(*taken)
    before = emulator.world.dump()
    text = refused(resource.destroy)
    assert named in text
    assert where in text
    assert emulator.world.dump() == before


def test_a_side_that_is_down_leaves_the_other_known(
    process: Process, emulator: Emulator, lacking: Lacking
) -> None:
    resources = [Resource(process, kind) for kind in ALL]
    together(*(resource.up for resource in resources))
    lacking("account:read:settings:admin", "account:read:lock_settings:master")
    together(*(resource.refresh for resource in resources))
    unknown = {r.kind.of for r in resources if r.state and "unknown" in r.state.outs}
    assert unknown == {SETTINGS.of, LOCKS.of}
