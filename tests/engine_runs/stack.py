"""One tenant's stack in a workspace of its own, against an Entra and a Zoom of its own."""

import copy
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo.workspace import Run, Workspace
from emulator import Emulator
from fleet.plan import Change, changes_of

TENANT = "contoso"
State = dict[str, Any]

# What the reviewer runs (docs/ci.md), and what an operator runs.
REVIEW = ("preview", "--refresh", "--diff", "--suppress-outputs", "--expect-no-changes")
DRIFT = 7


@dataclass(frozen=True)
class Applied:
    """A stack right after its first `up`, to go on from as often as wanted."""

    folder: str
    passphrase: str
    file: str
    before: State
    world: State


class Stack:
    """Commands on one stack; each says what it should end with."""

    def __init__(self, emulator: Emulator, folder: Path, environment: Mapping[str, str]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.emulator = emulator
        self.workspace = Workspace(folder, {**environment, **emulator.env})
        self.before = emulator.snapshot()

    # ---- the tenant's file and what is kept of a run ---------------------------------------

    def declare(self, text: str) -> None:
        self.workspace.declare(TENANT, text)

    def keep(self) -> Applied:
        """This stack as it is now."""
        return Applied(
            str(self.workspace.folder / "state"),
            self.workspace.environment["PULUMI_CONFIG_PASSPHRASE"],
            self.workspace.stack_file(TENANT).read_text(encoding="utf-8"),
            self.before,
            self.emulator.snapshot(),
        )

    def go_on_from(self, applied: Applied) -> None:
        """Makes this workspace and this emulator what they were when `applied` was kept."""
        state = self.workspace.folder / "state"
        shutil.rmtree(state)
        shutil.copytree(applied.folder, state)
        self.workspace.environment["PULUMI_CONFIG_PASSPHRASE"] = applied.passphrase
        self.workspace.stack_file(TENANT).write_text(applied.file, encoding="utf-8")
        self.before = copy.deepcopy(applied.before)
        self.emulator.world.replace(copy.deepcopy(applied.world))

    def forget(self) -> None:
        """The stack without its state, as if everything had been made by hand."""
        self.pulumi("stack", "rm", "--force", "--yes", "--preserve-config")
        self.workspace.stack_file(TENANT).unlink()

    # ---- commands --------------------------------------------------------------------------

    def pulumi(self, *arguments: str, code: int = 0) -> str:
        """What `pulumi ARGUMENTS` says; it must end with `code`, and never with a traceback."""
        return self.expect(self.workspace.pulumi(*arguments, tenant=TENANT), code)

    def up(self, code: int = 0) -> str:
        return self.pulumi("up", "--yes", "--skip-preview", code=code)

    def destroy(self, code: int = 0) -> str:
        return self.pulumi("destroy", "--yes", "--skip-preview", code=code)

    def cancel(self) -> str:
        return self.pulumi("cancel", "--yes")

    def fleet(self, *arguments: str, code: int = 0) -> str:
        return self.expect(self.workspace.fleet(*arguments), code)

    def adopt(self, code: int = 0) -> str:
        return self.fleet("adopt", TENANT, code=code)

    def plan(self, code: int = DRIFT) -> list[Change]:
        """The changes that the reviewer's preview proposes; it must end with `code`."""
        out = self.pulumi("preview", "--refresh", "--expect-no-changes", "--json", code=code)
        document = json.loads(out[out.index("{") : out.rindex("}") + 1])
        return changes_of(document)

    def export(self) -> str:
        return self.pulumi("stack", "export")

    def resources(self) -> list[State]:
        """What the stack's state holds."""
        deployment = json.loads(self.export())["deployment"]
        found: list[State] = deployment.get("resources") or []
        return found

    @staticmethod
    def expect(run: Run, code: int) -> str:
        told = [line for line in run.out.splitlines() if "error" in line] or run.out[-3000:]
        assert run.code == code, f"ended with {run.code} instead of {code}: {told}"
        assert "Traceback" not in run.out, run.out
        return run.out

    # ---- both services ---------------------------------------------------------------------

    def snapshot(self) -> State:
        return self.emulator.snapshot()

    @contextmanager
    def portal(self) -> Iterator[State]:
        """The live state, for edits as people make them in the portals."""
        world = self.emulator.world
        with world.lock:
            yield world.data
            world.save()

    def writes(self) -> list[str]:
        """Every request so far that asks for a change, by any client, in order of arrival."""
        return [text for text, _ in sent_writes(self.emulator.log)]

    @contextmanager
    def nothing_written(self) -> Iterator[None]:
        """Nothing that runs within asks either service for a change."""
        self.emulator.clear_log()
        before = self.snapshot()
        yield
        assert self.writes() == []
        assert differences(self.snapshot(), before) == []

    @contextmanager
    def nothing_changed(self) -> Iterator[None]:
        """What is asked of the services within, they refuse."""
        before = self.snapshot()
        yield
        assert differences(self.snapshot(), before) == []

    def assert_as_before(self) -> None:
        """Both services, whole, are what they were before the stack."""
        assert differences(self.snapshot(), self.before) == []


def differences(now: Any, before: Any, path: str = "") -> list[str]:
    """Every place where two states differ, for people; [] where they are equal to the byte."""
    if isinstance(now, dict) and isinstance(before, dict):
        found = [f"{path}/{key} is new: {now[key]!r}" for key in now.keys() - before.keys()]
        found += [f"{path}/{key} is gone: {before[key]!r}" for key in before.keys() - now.keys()]
        for key in now.keys() & before.keys():
            found += differences(now[key], before[key], f"{path}/{key}")
        return sorted(found)
    # As text: in Python 1, 1.0 and True are equal.
    same = json.dumps(now, sort_keys=True) == json.dumps(before, sort_keys=True)
    return [] if same else [f"{path} is {now!r} instead of {before!r}"]


def sent_writes(log: list[State]) -> list[tuple[str, int]]:
    """The requests of a log that are neither reads nor logins, with their statuses."""
    asked: list[tuple[str, int]] = []
    for entry in log:
        for item in entry.get("items") or [entry]:
            if item["method"] != "GET" and not item["path"].endswith(("/token", "/$batch")):
                asked.append((f"{item['method']} {item['path']}", item["status"]))
    return asked


def in_words(changes: list[Change]) -> set[tuple[str, str, str]]:
    """Changes as (resource, operation, property)."""
    return {(change.resource, change.operation, change.property) for change in changes}
