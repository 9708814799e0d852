"""The doctor's findings as text, Markdown and JSON: nothing foreign steers a terminal or a page."""

import dataclasses
import io
import json

import pytest
from rich.console import Console

from fleet.doctor import RENDERERS, show
from tenant.doctor import Diagnosis, diagnose
from tenant.doctor_case import Case
from tenant.effective import Principal, effective
from tenant.matching import compare
from tests.tenant.test_doctor import ADMIN, case
from tests.tenant.worlds import world

LOOP = case(ADMIN, True)


def foreign(one: Case) -> Case:
    """The case in which a service calls the application something that steers."""
    principal = one.facts.principal
    assert isinstance(principal, Principal)
    named = dataclasses.replace(principal, name="Zo\x1b[31mom\n# **@all** `x`")
    facts = dataclasses.replace(one.facts, principal=named)
    verdict = compare(effective(facts), one.verdict.asks, "admin")
    return dataclasses.replace(one, facts=facts, verdict=verdict)


def rendered(form: str, found: Diagnosis) -> str:
    return RENDERERS[form]("contoso", found)


def test_the_text_has_causes_fixes_of_both_solutions_and_what_was_read() -> None:
    text = rendered("text", diagnose(LOOP, "90094"))
    first, meaning, cause, *_ = text.splitlines()
    assert first.startswith("contoso: Zoom and Entra do not match")
    assert meaning == "  AADSTS90094: only an administrator may consent to what is asked for."
    assert cause.startswith('✗ 1. Users meet "Need admin approval" again and again')
    assert "    solution 2, an administrator consents: Let Zoom stop asking" in text
    assert "    solution 1, users consent: Or let users consent as well" in text
    assert "wait: about 30 minutes until Entra lets users consent" in text
    assert "      |     by: user" in text
    assert text.splitlines()[-1] == "1 cause found."


def test_an_error_that_nothing_explains_says_where_to_look() -> None:
    text = rendered("text", diagnose(case(ADMIN), "50105"))
    assert "Nothing that was read explains it." in text
    assert "nested groups do not count" in text
    assert text.splitlines()[-1] == "0 causes found."


def test_causes_of_other_errors_are_counted() -> None:
    assert "1 not about this error" in rendered("text", diagnose(case(world()), "50105"))


def test_json_has_all_of_it() -> None:
    found = diagnose(LOOP)
    document = json.loads(rendered("json", found))
    assert document["code"] == found.exit_code == 3
    assert document["entra"] == {
        "effective": "allowed",
        "users_may_consent": False,
        "granted_for_the_company": True,
    }
    assert document["zoom"]["value"] is True
    (cause,) = document["causes"]
    assert [fix["solution"] for fix in cause["fixes"]] == ["2", "1"]
    assert document["error"] is None


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_what_comes_from_a_service_steers_nothing(form: str) -> None:
    shown = rendered(form, diagnose(foreign(LOOP)))
    assert "\x1b" not in shown
    assert "\\u001b" in shown
    assert not any(line.lstrip().startswith("# **@all**") for line in shown.splitlines())


def test_on_a_terminal_it_is_in_colours_and_says_the_same() -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=200, color_system="standard")
    show("contoso", diagnose(foreign(LOOP)), "text", console)
    shown = out.getvalue()
    assert "\x1b[" in shown
    assert "\x1b[31mom" not in shown
    assert "Let Zoom stop asking" in shown
