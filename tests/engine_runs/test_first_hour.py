"""What a newcomer meets: names that are nearly right, wrong secrets, an application that is not
there, and the way back out."""

import re

import pytest

from emulator.seed_entra import ZOOM_APP_ID
from tests.engine_runs import declarations
from tests.engine_runs.stack import Stack
from tests.engine_runs.test_messages import errors

pytestmark = pytest.mark.engine


def test_a_key_or_a_variable_that_is_nearly_ours_is_told(stack: Stack) -> None:
    declared = declarations.tenant("admin")
    stack.declare(declarations.file_of(declared, **{"azuread:tenantid": "11111111"}))
    told = "config.azuread:tenantid: is not a key that anything here reads; allowed: azuread:tenant"
    assert told in stack.fleet("validate", "contoso", code=2)
    (line,) = errors(stack.pulumi("preview", code=1))
    assert told in line
    assert stack.emulator.log == []

    stack.declare(declarations.file_of(declared))
    environment = stack.workspace.environment
    environment["ZOOM_ACOUNT_ID"] = environment.pop("ZOOM_ACCOUNT_ID")
    out = stack.pulumi("preview")
    assert "warning: the environment has ZOOM_ACOUNT_ID, which nothing here reads" in out
    assert environment["ZOOM_ACOUNT_ID"] not in out


@pytest.mark.parametrize(
    ("secret", "telling"),
    [
        ("ARM_CLIENT_SECRET", "AADSTS7000215: Invalid client secret"),
        pytest.param("ZOOM_CLIENT_SECRET", "ZOOM_CLIENT_SECRET", marks=pytest.mark.full),
    ],
)
def test_a_wrong_secret_refuses_the_first_preview(stack: Stack, secret: str, telling: str) -> None:
    stack.declare(declarations.text("admin"))
    stack.workspace.environment[secret] = "wrong"
    with stack.nothing_written():
        (line,) = errors(stack.pulumi("preview", code=1))
        assert telling in line
        report = stack.fleet("preview", "contoso", code=1)
        rows = stack.fleet("preflight", "contoso", code=3)
    assert "could not be previewed" in report
    assert telling in report
    side = "Entra" if secret.startswith("ARM") else "Zoom"
    assert re.search(rf"not ok +{side}: credentials +.*{telling}", rows)


def test_an_application_that_is_not_there_is_told_before_an_up(stack: Stack) -> None:
    stack.declare(declarations.text("admin"))
    with stack.portal() as state:
        principals = state["entra"]["servicePrincipals"]
        del principals[next(k for k, one in principals.items() if one["appId"] == ZOOM_APP_ID)]
    with stack.nothing_written():
        out = stack.pulumi("preview")
        rows = stack.fleet("preflight", "contoso", code=3)
        found = stack.fleet("doctor", "contoso", code=3)
        adopted = stack.adopt()
    told = f"the tenant has no service principal of {ZOOM_APP_ID}"
    assert f"preflight: Entra: Zoom's application: not ok: {told}" in out
    for text in (out, rows, found):
        assert told in text
        assert "ensurePrincipal: true" in text
    assert re.search(r"^ *grant +no: ", adopted, re.MULTILINE), adopted


@pytest.mark.full
def test_adopt_says_what_is_not_there(stack: Stack) -> None:
    stack.declare(declarations.text("admin"))
    with stack.nothing_written():
        said = stack.adopt()
    nothing = "no: none of it is there yet, `up` adds it"
    for name in ("grant", "user-consent-assignment"):
        assert re.search(rf"^ *{name} +{nothing}", said, re.MULTILINE), said
    assert re.search(r"^ *zoom-settings +yes, with its live values", said, re.MULTILINE)


def test_before_there_is_a_stack_the_file_says_which_tenant_it_is(stack: Stack) -> None:
    file = stack.workspace.stack_file("contoso")
    of = {"azuread:tenantId": stack.emulator.tenant_id}
    file.write_text(declarations.file_of(declarations.tenant("admin"), **of), encoding="utf-8")
    del stack.workspace.environment["ARM_TENANT_ID"]
    told = f"Entra gave a token of tenant {stack.emulator.tenant_id}"
    assert told in stack.fleet("preflight", "contoso")
    other = {"azuread:tenantId": "99999999-9999-9999-9999-999999999999"}
    file.write_text(declarations.file_of(declarations.tenant("admin"), **other), encoding="utf-8")
    assert "not ok   Entra: credentials" in stack.fleet("preflight", "contoso", code=3)


def test_a_destroy_asks_nobody_to_set_anything_and_needs_no_attestation(stack: Stack) -> None:
    stack.declare(declarations.text("admin"))
    assert "settings need a person" in stack.up()
    required = {"integration": True, "integrateOnSignIn": True, "attestations": "required"}
    stack.declare(declarations.text("admin", zoom__calendar=required))
    stack.pulumi("preview", code=1)
    for how in ("--preview-only", "--yes"):
        out = stack.pulumi("destroy", how)
        assert "need a person" not in out
        assert "Calendar settings: " not in out
    stack.assert_as_before()
