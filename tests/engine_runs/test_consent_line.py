"""On the real engine: the line that says whether Zoom and Entra match, and the doctor."""

import datetime
import json
from typing import Any

import pytest

from emulator.seed_entra import ZOOM_APP_ID
from tests.engine_runs import declarations
from tests.engine_runs.stack import REVIEW, Stack, State

pytestmark = pytest.mark.engine

OURS = "zoom-calendar"  # the user agent of our own providers


def plain(by: str) -> str:
    """A tenant with what most have: no locks, all four settings attested for today."""
    today = datetime.date.today()
    values = {
        "calendar_and_contacts_integration": True,
        "integrate_calendar_on_sign_in": True,
        "users_can_consent": by == "user",
        **({"admin_consents_for_company": True} if by == "admin" else {}),
    }
    words = {
        name: {"value": value, "who": "ada@contoso.com", "when": today, "until": today}
        for name, value in values.items()
    }
    declared = declarations.tenant(by, zoom__locks={})
    declared["zoom"]["calendar"]["attestations"] = words
    declared["consent"].pop("userPolicy", None)
    return declarations.file_of(declared)


def line(out: str) -> str:
    """The one line that tells of both sides as they are; a warning keeps its word."""
    now = ("consent: ", "consent now: ")
    (found,) = {
        one.strip()
        for one in out.splitlines()
        if one.strip().removeprefix("warning: ").startswith(now)
    }
    return found


def zoom_of(state: State) -> Any:
    principals = state["entra"]["servicePrincipals"].values()
    return next(one for one in principals if one["appId"] == ZOOM_APP_ID)


def doctor(stack: Stack, *arguments: str, code: int) -> Any:
    return json.loads(stack.fleet("doctor", "contoso", "--format", "json", *arguments, code=code))


def test_an_administrators_consent_from_match_to_mismatch_and_unknown(stack: Stack) -> None:
    stack.declare(plain("admin"))
    told = line(stack.pulumi("preview"))
    assert told.startswith("warning: consent now: Zoom and Entra do not match")
    stack.up()
    stack.emulator.clear_log()
    out = stack.pulumi(*REVIEW)
    asked = [e for e in stack.emulator.log if OURS in e["user_agent"]]
    assert len(asked) <= 6, [(e["method"], e["path"]) for e in asked]
    told = line(out)
    assert told.startswith("consent: Zoom and Entra match: Zoom does not ask its users (attested")
    assert "warning" not in out

    # Zoom's users consented to more than is declared: possible, and no more.
    healthy = doctor(stack, code=4)
    assert (healthy["match"], healthy["as_declared"]) == ("match", True)
    assert [one["name"] for one in healthy["causes"]] == ["asks-for-more"]

    with stack.portal() as state:
        zoom_of(state)["appRoleAssignmentRequired"] = True
    with stack.nothing_written():
        told = line(stack.pulumi(*REVIEW))
        assert told.startswith("warning: consent: Zoom and Entra do not match")
        assert "AADSTS50105" in told
        found = doctor(stack, "--error", "AADSTS50105", "--user", "Adele@contoso.com", code=3)
    (cause,) = found["causes"]
    assert cause["name"] == "not-assigned"
    assert {one["text"] for one in cause["evidence"]} >= {"adele@contoso.com is not assigned"}

    with stack.portal() as state:
        zoom_of(state)["appRoleAssignmentRequired"] = False
        zoom = zoom_of(state)["id"]
        grants = state["entra"]["oauth2PermissionGrants"]
        for key in [k for k, g in grants.items() if g["clientId"] == zoom and not g["principalId"]]:
            del grants[key]
    with stack.nothing_written():
        told = line(stack.pulumi(*REVIEW, code=7))
        assert told.startswith("warning: consent now: ")
        assert "nobody has for the company: users are not asked" in told
        out = stack.fleet("doctor", "contoso", "--error", "65001", code=3)
    assert "✗ 1. Zoom asks nobody, and nobody has consented for the company" in out
    assert "the file declares it already: run `pulumi up`" in out
    assert "| zoom-calendar:tenant:" in out

    stack.emulator.grant_roles(["Directory.Read.All"])
    with stack.nothing_written():
        told = line(stack.pulumi(*REVIEW, code=7))
        assert told.startswith("warning: consent now: ")
        found = doctor(stack, code=3)
    assert "the authorization policy: the identity lacks Policy.Read.All" in found["unknown"]


def test_users_own_consent_from_match_to_mismatch(stack: Stack) -> None:
    stack.declare(plain("user"))
    stack.up()
    stack.emulator.clear_log()
    out = stack.pulumi(*REVIEW)
    asked = [e for e in stack.emulator.log if OURS in e["user_agent"]]
    assert len(asked) <= 6, [(e["method"], e["path"]) for e in asked]
    assert "users may consent by themselves" in line(out)
    assert "(policy zoom-calendar-users)" in line(out)
    assert "warning: consent" not in out

    with stack.portal() as state:
        role = state["entra"]["authorizationPolicy"]["defaultUserRolePermissions"]
        role["permissionGrantPoliciesAssigned"] = [
            one for one in role["permissionGrantPoliciesAssigned"] if "zoom" not in one
        ]
    with stack.nothing_written():
        told = line(stack.pulumi(*REVIEW, code=7))
        assert told.startswith("warning: consent now: Zoom and Entra do not match: Zoom asks")
        assert 'users meet "Need admin approval"' in told
        markdown = stack.fleet("doctor", "contoso", "--format", "markdown", code=3)
    assert "#### 1. `Users may not consent, and nobody has consented for them`" in markdown
    assert "microsoft-user-default-recommended" in markdown


def test_a_doctor_that_cannot_begin_says_why(stack: Stack) -> None:
    stack.declare(plain("admin"))
    assert "names no error of Entra's" in stack.fleet(
        "doctor", "contoso", "--error", "broken", code=2
    )
    assert "stacks/Pulumi.fabrikam.yaml" in stack.fleet("doctor", "fabrikam", code=2)
    stack.workspace.environment["ARM_CLIENT_SECRET"] = "wrong"
    out = stack.fleet("doctor", "contoso", code=1)
    assert "AADSTS7000215" in out
