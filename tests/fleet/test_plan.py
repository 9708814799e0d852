import json
from typing import Any

import pytest

from fleet import plan, pulumi
from fleet.plan import Change, Plan, Unknown, changes_of
from fleet.pulumi import Result

PREFIX = "urn:pulumi:contoso::zoom-calendar::zoom-calendar:index:Tenant$"
GRANT = "pulumi-python:dynamic/entra:DelegatedGrant"
SETTINGS = "pulumi-python:dynamic/zoom:AccountSettings"


def step(
    op: str,
    name: str,
    type_: str = GRANT,
    old: dict[str, Any] | None = None,
    new: dict[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    def state(inputs: dict[str, Any] | None) -> dict[str, Any] | None:
        return None if inputs is None else {"type": type_, "custom": True, "inputs": inputs}

    return {
        "op": op,
        "urn": f"{PREFIX}{type_}::{name}",
        "oldState": state(old),
        "newState": state(new),
        **more,
    }


def changed(*paths: str, inputs: bool = True) -> dict[str, Any]:
    return {path: {"kind": "update", "inputDiff": inputs} for path in paths}


def changes(*steps: dict[str, Any]) -> list[Change]:
    return changes_of({"steps": list(steps)})


def test_a_nested_property_goes_from_live_to_declared() -> None:
    diff = changed("zoom_rooms.list_meetings_with_calendar")
    found = changes(
        step(
            "update",
            "zoom-settings",
            SETTINGS,
            {"zoom_rooms": {"list_meetings_with_calendar": False}},
            {"zoom_rooms": {"list_meetings_with_calendar": True}},
            detailedDiff=diff,
        )
    )
    path = "zoom_rooms.list_meetings_with_calendar"
    assert found == [Change("zoom-settings", "update", path, False, True)]


def test_a_list_of_plain_values_is_one_change_however_many_places_moved() -> None:
    old, new = {"scopes": ["b", "c"]}, {"scopes": ["a", "b", "c"]}
    diff = changed("scopes[0]", "scopes[1]", "scopes[2]")
    found = changes(step("update", "grant", old=old, new=new, detailedDiff=diff))
    assert found == [Change("grant", "update", "scopes", ["b", "c"], ["a", "b", "c"])]


def test_an_entry_of_a_list_of_objects_is_named_by_its_place() -> None:
    old = {"includes": [{"permissions": ["a"], "id": 1}]}
    new = {"includes": [{"permissions": ["a", "b"], "id": 2}]}
    diff = changed("includes[0].id", "includes[0].permissions[1]")
    found = changes(step("update", "policy", old=old, new=new, detailedDiff=diff))
    assert [(c.property, c.live, c.declared) for c in found] == [
        ("includes[0].id", 1, 2),
        ("includes[0].permissions", ["a"], ["a", "b"]),
    ]


def test_a_list_that_comes_whole_is_the_whole_list() -> None:
    diff = changed("owners[0]")
    found = changes(step("update", "app", old={}, new={"owners": ["x"]}, detailedDiff=diff))
    assert found == [Change("app", "update", "owners", None, ["x"])]


def test_a_key_with_dots_is_one_key() -> None:
    old, new = {"tags": {"a.b": 1, 'c"d': 1}}, {"tags": {"a.b": 2, 'c"d': 2}}
    diff = changed('tags["a.b"]', 'tags["c\\"d"]')
    found = changes(step("update", "app", old=old, new=new, detailedDiff=diff))
    assert [(c.property, c.live, c.declared) for c in found] == [
        ('tags["a.b"]', 1, 2),
        ('tags["c\\"d"]', 1, 2),
    ]


def test_without_details_the_named_properties_are_compared_whole() -> None:
    found = changes(
        step("update", "app", old={"web": {"a": 1}}, new={"web": {"a": 2}}, diffReasons=["web"])
    )
    assert found == [Change("app", "update", "web", {"a": 1}, {"a": 2})]


def test_a_difference_from_the_live_state_is_read_from_the_live_state() -> None:
    one = step(
        "update", "app", old={}, new={"notes": "x"}, detailedDiff=changed("notes", inputs=False)
    )
    one["oldState"]["outputs"] = {"notes": "live"}
    assert changes(one) == [Change("app", "update", "notes", "live", "x")]


def test_a_resource_that_comes_or_goes_has_its_properties_without_the_engines_own() -> None:
    inputs = {"scopes": ["a"], "__provider": "x", "prior": "null"}
    assert changes(step("create", "grant", new=inputs), step("delete", "other", old=inputs)) == [
        Change("grant", "create", "", None, {"scopes": ["a"]}),
        Change("other", "delete", "", {"scopes": ["a"]}, None),
    ]


def test_a_replacement_is_one_change_and_not_three() -> None:
    old, new = {"account": "me"}, {"account": "a1"}
    steps = [
        step("create-replacement", "locks", old=old, new=new),
        step("replace", "locks", old=old, new=new, replaceReasons=["account"]),
        step("delete-replaced", "locks", old=old),
    ]
    assert changes(*steps) == [Change("locks", "replace", "account", "me", "a1")]


def test_what_only_the_state_has_is_no_change() -> None:
    component = step("create", "tenant", "zoom-calendar:index:Tenant", new={"a": 1})
    component["newState"]["custom"] = False
    assert not changes(
        component,
        step("create", "grant-before", "pulumi-python:dynamic/shared:PriorValues", new={"a": 1}),
        step(
            "update", "default", "pulumi:providers:azuread", {"v": 1}, {"v": 2}, diffReasons=["v"]
        ),
        step("update", "grant", old={"prior": "a"}, new={"prior": "b"}, diffReasons=["prior"]),
        step("same", "grant", old={"a": 1}, new={"a": 1}),
        step("refresh", "grant", old={"a": 1}, new={"a": 2}),
    )


def test_what_nobody_can_read_is_marked() -> None:
    type_ = "pulumi-python:dynamic/zoom:CalendarIntegration"
    old, new = {"users_can_consent": False}, {"users_can_consent": True}
    (change,) = changes(
        step("update", "x", type_, old, new, detailedDiff=changed("users_can_consent"))
    )
    assert change.attested


# ---- a whole preview ---------------------------------------------------------------------------

UNREAD = (
    "zoom-settings is unknown, not compared and not written since 2026-11-23T05:00:00+00:00: no"
)
STEPS = "2 of 4 settings need a person in Zoom's portal, who then …:\n1. Click here\n2. Click there"


def answer(monkeypatch: pytest.MonkeyPatch, code: int, stdout: Any = "", stderr: str = "") -> Plan:
    text = stdout if isinstance(stdout, str) else json.dumps(stdout)
    monkeypatch.setattr(pulumi, "run", lambda *_, **__: Result(code, text, stderr))
    return plan.plan("contoso")


def test_unknown_and_a_persons_settings_are_apart_from_changes_and_warnings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = [
        {"severity": "warning", "message": f"warning: {text}\n"}
        for text in (UNREAD, UNREAD, STEPS, "something else")
    ]
    found = answer(monkeypatch, 0, {"steps": [], "diagnostics": said})
    assert found == Plan(
        "contoso",
        unknown=(Unknown("zoom-settings", "2026-11-23T05:00:00+00:00: no"),),
        steps=("Click here", "Click there"),
        warnings=("something else",),
    )
    assert found.code == 0


def test_consent_now_and_after_is_kept_and_one_that_stays_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    both = "consent now: they match\nconsent after this update: they match"
    said = [{"severity": "info#err", "message": text} for text in ("consent: they match\n", both)]
    found = answer(monkeypatch, 0, {"steps": [], "diagnostics": said})
    assert found == Plan("contoso", consent=tuple(both.splitlines()))


def test_a_failure_is_its_own_line_once_without_the_engines_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = "error: Preview failed: Forbidden: Entra: GET /x: HTTP 403.\n\n"
    said = [
        {"severity": "error", "message": text},
        {"severity": "error", "message": text},
        {"severity": "error", "message": "error: preview failed\n"},
    ]
    found = answer(monkeypatch, 1, {"steps": [], "diagnostics": said})
    assert (found.error, found.code) == ("Forbidden: Entra: GET /x: HTTP 403.", 1)


def test_the_same_failure_of_two_resources_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    said = [
        {"severity": "error", "message": f"error: Preview failed: No. Trace ID: {trace} Then x."}
        for trace in ("aaaa-1", "bbbb-2")
    ]
    found = answer(monkeypatch, 1, {"steps": [], "diagnostics": said})
    assert found.error == "No. Trace ID: aaaa-1 Then x."


def test_different_failures_are_all_told(monkeypatch: pytest.MonkeyPatch) -> None:
    said = [{"severity": "error", "message": f"error: {text}"} for text in ("one", "two")]
    assert answer(monkeypatch, 1, {"steps": [], "diagnostics": said}).error == "one; two"


def test_a_failure_without_a_document_is_what_stderr_says(monkeypatch: pytest.MonkeyPatch) -> None:
    found = answer(monkeypatch, 1, "", "warning: x\nerror: incorrect passphrase\n")
    assert found.error == "incorrect passphrase"


def test_an_empty_failure_still_says_something(monkeypatch: pytest.MonkeyPatch) -> None:
    said = [{"severity": "error", "message": "error: preview failed"}]
    assert answer(monkeypatch, 1, {"steps": [], "diagnostics": said}).error == "preview failed"
