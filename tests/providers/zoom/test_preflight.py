"""The preflight of a run: what it asks, what it says, and that it never fails the run."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from emulator import Emulator, Fault
from emulator.seed_entra import ROOMS_APP_ID, ZOOM_APP_ID
from providers.prior import KINDS
from providers.zoom.preflight import PreflightProvider
from tests.providers.stack import GRANT, LOCKS, SETTINGS, Resource
from tests.providers.wire import COMPARE, SAME, UNKNOWN, Failed, Process

ASKED: dict[str, Any] = {
    "account": "me",
    "domains": ["contoso.com"],
    "settings": True,
    "locks": True,
    "clientId": ZOOM_APP_ID,
    "permissions": ["Calendars.ReadWrite", "Contacts.ReadWrite"],
    "policies": [],
    "principal": ZOOM_APP_ID,
    "declared": {
        "by": "admin",
        "source": "zoom",
        "policy": "",
        "exclusive": False,
        "ensured": False,
        "on_destroy": "restore",
    },
    "asks": {"path": "", "names": [], "tenant": "contoso"},
}
Start = Callable[..., Process]


def opened(outs: dict[str, Any]) -> list[str]:
    lines: list[str] = json.loads(outs["open"])
    return lines


def test_where_all_holds_it_says_nothing(process: Process) -> None:
    id_, outs = process.of(PreflightProvider).create(ASKED)
    assert (id_, opened(outs)) == ("me/preflight", [])


def test_a_run_without_changes_asks_zoom_four_times(start: Start, emulator: Emulator) -> None:
    first = start()
    documents = [Resource(first, SETTINGS), Resource(first, LOCKS)]
    for document in documents:
        document.up()
    id_, outs = first.of(PreflightProvider).create(ASKED)
    later = start()
    emulator.clear_log()
    for document in documents:
        document.run_in(later)
        assert document.drift() == {}
    _, read, inputs = later.of(PreflightProvider).read(id_, outs)
    assert later.of(PreflightProvider).diff(id_, read, inputs).changes == SAME
    asked = [entry["path"] for entry in emulator.log if entry["service"].startswith("zoom")]
    assert sorted(asked) == [
        "/oauth/token",
        "/v2/accounts/me/lock_settings",
        "/v2/accounts/me/managed_domains",
        "/v2/accounts/me/settings",
    ]


def test_what_it_finds_is_no_drift(start: Start, emulator: Emulator) -> None:
    process = start()
    provider = process.of(PreflightProvider)
    id_, outs = provider.create(ASKED)
    emulator.world.data["zoom"]["settings"]["security"]["signin_with_sso"]["enable"] = False
    emulator.world.data["zoom"]["managed_domains"] = []
    _, read, inputs = provider.read(id_, outs)
    assert [line.split(": not ok")[0] for line in opened(read)] == [
        "Zoom: single sign-on",
        "Zoom: domains managed",
    ]
    assert provider.diff(id_, read, inputs).changes == SAME


def test_the_first_preview_of_a_stack_prints_it(start: Start, emulator: Emulator) -> None:
    emulator.world.data["zoom"]["settings"]["security"]["signin_with_sso"]["enable"] = False
    process = start()
    process.of(PreflightProvider).check(ASKED)
    process.of(PreflightProvider).check(ASKED, ASKED)
    process.stop()
    assert process.output.count("preflight: Zoom: single sign-on: not ok") == 1


@pytest.mark.parametrize(
    ("fault", "row"),
    [
        (Fault("zoom-oauth", status=503, times=None), "Zoom: credentials: unknown"),
        (Fault("zoom", path="managed", status=403), "Zoom: domains managed: unknown"),
        (Fault("graph", path="organization", status=403), "Entra: domains verified: unknown"),
    ],
)
def test_what_cannot_be_read_is_unknown_and_ends_nothing(
    start: Start, emulator: Emulator, fault: Fault, row: str
) -> None:
    if fault.service == "graph":
        fault.service = "*"
    emulator.faults.add(fault)
    _, outs = start().of(PreflightProvider).create(ASKED)
    assert any(line.startswith(row) for line in opened(outs)), opened(outs)


def test_an_unpaid_account_is_told_from_the_body_of_a_success(
    start: Start, emulator: Emulator
) -> None:
    emulator.world.data["zoom"]["paid"] = False
    _, outs = start().of(PreflightProvider).create(ASKED)
    (plan,) = [line for line in opened(outs) if "paid plan" in line]
    assert plan.startswith("Zoom: paid plan: not ok: ")
    assert "Only available for Paid account" in plan


def test_missing_scopes_are_named_by_the_token_alone(start: Start, emulator: Emulator) -> None:
    emulator.set_zoom_scopes(["account:read:settings:admin"])
    _, outs = start().of(PreflightProvider).create(ASKED)
    lines = "\n".join(opened(outs))
    assert "account:read:lock_settings:master (classic: account:read:admin)" in lines
    assert "account:update:settings:admin (classic: account:write:admin)" in lines
    emulator.set_zoom_scopes(["account:read:admin", "account:write:admin"])
    _, outs = start().of(PreflightProvider).create(ASKED)
    assert opened(outs) == []


def test_without_credentials_nothing_fails(start: Start) -> None:
    process = start(None, ZOOM_CLIENT_SECRET="")
    _, outs = process.of(PreflightProvider).create({**ASKED, "settings": False, "locks": False})
    assert opened(outs)[0].startswith("Zoom: credentials: unknown: ZOOM_CLIENT_SECRET is not set")


def test_it_writes_nothing_and_is_no_kind_with_a_record() -> None:
    assert not any(issubclass(PreflightProvider, kind) for kind in KINDS.values())


def told(outs: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(outs["consent"])
    return found


def test_what_entra_lets_users_do_is_an_output_and_no_drift(
    start: Start, emulator: Emulator
) -> None:
    provider = start().of(PreflightProvider)
    id_, outs = provider.create(ASKED)
    assert told(outs)["now"]["effective"] == "needs an administrator"
    policy = emulator.world.data["entra"]["authorizationPolicy"]
    policy["defaultUserRolePermissions"]["permissionGrantPoliciesAssigned"].append(
        "managePermissionGrantsForSelf.microsoft-user-default-legacy"
    )
    later = start().of(PreflightProvider)
    emulator.clear_log()
    _, read, inputs = later.read(id_, outs)
    assert told(read)["now"]["effective"] == "allowed"
    assert later.diff(id_, read, inputs).changes == SAME
    graph = [e for e in emulator.log if "/v1.0/" in e["path"]]
    assert [e["path"] for e in graph] == ["/v1.0/$batch"]
    assert any("organization" in item["path"] for item in graph[0]["items"])


def test_zooms_setting_is_read_where_the_api_has_it(start: Start, emulator: Emulator) -> None:
    emulator.world.data["zoom"]["settings"]["mail_calendar"] = {"users_can_consent": True}
    path = {**ASKED["asks"], "path": "mail_calendar.users_can_consent"}
    _, outs = start().of(PreflightProvider).create({**ASKED, "asks": path})
    assert told(outs)["asks"] == {"value": True, "why": None}
    _, outs = start().of(PreflightProvider).create({**ASKED, "asks": {**path, "path": "a.b"}})
    assert told(outs)["asks"] == {
        "value": None,
        "why": "Zoom does not return a.b as true or false",
    }


def test_without_a_sign_in_to_entra_the_answer_is_unknown(start: Start) -> None:
    _, outs = start(None, ARM_CLIENT_SECRET="wrong").of(PreflightProvider).create(ASKED)
    answer = told(outs)["now"]
    assert answer["effective"] == "unknown"
    assert told(outs)["after"] == answer
    assert "AADSTS7000215" in answer["why"]


def test_entras_refusal_ends_the_first_preview_and_not_a_later_one(start: Start) -> None:
    process = start(None, ARM_CLIENT_SECRET="wrong")
    with pytest.raises(Failed, match=r"AADSTS7000215.*Check ARM_TENANT_ID"):
        process.of(PreflightProvider).check(ASKED)
    _, outs = process.of(PreflightProvider).create(ASKED)
    standing = [line for line in opened(outs) if line.startswith("Entra: ")]
    assert standing[0].startswith("Entra: credentials: not ok: Entra: POST token: HTTP 401")
    assert all("unknown: there is no token" in line for line in standing[1:])


def test_zooms_refusal_ends_the_first_preview_only_where_the_api_is_needed(start: Start) -> None:
    process = start(None, ZOOM_CLIENT_SECRET="wrong")
    with pytest.raises(Failed, match="ZOOM_CLIENT_SECRET"):
        process.of(PreflightProvider).check(ASKED)
    process.of(PreflightProvider).check({**ASKED, "settings": False, "locks": False})


def test_who_has_no_credentials_yet_may_preview_for_the_first_time(start: Start) -> None:
    process = start(None, ZOOM_CLIENT_SECRET="", ARM_CLIENT_SECRET="", ARM_USE_CLI="false")
    process.of(PreflightProvider).check(ASKED)
    process.stop()
    assert "preflight: Entra: credentials: not ok: Entra: no credentials" in process.output
    assert "preflight: Zoom: credentials: not ok: ZOOM_CLIENT_SECRET is not set" in process.output


def test_an_absent_principal_is_told_before_anything_is_made(
    start: Start, emulator: Emulator
) -> None:
    principals = emulator.world.data["entra"]["servicePrincipals"]
    with emulator.world.lock:
        del principals[next(k for k, one in principals.items() if one["appId"] == ZOOM_APP_ID)]
    process = start()
    process.of(PreflightProvider).check(ASKED)
    asked = [item["path"] for e in emulator.log for item in e.get("items") or [e]]
    assert sum(path.endswith(f"(appId='{ZOOM_APP_ID}')") for path in asked) == 1, asked
    _, outs = process.of(PreflightProvider).create({**ASKED, "principal": ""})
    assert opened(outs) == []
    process.stop()
    told = f"Zoom's application: not ok: the tenant has no service principal of {ZOOM_APP_ID}"
    assert told in process.output


def test_a_state_of_before_that_row_is_read_without_it(start: Start) -> None:
    provider = start().of(PreflightProvider)
    id_, outs = provider.create(ASKED)
    del outs["principal"]
    _, read, _ = provider.read(id_, outs)
    assert opened(read) == []


def test_a_preview_has_both_answers_from_the_check(start: Start) -> None:
    """In a preview nothing is created: what the check returns are the outputs."""
    provider = start().of(PreflightProvider)
    first = provider.check(ASKED)
    consent = told(first)
    assert consent["now"]["effective"] == "needs an administrator"
    assert consent["after"]["effective"] == "allowed"
    _, outs = provider.create(first)
    assert told(outs) == consent
    # The same again has nothing new to say, and its outputs are those of the refresh.
    assert "consent" not in provider.check(ASKED, ASKED)


def test_the_check_knows_what_was_declared_before(start: Start, emulator: Emulator) -> None:
    provider = start().of(PreflightProvider)
    Resource(provider.process, GRANT).up()
    user = {**ASKED, "declared": {**ASKED["declared"], "by": "user"}}
    after = told(provider.check(user, ASKED))["after"]
    assert after["granted"] is None
    assert "a grant that this stack made goes with this update" in after["why"]
    assert told(provider.check({**user, "domains": []}, user))["after"]["granted"] is True
    other = {**user, "clientId": ROOMS_APP_ID}
    assert told(provider.check(user, other))["moved"] is True
    assert told(provider.check(user, ASKED))["moved"] is False


def test_a_registration_that_is_yet_to_be_made_is_judged_too(start: Start) -> None:
    declared = {**ASKED["declared"], "source": "registered"}
    for by, consented in (("admin", True), ("user", False)):
        of = {"by": by, "policy": "" if by == "admin" else "zoom-calendar-users"}
        asked = {**ASKED, "clientId": UNKNOWN, "declared": {**declared, **of}}
        checked = start().of(PreflightProvider).check(asked)
        assert checked["clientId"] == UNKNOWN
        assert told(checked)["now"]["effective"] == "needs an administrator"
        after = told(checked)["after"]
        assert (after["effective"], after["granted"]) == ("allowed", consented)


def test_the_state_of_a_version_that_did_not_look_ahead_serves(start: Start) -> None:
    old = {name: value for name, value in ASKED.items() if name != "declared"}
    provider = start().of(PreflightProvider)
    id_, outs = provider.create(old)
    outs["consent"] = json.dumps({"answer": {}, "asks": {}})
    _, read, inputs = provider.read(id_, outs)
    assert told(read)["after"] == told(read)["now"]
    assert provider.diff(id_, read, inputs).changes == SAME
    assert provider.diff(id_, read, ASKED).changes == COMPARE
    assert told(provider.check(ASKED, inputs))["after"]["effective"] == "allowed"
