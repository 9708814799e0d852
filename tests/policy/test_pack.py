"""The policy pack on the real engine: it stops what breaks a rule, and only that."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

import engine
from demo.workspace import ROOT, Workspace
from emulator import Emulator

pytestmark = pytest.mark.engine

# The language host of an engine that was built from source is too old to start packs in Python;
# this starts them as the engine does for runtimes without a host. Everything else is real.
STARTER = '#!/bin/sh\nexec "$PULUMI_PYTHON_CMD" -u -m pulumi.policy "$1" "$2"\n'

DECLARATION = """
config:
  zoom-calendar:tenant:
    name: Contoso
    domains: [contoso.com]
    consent: {by: admin, permissions: [Calendars.ReadWrite]}
    application: {source: registered, redirectUris: ["https://contoso.com/oauth"]}
    zoom: {}
"""


class Company:
    """A stack of Contoso, and a pack that its engine can start."""

    def __init__(self, emulator: Emulator, folder: Path) -> None:
        starter = folder / "bin" / "pulumi-analyzer-policy-started"
        starter.parent.mkdir()
        starter.write_text(STARTER)
        starter.chmod(0o755)
        self.pack = folder / "policy"
        self.pack.mkdir()
        project = yaml.safe_load((ROOT / "policy/PulumiPolicy.yaml").read_text())
        assert project["runtime"] == "python"
        (self.pack / "PulumiPolicy.yaml").write_text(
            yaml.safe_dump(project | {"runtime": "started"})
        )
        (self.pack / "__main__.py").symlink_to(ROOT / "policy/__main__.py")
        environment = {**engine.environment(backend=False), **emulator.env}
        path = environment.get("PATH") or os.environ["PATH"]
        environment["PATH"] = f"{starter.parent}{os.pathsep}{path}"
        (folder / "project").mkdir()
        self.workspace = Workspace(folder / "project", environment)

    def preview(self, declaration: str, code: int) -> str:
        self.workspace.declare("contoso", declaration)
        run = self.workspace.pulumi("preview", "--policy-pack", str(self.pack), tenant="contoso")
        assert run.code == code, run.out[-3000:]
        return run.out


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    with Emulator() as emulator:
        yield Company(emulator, tmp_path_factory.mktemp("company"))


def test_what_keeps_the_rules_is_previewed(company: Company) -> None:
    out = company.preview(DECLARATION, 0)
    assert "zoom-calendar@v1.0.0" in out
    assert "mandatory" not in out


def test_what_breaks_a_rule_is_stopped_with_the_rule_and_the_key(company: Company) -> None:
    broken = DECLARATION.replace("https://contoso.com", "http://localhost:8080")
    out = company.preview(broken, 1)
    assert "[mandatory]  redirect-uri-https" in out
    assert "application.redirectUris: http://localhost:8080/oauth is not https" in out
    assert "Traceback" not in out
