"""On the real engine: consent as it is and as it will be, in a preview and after an `up`."""

from typing import Any

import pytest
import yaml

from tests.engine_runs import declarations
from tests.engine_runs.stack import REVIEW, Stack
from tests.engine_runs.test_consent_line import OURS, zoom_of

pytestmark = pytest.mark.engine

PATH = "mail_calendar.users_can_consent"
NOW, AFTER = "consent now: ", "consent after this update: "


def text(by: str, **changes: Any) -> str:
    """A tenant whose consent setting Zoom's API has, so that an `up` sets it."""
    declared = declarations.tenant(by, zoom__locks={}, **changes)
    declared["zoom"]["paths"] = {"users_can_consent": PATH}
    if "consent__userPolicy" not in changes:
        declared["consent"].pop("userPolicy", None)
    return yaml.safe_dump({"config": {"zoom-calendar:tenant": declared}}, sort_keys=False)


def lines(out: str) -> list[str]:
    """What is said of consent, once each; a warning keeps its word."""
    said = tuple(
        f"{level}{words}" for level in ("", "warning: ") for words in ("consent: ", NOW, AFTER)
    )
    found = (one.strip() for one in out.splitlines())
    return list(dict.fromkeys(one for one in found if one.startswith(said)))


def test_a_new_stack_then_a_switch_then_nothing(stack: Stack) -> None:
    with stack.portal() as state:
        state["zoom"]["settings"]["mail_calendar"] = {"users_can_consent": True}
    stack.declare(text("admin"))
    with stack.nothing_written():
        now, after = lines(stack.pulumi("preview"))
    assert now.startswith(f"warning: {NOW}Zoom and Entra do not match: Zoom asks its users")
    assert after.startswith(f"{AFTER}Zoom and Entra match: Zoom does not ask its users (declared")
    assert "an administrator has consented for the company" in after

    (done,) = lines(stack.up())
    assert done == after  # nothing of what was said before the writes

    stack.emulator.clear_log()
    (line,) = lines(stack.pulumi(*REVIEW))
    asked = [e for e in stack.emulator.log if OURS in e["user_agent"]]
    assert len(asked) <= 6, [(e["method"], e["path"]) for e in asked]
    assert line.startswith("consent: Zoom and Entra match: Zoom does not ask its users (verified")

    stack.declare(text("user"))
    with stack.nothing_written():
        now, after, window = lines(stack.pulumi("preview", "--diff"))
        report = stack.fleet("preview", "contoso")
    assert now.startswith(f"{NOW}Zoom and Entra match, but not as declared")
    assert after.startswith(
        f"{AFTER}Zoom and Entra match: Zoom asks its users to consent (declared"
    )
    assert "a grant that this stack made goes with this update" in after
    assert "takes up to about 30 minutes" in after
    assert "Instead, first declare `userPolicy: least-privilege` under `by: admin`" in window
    assert "consent after this update: Zoom and Entra match" in report

    (done,) = lines(stack.up())
    assert done.startswith(f"{AFTER}Zoom and Entra match: Zoom asks its users")
    (line,) = lines(stack.pulumi(*REVIEW))
    assert line.startswith(
        "consent: Zoom and Entra match: Zoom asks its users to consent (verified"
    )
    assert "(policy zoom-calendar-users)" in line

    # Drift that will be healed is told both ways, and an `up` without a change of the file too.
    with stack.portal() as state:
        role = state["entra"]["authorizationPolicy"]["defaultUserRolePermissions"]
        role["permissionGrantPoliciesAssigned"].remove(
            "ManagePermissionGrantsForSelf.zoom-calendar-users"
        )
    now, after = lines(stack.pulumi(*REVIEW, code=7))
    assert now.startswith(f"warning: {NOW}Zoom and Entra do not match")
    assert after.startswith(f"{AFTER}Zoom and Entra match")
    (done,) = lines(stack.up())
    assert done.startswith(f"{AFTER}Zoom and Entra match")

    # Back again: what users consented to stays, and Zoom stops asking in the same run.
    stack.declare(text("admin"))
    told = lines(stack.pulumi("preview"))
    assert any("have consented to for themselves stays in Entra" in one for one in told)
    assert not any("Keep `userPolicy" in one for one in told)


@pytest.mark.full
def test_an_up_whose_write_fails_does_not_say_that_all_is_well(stack: Stack) -> None:
    stack.declare(text("admin"))
    with stack.portal() as state:
        principals = state["entra"]["servicePrincipals"]
        del principals[zoom_of(state)["id"]]
    (line,) = lines(stack.pulumi("preview"))
    assert "nobody has for the company" in line
    assert lines(stack.up(code=1)) == []


def test_a_registration_that_is_yet_to_be_made_is_told_of_in_the_first_preview(
    stack: Stack,
) -> None:
    stack.declare(
        declarations.text("admin", "registered", zoom__locks={}, consent__userPolicy=None)
    )
    with stack.nothing_written():
        now, after = lines(stack.pulumi("preview"))
    assert now.startswith(f"warning: {NOW}")
    assert "nobody has for the company" in now
    assert "an administrator has consented for the company" in after
