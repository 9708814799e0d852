import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from fleet.github import annotations
from fleet.plan import UNKNOWN_VALUE, Change, Plan, Unknown
from fleet.report import LIMIT, Report, as_json, as_markdown, as_text, difference, value

GRANT = Change("grant", "update", "scopes", ["a"], ["a", "b"])
ROOMS = Change("zoom-settings", "update", "zoom_rooms.list", False, True)
CREATED = Change("policy", "create", "", None, {"displayName": "Ours", "permissions": ["x"]})
CLEAN = Plan("clean", steps=("Click",))
DRIFTED = Plan("drifted", (GRANT, ROOMS))
FAILED = Plan("failed", error="Forbidden: Entra says no")
INVALID = Plan("invalid", error="stacks/Pulumi.invalid.yaml: no", invalid=True)
UNREAD = Plan("unread", unknown=(Unknown("zoom-settings", "2026-11-23: no scope"),))


@pytest.mark.parametrize(
    ("plans", "preview", "drift"),
    [
        ((), 0, 0),
        ((CLEAN, UNREAD), 0, 0),
        ((CLEAN, DRIFTED), 0, 7),
        ((DRIFTED, FAILED, UNREAD), 1, 1),
        ((DRIFTED, FAILED, INVALID), 2, 2),
    ],
)
def test_the_exit_code_is_the_gravest(plans: tuple[Plan, ...], preview: int, drift: int) -> None:
    assert Report("preview", plans).code == preview
    assert Report("drift", plans).code == drift


def test_the_text_names_tenants_resources_and_properties_from_live_to_declared() -> None:
    report = Report("drift", (CLEAN, DRIFTED, FAILED, UNREAD))
    assert as_text(report) == (
        "✓ clean: as declared, 1 setting for a person\n"
        "≠ drifted: 2 differences\n"
        '  update grant: scopes: + "b"\n'
        "  update zoom-settings: zoom_rooms.list: false → true\n"
        "✗ failed: could not be previewed\n"
        "  error: Forbidden: Entra says no\n"
        "✓ unread: 1 unknown\n"
        "  unknown zoom-settings: since 2026-11-23: no scope\n"
        "4 tenants: 1 as declared, 1 differing from live, 1 not previewed, 1 in part unknown, "
        "1 resource unknown.\n"
    )


def test_a_preview_lists_what_a_person_has_to_do_and_what_comes() -> None:
    text = as_text(Report("preview", (Plan("a", (CREATED,), steps=("Click",), first=True),)))
    assert '  create policy\n    + displayName: "Ours"\n    + permissions: ["x"]\n' in text
    assert "  to do 1: Click\n" in text
    assert "never applied: nothing live was compared" in text


def test_every_form_tells_of_consent_now_and_after() -> None:
    lines = ("consent now: they match", "consent after this update: they match")
    report = Report("preview", (Plan("a", (GRANT,), consent=lines),))
    for line in lines:
        assert f"  {line}\n" in as_text(report)
        assert f"- `{line}`\n" in as_markdown(report)
    assert json.loads(as_json(report))["tenants"][0]["consent"] == list(lines)


def test_json_has_all_of_it() -> None:
    document = json.loads(as_json(Report("drift", (DRIFTED, UNREAD, FAILED), ("gone",))))
    assert (document["code"], document["removed"]) == (1, ["gone"])
    assert [t["standing"] for t in document["tenants"]] == ["differs", "unknown", "failed"]
    assert document["tenants"][0]["changes"][1] == {
        "resource": "zoom-settings",
        "operation": "update",
        "property": "zoom_rooms.list",
        "live": False,
        "declared": True,
        "attested": False,
        "unmanaged": False,
    }
    assert document["tenants"][1]["unknown"][0]["resource"] == "zoom-settings"


@pytest.mark.parametrize("render", [as_text, as_markdown])
def test_a_removed_file_is_told_of(render: Any) -> None:
    assert "pulumi destroy" in render(Report("preview", (), ("gone",)))


@pytest.mark.parametrize(
    ("live", "declared", "shown"),
    [
        (None, "x", 'not set → "x"'),
        ("x", None, '"x" → not set'),
        (["a", "b"], ["b", "c"], '+ "c", - "a"'),
        (["a"], None, '- "a"'),
        (["a", "b"], ["b", "a"], '["a", "b"] → ["b", "a"]'),
        ("[secret]", "[secret]", "[secret] → [secret]"),
        ({"k": "[secret]"}, UNKNOWN_VALUE, '{"k": [secret]} → (known after apply)'),
        (1, 1.5, "1 → 1.5"),
        ("", ["a"], '"" → ["a"]'),
        ([], None, "[] → not set"),
        ([], {"a": 1}, '[] → {"a": 1}'),
    ],
)
def test_a_difference_is_readable(live: Any, declared: Any, shown: str) -> None:
    assert difference(Change("r", "update", "p", live, declared)) == shown


def test_a_value_nobody_read_is_not_called_live() -> None:
    change = Change("r", "update", "p", False, True, attested=True)
    assert difference(change) == "declared before false → true"


def test_a_long_value_says_that_it_is_cut() -> None:
    shown = value("x" * 1000)
    assert len(shown) < 400
    assert shown.endswith("… (1002 characters)")


# ---- what comes from outside stays a value -----------------------------------------------------

NASTY = [
    "@contoso/everyone",
    "](https://evil.example) ![x](https://evil.example/x.png)",
    "` @contoso/evil `",
    "``<img src=evil>`` ```[evil](https://evil.example)",
    "</summary></details><img src=x onerror=alert(1)>",
    "a | b \\| c",
    "<!-- zoom-calendar:preview -->",
    "line\n::error::injected\n\n# heading\n- [ ] task",
    "\x1b[31mred\x07\u202eevil",
    "#1 GH-1 contoso/zoom-calendar#1",
    "\ud800",
    "`",
    " ",
    "",
]


def plan_of(text: str) -> Plan:
    update = Change(text, "update", "p" + text, text, [text, {text: text}])
    items = Change(text, "update", text + "2", [text], [text, 1])
    create = Change(text + "3", "create", "", None, {text: text})
    return Plan(
        text,
        (update, items, create),
        (Unknown(text, text),),
        (text,),
        (text,),
    )


def _tokens(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _tokens(token.children or [])


OURS = re.compile(r"(<details><summary>[\w ']+</summary>|\s*</details>)\s*")


def outside_code(markdown: str) -> list[str]:
    """The text that is not code. Fails on a link, an image, or HTML that is not ours."""
    parser = MarkdownIt("commonmark").enable("table")
    tokens = list(_tokens(parser.parse(markdown)))
    for token in tokens:
        assert token.type not in ("link_open", "image", "html_inline"), token
        if token.type == "html_block":
            assert OURS.fullmatch(token.content), token.content
    return [token.content for token in tokens if token.type == "text"]


def assert_only_code(text: str) -> None:
    """Whatever `text` is, what is shown outside code is the same."""
    for report, neutral in zip(reports_of(text), reports_of("neutral"), strict=True):
        assert outside_code(as_markdown(report)) == outside_code(as_markdown(neutral))


def reports_of(text: str) -> list[Report]:
    failed = Plan(text + "4", error=text)
    return [
        Report(kind, plans, (text,))
        for kind in ("preview", "drift")
        for plans in ((plan_of(text),), (plan_of(text), failed), (failed,))
    ]


@pytest.mark.parametrize("text", NASTY)
def test_no_value_can_add_markup_or_mention_anybody(text: str) -> None:
    assert_only_code(text)


@settings(max_examples=150, deadline=None)
@given(
    st.text(alphabet=st.one_of(st.sampled_from("`|\\<>@[]()!#*_~&\n\r\t -:{}"), st.characters()))
)
def test_no_text_at_all_can(text: str) -> None:
    assert_only_code(text)
    for report in reports_of(text):
        as_json(report).encode()


@pytest.mark.parametrize("text", [*NASTY, "a|b", "a\\|b", "a\\\\|b"])
def test_a_table_keeps_its_columns(text: str) -> None:
    report = Report("drift", (plan_of(text), FAILED))
    shown = as_markdown(report)
    tokens = MarkdownIt("commonmark").enable("table").parse(shown)
    cells = [tokens[at + 1].content for at, t in enumerate(tokens) if t.type == "td_open"]
    standings = [report.headline(plan) for plan in report.plans]
    assert cells[1::2] == standings
    assert cells[2] == "✗ `failed`"
    # GitHub's own parser takes two backslashes for one, and the pipe after them for the end.
    assert not any("\\\\|" in line for line in shown.splitlines() if line.startswith("| "))


@pytest.mark.parametrize("text", NASTY)
def test_no_value_can_begin_a_line_of_the_log(text: str) -> None:
    ours = r"[✓≠✗!]|\d+ tenants?:|error:|update|create|unknown|to do \d+:|warning:|[+-] "
    for report in reports_of(text):
        for line in as_text(report).splitlines():
            assert re.match(rf"\s*({ours})", line), line
            assert line.isprintable()
            line.encode()


@pytest.mark.parametrize("text", NASTY)
def test_no_value_can_add_a_workflow_command(text: str) -> None:
    for report in reports_of(text):
        for command in annotations(report):
            assert re.fullmatch(r"::(error|warning) title=[^:,]*::.*", command)
            assert command.isprintable()


# ---- annotations -------------------------------------------------------------------------------


def test_drift_is_an_error_with_tenant_and_property_and_unknown_a_warning() -> None:
    assert annotations(Report("drift", (CLEAN, DRIFTED, UNREAD, FAILED))) == [
        '::error title=drifted::update grant: scopes: + "b"%0A'
        "update zoom-settings: zoom_rooms.list: false → true",
        "::error title=failed::Forbidden: Entra says no",
        "::warning title=unread%3A not compared::zoom-settings since 2026-11-23: no scope",
    ]


def test_a_change_under_review_is_no_error() -> None:
    assert annotations(Report("preview", (DRIFTED,))) == []


def test_more_annotations_than_github_shows_are_told_in_the_last() -> None:
    plans = tuple(Plan(f"t{number}", (ROOMS,)) for number in range(12))
    commands = annotations(Report("drift", plans))
    assert len(commands) == 10
    assert commands[-1] == "::error title=3 more::t9, t10, t11"


# ---- length ------------------------------------------------------------------------------------


def many(count: int, changes: int, size: int) -> tuple[Plan, ...]:
    changed = tuple(Change(f"r{n}", "update", "p", "x" * size, "y") for n in range(changes))
    return tuple(Plan(f"tenant-{n}", changed) for n in range(count))


@pytest.mark.parametrize(
    "plans",
    [
        many(400, 3, 200),
        many(3, 400, 200),
        many(3000, 1, 10),
        (Plan("ü" * 5000, (Change("ü" * 90_000, "create", "", None, {"ü" * 90_000: 1}),)),),
        (Plan("a", error="e" * 200_000), *many(300, 3, 200)),
    ],
)
def test_a_long_report_fits_and_says_what_is_left_out(plans: tuple[Plan, ...]) -> None:
    shown = as_markdown(Report("drift", plans, tuple(f"gone-{n}" for n in range(3))))
    assert len(shown.encode()) <= LIMIT
    assert "Shortened to fit GitHub's limit." in shown
    outside_code(shown)


def test_whole_tenants_go_before_parts_of_one() -> None:
    big = Plan("big", many(1, 100, 290)[0].changes)
    shown = as_markdown(Report("drift", (big, *many(5, 2, 10))), 8_000)
    assert all(f"#### `tenant-{n}`: 2 differences" in shown for n in range(5))
    assert shown.index("`tenant-4`: 2") < shown.index("#### `big`")
    entries = shown.count("- update `r") - 10
    assert 0 < entries < 100
    assert f"- … and {100 - entries} more entries" in shown


def test_a_report_that_fits_is_whole() -> None:
    shown = as_markdown(Report("preview", (DRIFTED, FAILED, CLEAN)))
    assert "Shortened" not in shown
    assert shown.index("`failed`: could") < shown.index("`drifted`: 2 changes")
