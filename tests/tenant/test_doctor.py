"""The doctor's causes: each found by what shows it, and with what helps."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import yaml

from tenant import declaration
from tenant.aadsts import CODES, code_in
from tenant.consent_policies import Unread
from tenant.doctor import diagnose, explained
from tenant.doctor_case import UNASKED, Case, Cause, User
from tenant.doctor_causes import IN_ORDER
from tenant.doctor_fixes import solution_1
from tenant.effective import effective
from tenant.errors import DeclarationError
from tenant.matching import compare
from tests.tenant.naive_consent import Json
from tests.tenant.test_effective import BOTH, LEGACY, OURS, RECOMMENDED, under
from tests.tenant.test_matching import asks
from tests.tenant.worlds import NOT_READ, facts_of, world

DECLARED: Json = {
    "name": "Contoso",
    "domains": ["contoso.com"],
    "consent": {"by": "admin", "permissions": BOTH},
    "application": {"source": "zoom"},
    "zoom": {"calendar": {"integration": True, "integrateOnSignIn": True}},
}
ADELE = User("adele@contoso.com", True, frozenset(), False)


def case(tenant: Json, zoom: bool | None = False, by: str = "admin", **changes: Any) -> Case:
    declared = copy.deepcopy(DECLARED)
    declared["consent"]["by"] = by
    declared["consent"]["permissions"] = tenant["asked"]
    declared["application"]["source"] = changes.pop("source", "zoom")
    facts = facts_of(tenant, changes.pop("unread", ()))
    return Case(
        tenant=declaration.parse(declared, "stacks/Pulumi.contoso.yaml"),
        facts=facts,
        verdict=compare(effective(facts), asks(zoom, by == "user"), by),
        **{
            "asked": frozenset(),
            "others": {},
            "verified": frozenset({"contoso.com"}),
            "user": UNASKED,
            **changes,
        },
    )


ADMIN = world(granted=BOTH)
PUBLISHER_UNVERIFIED = under(LEGACY, principal__publisher=None)
FOUND: list[tuple[str, str, Case]] = [
    ("user-absent", "found", case(ADMIN, user=None)),
    ("user-disabled", "found", case(ADMIN, user=User("a@b.c", False, frozenset(), False))),
    ("domain-not-verified", "found", case(ADMIN, verified=frozenset({"fabrikam.com"}))),
    ("wrong-client-id", "possible", case(world(principal=None), others={"1-2": "Zoom Rooms"})),
    ("application-absent", "found", case(world(principal=None))),
    ("application-absent", "possible", case(under(OURS, principal=None), True, "user")),
    (
        "application-absent",
        "possible",
        case(under(OURS, principal=None), True, "user", unread=["policies"]),
    ),
    ("application-absent", "possible", case(under(OURS, principal=None), None, "user")),
    ("application-absent", "found", case(under(OURS, principal=None), False, "user")),
    ("application-disabled", "found", case(world(granted=BOTH, principal__enabled=False))),
    ("not-assigned", "found", case(world(granted=BOTH, principal__required=True))),
    (
        "not-assigned",
        "possible",
        case(world(granted=BOTH, principal__required=True, assigned=True)),
    ),
    (
        "not-assigned",
        "found",
        case(world(granted=BOTH, principal__required=True, assigned=True), user=ADELE),
    ),
    ("permission-unpublished", "found", case(world(asked=["Calendar.ReadWrite"]))),
    ("consent-loop", "found", case(ADMIN, True)),
    ("users-may-not-consent", "found", case(under(RECOMMENDED), True, "user")),
    ("users-may-not-consent", "found", case(world(), None)),
    ("nobody-consented", "found", case(world(), False)),
    ("nobody-consented", "found", case(under(OURS), False, "user")),
    ("grant-lacks", "found", case(world(granted=BOTH[:1]), False)),
    ("grant-lacks", "found", case(world(granted=BOTH[:1]), None)),
    ("grant-lacks", "possible", case(under(OURS, granted=BOTH[:1]), None)),
    (
        "grant-lacks",
        "possible",
        case(under(OURS, granted=BOTH[:1]), None, unread=["policies"]),
    ),
    ("asks-for-more", "possible", case(ADMIN, asked=frozenset({"Calendars.ReadWrite", "openid"}))),
    ("no-sign-in-permission", "possible", case(ADMIN, source="registered")),
    ("risky-request", "possible", case(PUBLISHER_UNVERIFIED, True, "user")),
]


def by_name(case: Case, error: str | None = None) -> dict[str, Cause]:
    return {cause.name: cause for cause in diagnose(case, error).causes}


@pytest.mark.parametrize(("name", "certainty", "one"), FOUND)
def test_a_cause_is_found_with_evidence_and_a_fix(name: str, certainty: str, one: Case) -> None:
    cause = by_name(one)[name]
    assert cause.certainty == certainty
    assert cause.evidence
    assert cause.fixes
    for fix in cause.fixes:
        assert fix.what
        assert fix.who
        assert fix.wait


@pytest.mark.parametrize(("name", "certainty", "one"), FOUND)
def test_each_of_its_errors_leads_to_it_and_other_errors_do_not(
    name: str, certainty: str, one: Case
) -> None:
    cause = by_name(one)[name]
    for number in CODES:
        assert (name in by_name(one, number)) is (number in cause.codes)
    assert set(cause.codes) <= set(CODES)


def test_every_cause_there_is_has_a_case_here() -> None:
    assert len({name for name, *_ in FOUND}) == len(IN_ORDER)


HEALTHY = [
    case(ADMIN, False),
    case(under(OURS), True, "user"),
    case(under(OURS, granted=BOTH), True, "user"),
    case(ADMIN, False, user=ADELE),
    # A user's own grants hold more, and users may consent to that as well.
    case(under(LEGACY), True, "user", asked=frozenset({"User.Read"})),
    case(
        world(granted=BOTH, principal__required=True, assigned=True),
        user=User("adele@contoso.com", True, frozenset(), True),
    ),
]


@pytest.mark.parametrize("one", HEALTHY)
def test_where_nothing_refuses_users_nothing_is_said(one: Case) -> None:
    found = diagnose(one)
    assert found.causes == ()
    assert found.exit_code == 0


def test_exit_codes_tell_found_from_possible_and_from_unknown() -> None:
    assert diagnose(case(world(), False)).exit_code == 3
    assert diagnose(case(ADMIN, asked=frozenset({"openid"}))).exit_code == 4
    assert diagnose(case(ADMIN, None)).exit_code == 4
    assert diagnose(case(ADMIN, unread=["granted"])).exit_code == 4
    # Somebody is refused, and nothing that was read says why.
    assert diagnose(case(ADMIN), "50105").exit_code == 4


LOST = Unread("the identity lacks Directory.Read.All")


@pytest.mark.parametrize(
    ("unread", "name"),
    [
        ({"user": LOST}, "the user"),
        ({"user": User("a@b.c", True, LOST, False)}, "what the user consented to"),
        ({"user": User("a@b.c", True, frozenset(), LOST)}, "the user's assignment"),
        ({"verified": LOST}, "verified domains"),
    ],
)
def test_all_is_well_is_not_said_without_the_domains_or_the_user(
    unread: dict[str, Any], name: str
) -> None:
    found = diagnose(case(ADMIN, **unread))
    assert found.exit_code == 4
    assert found.unknown == (f"{name}: {LOST.why}",)


def test_what_is_certain_comes_first_and_then_the_order_of_a_sign_in() -> None:
    one = case(
        world(granted=BOTH, principal__required=True),
        verified=frozenset(),
        asked=frozenset({"openid"}),
    )
    assert list(by_name(one)) == ["domain-not-verified", "not-assigned", "asks-for-more"]


def test_an_application_that_takes_assigned_users_only_is_not_left_to_users() -> None:
    causes = by_name(case(world(principal__required=True), True, "user"))
    assert {fix.solution for cause in causes.values() for fix in cause.fixes} == {"2", "either"}


def test_a_user_who_has_consented_alone_is_told() -> None:
    alone = User("adele@contoso.com", True, frozenset(BOTH), False)
    cause = by_name(case(world(), False, user=alone))["nobody-consented"]
    assert cause.certainty == "possible"
    assert cause.evidence[-1].text == "this user has consented alone to all of it"


def test_what_could_not_be_read_is_named() -> None:
    lost = Unread("the identity lacks Directory.Read.All")
    found = diagnose(case(ADMIN, None, asked=lost, verified=lost, user=lost, unread=["levels"]))
    assert list(found.unknown) == [
        f"permission classifications: {NOT_READ.why}",
        f"what users consented to: {lost.why}",
        f"verified domains: {lost.why}",
        f"the user: {lost.why}",
        "Zoom's consent setting: ada, 2026-11-20",
    ]


def proposals() -> list[tuple[str, Json]]:
    return [
        (cause.name, yaml.safe_load(fix.declaration)["zoom-calendar:tenant"])
        for _, _, one in FOUND
        for cause in diagnose(one).causes
        for fix in cause.fixes
        if fix.declaration
    ]


@pytest.mark.parametrize(("name", "proposed"), proposals())
def test_what_is_proposed_is_a_declaration_that_is_taken(name: str, proposed: Json) -> None:
    merged = copy.deepcopy(DECLARED)
    for key, value in proposed.items():
        merged[key] = {**merged[key], **value} if isinstance(value, dict) else value
    if name == "domain-not-verified":
        return  # the domains are left to whoever knows them
    if name == "wrong-client-id":
        merged["application"]["clientId"] = "00000000-0000-4000-8000-000000000001"
    try:
        declaration.parse(merged, "stacks/Pulumi.contoso.yaml")
    except DeclarationError as error:
        pytest.fail(str(error))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("AADSTS65001", "65001"),
        ("aadsts90094", "90094"),
        ("50105", "50105"),
        ("Approval required", "90094"),
        ("https://login.example/error?code=50105", "50105"),
        (" 700016 ", "700016"),
        ("Sorry, … AADSTS650056: Misconfigured application. Trace ID: 1234567", "650056"),
        ("Need admin approval\nZoom", "90094"),
        ("error=access_denied&error_description=AADSTS65004%3a+User+declined", "65004"),
        ("it does not work", None),
        ("", None),
        ("12", None),
    ],
)
def test_an_error_is_known_by_its_code_its_number_or_its_page(
    text: str, number: str | None
) -> None:
    assert code_in(text) == number


def test_an_error_is_explained_also_where_it_is_not_known() -> None:
    assert explained("65001").startswith("AADSTS65001: neither the user nor an administrator")
    assert explained("12345") == "AADSTS12345 is none that is known here."
    assert explained(None) == ""


def test_a_policy_that_is_not_declared_is_not_called_declared() -> None:
    value = copy.deepcopy(DECLARED)
    value["consent"] |= {"by": "user"}
    ours = declaration.parse(value, "f")
    value["consent"] |= {"userPolicy": "recommended"}
    theirs = declaration.parse(value, "f")
    assert "declares it already" in solution_1(ours, "Let users consent").what
    assert "declare it, then" in solution_1(theirs, "Let users consent").what


def test_a_misspelt_permission_is_corrected_where_one_alone_is_near() -> None:
    asked = ["Calendar.ReadWrite", "Contacts.ReadWrite", "Kalender.Lesen"]
    cause = by_name(case(world(asked=asked)))["permission-unpublished"]
    (evidence,), (fix,) = cause.evidence, cause.fixes
    assert "Calendar.ReadWrite (did you mean Calendars.ReadWrite" in evidence.text
    assert fix.what.endswith("; what Kalender.Lesen should be is for you to say")
    assert "permissions: [Calendars.ReadWrite, Contacts.ReadWrite]" in fix.declaration


def test_a_correction_never_names_a_permission_twice() -> None:
    asked = ["Calendars.ReadWrite", "Calendar.ReadWrite"]
    (fix,) = by_name(case(world(asked=asked)))["permission-unpublished"].fixes
    assert "permissions: [Calendars.ReadWrite]" in fix.declaration
