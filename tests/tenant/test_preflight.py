"""What must hold, judged from the facts: one row each, with what to do."""

import dataclasses

import pytest

from tenant import declaration
from tenant.preflight import Facts, Failure, Row, Wanted, rejected, rows, wanted
from tests.tenant.test_doctor import DECLARED

ZOOM = "fc108d3f-543d-4374-bbff-c7c51f651fe5"
ALL = Wanted("me", ("contoso.com",), settings=True, locks=True, principal=ZOOM)
GOOD = Facts(
    scopes=frozenset({"account:read:admin", "account:write:admin"}),
    settings={"security": {"signin_with_sso": {"enable": True}}},
    managed={"Contoso.com": "verified"},
    entra="11111111-1111-1111-1111-111111111111",
    principal=True,
    verified=frozenset({"contoso.com", "contoso.onmicrosoft.com"}),
    skew=2.0,
)


def row(name: str, what: Wanted = ALL, **facts: object) -> Row:
    found = rows(what, dataclasses.replace(GOOD, **facts))  # type: ignore[arg-type]
    (one,) = [one for one in found if name in one.name]
    return one


def test_where_all_holds_every_row_is_ok_and_asks_for_nothing() -> None:
    assert {(one.standing, one.fix) for one in rows(ALL, GOOD)} == {("ok", "")}


def test_a_missing_scope_is_named_in_both_generations_with_what_it_is_for() -> None:
    granted = frozenset({"account:read:settings:admin", "account:update:settings:admin"})
    read = row("scopes to read", scopes=granted)
    assert (read.standing, "settings:admin" in read.found) == ("not ok", False)
    assert "account:read:lock_settings:master (classic: account:read:admin)" in read.found
    write = row("scopes to write", scopes=granted)
    assert "account:update:lock_settings:admin (classic: account:write:admin)" in write.found
    assert "A preview needs none of them" in write.fix


def test_only_what_is_declared_needs_a_scope() -> None:
    nothing = dataclasses.replace(ALL, settings=False, locks=False)
    assert row("scopes to read", nothing, scopes=frozenset({"x"})).standing == "ok"
    settings = dataclasses.replace(ALL, locks=False)
    assert "lock" not in row("scopes to read", settings, scopes=frozenset({"x"})).found


def test_a_sub_account_needs_the_master_scopes() -> None:
    sub = dataclasses.replace(ALL, account="abc", locks=False)
    found = row("scopes to read", sub).found
    assert "account:read:settings:master (classic: account:master)" in found


def test_scopes_that_zoom_does_not_name_are_unknown() -> None:
    assert row("scopes to read", scopes=frozenset()).standing == "unknown"


@pytest.mark.parametrize(
    ("kind", "settings", "standing"),
    [
        ("rejected", True, "not ok"),
        ("missing", True, "not ok"),
        ("rejected", False, "unknown"),
        ("missing", False, "unknown"),
    ],
)
def test_credentials_that_fail_matter_where_something_is_declared_over_the_api(
    kind: str, settings: bool, standing: str
) -> None:
    failure = Failure(kind, "ZOOM_CLIENT_ID is not set")  # type: ignore[arg-type]
    what = dataclasses.replace(ALL, settings=settings, locks=False)
    assert row("Zoom: credentials", what, scopes=failure).standing == standing
    assert row("scopes to write", dataclasses.replace(ALL), scopes=failure).standing == "unknown"


@pytest.mark.parametrize(("kind", "standing"), [("plan", "not ok"), ("unknown", "unknown")])
def test_an_unpaid_account_is_told_from_one_that_cannot_be_read(kind: str, standing: str) -> None:
    failure = Failure(kind, "HTTP 200 200: Only available for Paid account")  # type: ignore[arg-type]
    assert row("paid plan", settings=failure).standing == standing
    assert row("single sign-on", settings=failure).standing == "unknown"


@pytest.mark.parametrize(
    ("settings", "standing"),
    [
        ({"security": {"signin_with_sso": {"enable": False}}}, "not ok"),
        ({"security": {}}, "unknown"),
        ({}, "unknown"),
    ],
)
def test_single_sign_on_is_the_articles_precondition(settings: object, standing: str) -> None:
    assert row("single sign-on", settings=settings).standing == standing


@pytest.mark.parametrize(
    ("managed", "found"),
    [
        ({"contoso.com": "pending"}, "contoso.com is pending"),
        ({"other.com": "verified"}, "contoso.com is not associated"),
    ],
)
def test_a_domain_that_zoom_does_not_manage_is_named(managed: dict[str, str], found: str) -> None:
    one = row("domains managed", managed=managed)
    assert (one.standing, one.found) == ("not ok", found)
    assert "Associated Domains" in one.fix


def test_a_domain_that_entra_has_not_verified_is_named() -> None:
    one = row("domains verified", verified=frozenset({"other.com"}))
    assert (one.standing, one.fix != "") == ("not ok", True)
    assert "contoso.com" in one.found


@pytest.mark.parametrize(
    ("skew", "standing", "words"),
    [(61.0, "not ok", "61 s ahead of"), (-300.0, "not ok", "300 s behind"), (None, "unknown", "")],
)
def test_a_clock_that_is_off_is_told_by_how_much(
    skew: float | None, standing: str, words: str
) -> None:
    one = row("clock", skew=skew)
    assert one.standing == standing
    assert words in one.found


@pytest.mark.parametrize(
    ("kind", "standing"),
    [("rejected", "not ok"), ("missing", "not ok"), ("unknown", "unknown")],
)
def test_entras_credentials_are_needed_whatever_is_declared(kind: str, standing: str) -> None:
    failure = Failure(kind, "AADSTS7000215: Invalid client secret")  # type: ignore[arg-type]
    what = dataclasses.replace(ALL, settings=False, locks=False)
    one = row("Entra: credentials", what, entra=failure)
    assert (one.standing, one.found) == (standing, failure.text)


def test_only_given_and_needed_credentials_that_are_refused_end_a_first_preview() -> None:
    no, none = Failure("rejected", "refused"), Failure("missing", "not set")
    down = Failure("unknown", "no answer")

    def ends(what: Wanted, **facts: object) -> list[str]:
        return rejected(what, dataclasses.replace(GOOD, **facts))  # type: ignore[arg-type]

    assert ends(ALL, entra=no, scopes=no) == ["refused", "refused"]
    assert ends(dataclasses.replace(ALL, settings=False, locks=False), scopes=no) == []
    assert ends(ALL, entra=none, scopes=none) == ends(ALL, entra=down, scopes=down) == []
    assert ends(ALL) == []


@pytest.mark.parametrize(
    ("principal", "standing"),
    [(True, "ok"), (False, "not ok"), (Failure("unknown", "no permission"), "unknown")],
)
def test_zooms_application_has_to_be_there_before_it_is_granted_anything(
    principal: object, standing: str
) -> None:
    one = row("Zoom's application", principal=principal)
    assert one.standing == standing
    assert ("application.ensurePrincipal: true" in one.fix) is (standing == "not ok")
    later = row("Zoom's application", dataclasses.replace(ALL, principal=""), principal=None)
    assert later.standing == "ok"


@pytest.mark.parametrize(
    ("by", "application", "principal"),
    [
        ("admin", {"source": "zoom"}, ZOOM),
        ("admin", {"source": "zoom", "ensurePrincipal": True}, ""),
        ("admin", {"source": "registered"}, ""),
        ("user", {"source": "zoom"}, ""),
    ],
)
def test_who_grants_to_zooms_application_needs_it_there(
    by: str, application: dict[str, object], principal: str
) -> None:
    consent = {"by": by, "permissions": ["Calendars.ReadWrite"]}
    declared = {**DECLARED, "consent": consent, "application": application}
    assert wanted(declaration.parse(declared, "f")).principal == principal
