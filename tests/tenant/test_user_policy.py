"""What users may consent to, in words, before and after."""

from typing import Any

import pytest

from tenant.declaration import parse
from tenant.desired import POLICY_ID
from tenant.model import ZOOM_CALENDAR_CLIENT_ID, Tenant
from tenant.user_policy import Told, in_words, told

LOW, LEGACY = "microsoft-user-default-low", "microsoft-user-default-legacy"
GRAPH = "00000003-0000-0000-c000-000000000000"
OURS = f"application {ZOOM_CALENDAR_CLIENT_ID}, for Calendars.ReadWrite [{POLICY_ID}]"


ANY = {"permissionType": "delegated"}


def policy(*includes: Any) -> Any:
    return {"id": "theirs", "includes": list(includes)}


def tenant(by: str = "user", **consent: Any) -> Tenant:
    on_destroy = consent.pop("onDestroy", "restore")
    value = {
        "name": "Contoso",
        "domains": ["contoso.com"],
        "consent": {"by": by, "permissions": ["Calendars.ReadWrite"], **consent},
        "application": {"source": "zoom"},
        "zoom": {},
        "onDestroy": on_destroy,
    }
    return parse(value, "x.yaml")


def say(
    declared: Tenant, live: list[str], found: list[str] | None = None, *, taken: str | None = None
) -> Told:
    words = [(policy_id, f"what {policy_id} says") for policy_id in live]
    before = live if found is None else found
    return told(declared, words, before, ZOOM_CALENDAR_CLIENT_ID, taken=taken)


@pytest.mark.parametrize(
    ("policy_id", "policy", "words"),
    [
        (LOW.upper(), None, "applications of verified publishers and of this tenant"),
        ("theirs", None, "what that policy says, which could not be read"),
        ("theirs", {"id": "theirs"}, "what that policy says, which could not be read"),
        ("theirs", {"includes": []}, "nothing"),
        ("theirs", policy(ANY), "any application, for any delegated permission"),
        ("theirs", policy({**ANY, "clientApplicationIds": []}), "nothing"),
        ("theirs", policy({**ANY, "permissionType": "application"}), "nothing"),
        (
            "theirs",
            policy({**ANY, "clientApplicationIds": ["ALL"], "resourceApplication": "Any"}),
            "any application, for any delegated permission",
        ),
        (
            "theirs",
            policy({**ANY, "clientApplicationPublisherIds": ["42"]}),
            "any application of publisher 42, for any delegated permission",
        ),
        (
            "theirs",
            policy({**ANY, "clientApplicationTenantIds": ["t-2", "t-1"]}),
            "any application of tenant t-1 or t-2, for any delegated permission",
        ),
        (
            "theirs",
            policy({**ANY, "certificationRequired": True}),
            "any application, for any delegated permission, under a condition that is not known "
            "here",
        ),
        (
            "theirs",
            {
                "includes": [
                    {
                        "clientApplicationIds": [ZOOM_CALENDAR_CLIENT_ID],
                        "permissions": ["one", "two"],
                        "permissionType": "delegated",
                        "resourceApplication": GRAPH,
                    },
                    {
                        "clientApplicationsFromVerifiedPublisherOnly": True,
                        "permissionClassification": "low",
                        "permissionType": "delegated",
                    },
                ],
                "excludes": [ANY, {**ANY, "permissions": []}],
            },
            f"Zoom's application {ZOOM_CALENDAR_CLIENT_ID}, for 2 delegated permissions of "
            "Microsoft Graph, or any application of a verified publisher, for any delegated "
            "permission classified as low, with 1 exception",
        ),
    ],
)
def test_a_policy_is_told_by_its_conditions(policy_id: str, policy: Any, words: str) -> None:
    told = in_words(policy_id, policy)
    assert told == words or (policy_id != "theirs" and told.startswith(words))


def test_a_change_is_one_line_each_way_and_says_how_long_it_takes() -> None:
    lines = say(tenant(), [])
    assert lines.infos == (
        "before, users can consent in Entra to: nothing",
        f"after, users can consent in Entra to: {OURS} (Entra takes up to about 30 minutes until "
        "it counts everywhere)",
    )
    assert lines.warnings == ()


def test_no_change_is_one_line() -> None:
    lines = say(tenant(), [POLICY_ID], found=[])
    assert lines.infos == (f"users can consent in Entra to: {OURS}",)


UNSURE = "taken away if this stack assigned it, else it stays"


def test_only_what_came_after_us_and_a_file_could_declare_may_be_ours() -> None:
    lines = say(tenant(), [LOW, LEGACY, "theirs"], found=[LOW])
    _, after = lines.infos
    assert f"what {LEGACY} says ({UNSURE}) [{LEGACY}]" in after
    assert f"what {LOW} says [{LOW}]; " in after
    assert "what theirs says [theirs]" in after
    assert [UNSURE in warning for warning in lines.warnings] == [False, True, False]
    assert ["is not ours" in warning for warning in lines.warnings] == [True, False, True]


def test_where_our_assignment_stays_as_it_is_all_others_stay_and_are_warned_of() -> None:
    lines = say(tenant(), [POLICY_ID, LEGACY], found=[], taken="")
    assert lines.infos == (f"users can consent in Entra to: {OURS}; what {LEGACY} says [{LEGACY}]",)
    (warning,) = lines.warnings
    assert "It is not ours and stays" in warning


def test_what_gives_way_to_ours_is_gone_and_not_warned_of() -> None:
    lines = say(tenant(), [LOW, LEGACY], found=[], taken=LEGACY)
    before, after = lines.infos
    assert LEGACY in before
    assert LEGACY not in after
    assert f"what {LOW} says [{LOW}]" in after
    (warning,) = lines.warnings
    assert warning.startswith(f"users can also consent by {LOW}: what {LOW} says. It is not ours")


def test_a_broader_policy_of_others_is_warned_of_under_least_privilege() -> None:
    (warning,) = say(tenant(), [LEGACY]).warnings
    assert warning.startswith(f"users can also consent by {LEGACY}: what {LEGACY} says. It is not")


def test_any_app_warns_of_what_it_breaks_and_of_nothing_else() -> None:
    (warning,) = say(tenant(userPolicy="any-app", acknowledge="any-app"), [LOW]).warnings
    assert "CISA SCuBA MS.AAD.5.2" in warning


@pytest.mark.parametrize(("on_destroy", "stays"), [("restore", False), ("leave", True)])
def test_leave_gives_back_what_was_ours_unless_on_destroy_says_leave(
    on_destroy: str, stays: bool
) -> None:
    (line,) = say(tenant(userPolicy="leave", onDestroy=on_destroy), [POLICY_ID], found=[]).infos
    assert (UNSURE not in line) is stays


def test_what_is_not_known_yet_is_not_called_nothing() -> None:
    lines = told(tenant(), [], [], "x", known=False)
    assert len(lines.infos) == 1
    assert lines.infos[0].startswith("after, users can also consent in Entra to: ")
    assert told(tenant(userPolicy="leave"), [], [], "x", known=False).infos == ()
