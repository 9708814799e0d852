"""What the tenant's component says of consent: before an update, and after it."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest
from pulumi.runtime import mocks

from tests.components.test_components import BY_USER, LEFT, PREPARED, Engine, Monitor, build

NOBODY = {"effective": "needs an administrator", "may_consent": False, "granted": False,
          "may_enter": True, "why": "nobody may", "policies": []}  # fmt: skip
GRANTED = {**NOBODY, "effective": "allowed", "granted": True, "why": "an administrator has"}
USERS = {**NOBODY, "effective": "allowed", "may_consent": True, "why": "users may",
         "policies": ["zoom-calendar-users"]}  # fmt: skip
BY_PATH = {"zoom": {"paths": {"users_can_consent": "mail_calendar.users_can_consent"}}}


class Reading(Engine):
    """A preflight whose check has read consent; a preview has no other outputs."""

    consent: Any = None

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        id_, outs = super().new_resource(args)
        if args.name == "zoom-preflight" and self.consent is not None:
            outs["consent"] = json.dumps(self.consent)
        return id_, outs


def told(
    monkeypatch: pytest.MonkeyPatch, consent: Any, *changes: dict[str, Any], preview: bool = True
) -> dict[str, list[str]]:
    """What is logged of consent, by level."""
    engine, said = Reading(), dict[str, list[str]](info=[], warn=[])
    engine.consent = consent
    for level, lines in said.items():
        monkeypatch.setattr(pulumi.log, level, lambda text, *_, to=lines: to.append(text))
    mocks.set_mocks(engine, "zoom-calendar", "contoso", preview=preview, monitor=Monitor(engine))
    build(*changes)
    return {k: [t for t in v if t.startswith("consent")] for k, v in said.items()}


def read(now: Any, after: Any, asks: bool | None, moved: bool = False) -> Any:
    return {"now": now, "after": after, "asks": {"value": asks, "why": None}, "moved": moved}


def test_a_preview_says_now_and_after_and_compares_with_what_zoom_will_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = told(monkeypatch, read(GRANTED, USERS, False), BY_USER, BY_PATH)
    (now, after), (window,) = said["info"], said["warn"]
    assert now.startswith("consent now: Zoom and Entra match, but not as declared: Zoom does not")
    assert after.startswith(
        "consent after this update: Zoom and Entra match: Zoom asks its users to consent "
        "(declared: this update sets it)"
    )
    assert "no longer serves users" in window


def test_where_nothing_changes_a_preview_says_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    said = told(monkeypatch, read(USERS, USERS, True), BY_USER, BY_PATH)
    (line,) = said["info"]
    assert line.startswith("consent: Zoom and Entra match: ")
    assert said["warn"] == []


@pytest.mark.parametrize("changes", [(), (PREPARED,), (BY_USER,), (LEFT,)])
def test_an_up_says_what_has_become_of_it_once_all_is_written(
    monkeypatch: pytest.MonkeyPatch, changes: Any
) -> None:
    after: Any = USERS if BY_USER in changes or LEFT in changes else GRANTED
    said = told(monkeypatch, read(NOBODY, after, None), *changes, BY_PATH, preview=False)
    (line,) = said["info"] + said["warn"]
    assert line.startswith("consent after this update: ")
    assert after["why"] in line


@pytest.mark.parametrize("consent", [None, {"answer": {}, "asks": {}}])
def test_what_is_not_read_or_by_an_older_version_is_not_told(
    monkeypatch: pytest.MonkeyPatch, consent: Any
) -> None:
    assert told(monkeypatch, consent) == {"info": [], "warn": []}
