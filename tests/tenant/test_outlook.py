"""What a preview and an `up` say of consent, and of what users meet in between."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import Any

import pytest

from tenant import declaration
from tenant.calendar import check_settings
from tenant.effective import Answer
from tenant.matching import Asks, Verdict, asks_of, compare
from tenant.model import Tenant
from tenant.outlook import Outlook, asks_after, told_at_the_end, told_before

TODAY = datetime.date(2026, 11, 23)
OURS, LEGACY = "zoom-calendar-users", "microsoft-user-default-legacy"
NOBODY = Answer("needs an administrator", False, False, True, "nobody may")
GRANTED = Answer("allowed", False, True, True, "an administrator has")
BY_OURS = Answer("allowed", True, False, True, "by ours", (), (OURS,))
BY_LEGACY = Answer("allowed", True, False, True, "by legacy", (), (LEGACY,))
BOTH = Answer("allowed", True, True, True, "an administrator has", (), (OURS,))
PERHAPS = replace(BY_OURS, granted=None, why="by ours, perhaps the grant")
ADMINS_MAYBE = replace(GRANTED, may_consent=None)


def tenant(by: str, value: str | None = None, **calendar: Any) -> Tenant:
    consent: dict[str, Any] = {"by": by, "permissions": ["Calendars.ReadWrite"]}
    if value is not None:
        consent["userPolicy"] = value
    if value == "any-app":
        consent["acknowledge"] = value
    zoom: dict[str, Any] = {"settings": {}, "locks": {}}
    if calendar:
        paths = calendar.pop("paths", {})
        zoom["paths"] = paths
        zoom["calendar"] = {"integration": True, "integrateOnSignIn": True, **calendar}
    return declaration.parse(
        {
            "name": "Contoso",
            "domains": ["contoso.com"],
            "consent": consent,
            "application": {"source": "zoom"},
            "zoom": zoom,
        },
        "f",
    )


def asks(value: bool | None, declared: bool) -> Asks:
    return Asks(value, declared, "unknown" if value is None else "attested", "ada")


def verdict(answer: Answer, value: bool | None, by: str) -> Verdict:
    return compare(answer, asks(value, by == "user"), by)


def outlook(
    by: str,
    now: tuple[Answer, bool | None],
    after: tuple[Answer, bool | None],
    *,
    moved: bool = False,
) -> Outlook:
    return Outlook(verdict(*now, by), verdict(*after, by), moved)


def windows(by: str, value: str | None, *args: Any, **more: Any) -> list[str]:
    """The warnings but the lines of what is and what will be."""
    told = told_before(outlook(by, *args, **more), tenant(by, value))
    lines = ("consent now: ", "consent after ", "consent: Zoom and Entra", "consent: Whether")
    return [one for one in told.warnings if not one.startswith(lines)]


# ---- the lines ---------------------------------------------------------------------------------


def test_where_nothing_changes_it_is_one_line() -> None:
    told = told_before(outlook("admin", (GRANTED, False), (GRANTED, False)), tenant("admin"))
    (line,) = told.infos
    assert line.startswith("consent: Zoom and Entra match: ")
    assert told.warnings == ()
    told = told_before(outlook("admin", (NOBODY, False), (NOBODY, False)), tenant("admin"))
    (line,) = told.warnings
    assert line.startswith("consent: Zoom and Entra do not match: ")


def test_a_change_is_told_as_it_is_and_as_it_will_be() -> None:
    told = told_before(outlook("admin", (NOBODY, False), (GRANTED, False)), tenant("admin"))
    (now,), (after,) = told.warnings, told.infos
    assert now.startswith("consent now: Zoom and Entra do not match: ")
    assert after.startswith("consent after this update: Zoom and Entra match: ")
    assert "30 minutes" not in now + after


def test_what_the_update_does_not_put_right_is_warned_of_on_both_lines() -> None:
    told = told_before(outlook("admin", (BY_OURS, False), (NOBODY, False)), tenant("admin"))
    assert [text.split(":")[0] for text in told.warnings[:2]] == [
        "consent now",
        "consent after this update",
    ]
    assert told.infos == ()


def test_a_change_from_one_match_to_the_other_is_no_warning() -> None:
    told = told_before(outlook("user", (BOTH, False), (BY_OURS, True)), tenant("user"))
    assert told.warnings == ()
    assert told.infos[0].startswith("consent now: Zoom and Entra match, but not as declared")


def test_entras_delay_is_told_where_it_counts() -> None:
    new = outlook("user", (NOBODY, True), (BY_OURS, True))
    (text,) = told_before(new, tenant("user")).infos
    assert text.endswith("(Entra takes up to about 30 minutes until it counts everywhere)")
    assert "30 minutes" in told_at_the_end(new).infos[0]
    prepared = outlook("admin", (GRANTED, False), (BOTH, False))
    assert "30 minutes" not in told_at_the_end(prepared).infos[0]


def test_an_up_says_what_has_become_of_it() -> None:
    told = told_at_the_end(outlook("admin", (NOBODY, False), (GRANTED, False)))
    (line,) = told.infos
    assert line.startswith("consent after this update: Zoom and Entra match: ")
    told = told_at_the_end(outlook("admin", (NOBODY, False), (NOBODY, False)))
    assert told.warnings[0].startswith("consent after this update: Zoom and Entra do not match")


# ---- what users meet in between ----------------------------------------------------------------


def test_from_admin_to_user_needs_the_policy_first() -> None:
    (text,) = windows("user", None, (GRANTED, False), (PERHAPS, True))
    assert "no longer serves users, and Entra takes up to about 30 minutes" in text
    assert "declare `userPolicy: least-privilege` under `by: admin`, run `pulumi up`" in text
    assert "a person" not in text
    (text,) = windows("user", "any-app", (GRANTED, False), (BY_LEGACY, True))
    assert "`userPolicy: any-app` under `by: admin`" in text


def test_from_admin_to_user_where_a_person_sets_zoom_needs_that_first_too() -> None:
    (text,) = windows("user", None, (GRANTED, False), (PERHAPS, False))
    assert "may no longer serve users" in text
    assert "Zoom does not ask them until a person turns that on" in text
    assert "and wait, then turn on in Zoom that users can consent" in text
    (text,) = windows("user", None, (GRANTED, None), (PERHAPS, None))
    assert "perhaps Zoom does not ask them" in text
    (text,) = windows("user", None, (BOTH, False), (PERHAPS, False))
    assert "30 minutes" not in text


@pytest.mark.parametrize(
    ("now", "after"),
    [
        ((BOTH, False), (PERHAPS, True)),  # prepared, and a service sets Zoom
        ((BOTH, True), (PERHAPS, True)),  # Zoom asks already
        ((NOBODY, False), (BY_OURS, True)),  # nobody could use it before
        ((GRANTED, False), (replace(GRANTED), False)),  # others' grant, and nobody is asked
        ((GRANTED, False), (replace(NOBODY, granted=None), True)),  # for good, and the line says so
        ((BY_OURS, True), (BY_OURS, True)),
    ],
)
def test_there_is_no_window_where_nobody_loses_anything_meanwhile(now: Any, after: Any) -> None:
    assert windows("user", None, now, after) == []


def test_others_grant_does_not_help_those_whom_zoom_asks() -> None:
    both = replace(BOTH, policies=(OURS,))
    (text,) = windows("user", None, (GRANTED, False), (both, True))
    assert "no longer serves users" in text


def test_one_policy_in_place_of_another_is_warned_of() -> None:
    (text,) = windows("user", "any-app", (BY_OURS, True), (BY_LEGACY, True))
    assert text.startswith("consent: least-privilege is replaced by any-app. ")
    assert "declare `by: admin` with `userPolicy: any-app` meanwhile" in text
    both = replace(BY_OURS, policies=(OURS, LEGACY))
    assert windows("user", "any-app", (both, True), (BY_LEGACY, True)) == []
    assert windows("user", "any-app", (BY_OURS, False), (BY_LEGACY, False)) == []


def test_from_user_to_admin_needs_the_policy_as_long_as_a_person_has_not_set_zoom() -> None:
    (text,) = windows("admin", None, (BY_OURS, True), (ADMINS_MAYBE, True))
    assert "Keep `userPolicy: least-privilege` until Zoom asks nobody" in text
    assert windows("admin", None, (BY_OURS, True), (ADMINS_MAYBE, False)) == []
    assert windows("admin", "least-privilege", (BY_OURS, True), (BOTH, True)) == []


def test_users_own_consents_stay_when_an_administrator_takes_over() -> None:
    taken = outlook("admin", (BY_OURS, True), (BOTH, False))
    assert any("have consented to for themselves stays" in one
               for one in told_before(taken, tenant("admin")).infos)  # fmt: skip
    steady = outlook("admin", (BOTH, False), (BOTH, False))
    assert len(told_before(steady, tenant("admin")).infos) == 1


def test_another_application_is_one_warning() -> None:
    (text,) = windows("user", None, (GRANTED, False), (PERHAPS, True), moved=True)
    assert "the application changes" in text
    assert "`onDestroy: leave` before" in text


# ---- Zoom's setting ----------------------------------------------------------------------------


@pytest.mark.parametrize("live", [True, False])
@pytest.mark.parametrize(
    "calendar",
    [{"channel": "portal"}, {"paths": {"users_can_consent": "mail_calendar.users_can_consent"}}],
    ids=["portal", "api"],
)
def test_what_a_service_read_it_also_sets(live: bool, calendar: dict[str, Any]) -> None:
    declared = tenant("user", **calendar)
    checks = check_settings(declared, TODAY)
    now = asks_of(declared, checks, live, TODAY)
    after = asks_after(now, checks)
    assert after.value is True
    assert (after is now) is live
    assert after.standing == ("verified" if live else "declared")


@pytest.mark.parametrize("pending", [(), ("users_can_consent",)])
def test_what_no_service_could_read_none_sets(pending: Any) -> None:
    declared = tenant("user", channel="portal")
    checks = check_settings(declared, TODAY, {"users_can_consent": "signed out"}, pending)
    now = asks_of(declared, checks, None, TODAY)
    assert asks_after(now, checks) is now


def test_what_a_person_sets_stays_as_they_said() -> None:
    said = {"value": False, "who": "ada", "when": TODAY, "until": TODAY}
    declared = tenant("user", attestations={"users_can_consent": said})
    checks = check_settings(declared, TODAY)
    now = asks_of(declared, checks, None, TODAY)
    assert (now.value, asks_after(now, checks)) == (False, now)


def test_where_zooms_setting_is_not_declared_nothing_sets_it() -> None:
    declared = tenant("user")
    now = asks_of(declared, [], None, TODAY)
    assert asks_after(now, []) is now
