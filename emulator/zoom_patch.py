"""What the body of a PATCH of settings asks, and what becomes of lists and their entries."""

from __future__ import annotations

import copy
import secrets
from dataclasses import dataclass, field

from .wire import Json
from .zoom_api import invalid
from .zoom_schema import Leaf

Leaves = dict[str, Leaf]

# Lists that are edited entry by entry, and what says how.
EDITED_BY = {
    "chat.chat_etiquette_tool.policies": "chat.chat_etiquette_tool.operate",
    "meeting_security.chat_etiquette_tool.policies": "meeting_security.chat_etiquette_tool.operate",
    "schedule_meeting.meeting_template.templates": "schedule_meeting.meeting_template.action",
}
_OPTION = "authentication_option"


@dataclass
class Asked:
    """The leaves that a body changes, all that it names, and the fields that are wrong."""

    leaves: Leaves
    strict: bool
    changes: dict[str, Json] = field(default_factory=dict)
    visited: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def visit(self, path: str, value: Json) -> None:
        leaf = self.leaves.get(path)
        self.visited.append(path)
        if leaf is not None:
            # What only a GET shows is ignored: bodies are often a GET's answer, edited.
            if leaf.writable:
                self.changes[path] = self._taken(path, leaf, value)
        elif not _is_above(self.leaves, path):
            self._unknown(path)
        elif not isinstance(value, dict):
            self.wrong.append(path)
        else:
            for name, inner in value.items():
                self.visit(f"{path}.{name}", inner)

    def _unknown(self, path: str) -> None:
        # A section nobody knows is refused; about a leaf Zoom mostly says nothing.
        if self.strict or "." not in path:
            self.wrong.append(path)

    def _taken(self, path: str, leaf: Leaf, value: Json) -> Json:
        if not leaf.accepts(value):
            self.wrong.append(path)
        elif isinstance(value, list):
            return [self._entry(f"{path}[]", one) for one in value]
        return value

    def _entry(self, path: str, value: Json) -> Json:
        """One entry of a list, or a part of it, without what only a GET shows."""
        leaf = self.leaves.get(path)
        if leaf is not None:
            return self._taken(path, leaf, value)
        if not isinstance(value, dict):
            self.wrong.append(path)
            return value
        taken = {}
        for name, inner in value.items():
            here = f"{path}.{name}"
            below = self.leaves.get(here)
            if below is None and not _is_above(self.leaves, here):
                self._unknown(here)
            elif below is None or below.writable:
                taken[name] = self._entry(here, inner)
        return taken


def _is_above(leaves: Leaves, path: str) -> bool:
    return any(known.startswith(f"{path}.") for known in leaves)


def shown(leaves: Leaves, path: str, value: Json, before: Json) -> Json:
    """A value as GET shows it: a list's entries with what only GET has, of the same entry before.

    A new entry has empty texts there.
    """
    start = f"{path}[]."
    below = {p.removeprefix(start): leaf for p, leaf in leaves.items() if p.startswith(start)}
    extra = [name for name, leaf in below.items() if not leaf.writable]
    if not extra or not isinstance(value, list):
        return copy.deepcopy(value)
    left, entries = list(before or ()), []
    for entry in value:
        same = next((one for one in left if _without(one, extra) == entry), None)
        if same is not None:
            left.remove(same)
        entries.append({**dict.fromkeys(extra, ""), **(same or entry)})
    return entries


def _without(entry: dict[str, Json], names: list[str]) -> dict[str, Json]:
    return {name: value for name, value in entry.items() if name not in names}


def at(tree: dict[str, Json], path: str) -> Json:
    """The value at a path; None where there is none."""
    place: Json = tree
    for name in path.split("."):
        place = place.get(name) if isinstance(place, dict) else None
    return place


def edited(tree: dict[str, Json], changes: dict[str, Json]) -> dict[str, Json]:
    """`changes` with the lists that an action edits as they will be; without one they stay."""
    after = {path: value for path, value in changes.items() if path not in EDITED_BY}
    for path, action in EDITED_BY.items():
        if action in changes and path in changes:
            after[path] = copy.deepcopy(at(tree, path))
            for given in changes[path]:
                _edit(after[path], changes[action], given)
    option = {p.rpartition(".")[2]: v for p, v in changes.items() if p.startswith(f"{_OPTION}.")}
    if option:
        options = after[f"{_OPTION}s"] = copy.deepcopy(tree[f"{_OPTION}s"])
        _edit(options, option.pop("action", None), option)
    return after


def _edit(entries: list[dict[str, Json]], action: Json, given: dict[str, Json]) -> None:
    """Adds, updates or deletes one entry, which its id or else its name tells."""
    key = "id" if "id" in given else "name"
    found = next((one for one in entries if key in given and one[key] == given[key]), None)
    if action in ("add", "create") and found is None and "name" in given:
        found = {"id": secrets.token_urlsafe(16)}
        entries.append(found)
    elif action not in ("update", "delete") or found is None:
        raise invalid(key)
    if action == "delete":
        entries.remove(found)
    else:
        found.update(given)
