"""Runs a workflow's job as it stands: its `run:` steps with bash, in a clone, without GitHub.

Only what these workflows use is understood; anything else is an error, so that a new construct
is not silently skipped.
"""

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.fleet.fake_github import IDENTITY_TOKEN, REPOSITORY, TOKEN, FakeGitHub

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = ROOT / ".github" / "workflows"

# What a runner does not inherit from the machine the tests run on.
_FOREIGN = re.compile(
    r"(ARM_|ZOOM_|GITHUB_|ACTIONS_|AZURE_|GIT_|RUNNER_|EMULATOR_|AAD_)|"
    r"PULUMI_(BACKEND_URL|CONFIG_PASSPHRASE|ACCESS_TOKEN)|SSL_CERT_FILE$"
)


@dataclass(frozen=True)
class Context:
    """What a repository's administrator set up, and the runner's machine."""

    github: FakeGitHub
    folder: Path  # the checkout
    temp: Path
    vars: Mapping[str, str]
    secrets: Mapping[str, str]
    machine: Mapping[str, str]  # the environment of the runner itself
    event: Path


@dataclass(frozen=True)
class Step:
    """How one step went."""

    name: str
    code: int
    out: str


def workflow(name: str) -> dict[str, Any]:
    """A workflow's document; its triggers are under "on", which YAML 1.1 reads as true."""
    document: dict[Any, Any] = yaml.safe_load((WORKFLOWS / name).read_text(encoding="utf-8"))
    return {str(key) if key is not True else "on": value for key, value in document.items()}


def run_job(file: str, job: str, context: Context) -> list[Step]:
    """Runs the job's steps until one fails; after that only those that ask for it."""
    document = workflow(file)
    declared = document["jobs"][job]
    assert document["defaults"] == {"run": {"shell": "bash"}}
    environment = _job_environment(context, declared.get("permissions", {}))
    done: list[Step] = []
    ran: set[str] = set()
    for step in declared["steps"]:
        if "run" in step and _is_due(step.get("if"), all(s.code == 0 for s in done), ran):
            ran.add(step.get("id", ""))
            done.append(_run(step, {**environment, **_step_environment(step, context)}, context))
    return done


def _is_due(condition: str | None, well: bool, ran: set[str]) -> bool:
    """Whether a step runs: nothing is cancelled here, and a step that did not run is skipped."""
    if condition is None:
        return well
    after = re.fullmatch(
        r"\$\{\{ !cancelled\(\)(?: && steps\.(\w+)\.outcome != 'skipped')? \}\}", condition
    )
    assert after, f"not understood: if: {condition}"
    return after[1] is None or after[1] in ran


def clean_environment() -> dict[str, str]:
    """This process's environment without anybody's credentials."""
    return {name: text for name, text in os.environ.items() if not _FOREIGN.match(name)}


def _job_environment(context: Context, permissions: Mapping[str, str]) -> dict[str, str]:
    summary = context.temp / "summary.md"
    summary.touch()
    context.github.permissions = dict(permissions)
    environment = {
        **clean_environment(),
        **context.machine,
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        "GITHUB_API_URL": context.github.url,
        "GITHUB_EVENT_PATH": str(context.event),
        "GITHUB_REPOSITORY": REPOSITORY,
        "GITHUB_STEP_SUMMARY": str(summary),
        "GITHUB_WORKSPACE": str(context.folder),
        "RUNNER_TEMP": str(context.temp),
    }
    if permissions.get("id-token") == "write":
        url = f"{context.github.url}/identity?api-version=2.0"
        environment["ACTIONS_ID_TOKEN_REQUEST_URL"] = url
        environment["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] = IDENTITY_TOKEN
    return environment


def _step_environment(step: Mapping[str, Any], context: Context) -> dict[str, str]:
    return {name: _evaluate(str(text), context) for name, text in step.get("env", {}).items()}


def _evaluate(text: str, context: Context) -> str:
    def replace(match: re.Match[str]) -> str:
        kind, _, name = match[1].partition(".")
        if match[1] == "github.token":
            return TOKEN
        # What is not set up is empty, as in GitHub.
        return {"vars": context.vars, "secrets": context.secrets}[kind].get(name, "")

    return re.sub(r"\$\{\{ ([\w.]+) \}\}", replace, text)


def _run(step: Mapping[str, Any], environment: Mapping[str, str], context: Context) -> Step:
    script = context.temp / "step.sh"
    script.write_text(step["run"], encoding="utf-8")
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
        cwd=context.folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Step(step["name"], done.returncode, done.stdout)
