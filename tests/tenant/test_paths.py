"""A setting of the article that Zoom's API has one day: a path in the file, and no code."""

import datetime
from typing import Any

import pytest
import yaml

from tenant.calendar import attestations_required, check_settings, counted, settings_over
from tenant.declaration import parse
from tenant.errors import DeclarationError
from tenant.model import Tenant
from tenant.paths import by_path

TODAY = datetime.date(2026, 11, 23)


def tenant(calendar: str = "{integration: true, integrateOnSignIn: true}", **zoom: Any) -> Tenant:
    value = yaml.safe_load(f"""
      name: Contoso
      domains: [contoso.com]
      consent: {{by: user, permissions: [Calendars.ReadWrite]}}
      application: {{source: zoom}}
      zoom: {{calendar: {calendar}}}
    """)
    value["zoom"] |= zoom
    return parse(value, "f")


def test_a_setting_with_a_path_leaves_the_portal_with_the_value_it_is_declared_with() -> None:
    moved = tenant(paths={"users_can_consent": "mail_calendar.users_can_consent"})
    api = settings_over(moved, "api")
    assert by_path(moved, api) == {"mail_calendar.users_can_consent": True}
    assert len(settings_over(moved, "attested")) == 2
    standings = {check.setting.name: check.standing for check in check_settings(moved, TODAY)}
    assert standings["users_can_consent"] == "verified"


@pytest.mark.parametrize(
    ("paths", "words"),
    [
        ({"users_can_consent": "integration.google_calendar"}, "publishes as another setting"),
        ({"users_can_consent": "security.signin_with_sso"}, "publishes as another setting"),
        ({"users_can_consent": "integration.kubi.x"}, "publishes as another setting"),
        ({"users_can_consent": "consent"}, "section.setting"),
        ({"users_can_consent": "a.b?option=x"}, "section.setting"),
        ({"users_can_consent": "meeting_authentication.x"}, "publishes as another setting"),
        (
            {"users_consent": "a.b"},
            "zoom.paths.users_consent: is not a key here (did you mean users_can_consent?); "
            "allowed: calendar_and_contacts_integration, integrate_calendar_on_sign_in, users_can",
        ),
        (
            {"admin_consents_for_company": "a.b"},
            "zoom.paths.admin_consents_for_company: is not a key here; allowed: calendar_and_con",
        ),
        (
            {"users_can_consent": "a.b.c", "integrate_calendar_on_sign_in": "a.b"},
            "zoom.paths.integrate_calendar_on_sign_in: given 'a.b', which holds 'a.b.c'",
        ),
        (
            {"users_can_consent": "a.b", "integrate_calendar_on_sign_in": "a.b.c.d"},
            "zoom.paths.users_can_consent: given 'a.b', which holds 'a.b.c.d'",
        ),
        ({"users_can_consent": "a.b", "integrate_calendar_on_sign_in": "a.b"}, "keep one"),
    ],
)
def test_a_path_that_would_write_something_else_is_refused(
    paths: dict[str, str], words: str
) -> None:
    with pytest.raises(DeclarationError, match=r"zoom\.paths") as caught:
        tenant(paths=paths)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_path_beside_another_of_like_name_is_taken() -> None:
    paths = {"users_can_consent": "a.b", "integrate_calendar_on_sign_in": "a.bc"}
    assert tenant(paths=paths).zoom.paths == paths


def test_a_path_without_the_calendar_has_nothing_to_set() -> None:
    value = yaml.safe_load(
        "{name: C, domains: [c.com], consent: {by: admin, permissions: [A.B]},"
        " application: {source: zoom}, zoom: {paths: {users_can_consent: a.b}}}"
    )
    with pytest.raises(DeclarationError, match=r"without zoom\.calendar"):
        parse(value, "f")


@pytest.mark.parametrize(
    ("attestations", "required"),
    [("required", True), ("{required: true}", True), ("{}", False), ("{required: false}", False)],
)
def test_attestations_may_be_required_with_or_without_any_yet(
    attestations: str, required: bool
) -> None:
    calendar = f"{{integration: true, integrateOnSignIn: true, attestations: {attestations}}}"
    assert attestations_required(tenant(calendar)) is required


def test_attestations_are_required_or_a_mapping_and_nothing_else() -> None:
    with pytest.raises(DeclarationError, match=r"zoom\.calendar\.attestations: given 'always'"):
        tenant("{integration: true, integrateOnSignIn: true, attestations: always}")


def test_what_is_known_is_counted_apart_by_how_it_is_known() -> None:
    word = "value: true, who: a"
    calendar = (
        "{integration: true, integrateOnSignIn: true, attestations: {"
        f"calendar_and_contacts_integration: {{{word}, when: 2026-11-01, until: 2026-12-01}},"
        f"integrate_calendar_on_sign_in: {{{word}, when: 2026-01-01, until: 2026-02-01}}"
        "}}"
    )
    moved = tenant(calendar, paths={"users_can_consent": "a.b"})
    assert counted(check_settings(tenant(calendar), TODAY)) == (
        "Calendar settings: 0 verified, 1 attested, 1 expired, 1 unknown"
    )
    assert "1 verified, 1 attested, 1 expired, 0 unknown" in counted(check_settings(moved, TODAY))
    unread = check_settings(moved, TODAY, unread={"users_can_consent": "no scope"})
    assert counted(unread).endswith("1 expired, 1 unknown")
    pending = check_settings(moved, TODAY, pending=["users_can_consent"])
    assert counted(pending).endswith("0 unknown, 1 pending")
