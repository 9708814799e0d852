"""Both sides together: what Zoom asks of users, and what Entra lets them do."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from tenant import declaration
from tenant.calendar import check_settings
from tenant.effective import Answer, answer_of, effective
from tenant.matching import Asks, asks_of, compare
from tests.tenant.naive_consent import Json
from tests.tenant.test_effective import BOTH, OURS, under
from tests.tenant.worlds import facts_of, world

TODAY = datetime.date(2026, 11, 23)
ADMIN = world(granted=BOTH)
USERS = under(OURS)
EITHER = under(OURS, granted=BOTH)
NOBODY = world()


def answer(tenant: Json, *unread: str) -> Answer:
    return effective(facts_of(tenant, unread))


def asks(value: bool | None, declared: bool | None) -> Asks:
    return Asks(value, declared, "unknown" if value is None else "attested", "ada, 2026-11-20")


CASES: list[tuple[Json, bool | None, str, str, bool, str]] = [
    # What Entra has, whether Zoom asks, consent.by, the verdict, as declared, what is said.
    (ADMIN, False, "admin", "match", True, "Zoom does not ask its users"),
    (USERS, True, "user", "match", True, "by themselves"),
    (EITHER, True, "user", "match", True, "an administrator has consented"),
    (ADMIN, True, "admin", "mismatch", False, "again and again, although an administrator"),
    (ADMIN, True, "user", "mismatch", False, "again and again"),
    (NOBODY, True, "user", "mismatch", False, 'users meet "Need admin approval"'),
    (NOBODY, False, "admin", "mismatch", False, "Zoom may not read their calendars"),
    (USERS, False, "user", "mismatch", False, "Zoom may not read their calendars"),
    (USERS, True, "admin", "match", False, "match, but not as declared"),
    (ADMIN, False, "user", "match", False, "match, but not as declared"),
    (ADMIN, None, "admin", "unknown", False, "is unknown"),
    (USERS, None, "user", "unknown", False, "is unknown"),
    (EITHER, None, "admin", "match", True, "match either way"),
    (NOBODY, None, "admin", "mismatch", False, "do not match"),
    (world(granted=BOTH, principal__required=True), False, "admin", "mismatch", False, "50105"),
    (
        world(granted=BOTH, principal__required=True, assigned=True),
        False,
        "admin",
        "match",
        True,
        "for users who are assigned to it",
    ),
    (under(OURS, principal__required=True), True, "user", "mismatch", False, "must consent first"),
    (world(granted=BOTH, principal__enabled=False), False, "admin", "mismatch", False, "disabled"),
]


@pytest.mark.parametrize(("tenant", "value", "by", "match", "as_declared", "said"), CASES)
def test_what_zoom_asks_must_be_what_entra_allows(
    tenant: Json, value: bool | None, by: str, match: str, as_declared: bool, said: str
) -> None:
    verdict = compare(answer(tenant), asks(value, by == "user"), by)
    assert (verdict.match, verdict.as_declared) == (match, as_declared)
    assert said in verdict.sentence
    assert "\n" not in verdict.sentence


@pytest.mark.parametrize(
    ("tenant", "by", "fine"),
    [(ADMIN, "admin", True), (USERS, "user", True), (USERS, "admin", False)],
)
def test_where_zooms_setting_is_not_declared_entra_alone_is_judged(
    tenant: Json, by: str, fine: bool
) -> None:
    assert compare(answer(tenant), asks(None, None), by).as_declared is fine


@pytest.mark.parametrize("value", [True, False])
def test_what_was_not_read_leaves_the_match_unknown(value: bool) -> None:
    verdict = compare(answer(ADMIN, "granted", "entries"), asks(value, value), "admin")
    assert verdict.match == "unknown"
    assert "lacks a permission" in verdict.sentence


def test_an_answer_survives_its_way_through_the_state() -> None:
    import dataclasses
    import json

    there = answer(EITHER)
    assert answer_of(json.loads(json.dumps(dataclasses.asdict(there)))) == there


def tenant_with(**attestation: Any) -> Any:
    said = {"who": "ada", "when": "2026-11-20", "until": "2026-12-20", **attestation}
    calendar: Json = {"integration": True, "integrateOnSignIn": True}
    if attestation:
        calendar["attestations"] = {"users_can_consent": said}
    value = {
        "name": "Contoso",
        "domains": ["contoso.com"],
        "consent": {"by": "admin", "permissions": BOTH},
        "application": {"source": "zoom"},
        "zoom": {"calendar": calendar},
    }
    return declaration.parse(value, "stacks/Pulumi.contoso.yaml")


@pytest.mark.parametrize(
    ("attestation", "live", "value", "standing"),
    [
        ({"value": False}, None, False, "attested"),
        ({"value": True}, None, True, "contradicted"),
        ({"value": True, "until": "2026-11-21"}, None, None, "contradicted"),
        ({"value": False, "until": "2026-11-21"}, None, None, "expired"),
        ({}, None, None, "missing"),
        ({"value": False}, True, True, "verified"),
        ({}, False, False, "verified"),
    ],
)
def test_zooms_setting_is_what_was_read_else_what_a_person_saw(
    attestation: Json, live: bool | None, value: bool | None, standing: str
) -> None:
    tenant = tenant_with(**attestation)
    found = asks_of(tenant, check_settings(tenant, TODAY), live, TODAY)
    assert (found.value, found.declared, found.standing) == (value, False, standing)
