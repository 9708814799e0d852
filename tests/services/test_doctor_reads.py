"""What is read of a tenant for the doctor and for previews, over real HTTP."""

from __future__ import annotations

import datetime
import os
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from emulator import DEFAULT_TENANT, Emulator, Fault
from emulator.emulator import seeded
from emulator.entra_grants import grant_id, new_assignment
from emulator.seed_entra import ZOOM_APP_ID
from services.doctor import read_case
from services.entra import consent
from services.entra.consent import known_from_text, known_to_text, read_consent
from services.entra.graph import Graph
from services.errors import Unavailable
from services.permissions import AUTHORIZATION_READ
from services.settings import Settings
from services.zoom.api import ZoomApi
from tenant import declaration
from tenant.consent_policies import Unread
from tenant.doctor_case import Case, User
from tenant.effective import Principal, effective, lacking

DEFAULT_ROLE = "00000000-0000-0000-0000-000000000000"
BOTH = ["Calendars.ReadWrite", "Contacts.ReadWrite"]


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


@pytest.fixture
def graph(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Graph:
    emulator.faults.clear()
    emulator.world.replace(seeded(DEFAULT_TENANT, "contoso"))
    for name in [name for name in os.environ if name.startswith(("ARM_", "ZOOM_"))]:
        monkeypatch.delenv(name)
    for name, value in emulator.env.items():
        monkeypatch.setenv(name, value)
    made = Graph(Settings())
    emulator.clear_log()
    return made


def sent(emulator: Emulator) -> list[str]:
    return [e["path"].partition("/v1.0")[2] for e in emulator.log if "/v1.0" in e["path"]]


def zoom_of(emulator: Emulator) -> Any:
    principals = emulator.world.data["entra"]["servicePrincipals"].values()
    return next(one for one in principals if one["appId"] == ZOOM_APP_ID)


def grant(emulator: Emulator, scope: str) -> None:
    entra = emulator.world.data["entra"]
    resource = next(
        p["id"]
        for p in entra["servicePrincipals"].values()
        if p["displayName"] == "Microsoft Graph"
    )
    one = {
        "clientId": zoom_of(emulator)["id"],
        "consentType": "AllPrincipals",
        "principalId": None,
        "resourceId": resource,
        "scope": scope,
    }
    entra["oauth2PermissionGrants"][grant_id(one)] = {**one, "id": grant_id(one)}


def test_all_is_read_in_one_batch_once_the_ids_are_known(graph: Graph, emulator: Emulator) -> None:
    facts, known = read_consent(graph, ZOOM_APP_ID, BOTH)
    later = Graph(Settings())
    emulator.clear_log()
    kept = known_from_text(known_to_text(known, BOTH))
    assert set(kept.published) == set(BOTH)
    again, _ = read_consent(later, ZOOM_APP_ID, BOTH, kept)
    assert sent(emulator) == ["/$batch"]
    assert effective(again) == effective(facts)


def test_a_principal_that_was_made_anew_is_asked_for_its_own_grant(
    graph: Graph, emulator: Emulator
) -> None:
    grant(emulator, "Calendars.ReadWrite Contacts.ReadWrite")
    _, known = read_consent(graph, ZOOM_APP_ID, BOTH)
    other = "00000000-0000-4000-8000-000000000000"
    stale = consent.Known(other, known.resource_id, known.published)
    facts, learnt = read_consent(Graph(Settings()), ZOOM_APP_ID, BOTH, stale)
    assert facts.granted == frozenset(BOTH)
    assert learnt.principal_id == zoom_of(emulator)["id"]


@pytest.mark.parametrize(
    ("status", "standing"),
    [
        (None, "allowed"),
        ("NotDisabled", "allowed"),
        ("DisabledDueToViolationOfServicesAgreement", "blocked"),
    ],
)
def test_only_an_application_that_microsoft_disabled_is_blocked(
    graph: Graph, emulator: Emulator, status: str | None, standing: str
) -> None:
    grant(emulator, " ".join(BOTH))
    zoom_of(emulator)["disabledByMicrosoftStatus"] = status
    facts, _ = read_consent(graph, ZOOM_APP_ID, BOTH)
    assert effective(facts).effective == standing


def test_an_application_that_is_not_there_has_no_grant(graph: Graph, emulator: Emulator) -> None:
    facts, _ = read_consent(graph, "00000000-0000-4000-8000-000000000000", BOTH)
    assert facts.principal is None
    assert (facts.granted, facts.someone_assigned) == (frozenset(), False)


def assign(emulator: Emulator, kind: str, principal: str) -> None:
    zoom = zoom_of(emulator)["id"]
    key = {"principalId": principal, "resourceId": zoom, "appRoleId": DEFAULT_ROLE}
    one = new_assignment(key, kind, kind, "Zoom")
    emulator.world.data["entra"]["appRoleAssignments"][one["id"]] = one


@pytest.mark.parametrize(
    ("kind", "counts"), [("ServicePrincipal", False), ("User", True), ("Group", True)]
)
def test_only_users_and_groups_count_as_assigned_on_whatever_page(
    graph: Graph, emulator: Emulator, kind: str, counts: bool
) -> None:
    for _ in range(emulator.page_size):
        assign(emulator, "ServicePrincipal", str(uuid.uuid4()))
    assign(emulator, kind, str(uuid.uuid4()))
    facts, _ = read_consent(graph, ZOOM_APP_ID, BOTH)
    assert facts.someone_assigned is counts


@pytest.mark.parametrize(
    ("scope", "granted", "lacks"),
    [
        ("Calendars.ReadWrite Contacts.ReadWrite", True, []),
        ("Calendars.ReadWrite contacts.readwrite", None, []),
        ("calendars.readwrite contacts.readwrite Contacts.ReadWrite", None, []),
        ("calendars.readwrite", False, BOTH),
    ],
)
def test_a_scope_in_another_case_is_neither_granted_nor_lacking(
    graph: Graph, emulator: Emulator, scope: str, granted: bool | None, lacks: list[str]
) -> None:
    grant(emulator, scope)
    facts, _ = read_consent(graph, ZOOM_APP_ID, BOTH)
    assert (effective(facts).granted, lacking(facts)) == (granted, lacks)
    if granted is None:
        assert effective(facts).effective == "unknown"
        assert "readwrite for C" in effective(facts).why


@pytest.mark.parametrize(
    ("left", "part", "permission"),
    [
        (["Directory.Read.All"], "assigned", "Policy.Read.All"),
        (["Directory.Read.All"], "policies", "Policy.Read.PermissionGrant"),
        (["Application.Read.All"], "granted", "Directory.Read.All"),
        (["Policy.Read.All"], "principal", "Application.Read.All"),
        (["Policy.Read.All"], "levels", "Application.Read.All"),
        (["Application.Read.All"], "workflow", "Policy.Read.All"),
    ],
)
def test_a_missing_permission_is_named_and_leaves_the_rest(
    graph: Graph, emulator: Emulator, left: list[str], part: str, permission: str
) -> None:
    emulator.grant_roles(left)
    facts, _ = read_consent(graph, ZOOM_APP_ID, BOTH)
    unread = getattr(facts, part)
    assert isinstance(unread, Unread)
    assert permission in unread.why
    assert any(not isinstance(value, Unread) for value in (facts.principal, facts.assigned))


def test_condition_sets_that_do_not_come_along_are_asked_for(
    graph: Graph, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, _ = read_consent(graph, ZOOM_APP_ID, BOTH)
    bare = Graph(Settings())
    all_of_it = bare.get_together

    def without_sets(*args: Any, **options: Any) -> Any:
        found: Any = all_of_it(*args, **options)
        for body in found.get(consent.POLICIES, {}).get("value", ()):
            del body["includes"], body["excludes"]
        return found

    monkeypatch.setattr(bare, "get_together", without_sets)
    facts, _ = read_consent(bare, ZOOM_APP_ID, BOTH)
    assert effective(facts) == effective(whole)


@pytest.mark.parametrize(
    ("path", "left_out", "part"),
    [
        (f"appId='{ZOOM_APP_ID}')?", "id", "principal"),
        ("oauth2PermissionScopes", "id", "published"),
        ("oauth2PermissionScopes", "oauth2PermissionScopes", "published"),
        ("appRoleAssignedTo", "value", "someone_assigned"),
        ("delegatedPermissionClassifications", "value", "levels"),
        (consent.AUTHORIZATION, "defaultUserRolePermissions", "assigned"),
        (consent.POLICIES, "value", "policies"),
        ("adminConsentRequestPolicy", "isEnabled", "workflow"),
        (consent.GRANTS, "value", "granted"),
    ],
)
def test_an_answer_that_is_not_as_documented_is_unknown(
    graph: Graph, monkeypatch: pytest.MonkeyPatch, path: str, left_out: str, part: str
) -> None:
    all_of_it = graph.get_together

    def malformed(*args: Any, **options: Any) -> Any:
        found: Any = all_of_it(*args, **options)
        for body in (found[at] for at in found if path in at):
            del body[left_out]
        return found

    monkeypatch.setattr(graph, "get_together", malformed)
    facts, _ = read_consent(graph, ZOOM_APP_ID, BOTH)
    assert isinstance(getattr(facts, part), Unread)


def test_a_policy_without_an_id_is_unknown(
    graph: Graph, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = graph.rest_of

    def without_ids(page: Any, path: str, need: Any) -> Any:
        found = whole(page, path, need)
        return [{k: v for k, v in one.items() if k != "id"} for one in found]

    monkeypatch.setattr(graph, "rest_of", without_ids)
    facts, _ = read_consent(graph, ZOOM_APP_ID, BOTH)
    assert facts.policies == Unread("Entra's answer is not as documented")


def test_an_answer_serves_each_purpose_once_and_none_across_a_write(
    graph: Graph, emulator: Emulator
) -> None:
    path, need = consent.AUTHORIZATION, AUTHORIZATION_READ
    graph.get(path, need, purpose="one")
    graph.get(path, need, purpose="two")
    assert len(sent(emulator)) == 1
    graph.get(path, need, purpose="one")
    assert len(sent(emulator)) == 2
    graph.patch(path, need, {"allowedToUseSSPR": False})
    assert graph.get(path, need, purpose="three")["allowedToUseSSPR"] is False
    assert graph.get(path, need, purpose="four", fresh=True)["allowedToUseSSPR"] is False
    assert len(sent(emulator)) == 5


# ---- the doctor's case -------------------------------------------------------------------------


def case(graph: Graph, user: str | None = None, application: Any = None, **zoom: Any) -> Case:
    declared = declaration.parse(
        {
            "name": "Contoso",
            "domains": ["contoso.com"],
            "consent": {"by": "admin", "permissions": BOTH},
            "application": application or {"source": "zoom"},
            "zoom": {"calendar": {"integration": True, "integrateOnSignIn": True}, **zoom},
        },
        "stacks/Pulumi.contoso.yaml",
    )

    def portal() -> Any:
        raise AssertionError("nobody declared the portal")

    identity = os.environ["ARM_CLIENT_ID"]
    return read_case(declared, graph, lambda: ZoomApi(Settings()), portal, user, identity)


def test_the_case_of_a_tenant_is_read_and_nothing_written(graph: Graph, emulator: Emulator) -> None:
    before = emulator.snapshot()
    found = case(graph, "Adele@contoso.com")
    assert isinstance(found.facts.principal, Principal)
    assert found.verified == frozenset({"contoso.com", "contoso.onmicrosoft.com"})
    assert isinstance(found.asked, frozenset)
    assert "offline_access" in found.asked
    assert isinstance(found.user, User)
    assert (found.user.name, found.user.assigned) == ("adele@contoso.com", False)
    assert isinstance(found.user.granted, frozenset)
    assert "Calendars.ReadWrite" in found.user.granted
    assert emulator.snapshot() == before


@pytest.mark.parametrize("name", ["nobody@contoso.com", "a/b?c#d", "x@y.z/../../me"])
def test_a_user_who_is_not_there_is_absent_whatever_the_name(graph: Graph, name: str) -> None:
    assert case(graph, name).user is None


def test_a_user_who_may_not_be_read_is_unknown(graph: Graph, emulator: Emulator) -> None:
    emulator.grant_roles(["Application.Read.All", "Policy.Read.All"])
    user = case(graph, "adele@contoso.com").user
    assert isinstance(user, Unread)
    assert "User.Read.All" in user.why


def test_zooms_setting_is_read_over_the_api_where_it_has_a_path(
    graph: Graph, emulator: Emulator
) -> None:
    path = "mail_calendar.users_can_consent"  # such as Zoom might publish one day
    emulator.world.data["zoom"]["settings"]["mail_calendar"] = {"users_can_consent": True}
    asks = case(graph, paths={"users_can_consent": path}).verdict.asks
    assert (asks.value, asks.standing) == (True, "verified")
    emulator.faults.add(Fault("zoom", path="settings", status=403, times=None))
    assert case(graph, paths={"users_can_consent": path}).verdict.asks.value is None


def test_other_applications_of_zoom_are_named_where_the_declared_one_is_absent(
    graph: Graph, emulator: Emulator
) -> None:
    zoom_of(emulator)["appId"] = other = "a651cfda-cbdd-4a39-bd03-fa829c3c1b29"
    assert case(graph).others == {other: "Zoom"}


@pytest.mark.parametrize(
    ("end", "words"),
    [
        (datetime.timedelta(days=90), None),
        (datetime.timedelta(days=3), "replace it now"),
        (datetime.timedelta(days=700), "180 at most"),
    ],
)
def test_a_credential_of_who_signs_in_is_told_before_it_ends(
    graph: Graph, emulator: Emulator, end: datetime.timedelta, words: str | None
) -> None:
    apps = emulator.world.data["entra"]["applications"].values()
    (app,) = [one for one in apps if one["appId"] == os.environ["ARM_CLIENT_ID"]]
    moment = datetime.datetime.now(datetime.UTC) + end
    app["passwordCredentials"][0]["endDateTime"] = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    rules = case(graph).rules
    assert len(rules) == (words is not None)
    assert all(rule.startswith("credential-expiry: the secret ") for rule in rules)
    assert all(str(words) in rule for rule in rules)


def test_rules_that_the_declaration_breaks_are_told(graph: Graph) -> None:
    word = {"value": False, "who": "ada", "when": "2026-01-01", "until": "2026-02-01"}
    calendar = {"integration": True, "integrateOnSignIn": True}
    rules = case(graph, calendar={**calendar, "attestations": {"users_can_consent": word}}).rules
    assert any(rule.startswith("attestation-in-date: zoom.calendar.attestations") for rule in rules)


@pytest.mark.parametrize(
    ("path", "left_out", "part"),
    [
        (r"/users/adele", "id", "user"),
        (r"/users/adele", "userPrincipalName", "user"),
        (r"/organization", "value", "verified"),
    ],
)
def test_a_part_that_is_not_as_documented_is_unknown_and_no_traceback(
    graph: Graph, monkeypatch: pytest.MonkeyPatch, path: str, left_out: str, part: str
) -> None:
    whole = graph.get

    def malformed(at: str, *args: Any, **options: Any) -> Any:
        body = whole(at, *args, **options)
        return {k: v for k, v in body.items() if k != left_out} if at.startswith(path) else body

    monkeypatch.setattr(graph, "get", malformed)
    unread = getattr(case(graph, "adele@contoso.com"), part)
    assert isinstance(unread, Unread)
    assert "answer is not as documented" in unread.why


@pytest.mark.parametrize("left_out", ["appId", "displayName"])
def test_members_that_are_not_as_documented_are_unknown(
    graph: Graph, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, left_out: str
) -> None:
    zoom_of(emulator)["appId"] = "a651cfda-cbdd-4a39-bd03-fa829c3c1b29"
    whole = graph.list_all

    def malformed(*args: Any, **options: Any) -> Any:
        return [{k: v for k, v in one.items() if k != left_out} for one in whole(*args, **options)]

    monkeypatch.setattr(graph, "list_all", malformed)
    assert case(graph).others == Unread("Entra's answer is not as documented")


def test_a_registration_without_an_id_ends_in_one_line(
    graph: Graph, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graph, "list_all", lambda *args: [{"id": "1"}])
    with pytest.raises(Unavailable, match="GET /applications: the answer is not as documented"):
        case(graph, application={"source": "registered"})
