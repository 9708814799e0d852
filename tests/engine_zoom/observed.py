"""The table of channels in docs/zoom.md: what the real engine was seen to do over each channel.

Each life below gives its rows and compares them with the committed ones; with WRITE_CHANNELS in the
environment (`make docs`) it writes them instead.
"""

import itertools
import json
import os
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from demo.workspace import ROOT, Workspace
from emulator import Emulator
from fleet.plan import changes_of
from tenant.catalogue import load

PAGE = ROOT / "docs/zoom.md"
CELLS = ("set", "read", "drift seen", "restored")
Values = dict[str, bool]
Key = tuple[str, str]  # setting, channel
Seen = dict[str, dict[str, bool]]  # setting to cell to whether it was so


class Tenant(Protocol):
    """A stack named contoso, and the services behind it."""

    workspace: Workspace
    emulator: Emulator


class Life:
    """`up`, preview, drift, `up` and `destroy` of what is declared over one channel.

    After it: what the preview `said`, warned of and `asked` of Zoom while all was as declared.
    """

    said: str
    warnings: list[str]
    asked: list[str]

    def __init__(
        self,
        tenant: Tenant,
        declared: Values,
        live: Callable[[], Values],
        person_sets: Callable[[Values], None],
    ) -> None:
        self._tenant, self._declared = tenant, declared
        self._live, self._person_sets = live, person_sets

    def observe(self, named: Mapping[str, str] | None = None) -> Seen:
        """What was seen of each setting; every setting must differ from its declared value before.

        set: `up` changed the value in the service. read: the preview after it was clean, and
        counts the setting as verified. drift seen: a preview named a change by hand, exit code 7.
        restored: destroy brought back the value of before. named: the settings by their properties
        in Pulumi, where those have other names.
        """
        before, names = self._live(), list(self._declared)
        assert all(before[name] is not self._declared[name] for name in names), before
        self._run("up")
        was_set = self._live()
        self._person_sets(self._declared)  # who attests does it by hand
        code, changed = self._preview({})
        assert (code, changed) == (0, set()), self.said
        seen_clean = (self.said, self.warnings, self.asked)
        unverified = self._unverified()
        self._person_sets({name: before[name] for name in names})
        code, changed = self._preview(named or {})
        assert (code, changed <= set(names)) == (7 if changed else 0, True), changed
        self._run("up")
        if changed:
            assert self._live() == was_set, "drift was seen and not healed"
        self._person_sets(self._declared)
        self._run("destroy")
        after = self._live()
        self.said, self.warnings, self.asked = seen_clean
        return {
            name: {
                "set": was_set[name] is self._declared[name],
                "read": name not in unverified,
                "drift seen": name in changed,
                "restored": after[name] is before[name],
            }
            for name in names
        }

    def _unverified(self) -> set[str]:
        """All of the article's settings, or none: they are counted; no other one is."""
        article = {name for name in self._declared if "." not in name}
        assert "is unknown, not compared" not in self.said
        if f"{len(article)} verified" in self.said:
            return set()
        assert "0 verified" in self.said
        return article

    def _run(self, command: str) -> None:
        run = self._tenant.workspace.pulumi(command, "--yes", "--skip-preview", tenant="contoso")
        assert run.code == 0, run.out[-3000:]
        assert "Traceback" not in run.out

    def _preview(self, named: Mapping[str, str]) -> tuple[int, set[str]]:
        """Exit code, and the settings that would change."""
        self._tenant.emulator.clear_log()
        run = self._tenant.workspace.pulumi(
            "preview", "--refresh", "--expect-no-changes", "--json", tenant="contoso"
        )
        document: Any = json.loads(run.out[run.out.index("{") : run.out.rindex("}") + 1])
        told = document.get("diagnostics") or []
        self.said = "\n".join(str(one["message"]) for one in told)
        self.warnings = [one["message"] for one in told if one["severity"] == "warning"]
        self.asked = sorted(
            f"{one['method']} {one['path'].rpartition('/')[2]}"
            for one in self._tenant.emulator.log
            if one["service"].startswith("zoom")
        )
        changed = {change.property for change in changes_of(document)}
        return run.code, {named.get(name, name) for name in changed}


def all_rows() -> list[Key]:
    """Every setting of the article over every channel it has, a published setting, and a lock."""
    rows = []
    for setting in load().portal:
        if setting.article:
            of_portal = "portal" in setting.channels  # a mere action has no value to have a path
            channels = ("api", "portal", "attested") if of_portal else ("attested",)
            rows += [(setting.name, channel) for channel in channels]
    return [*rows, (PUBLISHED, "api"), (LOCK, "api")]


def expect(channel: str, seen: Seen) -> None:
    """The rows are those of the committed table; with WRITE_CHANNELS they are written."""
    rows = {(name, channel): _row(name, channel, cells) for name, cells in seen.items()}
    if os.environ.get("WRITE_CHANNELS"):
        _write(rows)
    shown = committed()
    assert {key: shown.get(key) for key in rows} == rows, "run `make docs`"


def committed() -> dict[Key, str]:
    """The rows of the page's table, in its order."""
    lines = PAGE.read_text(encoding="utf-8").partition(_HEADER)[2].splitlines()
    rows = {}
    for line in itertools.takewhile(lambda line: line.startswith("|"), lines[2:]):
        setting, channel = (cell.strip().strip("`") for cell in line.split("|")[1:3])
        rows[setting, channel] = line
    return rows


def _write(rows: dict[Key, str]) -> None:
    """Puts the rows into the table; what is no row any more leaves it."""
    head, _, rest = PAGE.read_text(encoding="utf-8").partition(_HEADER)
    lines, known = rest.splitlines(keepends=True), committed()
    after = lines[2 + len(known) :]
    known |= rows
    body = [f"{known[key]}\n" for key in all_rows() if key in known]
    PAGE.write_text("".join([head, _HEADER, *lines[:2], *body, *after]), encoding="utf-8")


def _row(setting: str, channel: str, cells: dict[str, bool]) -> str:
    shown = " | ".join("yes" if cells[name] else "no" for name in CELLS)
    why = "" if all(cells.values()) else _WHY_NOT[channel]
    return f"| `{setting}` | {channel} | {shown} | {why} |"


PUBLISHED, LOCK = "in_meeting.file_transfer", "schedule_meeting.host_video (lock)"
_WHY_NOT = {"attested": "a person clicks, and says so in the tenant's file; nothing is sent"}
_HEADER = f"| setting | channel | {' | '.join(CELLS)} | why not |"
