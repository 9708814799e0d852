"""Zoom's account settings and locks: every published name, with its type and first value.

The table is zoom_leaves.json, by shape; `kind?option` is what that option shows. A row is path,
type and, where it has a place of its own in a GET, the first value. `a.b[].c` is field c of each
entry of the list a.b. Types: bool, int, text, list, choices as `a|b|c` (of integers where all are
digits), a range as `1..63`; `text(5..30)` and `list(..20)` limit the length. `get:` before a type
marks what only a GET shows, `patch:` what only a PATCH takes.
"""

from __future__ import annotations

import copy
import json
import re
from dataclasses import dataclass
from pathlib import Path

from .wire import Json

_TYPE = re.compile(r"(get:|patch:)?(.*?)(?:\((\d*)\.\.(\d*)\))?")
_PYTHON: dict[str, type] = {"bool": bool, "int": int, "text": str, "list": list}


@dataclass(frozen=True)
class Leaf:
    """One setting, or one field of a list's entries: its type, and who may see or send it."""

    kind: str
    first: Json = None
    readable: bool = True
    writable: bool = True
    length: tuple[int | None, int | None] = (None, None)

    @property
    def shows(self) -> bool:
        """Whether a GET shows what a PATCH wrote: not where it has no place, or another type."""
        return self.readable and self.accepts(self.first)

    def accepts(self, value: Json) -> bool:
        """Whether a PATCH with this value has the right type and range; entries aside."""
        if self.kind in _PYTHON:
            right = isinstance(value, _PYTHON[self.kind])
            right = right and (self.kind == "bool" or not isinstance(value, bool))
            return right and (self.length == (None, None) or _within(self.length, len(value)))
        if isinstance(value, bool):
            return False
        if ".." in self.kind:
            return isinstance(value, int) and _within(_limits(*self.kind.split("..")), value)
        choices = self.kind.split("|")
        numbers = all(choice.isdigit() for choice in choices)
        return isinstance(value, int if numbers else str) and str(value) in choices


def _limits(low: str | None, high: str | None) -> tuple[int | None, int | None]:
    return int(low) if low else None, int(high) if high else None


def _within(limits: tuple[int | None, int | None], measured: int) -> bool:
    low, high = limits
    return (low is None or low <= measured) and (high is None or measured <= high)


def _leaf(kind: str, first: Json = None) -> Leaf:
    found = _TYPE.fullmatch(kind)
    assert found is not None
    who, bare, low, high = found.groups()
    return Leaf(bare, first, who != "patch:", who != "get:", _limits(low, high))


def _shapes() -> dict[str, dict[str, Leaf]]:
    table = json.loads(Path(__file__).with_name("zoom_leaves.json").read_text(encoding="utf-8"))
    return {shape: {path: _leaf(*row) for path, *row in rows} for shape, rows in table.items()}


SHAPES = _shapes()


def tree(shape: str) -> dict[str, Json]:
    """The first values of all that a GET of a shape shows, nested by their paths."""
    root: dict[str, Json] = {}
    for path, leaf in SHAPES[shape].items():
        if leaf.readable and "[" not in path:
            *sections, name = path.split(".")
            place = root
            for section in sections:
                place = place.setdefault(section, {})
            place[name] = copy.deepcopy(leaf.first)
    return root
