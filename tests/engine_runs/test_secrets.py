"""Credentials are nowhere but where they were given: not in output, state, logs or files."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from emulator import Fault
from emulator.wire import Request
from tests import logins
from tests.canaries import assert_untold, echo, overhear
from tests.engine_runs import declarations
from tests.engine_runs.stack import REVIEW, Stack

pytestmark = pytest.mark.engine

NAMES = ("ARM_CLIENT_SECRET", "ZOOM_CLIENT_SECRET")


def files_of(stack: Stack) -> Iterator[Path]:
    """All that runs left in the workspace: state, backups, history, logs, stack files."""
    folder = stack.workspace.folder
    for part in ("state", "stacks", "home/logs", "home/workspaces"):
        yield from (file for file in (folder / part).rglob("*") if file.is_file())


def assert_nowhere(stack: Stack, secrets: list[str], outputs: list[str]) -> None:
    texts = {f"output {number}": output for number, output in enumerate(outputs)}
    for file in files_of(stack):
        texts[str(file)] = file.read_text(encoding="utf-8", errors="replace")
    assert len(texts) > len(outputs) + 5
    for where, text in texts.items():
        for secret in secrets:
            assert secret not in text, f"a credential is in {where}"


def canaries(stack: Stack) -> list[str]:
    environment = stack.workspace.environment
    secrets = [environment[name] for name in NAMES]
    return [*secrets, environment["PULUMI_CONFIG_PASSPHRASE"]]


def every_output(stack: Stack) -> list[str]:
    """What every command that a user runs says, with nothing hidden."""
    return [
        stack.up(),
        stack.pulumi(*REVIEW),
        stack.pulumi("preview", "--json"),
        stack.pulumi("stack", "export"),
        stack.pulumi("stack", "output", "--json"),
        stack.adopt(),
    ]


@pytest.mark.full
@pytest.mark.parametrize("source", ["zoom", "registered"])
def test_credentials_of_the_environment_are_in_no_output_state_or_file(
    applied: Callable[[str], Stack], source: str
) -> None:
    stack = applied(declarations.text("admin", source))
    outputs = every_output(stack)
    stack.workspace.environment["ZOOM_CALENDAR_DEBUG"] = "1"
    outputs.append(stack.pulumi("preview", "--logtostderr", "-v=9", "--debug"))
    assert_nowhere(stack, canaries(stack), outputs)


@pytest.mark.parametrize("source", [pytest.param("zoom", marks=pytest.mark.full), "registered"])
def test_credentials_of_encrypted_configuration_work_and_are_nowhere_in_clear(
    stack: Stack, source: str
) -> None:
    stack.declare(declarations.text("admin", source))
    secrets = canaries(stack)
    environment = stack.workspace.environment
    for name, key in (
        ("ARM_CLIENT_ID", "azuread:clientId"),
        ("ARM_CLIENT_SECRET", "azuread:clientSecret"),
        ("ARM_TENANT_ID", "azuread:tenantId"),
        ("ZOOM_ACCOUNT_ID", "ZOOM_ACCOUNT_ID"),
        ("ZOOM_CLIENT_ID", "ZOOM_CLIENT_ID"),
        ("ZOOM_CLIENT_SECRET", "ZOOM_CLIENT_SECRET"),
    ):
        value = environment.pop(name)
        secret = ["--secret"] if "SECRET" in name else []
        stack.pulumi("config", "set", *secret, key, value)
    outputs = every_output(stack)
    assert stack.plan(code=0) == []
    assert_nowhere(stack, secrets, outputs)


def test_a_login_that_is_refused_shows_no_credential(applied: Callable[[str], Stack]) -> None:
    stack = applied(declarations.text("admin", "registered"))
    environment = stack.workspace.environment
    for name in NAMES:
        environment[name] = f"wrong-{environment[name]}"
    outputs = [stack.pulumi(*REVIEW, code=1), stack.fleet("adopt", "contoso", code=1)]
    assert_nowhere(stack, canaries(stack), outputs)


@pytest.mark.full
@pytest.mark.parametrize("kind", ["GitHub", "certificate"])
def test_tokens_and_assertions_are_in_no_output_log_or_report_whatever_repeats_them(
    applied: Callable[[str], Stack], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    stack = applied(declarations.text("admin"))
    login = logins.KINDS[kind](stack.emulator, tmp_path)
    environment = stack.workspace.environment
    del environment["ARM_CLIENT_SECRET"]
    environment |= {**login.env, "ZOOM_CALENDAR_DEBUG": "1"}
    repeating: set[str] = set()
    turns = iter(range(1000))

    def answer(request: Request, secret: str) -> Fault | None:
        return echo(request, secret, next(turns)) if request.service in repeating else None

    heard = overhear(stack.emulator, monkeypatch, answer)
    verbose = ("preview", "--logtostderr", "-v=9", "--debug")
    outputs = [
        stack.pulumi(*verbose),
        stack.pulumi("stack", "export"),
        stack.fleet("preflight", "contoso"),
        stack.fleet("drift", "contoso", "--format", "json"),
    ]
    for services in ({"entra", "zoom"}, {"login", "zoom-oauth"}):
        repeating |= services
        outputs.append(stack.workspace.pulumi(*verbose, tenant="contoso").out)
    outputs.append(stack.workspace.fleet("preflight", "contoso").out)
    assert len(heard) > 4
    assert next(turns) > 4
    for file in files_of(stack):
        outputs.append(file.read_text(encoding="utf-8", errors="replace"))
    zoom = environment["ZOOM_CLIENT_SECRET"]
    for text in outputs:
        assert_untold(text, [zoom, *login.secrets, *heard])
