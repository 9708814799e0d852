"""What a person still has to click, and what an attestation is worth."""

import datetime
from typing import Any

import pytest
import yaml

from tenant.calendar import check_settings, counted, declared_settings, portal_steps
from tenant.declaration import parse
from tenant.model import Tenant

TODAY = datetime.date(2026, 11, 23)


def tenant(
    by: str = "admin", attestations: dict[str, Any] | None = None, channel: str = "attested"
) -> Tenant:
    value = yaml.safe_load(f"""
      name: Contoso
      domains: [contoso.com]
      consent: {{by: {by}, permissions: [Calendars.ReadWrite]}}
      application: {{source: zoom}}
      zoom: {{calendar: {{integration: true, integrateOnSignIn: true}}}}
    """)
    value["zoom"]["calendar"]["channel"] = channel
    value["zoom"]["calendar"]["attestations"] = attestations or {}
    return parse(value, "f")


def said(value: bool, when: str = "2026-11-01", until: str = "2027-01-30") -> dict[str, Any]:
    return {"value": value, "who": "ada", "when": when, "until": until}


def test_who_consents_decides_zooms_consent_setting() -> None:
    assert declared_settings(tenant("admin"))["users_can_consent"] is False
    assert declared_settings(tenant("user"))["users_can_consent"] is True


def test_only_an_administrators_consent_needs_the_authorize_step() -> None:
    assert "admin_consents_for_company" in declared_settings(tenant("admin"))
    assert "admin_consents_for_company" not in declared_settings(tenant("user"))


def test_no_calendar_declared_asks_for_nothing() -> None:
    value = yaml.safe_load(
        "{name: C, domains: [c.com], consent: {by: admin, permissions: [A.B]},"
        " application: {source: zoom}, zoom: {}}"
    )
    assert declared_settings(parse(value, "f")) == {}
    assert check_settings(parse(value, "f"), TODAY) == []


def test_steps_come_in_the_order_of_the_article_with_old_and_new_labels() -> None:
    steps = portal_steps(check_settings(tenant(), TODAY))
    assert [step.split(".")[0] for step in steps] == ["1", "2", "3", "4"]
    assert "Integrate third-party mail and calendar services" in steps[0]
    assert "Calendar and Contact Integration" in steps[0]
    assert "Automatically integrate user's calendar upon login" in steps[1]
    assert "Office 365 users can consent" in steps[2]
    assert "Authorize with OAuth 2.0" in steps[3]
    assert "I'm the admin and I'm consenting on behalf of the company" in steps[3]


@pytest.mark.parametrize(
    ("attestation", "standing"),
    [
        (said(False), "attested"),
        (said(True), "contradicted"),
        (said(False, until="2026-11-22"), "expired"),
        (said(False, until="2026-11-23"), "attested"),
        (said(False, when="2026-11-24"), "expired"),
        (None, "missing"),
    ],
)
def test_an_attestation_counts_only_for_the_declared_value_and_in_its_time(
    attestation: dict[str, Any] | None, standing: str
) -> None:
    given = {} if attestation is None else {"users_can_consent": attestation}
    checks = {c.setting.name: c for c in check_settings(tenant(attestations=given), TODAY)}
    assert checks["users_can_consent"].standing == standing
    open_steps = portal_steps(list(checks.values()))
    assert len(open_steps) == (3 if standing == "attested" else 4)


def test_what_the_portal_showed_needs_nobodys_word() -> None:
    checks = check_settings(tenant(channel="portal"), TODAY)
    assert [check.standing for check in checks] == ["verified"] * 3 + ["missing"]
    steps = portal_steps(checks)
    assert len(steps) == 1
    assert "fleet portal authorize" in steps[0]


def test_a_persons_word_counts_for_what_the_portal_did_not_show() -> None:
    declared = tenant(channel="portal", attestations={"users_can_consent": said(False)})
    unread = dict.fromkeys(declared_settings(declared), "nobody is signed in.")
    checks = {c.setting.name: c for c in check_settings(declared, TODAY, unread=unread)}
    assert checks["users_can_consent"].standing == "attested"
    sign_in = checks["integrate_calendar_on_sign_in"]
    assert (sign_in.standing, sign_in.reason) == ("unknown", "not read: nobody is signed in")
    assert counted(list(checks.values())) == (
        "Calendar settings: 0 verified, 1 attested, 0 expired, 3 unknown"
    )
    assert len(portal_steps(list(checks.values()))) == 3


def test_what_the_run_has_yet_to_read_is_pending_and_no_step() -> None:
    declared = tenant(channel="portal")
    checks = check_settings(declared, TODAY, pending=list(declared_settings(declared)))
    assert [check.standing for check in checks] == ["pending"] * 3 + ["missing"]
    assert len(portal_steps(checks)) == 1
