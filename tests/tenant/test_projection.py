"""What an update makes of the facts: ours in or out, others' as they are, unknown where it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tenant.consent_policies import Unread
from tenant.desired import POLICY_ID, USER_POLICIES
from tenant.effective import Answer, effective
from tenant.projection import NOTHING, Declared, projected
from tests.tenant.naive_consent import Json
from tests.tenant.test_effective import BOTH
from tests.tenant.worlds import CALENDARS, CONTACTS, SELF, ZOOM, facts_of, policy, rule, world

LEGACY = USER_POLICIES["any-app"]
BUILT_IN = policy(LEGACY, [rule("delegatedUserConsentable")])
OURS = policy(POLICY_ID, [rule(permissions=[CALENDARS, CONTACTS], clientApplicationIds=[ZOOM])])
ADMIN = replace(NOTHING, by="admin", source="zoom")
USER = replace(NOTHING, by="user", source="zoom", policy=POLICY_ID)
ANY_APP = replace(USER, policy=LEGACY)
LEFT = replace(USER, policy="")
REGISTERED = replace(ADMIN, source="registered")
ABSENT = world(principal=None, policies=[BUILT_IN])


def assigned(*policies: Json, **more: Any) -> Json:
    """A tenant in which these policies are assigned to the users."""
    entries = [SELF + one["id"] for one in policies]
    return world(policies=[BUILT_IN, *(p for p in policies if p is not BUILT_IN)],
                 entries=entries, **more)  # fmt: skip


def after(tenant: Json, declared: Declared, before: Declared | None, *unread: str) -> Answer:
    return effective(projected(facts_of(tenant, unread), declared, before))


GRANTED = world(granted=BOTH, policies=[BUILT_IN])
CASES: list[tuple[str, Json, Declared, Declared | None, str, tuple[Any, Any, Any]]] = [
    # Live, declared, declared before; then the answer: may consent, granted, may enter.
    ("a new grant", world(), ADMIN, NOTHING, "allowed", (False, True, True)),
    ("a grant that is healed", world(granted=BOTH[:1]), ADMIN, ADMIN, "allowed",
     (False, True, True)),
    ("no principal to grant to", ABSENT, ADMIN, NOTHING, "needs an administrator",
     (False, False, True)),
    ("a principal that is ensured", ABSENT, replace(ADMIN, ensured=True), NOTHING, "allowed",
     (False, True, True)),
    ("our policy", world(), USER, NOTHING, "allowed", (True, False, True)),
    ("our policy with other content", assigned(policy(POLICY_ID, [])), USER, USER, "allowed",
     (True, False, True)),
    ("Microsoft's policy", assigned(), ANY_APP, NOTHING, "allowed", (True, False, True)),
    ("others' grant stays", GRANTED, USER, NOTHING, "allowed", (True, True, True)),
    ("others' grant stays later", GRANTED, USER, USER, "allowed", (True, True, True)),
    ("ours may go", GRANTED, USER, ADMIN, "allowed", (True, None, True)),
    ("ours may go, and nobody may", GRANTED, LEFT, ADMIN, "unknown", (False, None, True)),
    ("ours is left", GRANTED, USER, replace(ADMIN, on_destroy="leave"), "allowed",
     (True, True, True)),
    ("ours went already", world(), LEFT, ADMIN, "needs an administrator", (False, False, True)),
    ("what exclusive took may come back", world(), LEFT, replace(ADMIN, exclusive=True), "unknown",
     (False, None, True)),
    ("an older state does not say", GRANTED, USER, None, "allowed", (True, None, True)),
    ("our registration's grant goes", GRANTED, replace(USER, source="registered"), REGISTERED,
     "allowed", (True, False, True)),
    ("a policy may go", assigned(BUILT_IN), LEFT, ANY_APP, "unknown", (None, False, True)),
    ("a policy is left", assigned(BUILT_IN), LEFT, replace(ANY_APP, on_destroy="leave"), "allowed",
     (True, False, True)),
    ("others' policy stays", assigned(BUILT_IN), LEFT, LEFT, "allowed", (True, False, True)),
    ("one takes the other's place", assigned(BUILT_IN), USER, ANY_APP, "allowed",
     (True, False, True)),
    ("an older state's policy may go", assigned(BUILT_IN), LEFT, None, "unknown",
     (None, False, True)),
    ("a registration that is made", ABSENT, REGISTERED, NOTHING, "allowed", (False, True, True)),
    ("a registration that users consent to", ABSENT, replace(USER, source="registered"), NOTHING,
     "allowed", (True, False, True)),
    ("a registration that was disabled", world(principal__enabled=False), REGISTERED, REGISTERED,
     "allowed", (False, True, True)),
    ("Zoom's application stays disabled", world(principal__enabled=False), ADMIN, NOTHING,
     "blocked", (False, True, False)),
    ("a registration that took assigned users only", world(principal__required=True), REGISTERED,
     REGISTERED, "allowed", (False, True, True)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("tenant", "declared", "before", "standing", "answer"),
    [case[1:] for case in CASES],
    ids=[case[0] for case in CASES],
)
def test_ours_is_put_in_or_taken_out_and_what_only_records_say_is_unknown(
    tenant: Json,
    declared: Declared,
    before: Declared | None,
    standing: str,
    answer: tuple[Any, Any, Any],
) -> None:
    found = after(tenant, declared, before)
    assert (found.may_consent, found.granted, found.may_enter) == answer
    assert found.effective == standing


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_what_is_applied_stays_as_it_is(case: Any) -> None:
    """A preview right after the update must have nothing more to say."""
    _, tenant, declared, before, *_ = case
    once = projected(facts_of(tenant), declared, before)
    assert effective(projected(once, declared, declared)) == effective(once)


@pytest.mark.parametrize("part", ["granted", "entries", "policies", "published", "principal"])
@pytest.mark.parametrize("declared", [ADMIN, USER, ANY_APP, LEFT])
def test_what_is_unread_is_not_written_and_stays_unknown(declared: Declared, part: str) -> None:
    tenant = assigned(OURS, granted=BOTH)
    live = effective(facts_of(tenant, [part]))
    found = after(tenant, declared, ADMIN if declared.by == "admin" else USER, part)
    for name in ("may_consent", "granted", "may_enter"):
        if getattr(live, name) is None and name != "may_consent":
            assert getattr(found, name) is None
    if part in ("entries", "policies", "published"):
        assert found.may_consent is None


def test_an_unknown_policy_and_an_unknown_grant_are_named() -> None:
    why = after(assigned(BUILT_IN), LEFT, ANY_APP).why
    assert f"policy {LEGACY} goes with this update where this stack assigned it" in why
    assert "a grant that this stack made goes" in after(GRANTED, USER, ADMIN).why


def test_the_grant_of_another_application_says_nothing_of_this_one() -> None:
    facts = facts_of(GRANTED)
    assert projected(facts, USER, ADMIN, moved=True).granted == facts.granted


def test_a_registration_that_is_made_has_no_verified_publisher_and_an_unknown_home() -> None:
    own = policy("own-apps", [rule(clientApplicationTenantIds=["home"])])
    verified = policy("verified", [rule(clientApplicationsFromVerifiedPublisherOnly=True)])
    declared = replace(USER, source="registered", policy="")
    for other, expected in ((own, None), (verified, False)):
        tenant = assigned(other, principal=None)
        assert after(tenant, declared, NOTHING).may_consent is expected


def test_others_policies_stay_and_ours_comes_last() -> None:
    tier = policy("contoso-tier-1", [])
    found = projected(facts_of(assigned(tier)), USER, NOTHING)
    assert found.assigned == ("contoso-tier-1", POLICY_ID)
    assert not isinstance(found.policies, Unread)
    assert set(found.policies) == {"contoso-tier-1", LEGACY, POLICY_ID}
