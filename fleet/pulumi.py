"""Runs the `pulumi` command for one stack, and understands how it ends."""

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from services.settings import Settings
from tenant.stack_keys import PROJECT


def _project() -> Path:
    here = Path.cwd()
    return next((d for d in (here, *here.parents) if (d / "Pulumi.yaml").exists()), here)


ROOT = _project()  # where `pulumi` would find the project too
DRIFT = 7  # `--expect-no-changes` and there are changes
NO_STACK = 6  # the backend has no stack of that name


class PulumiFailed(Exception):
    """A command ended with an error; the text is what it said on one line, without decoration."""


class NoStack(PulumiFailed):
    """The tenant has a file and no stack yet: it was never applied."""


@dataclass(frozen=True)
class Result:
    """How a command ended."""

    code: int
    stdout: str
    stderr: str


def run(
    *arguments: str, stack: str, check: bool = True, env: Mapping[str, str] | None = None
) -> Result:
    """`pulumi ARGUMENTS --stack STACK`, never asking. Raises PulumiFailed if `check`.

    `env` is added to the environment.
    """
    command = ["pulumi", *arguments, "--stack", stack, "--non-interactive", "--color", "never"]
    return _run(command, check, env)


def _run(command: list[str], check: bool, env: Mapping[str, str] | None = None) -> Result:
    environment = {**os.environ, **(env or {})}
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise PulumiFailed('no pulumi on PATH: run `eval "$(make -s env)"` first') from None
    result = Result(done.returncode, done.stdout, done.stderr)
    if check and result.code:
        raise PulumiFailed(errors_of(result) or f"`{' '.join(command)}` ended with {result.code}")
    return result


def select_or_create(stack: str, env: Mapping[str, str] | None = None) -> None:
    """Makes the stack where the backend does not have it yet."""
    if run("stack", "--show-name", stack=stack, check=False, env=env).code:
        _run(["pulumi", "stack", "init", stack, "--no-select", "--non-interactive"], True, env)


def stack_file(stack: str) -> Path:
    """Where `pulumi` looks for the stack's configuration: the tenant's file."""
    return ROOT / "stacks" / f"Pulumi.{stack}.yaml"


def settings(stack: str) -> Settings:
    """Credentials and addresses as the stack's providers see them."""
    config = json.loads(run("config", "--json", "--show-secrets", stack=stack).stdout)
    return _settings({key: entry.get("value") for key, entry in config.items()})


def settings_of_file(stack: str) -> Settings:
    """As `settings`, of a tenant without a stack: what its file has in clear."""
    config = yaml.safe_load(stack_file(stack).read_text(encoding="utf-8"))["config"]
    return _settings({k: v for k, v in config.items() if not isinstance(v, dict | list)})


def _settings(config: Mapping[str, Any]) -> Settings:
    def lookup(key: str) -> str | None:
        value = config.get(key if ":" in key else f"{PROJECT}:{key}")
        return None if value is None else str(value)

    return Settings(lookup)


def preview(
    stack: str, *flags: str, env: Mapping[str, str] | None = None
) -> tuple[int, dict[str, Any]]:
    """`pulumi preview --json`: its exit code and its document.

    Raises NoStack, and PulumiFailed on any other error.
    """
    result = run("preview", "--json", *flags, stack=stack, check=False, env=env)
    if result.code == NO_STACK:
        raise NoStack(errors_of(result))
    try:
        document: dict[str, Any] = json.loads(result.stdout)
    except ValueError:
        raise PulumiFailed(errors_of(result)) from None
    if result.code not in (0, DRIFT):
        said = [
            _plain(str(item["message"]))
            for item in document.get("diagnostics") or ()
            if item.get("severity") == "error"
        ]
        raise PulumiFailed(_joined(said) or errors_of(result))
    return result.code, document


def first_preview(stack: str, *flags: str) -> tuple[int, dict[str, Any]]:
    """`preview` of a tenant that has no stack yet, as if it had an empty one.

    The stack is made in a backend that lives as long as the preview, and the tenant's file is
    left as it was: nothing of a preview stays.
    """
    file = stack_file(stack)
    before = file.read_bytes()
    with tempfile.TemporaryDirectory(prefix="zoom-calendar-preview-") as folder:
        env = {"PULUMI_BACKEND_URL": f"file://{folder}"}
        try:
            select_or_create(stack, env)
            return preview(stack, *flags, env=env)
        finally:
            if file.read_bytes() != before:  # `stack init` adds a salt where there is none
                file.write_bytes(before)


def errors_of(result: Result) -> str:
    """What an ended command says is wrong, on one line."""
    lines = [line.strip() for line in (result.stderr + "\n" + result.stdout).splitlines()]
    said = _joined([_plain(line) for line in lines if line.startswith("error:")])
    return said or " ".join(lines[-5:]).strip()


# What the engine says beside an error that another line explains.
_EMPTY = re.compile(
    r"(preview|update|refresh|import) failed|no changes were expected .*|"
    r".*program exited with .*exit code.*",
    re.IGNORECASE,
)


def _plain(message: str) -> str:
    """An engine's error without its own words around it."""
    line = " ".join(message.split()).removeprefix("error: ")
    return re.sub(r"^(Preview|Update|Refresh) failed: ", "", line)


# What makes two answers to one question differ.
_TRACE = re.compile(r"(Trace ID:|request-id|x-zm-trackingid) \S+")


def _joined(messages: list[str]) -> str:
    telling = [message for message in messages if not _EMPTY.fullmatch(message)] or messages
    once: dict[str, str] = {}
    for message in telling:
        once.setdefault(_TRACE.sub("", message), message)
    return "; ".join(once.values())
