"""What a service or the network does wrong: every run converges, and nothing is done twice."""

from __future__ import annotations

import datetime
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import format_datetime
from typing import Any

import pytest

from emulator import Emulator, Fault
from tests.providers.entra.test_delegated_grant import grant, make_grant
from tests.providers.stack import (
    ALL,
    ASSIGNMENT,
    GRANT,
    LOCKS,
    POLICY,
    ROLES,
    SETTINGS,
    Kind,
    Resource,
    together,
    tokens,
    writes,
)
from tests.providers.wire import Process

Refused = Callable[[Callable[[], object]], str]
SETS = "/includes$"

# Every write that an `up` sends, once: kind, method, path.
WRITES = [
    (SETTINGS, "PATCH", "/settings$"),
    (LOCKS, "PATCH", "/lock_settings$"),
    (GRANT, "POST", "/oauth2PermissionGrants$"),
    (POLICY, "POST", "/permissionGrantPolicies$"),
    (POLICY, "POST", SETS),
    (ASSIGNMENT, "PATCH", "/authorizationPolicy$"),
]
# A policy takes two writes: trouble in the first of all, and in the second of the one that has it.
FIRST = [case for case in WRITES if case[2] != SETS]
SECOND = [case for case in WRITES if case[2] == SETS]
# Every write that a `destroy` sends.
GIVEN_BACK = [
    (SETTINGS, "PATCH", "/settings$"),
    (LOCKS, "PATCH", "/lock_settings$"),
    (GRANT, "DELETE", "/oauth2PermissionGrants/.+"),
    (POLICY, "DELETE", "/permissionGrantPolicies/.+"),
    (ASSIGNMENT, "PATCH", "/authorizationPolicy$"),
]
every = pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.of)


def fails(method: str, path: str, **action: Any) -> Fault:
    """A fault of one service's own requests, never of its token endpoint."""
    return Fault(method=method, path=rf"^/v[12]\b.*{path}", **action)


def committed(emulator: Emulator, method: str, path: str = "") -> int:
    """How many writes were carried out."""
    return sum(
        entry["write"] and entry["method"] == method and bool(re.search(path, entry["path"]))
        for entry in emulator.log
    )


@contextmanager
def held(emulator: Emulator, fault: Fault, step: Callable[[], object]) -> Iterator[None]:
    """The body runs while the request is held; afterwards `step` has ended."""
    emulator.faults.add(fault)
    thread = threading.Thread(target=step)
    thread.start()
    try:
        assert fault.reached.wait(10)
        yield
    finally:
        fault.release()
        thread.join()


TROUBLE: dict[str, dict[str, Any]] = {
    "reset before": {"reset": "before"},
    "reset after": {"reset": "after"},
    "truncated": {"truncate": True},
    "429": {"status": 429, "headers": {"Retry-After": "0.05"}},
    "503": {"status": 503},
}


@pytest.mark.parametrize(
    ("trouble", "struck"),
    [*((trouble, FIRST) for trouble in TROUBLE), ("reset before", SECOND), ("reset after", SECOND)],
)
def test_a_write_in_trouble_is_done_once_in_the_end(
    process: Process, emulator: Emulator, trouble: str, struck: list[tuple[Kind, str, str]]
) -> None:
    before = emulator.world.dump()
    faults = [
        emulator.faults.add(fails(method, path, **TROUBLE[trouble])) for _, method, path in struck
    ]
    resources = [
        Resource(process, kind) for kind in {kind.of: kind for kind, *_ in struck}.values()
    ]
    together(*(resource.up for resource in resources))

    for fault, (kind, method, path) in zip(faults, struck, strict=True):
        assert (fault.hits, committed(emulator, method, path)) == (1, 1), kind.of
    for resource in resources:
        assert resource.drift() == {}
    together(*(resource.destroy for resource in resources))
    assert emulator.world.dump() == before


@pytest.mark.parametrize("trouble", ["reset before", "reset after"])
def test_giving_back_in_trouble_is_done_once_in_the_end(
    process: Process, emulator: Emulator, trouble: str
) -> None:
    before = emulator.world.dump()
    resources = [Resource(process, kind) for kind in ALL]
    together(*(resource.up for resource in resources))
    emulator.clear_log()
    faults = [
        emulator.faults.add(fails(method, path, **TROUBLE[trouble]))
        for _, method, path in GIVEN_BACK
    ]
    together(*(resource.destroy for resource in resources))

    for fault, (kind, method, path) in zip(faults, GIVEN_BACK, strict=True):
        assert (fault.hits, committed(emulator, method, path)) == (1, 1), kind.of
    assert emulator.world.dump() == before


@pytest.mark.parametrize("trouble", ["reset before", "truncated", "503", "429"])
@pytest.mark.parametrize(
    ("kind", "method", "path"),
    [(SETTINGS, "GET", ""), (GRANT, "GET", ""), (POLICY, "POST", r"/\$batch$")],
)
def test_a_read_in_trouble_is_read_again(
    process: Process, emulator: Emulator, kind: Kind, method: str, path: str, trouble: str
) -> None:
    resource = Resource(process, kind)
    resource.up()
    fault = emulator.faults.add(fails(method, path, **TROUBLE[trouble]))
    assert resource.drift() == {}
    assert fault.hits == 1


def test_a_wait_is_as_long_as_the_service_asks_in_whatever_form(
    process: Process, emulator: Emulator
) -> None:
    now = datetime.datetime.now(datetime.UTC)
    asked = {
        "/settings$": "1",
        "/lock_settings$": "0.4",
        "/authorizationPolicy$": format_datetime(now + datetime.timedelta(seconds=2), usegmt=True),
        "/oauth2PermissionGrants$": (now + datetime.timedelta(seconds=1.5)).isoformat(),
    }
    for path, text in asked.items():
        header = {"Retry-After": text}
        method = "POST" if path.endswith("Grants$") else "PATCH"
        emulator.faults.add(fails(method, path, status=429, headers=header))
    resources = [Resource(process, kind) for kind in (SETTINGS, LOCKS, ASSIGNMENT, GRANT)]
    together(*(resource.up for resource in resources))
    for path, least in zip(asked, (1.0, 0.4, 0.5, 0.5), strict=True):
        first, second = [
            entry["at"]
            for entry in emulator.log
            if entry["method"] in ("PATCH", "POST") and re.search(path, entry["path"])
        ]
        assert least <= second - first < 4, path


@pytest.mark.parametrize("header", ["3600", "2999-01-01T00:00:00Z"])
@pytest.mark.parametrize(("kind", "method", "path"), WRITES, ids=lambda x: str(getattr(x, "of", x)))
def test_an_absurd_wait_ends_the_run_and_nothing_is_written_after_it(
    process: Process,
    emulator: Emulator,
    refused: Refused,
    kind: Kind,
    method: str,
    path: str,
    header: str,
) -> None:
    fault = fails(method, path, status=429, headers={"Retry-After": header})
    emulator.faults.add(fault)
    text = refused(Resource(process, kind).up)
    assert text.startswith("Throttled: ")
    assert "too many requests (HTTP 429); the service asks to come back in" in text
    assert emulator.log[-1]["status"] == 429
    assert emulator.log[-1]["method"] == method


@every
def test_a_token_that_expires_in_the_middle_costs_exactly_one_new_token(
    process: Process, emulator: Emulator, kind: Kind
) -> None:
    resource = Resource(process, kind)
    resource._record(kind.declared)
    emulator.clear_log()
    method = "PATCH" if kind in (SETTINGS, LOCKS, ASSIGNMENT) else "POST"
    emulator.faults.add(fails(method, "", expire_token=True))
    resource.up()
    assert tokens(emulator) == ["zoom-oauth" if kind.of.startswith("zoom") else "login"]
    assert resource.drift() == {}


def test_many_at_once_with_an_expired_token_share_one_new_token_per_side(
    process: Process, emulator: Emulator
) -> None:
    resources = [Resource(process, kind) for kind in (SETTINGS, LOCKS, GRANT, ASSIGNMENT)]
    together(*(resource.up for resource in resources))
    emulator.clear_log()
    for service in ("entra", "zoom"):
        emulator.world.tokens.expire(service)
    together(*(resource.refresh for resource in resources))
    assert sorted(tokens(emulator)) == ["login", "zoom-oauth"]


def test_writes_under_way_with_an_expired_token_share_one_new_token(
    process: Process, emulator: Emulator
) -> None:
    under_way = [
        emulator.faults.add(fails("POST", "Grants$", hold="before")),
        emulator.faults.add(fails("PATCH", "authorizationPolicy$", hold="before")),
    ]

    def expire() -> None:
        assert all(fault.reached.wait(10) for fault in under_way)
        emulator.clear_log()
        emulator.world.tokens.expire("entra")
        emulator.faults.release()

    resources = [Resource(process, kind) for kind in (GRANT, ASSIGNMENT)]
    together(expire, *(resource.up for resource in resources))
    assert tokens(emulator) == ["login"]
    assert [resource.drift() for resource in resources] == [{}, {}]


@pytest.mark.parametrize(
    ("kind", "path"), [(GRANT, "/oauth2PermissionGrants"), (ASSIGNMENT, "/authorizationPolicy$")]
)
def test_a_list_that_others_share_is_read_again_before_it_is_sent_again(
    process: Process, emulator: Emulator, kind: Kind, path: str
) -> None:
    make_grant(emulator, "openid")
    emulator.faults.add(fails("PATCH", path, reset="before"))
    Resource(process, kind).up()
    order = [entry["method"] for entry in emulator.log if re.search(path, entry["path"])]
    first = order.index("PATCH")
    assert order[first + 1] == "GET"
    assert order.count("PATCH") == 2


def test_a_policy_that_somebody_makes_in_the_same_moment_is_not_made_twice(
    process: Process, emulator: Emulator
) -> None:
    resource = Resource(process, POLICY)
    with held(emulator, fails("POST", "Policies$", hold="before"), resource.up):
        emulator.world.data["entra"]["permissionGrantPolicies"][POLICY.key["policyId"]] = {
            "id": POLICY.key["policyId"],
            "displayName": "Users may consent",
            "description": "Managed as code.",
            "includes": [],
            "excludes": [],
        }
    statuses = [entry["status"] for entry in emulator.log if entry["method"] == "POST"]
    assert 409 in statuses
    assert resource.drift() == {}


def test_a_grant_that_somebody_makes_in_the_same_moment_keeps_their_scopes(
    process: Process, emulator: Emulator
) -> None:
    resource = Resource(process, GRANT)
    with held(emulator, fails("POST", "Grants$", hold="before"), resource.up):
        make_grant(emulator, "openid Mail.Read")
    assert [method for method, *_ in writes(emulator)] == ["POST", "PATCH"]
    assert grant(emulator)["scope"] == "openid Mail.Read Calendars.ReadWrite Contacts.ReadWrite"


def test_a_scope_that_somebody_adds_while_we_read_is_kept(
    process: Process, emulator: Emulator
) -> None:
    make_grant(emulator, "openid")
    resource = Resource(process, GRANT)
    resource._record(GRANT.declared)
    with held(emulator, fails("GET", "Grants$", hold="after"), resource.up):
        grant(emulator)["scope"] += " Mail.Read"
    assert grant(emulator)["scope"] == "openid Mail.Read Calendars.ReadWrite Contacts.ReadWrite"


@pytest.mark.parametrize(("kind", "method", "path"), WRITES, ids=lambda x: str(getattr(x, "of", x)))
def test_a_stale_copy_right_after_a_write_is_no_failure_and_no_second_write(
    process: Process, emulator: Emulator, kind: Kind, method: str, path: str
) -> None:
    resource = Resource(process, kind)
    with held(emulator, fails(method, path, hold="after"), resource.up):
        emulator.faults.add(fails("GET", "", reads=2))
    assert committed(emulator, method, path) == 1
    emulator.faults.clear()
    assert resource.drift() == {}


@pytest.mark.parametrize(
    ("kind", "method", "path"), GIVEN_BACK, ids=lambda x: str(getattr(x, "of", x))
)
def test_a_stale_copy_of_what_was_given_back_is_no_reason_to_give_it_back_again(
    process: Process, emulator: Emulator, kind: Kind, method: str, path: str
) -> None:
    whole = emulator.world.dump()
    resource = Resource(process, kind)
    resource.up()
    emulator.clear_log()
    with held(emulator, fails(method, path, hold="after"), resource.destroy):
        emulator.faults.add(fails("GET", "", reads=2))
    assert len(writes(emulator)) == 1
    assert emulator.world.dump() == whole


@pytest.mark.parametrize("late", [0, 1])
def test_a_late_list_of_assignments_does_not_make_their_deletion_fail(
    process: Process, emulator: Emulator, late: int
) -> None:
    whole = emulator.world.dump()
    resource = Resource(process, ROLES)
    resource.up()
    last = fails("DELETE", "/appRoleAssignedTo/.+", hold="after", skip=1)
    with held(emulator, last, resource.destroy):
        emulator.faults.add(fails("GET", "", reads=3, skip=late))
    assert resource.state is None
    assert emulator.world.dump() == whole


NOT_THERE_YET = [
    (GRANT, "/oauth2PermissionGrants$",
     "Resource 'x' does not exist or one of its queried reference-property objects are not "
     "present."),
    (ROLES, "/appRoleAssignedTo$", "Not a valid reference update."),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "path", "message"), NOT_THERE_YET)
def test_a_copy_without_the_principal_that_was_just_made_is_asked_again(
    process: Process, emulator: Emulator, kind: Kind, path: str, message: str
) -> None:
    error = {"error": {"code": "Request_BadRequest", "message": message}}
    fault = emulator.faults.add(fails("POST", path, status=400, json=error))
    resource = Resource(process, kind)
    resource.up()
    assert fault.hits == 1
    assert resource.drift() == {}


@pytest.mark.parametrize("status", [301, 307])
def test_a_redirect_is_never_followed(process: Process, emulator: Emulator, status: int) -> None:
    elsewhere = emulator.env["ZOOM_API_URL"].replace("/v2", "/v2/elsewhere")
    headers = {"Location": elsewhere}
    for method in ("GET", "PATCH"):
        emulator.faults.add(fails(method, "", status=status, headers=headers))
    Resource(process, SETTINGS).up()
    assert sum(entry["status"] == status for entry in emulator.log) == 2
    assert not any("elsewhere" in entry["path"] for entry in emulator.log)
