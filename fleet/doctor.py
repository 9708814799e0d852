"""`python -m fleet doctor`: why one tenant's users are refused, and what to do about it."""

import dataclasses
import json
from collections.abc import Callable, Iterator

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from fleet.report import clean, code
from fleet.tenants import settings_of
from providers.clients import graph, portal, use_settings, zoom
from services.doctor import read_case
from tenant.aadsts import CODES
from tenant.doctor import Diagnosis, diagnose, explained
from tenant.doctor_case import Cause
from tenant.doctor_fixes import Fix
from tenant.model import Tenant

_COLOURS = {"match": "green", "mismatch": "red", "unknown": "yellow"}
_SIGNS = {"found": "✗", "possible": "?"}
_SOLUTIONS = {"1": "solution 1, users consent", "2": "solution 2, an administrator consents"}


def diagnosis_of(tenant: str, declared: Tenant, error: str | None, user: str | None) -> Diagnosis:
    """What the doctor finds in one tenant, as its file declares it. Reads Entra and Zoom.

    error: the number of the error that users see. Raises PulumiFailed and ServiceError.
    """
    settings = settings_of(tenant)
    use_settings(settings)
    identity = settings.get("ARM_CLIENT_ID")
    case = read_case(declared, graph(), zoom, lambda: portal(tenant), user, identity)
    return diagnose(case, error)


def summary(found: Diagnosis) -> str:
    """One sentence: how many causes, and whether anything could not be told."""
    certain = sum(cause.certainty == "found" for cause in found.causes)
    possible = len(found.causes) - certain
    parts = [f"{certain} {'cause' if certain == 1 else 'causes'} found"]
    if possible:
        parts.append(f"{possible} possible")
    if found.others:
        parts.append(f"{found.others} not about this error")
    if found.unknown:
        parts.append(f"{len(found.unknown)} not readable")
    return f"{', '.join(parts)}."


def _unexplained(found: Diagnosis) -> str:
    """Where to look on, if what was read does not explain the error."""
    if found.error is None or found.causes:
        return ""
    known = CODES.get(found.error)
    look = known.look if known else "the user's entry in Entra > Sign-in logs"
    return (
        "Nothing that was read explains it. If consent was changed in the last 30 minutes, wait; "
        f"else look at {look}."
    )


def _on_error(found: Diagnosis) -> list[str]:
    """What the error that users see means, and where to look on."""
    return [clean(line) for line in (explained(found.error), _unexplained(found)) if line]


def _codes(cause: Cause) -> list[str]:
    return [f"AADSTS{one}" for one in cause.codes]


def _title(fix: Fix) -> str:
    return _SOLUTIONS.get(fix.solution, "either way")


# ---- text --------------------------------------------------------------------------------------


def as_plain(tenant: str, found: Diagnosis) -> str:
    """For a pipe and a log. No line begins with a foreign word."""
    return "\n".join([*_plain(tenant, found), ""])


def _plain(tenant: str, found: Diagnosis) -> Iterator[str]:
    yield f"{clean(tenant)}: {clean(found.verdict.sentence)}"
    yield from (f"  {line}" for line in _on_error(found))
    for number, cause in enumerate(found.causes, 1):
        about = " ".join(_codes(cause))
        yield f"{_SIGNS[cause.certainty]} {number}. {clean(cause.title)} [{about}]"
        for one in cause.evidence:
            yield f"    - {clean(one.text)} ({one.source})"
        for fix in cause.fixes:
            yield f"    {_title(fix)}: {clean(fix.what)}"
            yield f"      by {clean(fix.who)}; wait: {clean(fix.wait)}"
            for line in fix.declaration.splitlines():
                yield f"      | {clean(line)}"
    yield from (f"  ! {clean(line)}" for line in found.rules)
    yield "  Read:"
    for one in found.facts:
        yield f"  - {clean(one.text)} ({one.source})"
    for line in found.unknown:
        yield f"  - not readable: {clean(line)}"
    yield summary(found)


def as_rich(tenant: str, found: Diagnosis) -> RenderableType:
    """For a terminal."""
    colour = _COLOURS[found.verdict.match]
    parts: list[RenderableType] = [
        Panel(Text(clean(found.verdict.sentence)), title=Text(clean(tenant)), border_style=colour)
    ]
    parts += map(Text, _on_error(found))
    for number, cause in enumerate(found.causes, 1):
        parts += _cause(number, cause)
    parts += [Text(f"! {clean(line)}", style="yellow") for line in found.rules]
    facts = Table("what was read", "where", box=None)
    for one in found.facts:
        facts.add_row(Text(clean(one.text)), one.source)
    for line in found.unknown:
        facts.add_row(Text(f"not readable: {clean(line)}", style="yellow"), "")
    return Group(*parts, facts, Text(summary(found)))


def _cause(number: int, cause: Cause) -> list[RenderableType]:
    colour = "red" if cause.certainty == "found" else "yellow"
    about = " ".join(_codes(cause))
    parts: list[RenderableType] = [
        Text.assemble((f"{number}. {clean(cause.title)}", f"bold {colour}"), f"  {about}")
    ]
    parts += [Text(f"   - {clean(one.text)} ({one.source})") for one in cause.evidence]
    for fix in cause.fixes:
        parts.append(Text.assemble((f"   {_title(fix)}: ", "bold"), clean(fix.what)))
        parts.append(Text(f"   by {clean(fix.who)}; wait: {clean(fix.wait)}", style="dim"))
        if fix.declaration:
            shown = "\n".join(clean(line) for line in fix.declaration.splitlines())
            parts.append(Syntax(shown, "yaml", background_color="default", padding=(0, 5)))
    return parts


# ---- Markdown and JSON -------------------------------------------------------------------------


def as_markdown(tenant: str, found: Diagnosis) -> str:
    """For a ticket or a pull request; whatever comes from a service is shown as code."""
    return "\n".join([*_markdown(tenant, found), ""])


def _markdown(tenant: str, found: Diagnosis) -> Iterator[str]:
    yield f"### {code(tenant)}: {found.verdict.match}\n"
    yield f"{code(found.verdict.sentence)}\n"
    yield from (f"{line}\n" for line in _on_error(found))
    for number, cause in enumerate(found.causes, 1):
        about = ", ".join(_codes(cause))
        yield f"#### {number}. {code(cause.title)} ({cause.certainty}; {about})\n"
        yield from (f"- {code(one.text)} ({one.source})" for one in cause.evidence)
        for fix in cause.fixes:
            by = f"by {code(fix.who)}; wait: {code(fix.wait)}"
            yield f"- **{_title(fix)}**: {code(fix.what)}, {by}"
            if fix.declaration:
                lines = "\n".join(f"  {clean(line)}" for line in fix.declaration.splitlines())
                yield f"\n  ```yaml\n{lines}\n  ```"
        yield ""
    yield from (f"- rule broken: {code(line)}" for line in found.rules)
    yield "\n<details><summary>What was read</summary>\n"
    yield from (f"- {code(one.text)} ({one.source})" for one in found.facts)
    yield from (f"- not readable: {code(line)}" for line in found.unknown)
    yield f"\n</details>\n\n{summary(found)}"


def as_json(tenant: str, found: Diagnosis) -> str:
    """For machines: the same, whole."""
    verdict = found.verdict
    document = {
        "tenant": tenant,
        "code": found.exit_code,
        "match": verdict.match,
        "as_declared": verdict.as_declared,
        "sentence": verdict.sentence,
        "entra": {
            "effective": verdict.answer.effective,
            "users_may_consent": verdict.answer.may_consent,
            "granted_for_the_company": verdict.answer.granted,
        },
        "zoom": dataclasses.asdict(verdict.asks),
        "error": found.error and {"code": f"AADSTS{found.error}", "means": explained(found.error)},
        "causes": [dataclasses.asdict(cause) for cause in found.causes],
        "other_causes": found.others,
        "facts": [dataclasses.asdict(one) for one in found.facts],
        "unknown": list(found.unknown),
        "rules": list(found.rules),
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


RENDERERS: dict[str, Callable[[str, Diagnosis], str]] = {
    "text": as_plain,
    "markdown": as_markdown,
    "json": as_json,
}


def show(tenant: str, found: Diagnosis, form: str, console: Console) -> None:
    """Prints it: in colours on a terminal, else as `form` says."""
    if form == "text" and console.is_terminal:
        console.print(as_rich(tenant, found))
    else:
        console.file.write(RENDERERS[form](tenant, found))
