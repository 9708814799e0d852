"""One set of variables signs in both our own providers and azuread, the same way."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import logins
from tests.engine_runs import declarations
from tests.engine_runs.stack import REVIEW, Stack

pytestmark = pytest.mark.engine

full = pytest.mark.full


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param("certificate file", marks=full),
        "GitHub",
        pytest.param("certificate", marks=full),
        pytest.param("secret file", marks=full),
        pytest.param("OIDC token file", marks=full),
        pytest.param("AKS", marks=full),
        pytest.param("Azure DevOps", marks=full),
        pytest.param("managed identity", marks=full),
        "Azure CLI",
    ],
)
def test_both_providers_sign_in_by_the_same_variables(
    applied: Callable[[str], Stack], tmp_path: Path, kind: str
) -> None:
    stack = applied(declarations.text("admin", "registered"))
    login = logins.KINDS[kind](stack.emulator, tmp_path)
    environment = stack.workspace.environment
    del environment["ARM_CLIENT_SECRET"]
    path = environment["PATH"]
    environment.update(login.env)
    environment["PATH"] = f"{tmp_path / 'bin'}{os.pathsep}{path}"
    stack.emulator.clear_log()
    stack.pulumi(*REVIEW)
    asked = [e for e in stack.emulator.log if e["service"] in ("login", "imds", "ci")]
    ours, theirs = (
        {e["service"] for e in asked if ("zoom-calendar" in e["user_agent"]) is mine}
        for mine in (True, False)
    )
    if kind == "Azure CLI":
        assert {e["user_agent"] for e in asked} == {"az"}
    else:
        assert ours == theirs != set()
    bodies = [e["body"] or {} for e in asked]
    with_secret = any("client_secret" in body for body in bodies)
    assert with_secret is (kind in ("secret file", "Azure CLI"))
