"""What a user sees when something is wrong: one line with a next step, and no traceback."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from emulator import Fault
from tests.engine_runs import declarations
from tests.engine_runs.stack import REVIEW, Stack

pytestmark = pytest.mark.engine

FILE = declarations.FILE
READS = (
    "Application.Read.All",
    "DelegatedPermissionGrant.Read.All",
    "Directory.Read.All",
    "Policy.Read.All",
    "Policy.Read.PermissionGrant",
)


def errors(out: str) -> list[str]:
    """The lines that say what is wrong, without the engine's own words around them."""
    lines = [line for line in out.splitlines() if "error: " in line]
    found = {line[line.index("error: ") + len("error: ") :].strip() for line in lines}
    engines = re.compile("(preview|update) failed|an unhandled error occurred: program exited .*")
    return sorted(line for line in found if not engines.fullmatch(line))


BROKEN: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "an unknown key": ({"consents": {}}, ("consents", "consent")),
    "a wrong type": ({"zoom__calendar__integration": "yes"}, ("zoom.calendar.integration", "yes")),
    "nobody consents": ({"consent__by": None}, ("consent.by", "admin", "user")),
    "a wrong application": (
        {"application": {"source": "zoom", "notes": "x"}},
        ("application.notes",),
    ),
    "a misspelt Zoom setting": (
        {"zoom__settings": {"zoom_rooms": {"list_meetings": True}}},
        ("zoom.settings.zoom_rooms.list_meetings",),
    ),
}


@pytest.mark.parametrize("wrong", BROKEN)
def test_a_file_that_cannot_be_used_is_refused_before_any_request(stack: Stack, wrong: str) -> None:
    changes, telling = BROKEN[wrong]
    stack.declare(declarations.text("admin", **changes))
    (line,) = errors(stack.up(code=1))
    assert line.startswith(FILE)
    assert all(word in line for word in telling), line
    assert stack.emulator.log == []


def test_a_wrong_zoom_secret_is_named_with_what_to_check(applied: Callable[[str], Stack]) -> None:
    stack = applied(declarations.text("admin"))
    stack.workspace.environment["ZOOM_CLIENT_SECRET"] = "wrong"
    with stack.nothing_written():
        out = stack.pulumi(*REVIEW, code=1)
    assert all("ZOOM_CLIENT_SECRET" in line for line in errors(out)), errors(out)
    assert errors(out)


@pytest.mark.parametrize("source", ["zoom", pytest.param("registered", marks=pytest.mark.full)])
def test_a_wrong_entra_secret_is_told_by_entras_own_code(
    applied: Callable[[str], Stack], source: str
) -> None:
    stack = applied(declarations.text("admin", source))
    stack.workspace.environment["ARM_CLIENT_SECRET"] = "wrong"
    with stack.nothing_written():
        out = stack.pulumi(*REVIEW, code=1)
    assert "AADSTS7000215: Invalid client secret" in out
    if source == "zoom":  # of the other azuread itself asks first, and says it in its own words
        assert all("Check ARM_TENANT_ID, ARM_CLIENT_ID" in line for line in errors(out))


def test_another_tenants_token_is_refused(applied: Callable[[str], Stack]) -> None:
    stack = applied(declarations.text("admin"))
    other = "99999999-9999-9999-9999-999999999999"
    stack.workspace.environment["ARM_TENANT_ID"] = other
    with stack.nothing_written():
        out = stack.pulumi(*REVIEW, code=1)
    assert all("another Entra tenant" in line for line in errors(out)), errors(out)
    assert errors(out)


def test_what_may_not_be_read_is_unknown_and_not_drift_and_not_written(
    applied: Callable[[str], Stack],
) -> None:
    stack = applied(declarations.text("admin"))
    stack.emulator.grant_roles(["Directory.Read.All"])
    stack.emulator.set_zoom_scopes(["account:read:settings:admin"])
    with stack.nothing_written():
        out = stack.pulumi(*REVIEW)
        assert errors(out) == []
        for name, permission in (
            ("user-consent-policy", "Policy.Read.PermissionGrant"),
            ("user-consent-assignment", "Policy.Read.All"),
            ("zoom-locks", "account:read:lock_settings"),
        ):
            (line,) = {line for line in out.splitlines() if f"{name} is unknown" in line}
            assert permission in line, line
        stack.up()


def test_a_write_that_is_not_allowed_names_the_permission(stack: Stack) -> None:
    stack.declare(declarations.text("user"))
    stack.emulator.grant_roles(READS)
    stack.emulator.set_zoom_scopes(
        ["account:read:settings:admin", "account:read:lock_settings:master"]
    )
    # Without --continue-on-error the engine begins nothing more once one has failed.
    go_on = ("up", "--yes", "--skip-preview", "--continue-on-error")
    with stack.nothing_changed():
        found = errors(stack.pulumi(*go_on, code=1))
    needed = (
        "Policy.ReadWrite.PermissionGrant",
        "account:update:settings",
        "account:update:lock_settings",
    )
    for permission in needed:
        assert any(permission in line for line in found), (permission, found)


@pytest.mark.full
def test_a_zoom_setting_that_stays_as_it_was_is_named(stack: Stack) -> None:
    stack.declare(declarations.text("admin"))
    with stack.portal() as state:
        state["zoom"]["no_effect"] = ["schedule_meeting.jbh_time"]
    found = errors(stack.up(code=1))
    assert any("schedule_meeting.jbh_time (wanted 10, is 5)" in line for line in found), found
    assert not any("audio_type" in line for line in found)


def test_a_service_that_is_down_makes_the_rest_readable_and_nothing_drift(
    applied: Callable[[str], Stack],
) -> None:
    stack = applied(declarations.text("admin"))
    stack.emulator.faults.add(Fault(path="/v2/accounts/me/", reset="before", times=None))
    with stack.portal() as state:
        grants = state["entra"]["oauth2PermissionGrants"]
        (key,) = [
            key for key in grants if key not in stack.before["entra"]["oauth2PermissionGrants"]
        ]
        del grants[key]
    with stack.nothing_written():
        assert {change.resource for change in stack.plan()} == {"grant"}
        assert "zoom-settings is unknown" in stack.pulumi("preview")


def test_a_key_given_twice_is_refused_by_us_and_by_the_engine(stack: Stack) -> None:
    stack.declare(declarations.text("admin"))
    file = stack.workspace.stack_file("contoso")
    once = file.read_text(encoding="utf-8")
    file.write_text(once.replace("by: admin\n", "by: admin\n      by: user\n"), encoding="utf-8")
    with stack.nothing_written():
        assert "'by' is given twice" in stack.fleet("validate", "contoso", code=2)
        out = stack.pulumi("preview", code=1)
    # The engine's own refusal, before the program runs; it names the line and not the file.
    assert re.search(r'mapping key "by" already defined at line \d+', out)
