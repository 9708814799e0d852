"""What previews of many tenants say together, as text, Markdown and JSON.

Whatever comes from a tenant's file or a service is shown as a value and nothing else: one line,
without control characters, and in Markdown as code, where markup and @names mean nothing.
"""

import dataclasses
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from fleet import pulumi
from fleet.plan import UNATTESTED, UNKNOWN_VALUE, Change, Plan

# GitHub takes 65,536 characters in a comment; bytes are never fewer, and a marker comes on top.
LIMIT = 65_000
_LONGEST_VALUE = 300


@dataclass(frozen=True)
class Report:
    """The plans of a run; `removed` are tenants whose file a pull request deletes."""

    kind: Literal["preview", "drift"]
    plans: tuple[Plan, ...]
    removed: tuple[str, ...] = ()

    @property
    def code(self) -> int:
        """2 a file cannot be used, else 1 a preview failed, else 5 attestations are required and
        do not count, else 7 drift, else 0."""
        codes = {plan.code for plan in self.plans}
        found = next((code for code in (2, 1, UNATTESTED) if code in codes), 0)
        if not found and self.kind == "drift" and pulumi.DRIFT in codes:
            return pulumi.DRIFT
        return found

    @property
    def summary(self) -> str:
        """One sentence with how many tenants are how."""
        if not self.plans:
            return "No tenant is touched."
        words = {
            0: "as declared",
            7: self._differs,
            UNATTESTED: "without the attestations they require",
            1: "not previewed",
            2: "with an unusable file",
        }
        told = [plan for plan in self.plans if plan.code or not plan.unknown]
        counts = [(sum(p.code == code for p in told), text) for code, text in words.items()]
        parts = [f"{count} {text}" for count, text in counts if count]
        if len(told) < len(self.plans):
            parts.append(f"{len(self.plans) - len(told)} in part unknown")
        unknown = sum(len(plan.unknown) for plan in self.plans)
        if unknown:
            parts.append(f"{_count(unknown, 'resource')} unknown")
        return f"{_count(len(self.plans), 'tenant')}: {', '.join(parts)}."

    @property
    def _differs(self) -> str:
        return "differing from live" if self.kind == "drift" else "with changes"

    def headline(self, plan: Plan) -> str:
        """A tenant's standing in a few words of ours."""
        if plan.unattested:
            return f"requires attestations, {_count(len(plan.steps), 'setting')} for a person"
        if plan.error is not None:
            return "its file cannot be used" if plan.invalid else "could not be previewed"
        noun = "difference" if self.kind == "drift" else "change"
        parts = [_count(len(plan.changes), noun)] if plan.changes else []
        if not plan.changes and not plan.unknown:
            parts.append("as declared")
        if plan.unknown:
            parts.append(f"{len(plan.unknown)} unknown")
        if plan.steps:
            parts.append(f"{_count(len(plan.steps), 'setting')} for a person")
        if plan.first:
            parts.append("never applied: nothing live was compared")
        return ", ".join(parts)

    def steps(self, plan: Plan) -> tuple[str, ...]:
        """What a person has to do, where it belongs: a drift report only counts it, unless that
        is what fails."""
        return plan.steps if self.kind == "preview" or plan.unattested else ()


_SIGNS = {0: "✓", 7: "≠", 1: "✗", 2: "✗", UNATTESTED: "✗"}
_REMOVED = (
    "the file is removed, and nothing else is by that: to take the tenant's objects back, run "
    "`pulumi destroy` with the file still there"
)

_LEGENDS = {
    "preview": "\nWhat `pulumi up` would do, from live to declared. Nothing is written yet.\n",
    "drift": "\nFrom live to declared: changed by hand, or declared and not applied yet. "
    "`pulumi up` makes it as declared.\n",
}


# ---- text --------------------------------------------------------------------------------------


def as_text(report: Report) -> str:
    """For a terminal and a job's log: everything. No line begins with a foreign word."""
    lines: list[str] = []
    for plan in report.plans:
        lines.append(f"{_SIGNS[plan.code]} {clean(plan.tenant)}: {report.headline(plan)}")
        lines.extend(f"  {line}" for line in _text_lines(report, plan))
    lines.extend(f"! {clean(tenant)}: {_REMOVED}" for tenant in report.removed)
    return "\n".join([*lines, report.summary, ""])


def _text_lines(report: Report, plan: Plan) -> list[str]:
    lines = [] if plan.error is None else [f"error: {clean(plan.error)}"]
    for change in plan.changes:
        start = f"{change.operation} {clean(change.resource)}"
        if change.property:
            lines.append(f"{start}: {clean(change.property)}: {difference(change, clean)}")
            continue
        lines.append(start)
        lines.extend(f"  {sign} {clean(k)}: {value(v)}" for sign, k, v in _whole(change))
    lines.extend(f"unknown {clean(u.resource)}: since {clean(u.reason)}" for u in plan.unknown)
    if plan.calendar:
        lines.append(clean(plan.calendar))
    lines.extend(map(clean, plan.consent))
    lines.extend(f"to do {n}: {clean(step)}" for n, step in enumerate(report.steps(plan), 1))
    lines.extend(f"warning: {clean(warning)}" for warning in plan.warnings)
    return lines


# ---- Markdown ----------------------------------------------------------------------------------


def as_markdown(report: Report, limit: int = LIMIT) -> str:
    """For a pull request and a job's summary: at most `limit` bytes, and it says what is left out.

    Tenants that fit whole go first, those that need attention before the others.
    """
    title = "Drift" if report.kind == "drift" else "Preview"
    text = f"### {title}: {report.summary}\n"
    if any(plan.changes for plan in report.plans):
        text += _LEGENDS[report.kind]
    text += _table(report, limit // 4)
    for tenant in report.removed[:20]:
        text += f"\n{code(tenant)}: {_REMOVED}.\n"
    order = {2: 0, 1: 1, UNATTESTED: 1, 7: 2, 0: 3}
    plans = sorted(report.plans, key=lambda plan: (order[plan.code], not plan.unknown))
    left_out: list[tuple[Plan, list[str]]] = []
    room = limit - _size(text) - 2_000  # for the words on what is left out
    for plan in plans:
        blocks = _blocks(report, plan)
        section = "".join(blocks)
        if _size(section) <= room:
            text, room = text + section, room - _size(section)
        else:
            left_out.append((plan, blocks))
    return text + _shortened(left_out, room)


def _shortened(left_out: list[tuple[Plan, list[str]]], room: int) -> str:
    """As much as there is room for of the first tenant left out, and the names of the others."""
    if not left_out:
        return ""
    text = ""
    (_, blocks), others = left_out[0], left_out[1:]
    kept = 0
    for block in blocks:
        if _size(text + block) > room:
            break
        text, kept = text + block, kept + 1
    if kept > 1:  # more than its heading
        text += f"- … and {_count(len(blocks) - kept, 'more entry', 'more entries')}\n"
    else:
        text, others = "", left_out
    names = [code(plan.tenant[:100]) for plan, _ in others[:10]]
    if len(others) > len(names):
        names.append(f"{len(others) - len(names)} more")
    missing = f" Left out: {', '.join(names)}." if names else ""
    return f"{text}\n**Shortened to fit GitHub's limit.**{missing} The job's log has everything.\n"


def _table(report: Report, limit: int) -> str:
    if len(report.plans) < 2:
        return ""
    rows = "\n| tenant | standing |\n|---|---|\n"
    for number, plan in enumerate(report.plans):
        row = f"| {_SIGNS[plan.code]} {_cell(plan.tenant[:100])} | {report.headline(plan)} |\n"
        if _size(rows + row) > limit:
            return f"{rows}\n… and {_count(len(report.plans) - number, 'more tenant')}\n"
        rows += row
    return rows


def _blocks(report: Report, plan: Plan) -> list[str]:
    """A tenant's section: its heading, then one block per entry; [] where there is no more."""
    blocks: list[str] = []
    if plan.error is not None:
        blocks.append(f"- {code(plan.error)}\n")
    for name, changes in plan.resources.items():
        lines = [f"- {changes[0].operation} {code(name)}"]
        for change in changes:
            if change.property:
                lines.append(f"  - {code(change.property)}: {difference(change, code)}")
            else:
                lines.extend(_details(change))
        blocks.append("\n".join([*lines, ""]))
    blocks += [f"- unknown {code(u.resource)}: since {code(u.reason)}\n" for u in plan.unknown]
    blocks += [f"- {code(line)}\n" for line in plan.consent]
    blocks += [f"- warning: {code(warning)}\n" for warning in plan.warnings]
    if plan.calendar and (blocks or plan.steps):
        blocks.append(f"- {code(plan.calendar)}\n")
    if steps := report.steps(plan):
        title = f"{_count(len(steps), 'setting')} for a person in Zoom's portal"
        blocks.append("- " + _fold(title, "".join(f"  1. {code(step)}\n" for step in steps)))
    if not blocks and len(report.plans) > 1:
        return []  # the table says it all
    return [f"\n#### {code(plan.tenant[:100])}: {report.headline(plan)}\n\n", *blocks]


def _details(change: Change) -> list[str]:
    whole = _whole(change)
    if not whole:
        return []
    title = "declared" if change.declared is not None else "as last known"
    body = "".join(f"  - {code(name)}: {code(value(item))}\n" for _, name, item in whole)
    return ["  " + _fold(title, body).rstrip("\n")]


def _fold(title: str, body: str) -> str:
    return f"<details><summary>{title}</summary>\n\n{body}\n  </details>\n"


def code(text: str) -> str:
    """`text` as Markdown code, whatever it holds: no markup, no link and no mention in it."""
    shown = clean(text).strip() or "(empty)"
    longest = max((len(run) for run in re.findall("`+", shown)), default=0)
    fence = "`" * (longest + 1)
    space = " " if longest else ""
    return f"{fence}{space}{shown}{space}{fence}"


def _cell(text: str) -> str:
    # In a table a pipe ends the cell even within code, unless it is escaped.
    return code(text.replace("\\", "/")).replace("|", "\\|")


# ---- JSON --------------------------------------------------------------------------------------


def as_json(report: Report) -> str:
    """For machines: the same, nothing cut."""
    words = {0: "as declared", 7: "differs", 1: "failed", 2: "invalid", UNATTESTED: "unattested"}
    document = {
        "report": report.kind,
        "code": report.code,
        "tenants": [
            {
                "tenant": plan.tenant,
                "standing": "unknown" if plan.unknown and not plan.code else words[plan.code],
                "error": plan.error,
                "first": plan.first,
                "changes": [dataclasses.asdict(change) for change in plan.changes],
                "unknown": [dataclasses.asdict(unknown) for unknown in plan.unknown],
                "needs_a_person": list(plan.steps),
                "calendar": plan.calendar,
                "consent": list(plan.consent),
                "warnings": list(plan.warnings),
            }
            for plan in report.plans
        ],
        "removed": list(report.removed),
    }
    return json.dumps(document, indent=2) + "\n"


RENDERERS: dict[str, Callable[[Report], str]] = {
    "text": as_text,
    "markdown": as_markdown,
    "json": as_json,
}


# ---- values ------------------------------------------------------------------------------------


def difference(change: Change, quote: Callable[[str], str] = str) -> str:
    """From live to declared; of lists only what comes and what goes. `quote` wraps each value."""
    live, declared = change.live, change.declared
    if change.unmanaged:
        return f"declared no more: stays {quote(value(live))}, managed by nobody here"
    old, new = ([] if side is None else side for side in (live, declared))
    if isinstance(old, list) and isinstance(new, list):
        comes = [f"+ {quote(value(item))}" for item in new if item not in old]
        goes = [f"- {quote(value(item))}" for item in old if item not in new]
        if comes or goes:
            return ", ".join(comes + goes)
    before = "declared before " if change.attested else ""
    return f"{before}{quote(value(live))} → {quote(value(declared))}"


def value(item: Any) -> str:
    """A value on one line, as JSON, without its end where it is long."""
    if item is None:
        return "not set"
    if isinstance(item, str) and item in _WORDS:
        return _WORDS[item]
    text = json.dumps(item, ensure_ascii=False)
    for raw, word in _WORDS.items():
        text = text.replace(f'"{raw}"', word)
    text = clean(text)
    if len(text) > _LONGEST_VALUE:
        text = f"{text[:_LONGEST_VALUE]}… ({len(text)} characters)"
    return text


_WORDS = {UNKNOWN_VALUE: "(known after apply)", "[secret]": "[secret]"}


def clean(text: str) -> str:
    """`text` on one line and without what could steer a terminal."""
    return "".join(
        char if char.isprintable() else " " if char.isspace() else f"\\u{ord(char):04x}"
        for char in text
    )


def _whole(change: Change) -> list[tuple[str, str, Any]]:
    """All properties of a resource that comes or goes, with a sign."""
    sign, values = ("+", change.declared) if change.declared is not None else ("-", change.live)
    return [(sign, name, item) for name, item in (values or {}).items()]


def _count(number: int, noun: str, plural: str = "") -> str:
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def _size(text: str) -> int:
    return len(text.encode())
