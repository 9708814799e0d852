"""Which known name a misspelt one may be."""

import pytest

from tenant.spelling import did_you_mean, meant, slips

GRAPH = [
    *("Calendars.Read", "Calendars.ReadWrite", "Calendars.ReadWrite.Shared", "Contacts.Read"),
    *("Contacts.ReadWrite", "Mail.Read", "Mail.ReadWrite", "User.Read", "User.Read.All"),
]


@pytest.mark.parametrize(
    ("name", "one"),
    [
        ("Calendar.ReadWrite", "Calendars.ReadWrite"),
        ("Calendars.ReadWrit", "Calendars.ReadWrite"),
        ("calendars.readwrite", "Calendars.ReadWrite"),
        ("Calendars-ReadWrite.Share", "Calendars.ReadWrite.Shared"),
        ("User.Reed", "User.Read"),
        ("Calendars", None),
        ("Tasks.Read", None),
        ("", None),
    ],
)
def test_one_is_meant_where_no_other_is_as_near(name: str, one: str | None) -> None:
    assert meant(name, GRAPH) == one


def test_of_two_that_are_equally_near_none_is_meant() -> None:
    assert slips("Mail.ReadX", ["Mail.ReadA", "Mail.ReadB"]) == ["Mail.ReadA", "Mail.ReadB"]
    assert meant("Mail.ReadX", ["Mail.ReadA", "Mail.ReadB"]) is None
    assert meant("x", []) is None


def test_a_hint_names_up_to_three_and_none_where_none_is_near() -> None:
    names = did_you_mean("Calendar.ReadWrite", GRAPH)
    assert names.startswith(" (did you mean Calendars.ReadWrite or ")
    assert names.count(" or ") == 2
    assert did_you_mean("zzz", GRAPH) == ""
