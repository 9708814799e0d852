"""Any tenant at all: the evaluator says what a naive one says, and unknown only where it must.

What is unread is tried out by the naive one, each way; of an application without a principal nobody
knows where it is registered and whose it is, so these are tried out too.
"""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tenant.effective import effective
from tests.tenant.naive_consent import GRAPH, Json, outcome, outcomes
from tests.tenant.worlds import (
    ALL_USERS,
    CALENDARS,
    CONTACTS,
    HOME,
    OTHER_APP,
    SELF,
    USER_READ,
    WORLD,
    ZOOM,
    ZOOMS_TENANT,
    facts_of,
    policy,
    rule,
    world,
)

LEVELS = [None, "low", "medium", "high"]
NAMES = list(WORLD["published"])
POLICIES = ["one", "Two", "microsoft-three"]


def some(*values: str) -> st.SearchStrategy[list[str]]:
    """A condition's list: mostly any value at all, sometimes a few, in small or capital letters."""
    few = st.lists(st.sampled_from(values), min_size=1, max_size=2, unique=True)
    capitals = few.map(lambda found: [one.upper() for one in found])
    return st.just(["all"]) | few | capitals


rules = st.builds(
    rule,
    st.sampled_from(["delegated", "delegated", "delegatedUserConsentable", "application"]),
    permissionClassification=st.sampled_from(["all", "all", "low", "medium", "high"]),
    resourceApplication=st.sampled_from(["any", "any", GRAPH, OTHER_APP]),
    permissions=some(CALENDARS, CONTACTS, USER_READ, ALL_USERS),
    clientApplicationIds=some(ZOOM, OTHER_APP),
    clientApplicationTenantIds=some(HOME, ZOOMS_TENANT),
    clientApplicationPublisherIds=some("12345", "777"),
    clientApplicationsFromVerifiedPublisherOnly=st.booleans(),
)
policies = st.lists(
    st.builds(
        policy,
        st.sampled_from(POLICIES),
        st.lists(rules, max_size=3),
        st.lists(rules, max_size=1),
    ),
    max_size=3,
    unique_by=lambda one: one["id"],
)
principals = st.none() | st.fixed_dictionaries(
    {
        "enabled": st.sampled_from([True, True, True, False]),
        "required": st.sampled_from([False, False, True]),
        "tenant": st.sampled_from([HOME, ZOOMS_TENANT]),
        "publisher": st.sampled_from([None, "12345", "777"]),
    }
)


@st.composite
def worlds(draw: st.DrawFn) -> Json:
    """Tenants that differ in all that decides."""
    made = draw(policies)
    # What could be assigned beside: a policy for anything, which may or may not be.
    made.append(policy("anything", [rule()]))
    prefixes = st.sampled_from([SELF, SELF.lower(), "ManagePermissionGrantsForOwnedResource."])
    chosen = draw(st.lists(st.sampled_from(made[:-1] or made), max_size=3))
    return world(
        client=draw(st.sampled_from([ZOOM, ZOOM, OTHER_APP])),
        asked=draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True)),
        principal=draw(principals),
        levels=draw(
            st.dictionaries(
                st.sampled_from([CALENDARS, CONTACTS, USER_READ, ALL_USERS]),
                st.sampled_from(LEVELS[1:]),
            )
        ),
        policies=made,
        entries=[draw(prefixes) + one["id"] for one in chosen],
        granted=draw(st.lists(st.sampled_from(NAMES), max_size=4, unique=True)),
        assigned=draw(st.booleans()),
    )


def choices(tenant: Json, unread: set[str]) -> dict[str, list[Any]]:
    """What each part that is not known may be."""
    ids = [tenant["published"][name][0] for name in tenant["asked"]]
    found: dict[str, list[Any]] = {}
    if tenant["principal"] is None or "principal" in unread:
        found["tenant of the absent"] = [HOME, ZOOMS_TENANT]
        found["publisher of the absent"] = [None, "12345", "777"]
    if "principal" in unread:
        found["principal"] = [
            None,
            *(
                {"enabled": enabled, "required": required, "tenant": home, "publisher": publisher}
                for enabled, required, home, publisher in itertools.product(
                    (True, False), (True, False), (HOME, ZOOMS_TENANT), (None, "12345")
                )
            ),
        ]
    if "published" in unread:
        found["published"] = [
            WORLD["published"],
            {},
            {name: (id_, "Admin") for name, (id_, _) in WORLD["published"].items()},
            dict.fromkeys(WORLD["published"], (OTHER_APP, "User")),
        ]
    if "levels" in unread:
        found["levels"] = [
            {id_: level for id_, level in zip(ids, levels, strict=True) if level}
            for levels in itertools.product(LEVELS, repeat=len(ids))
        ]
    if "entries" in unread:
        found["entries"] = [[], [SELF + "anything"], tenant["entries"]]
    if "policies" in unread:
        named = [entry.partition(".")[2] for entry in tenant["entries"]]
        found["policies"] = [[], [policy(id_, [rule()]) for id_ in named], tenant["policies"]]
    if "granted" in unread:
        found["granted"] = [[], tenant["asked"], tenant["granted"]]
    if "assigned" in unread:
        found["assigned"] = [True, False]
    return found


PARTS = ["principal", "published", "levels", "entries", "policies", "granted", "assigned"]


@settings(max_examples=200, deadline=None)
@given(worlds())
def test_with_all_read_both_say_the_same(tenant: Json) -> None:
    answer = effective(facts_of(tenant)).effective
    if tenant["principal"] is None:
        assert answer == "unknown" or outcomes(tenant, choices(tenant, set())) == {answer}
    else:
        assert answer == outcome(tenant)


@settings(max_examples=100, deadline=None)
@given(worlds(), st.sets(st.sampled_from(PARTS), min_size=1, max_size=3))
def test_what_is_said_holds_whatever_was_not_read(tenant: Json, unread: set[str]) -> None:
    answer = effective(facts_of(tenant, unread)).effective
    if answer != "unknown":
        assert outcomes(tenant, choices(tenant, unread)) == {answer}


# Each of these only ever speaks for consent or only against it, so that nothing is lost by judging
# part by part.
ONE_WAY = ["entries", "policies", "granted", "assigned"]


@settings(max_examples=100, deadline=None)
@given(worlds(), st.sets(st.sampled_from(ONE_WAY), min_size=1))
def test_unknown_is_said_only_where_it_could_be_otherwise(tenant: Json, unread: set[str]) -> None:
    if tenant["principal"] is None:
        return
    if {"entries", "policies"} <= unread:
        tenant["entries"] = []  # what is assigned is then neither known nor described
    possible = outcomes(tenant, choices(tenant, unread))
    answer = effective(facts_of(tenant, unread)).effective
    assert {answer} == possible if len(possible) == 1 else answer == "unknown"
