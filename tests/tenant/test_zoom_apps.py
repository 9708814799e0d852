"""Zoom's published applications: one default, sources for all, nothing in two places."""

import re

import pytest

from tenant.model import GUID, ZOOM_CALENDAR_CLIENT_ID
from tenant.zoom_apps import load, mistaken_for


def test_exactly_one_application_is_the_default() -> None:
    (default,) = [app for app in load().applications if app.default]
    assert default.client_id == ZOOM_CALENDAR_CLIENT_ID
    assert default.permissions == "delegated"


def test_every_entry_is_a_client_id_with_a_source_and_is_there_once() -> None:
    apps, mistaken = load().applications, load().mistaken
    ids = [one.client_id for one in apps] + [one.client_id for one in mistaken]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(GUID, one) and one == one.lower() for one in ids)
    assert all(one.source for one in apps)
    assert all(one.source for one in mistaken)


@pytest.mark.parametrize("wrong", [one.client_id for one in load().mistaken])
def test_what_is_taken_for_zooms_is_known_in_any_case(wrong: str) -> None:
    assert mistaken_for(wrong.upper()) == mistaken_for(wrong)
    assert mistaken_for(wrong)
    assert mistaken_for(ZOOM_CALENDAR_CLIENT_ID) is None
