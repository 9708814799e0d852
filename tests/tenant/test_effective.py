"""What Entra lets users do, against a table from Microsoft's documentation.

Sources: Microsoft Graph, permissionGrantConditionSet ("all conditions must be met") and
permissionGrantPolicy ("at least one of the includes and none of the excludes"); Entra, "Manage app
consent policies", "Configure how users consent", "Unexpected error when consenting".
"""

from __future__ import annotations

from typing import Any

import pytest

from tenant.effective import effective
from tests.tenant.naive_consent import GRAPH, Json, outcome
from tests.tenant.worlds import (
    ALL_USERS,
    CALENDARS,
    CONTACTS,
    HOME,
    OTHER_APP,
    SELF,
    USER_READ,
    ZOOM,
    ZOOMS_TENANT,
    facts_of,
    policy,
    rule,
    world,
)

BOTH = ["Calendars.ReadWrite", "Contacts.ReadWrite"]
LOW = {CALENDARS: "low", CONTACTS: "low"}
YES, NO, BLOCKED = "allowed", "needs an administrator", "blocked"

LEGACY = policy("microsoft-user-default-legacy", [rule("delegatedUserConsentable")])
LOW_ONLY = policy(
    "microsoft-user-default-low",
    [
        rule(
            "delegatedUserConsentable",
            permissionClassification="low",
            clientApplicationsFromVerifiedPublisherOnly=True,
        ),
        rule(
            "delegatedUserConsentable",
            permissionClassification="low",
            clientApplicationTenantIds=[HOME],
        ),
    ],
)
RECOMMENDED = policy(
    "microsoft-user-default-recommended",
    [rule("delegatedUserConsentable")],
    [rule(resourceApplication=GRAPH, permissions=[CALENDARS, CONTACTS])],
)
MAIL_CLIENTS = policy(
    "microsoft-user-default-allow-consent-apps",
    [rule(resourceApplication=GRAPH, clientApplicationIds=[OTHER_APP])],
)
OURS = policy(
    "zoom-calendar-users",
    [
        rule(
            clientApplicationIds=[ZOOM],
            resourceApplication=GRAPH,
            permissions=[CALENDARS, CONTACTS],
        )
    ],
)


def under(*policies: Json, **changes: Any) -> Json:
    """The world in which these policies, and no others, are assigned to users."""
    entries = [SELF + one["id"] for one in policies]
    return world(policies=list(policies), entries=entries, **changes)


def custom(*conditions: Json, excludes: list[Json] | None = None) -> Json:
    return policy("contoso", list(conditions), excludes)


TABLE: list[tuple[str, Json, str]] = [
    # Who consents, without any policy.
    ("user consent is off and nobody consented", world(), NO),
    ("an administrator consented for all", world(granted=BOTH), YES),
    ("the grant holds more than is asked for", world(granted=[*BOTH, "openid"]), YES),
    ("the grant lacks one permission", world(granted=BOTH[:1]), NO),
    (
        "the grant holds a wider permission with another name",
        world(granted=["Calendars.ReadWrite.All"]),
        NO,
    ),
    (
        "the grant lacks one, and a policy covers the whole request",
        under(OURS, granted=BOTH[:1]),
        YES,
    ),
    # The principal.
    ("the application is disabled", under(LEGACY, principal__enabled=False), BLOCKED),
    (
        "disabled, although an administrator consented",
        world(granted=BOTH, principal__enabled=False),
        BLOCKED,
    ),
    (
        "assignment is required, nobody is, and users may consent",
        under(LEGACY, principal__required=True),
        NO,
    ),
    (
        "assignment is required and somebody is, without admin consent",
        under(LEGACY, principal__required=True, assigned=True),
        NO,
    ),
    (
        "assignment is required, somebody is, an administrator consented",
        world(granted=BOTH, principal__required=True, assigned=True),
        YES,
    ),
    (
        "assignment is required, nobody is, an administrator consented",
        world(granted=BOTH, principal__required=True),
        NO,
    ),
    ("no principal, and users may consent to all applications", under(LEGACY, principal=None), YES),
    ("no principal, and user consent is off", world(principal=None), NO),
    ("no principal, and our policy names the application", under(OURS, principal=None), YES),
    # Built-in policies.
    ("legacy: any application, user-consentable permissions", under(LEGACY), YES),
    (
        "legacy: not what only administrators may consent to",
        under(LEGACY, asked=["User.Read.All"]),
        NO,
    ),
    (
        "legacy: one of several is for administrators only",
        under(LEGACY, asked=[*BOTH, "User.Read.All"]),
        NO,
    ),
    ("legacy: a publisher that is not verified", under(LEGACY, principal__publisher=None), YES),
    ("recommended: calendars and contacts are excluded", under(RECOMMENDED), NO),
    ("recommended: what it does not exclude", under(RECOMMENDED, asked=["User.Read"]), YES),
    (
        "recommended: one of several is excluded",
        under(RECOMMENDED, asked=["User.Read", BOTH[0]]),
        NO,
    ),
    ("low: nothing is classified", under(LOW_ONLY), NO),
    ("low: all are classified low, the publisher is verified", under(LOW_ONLY, levels=LOW), YES),
    ("low: one is not classified", under(LOW_ONLY, levels={CALENDARS: "low"}), NO),
    ("low: one is classified medium", under(LOW_ONLY, levels={**LOW, CONTACTS: "medium"}), NO),
    (
        "low: the publisher is not verified",
        under(LOW_ONLY, levels=LOW, principal__publisher=None),
        NO,
    ),
    (
        "low: not verified, but registered in this tenant",
        under(LOW_ONLY, levels=LOW, principal__publisher=None, principal__tenant=HOME),
        YES,
    ),
    (
        "low: classified low, but for administrators only",
        under(LOW_ONLY, levels={ALL_USERS: "low"}, asked=["User.Read.All"]),
        NO,
    ),
    ("mail clients: Zoom is none", under(MAIL_CLIENTS), NO),
    ("mail clients: for such a client", under(MAIL_CLIENTS, client=OTHER_APP), YES),
    ("recommended and mail clients together", under(RECOMMENDED, MAIL_CLIENTS), NO),
    # Our policy.
    ("ours: exactly this application and these permissions", under(OURS), YES),
    ("ours: another permission", under(OURS, asked=[*BOTH, "User.Read"]), NO),
    ("ours: another application", under(OURS, client=OTHER_APP), NO),
    ("ours is there and not assigned", world(policies=[OURS]), NO),
    (
        "ours beside recommended: an exclude of one takes nothing from another",
        under(RECOMMENDED, OURS),
        YES,
    ),
    (
        "two policies that only together cover the request",
        under(
            policy("one", [rule(permissions=[CALENDARS])]),
            policy("two", [rule(permissions=[CONTACTS])]),
        ),
        NO,
    ),
    (
        "one policy with a set for each permission",
        under(custom(rule(permissions=[CALENDARS]), rule(permissions=[CONTACTS]))),
        YES,
    ),
    # Entries of the authorization policy.
    (
        "the entry is written in lower case",
        world(policies=[OURS], entries=["managePermissionGrantsForSelf.zoom-calendar-users"]),
        YES,
    ),
    (
        "the policy's name is written in another case",
        world(policies=[OURS], entries=[SELF + "Zoom-Calendar-Users"]),
        YES,
    ),
    (
        "an entry for what users own does not count",
        world(
            policies=[LEGACY],
            entries=["ManagePermissionGrantsForOwnedResource.microsoft-user-default-legacy"],
        ),
        NO,
    ),
    ("a policy without condition sets", under(custom()), NO),
    # Conditions of custom policies, which are all to be met.
    ("application permissions only", under(custom(rule("application"))), NO),
    (
        "delegated: also what is for administrators only",
        under(custom(rule()), asked=["User.Read.All"]),
        YES,
    ),
    ("another API", under(custom(rule(resourceApplication=OTHER_APP))), NO),
    ("this API in capital letters", under(custom(rule(resourceApplication=GRAPH.upper()))), YES),
    (
        "ids in capital letters",
        under(custom(rule(permissions=[CALENDARS.upper(), CONTACTS.upper()]))),
        YES,
    ),
    ("other permissions", under(custom(rule(permissions=[USER_READ]))), NO),
    (
        "classified medium",
        under(custom(rule(permissionClassification="medium")), levels=dict.fromkeys(LOW, "medium")),
        YES,
    ),
    (
        "classified high, and the permissions are low",
        under(custom(rule(permissionClassification="high")), levels=LOW),
        NO,
    ),
    (
        "applications of Zoom's tenant",
        under(custom(rule(clientApplicationTenantIds=[ZOOMS_TENANT]))),
        YES,
    ),
    ("applications of another tenant", under(custom(rule(clientApplicationTenantIds=[HOME]))), NO),
    ("of Zoom's publisher", under(custom(rule(clientApplicationPublisherIds=["12345"]))), YES),
    ("of another publisher", under(custom(rule(clientApplicationPublisherIds=["777"]))), NO),
    (
        "of a publisher, and there is none",
        under(custom(rule(clientApplicationPublisherIds=["12345"])), principal__publisher=None),
        NO,
    ),
    (
        "only verified publishers, and it is none",
        under(
            custom(rule(clientApplicationsFromVerifiedPublisherOnly=True)),
            principal__publisher=None,
        ),
        NO,
    ),
    (
        "all conditions but one are met",
        under(
            custom(
                rule(
                    clientApplicationIds=[ZOOM],
                    resourceApplication=GRAPH,
                    permissionClassification="low",
                )
            )
        ),
        NO,
    ),
    # Excludes.
    (
        "an exclude of this application",
        under(custom(rule(), excludes=[rule(clientApplicationIds=[ZOOM])])),
        NO,
    ),
    (
        "an exclude of one permission",
        under(custom(rule(), excludes=[rule(permissions=[CONTACTS])])),
        NO,
    ),
    (
        "an exclude of another API",
        under(custom(rule(), excludes=[rule(resourceApplication=OTHER_APP)])),
        YES,
    ),
    (
        "an exclude whose conditions are not all met",
        under(
            custom(
                rule(), excludes=[rule(permissions=[CONTACTS], clientApplicationIds=[OTHER_APP])]
            )
        ),
        YES,
    ),
    (
        "an exclude of application permissions",
        under(custom(rule(), excludes=[rule("application")])),
        YES,
    ),
    (
        "an exclude of what is classified high",
        under(
            custom(rule(), excludes=[rule(permissionClassification="high")]),
            levels={CONTACTS: "high"},
        ),
        NO,
    ),
    # What is asked for.
    (
        "a permission that the API does not have",
        under(custom(rule()), asked=["Calendar.ReadWrite"]),
        NO,
    ),
]


@pytest.mark.parametrize(
    ("tenant", "expected"), [case[1:] for case in TABLE], ids=[c[0] for c in TABLE]
)
def test_the_table(tenant: Json, expected: str) -> None:
    answer = effective(facts_of(tenant))
    assert answer.effective == expected
    assert outcome(tenant) == expected


def test_the_table_is_long_enough_and_names_each_case_once() -> None:
    assert len({case[0] for case in TABLE}) == len(TABLE) >= 40


UNKNOWN: list[tuple[str, Json, list[str], str]] = [
    (
        "nothing could be read",
        world(),
        ["principal", "published", "levels", "entries", "policies", "granted", "assigned"],
        "unknown",
    ),
    ("classifications do not matter to our policy", under(OURS), ["levels"], YES),
    ("classifications matter to the low policy", under(LOW_ONLY), ["levels"], "unknown"),
    (
        "policies do not matter where an administrator consented",
        world(granted=BOTH),
        ["entries", "policies"],
        YES,
    ),
    ("policies matter where nobody did", world(), ["entries"], "unknown"),
    ("conditions matter where a policy is assigned", under(OURS), ["policies"], "unknown"),
    ("conditions do not matter where none is assigned", world(), ["policies"], NO),
    ("the grant does not matter where users may consent", under(OURS), ["granted"], YES),
    ("the grant matters where they may not", world(), ["granted"], "unknown"),
    (
        "who is assigned does not matter where nobody has to be",
        world(granted=BOTH),
        ["assigned"],
        YES,
    ),
    (
        "who is assigned matters where assignment is required",
        world(granted=BOTH, principal__required=True),
        ["assigned"],
        "unknown",
    ),
    (
        "a disabled application is blocked whatever else is unknown",
        world(principal__enabled=False),
        ["entries", "granted", "levels", "assigned"],
        BLOCKED,
    ),
    ("without the principal nothing is certain", under(OURS), ["principal"], "unknown"),
    (
        "an assigned policy that is not in the list",
        world(entries=[SELF + "microsoft-user-default-new"]),
        [],
        "unknown",
    ),
    (
        "a condition that is not known here",
        under(custom(rule(certifiedClientApplicationsOnly=True))),
        [],
        "unknown",
    ),
    (
        "a condition that is not known here and restricts nothing",
        under(custom(rule(certifiedClientApplicationsOnly=False, scopeSensitivityLabels=["all"]))),
        [],
        YES,
    ),
    (
        "of an application without a principal the publisher is not known",
        under(LOW_ONLY, levels=LOW, principal=None),
        [],
        "unknown",
    ),
]


@pytest.mark.parametrize(
    ("tenant", "unread", "expected"), [case[1:] for case in UNKNOWN], ids=[c[0] for c in UNKNOWN]
)
def test_what_is_unknown_counts_only_where_it_could_change_the_answer(
    tenant: Json, unread: list[str], expected: str
) -> None:
    answer = effective(facts_of(tenant, unread))
    assert answer.effective == expected
    assert ("unknown" in answer.why) is (expected == "unknown")


def test_each_fact_is_told_with_where_it_was_read() -> None:
    answer = effective(facts_of(under(RECOMMENDED, granted=BOTH[:1])))
    told = {(one.source, one.text) for one in answer.findings}
    assert (
        "permissionGrantPolicies",
        "policy microsoft-user-default-recommended does not let users consent to "
        "Calendars.ReadWrite, Contacts.ReadWrite: it excludes that",
    ) in told
    assert (
        "oauth2PermissionGrants",
        "the tenant-wide grant holds Calendars.ReadWrite and lacks Contacts.ReadWrite",
    ) in told
    assert ("servicePrincipals", "Zoom is enabled, its publisher is verified") in told


@pytest.mark.parametrize(
    ("tenant", "why"),
    [
        (under(LOW_ONLY), ": it is for a permission classified low"),
        (under(MAIL_CLIENTS), ": it is for other applications"),
        (under(custom()), ": it includes nothing"),
        (
            under(custom(rule("application", clientApplicationTenantIds=[HOME]))),
            ": it is for a permission of type application and applications of other tenants",
        ),
    ],
)
def test_why_a_policy_does_not_let_users_consent_is_told(tenant: Json, why: str) -> None:
    assert any(why in one.text for one in effective(facts_of(tenant)).findings)
