"""A tenant's declared settings and locks against what Zoom publishes: one line for a mistake."""

import difflib
from typing import Any, NoReturn

from tenant.catalogue import LOCKS, SETTINGS, Branch, Form, Leaf, load
from tenant.errors import DeclarationError

_KEYS = {SETTINGS: "zoom.settings", LOCKS: "zoom.locks"}


def check(declared: dict[str, Any], document: str, file: str) -> None:
    """Raises DeclarationError for the first of the declared leaves that cannot be kept.

    `document` is SETTINGS or LOCKS; the catalogue is only read when something is declared.
    """
    if declared:
        _Check(document, file).branch(load().tree(document), declared, "")


def unsupported(node: Leaf | Branch, path: str) -> str | None:
    """Why the leaf or branch at `path` cannot be declared; None where it, or part of it, can."""
    catalogue = load()
    note = catalogue.annotation(path)
    if note.refused:
        return note.refused
    if isinstance(node, Branch):
        return None
    if note.secret:
        return "holds a credential, which would stay in the stack's state; set it in Zoom's portal"
    if not node.writable:
        what = f"{note.counterpart} instead" if note.counterpart else "no form of it"
        if catalogue.annotation(note.counterpart).entry_field:
            what = f"{note.counterpart} instead: declare that"
        return f"is only read: Zoom's PATCH takes {what}"
    if not node.readable and not note.entry_field:
        shown = f" (it shows {note.counterpart} instead)" if note.counterpart else ""
        return f"is only written: Zoom's GET has no form of it{shown}, so it could not be verified"
    if node.get is not None and node.get.type != node.value.type:
        return (
            f"is a {node.get.type} in Zoom's GET and a {node.value.type} in its PATCH, so it could "
            "not be verified; set it in Zoom's portal"
        )
    return None


def lock_of(path: str) -> str | None:
    """The path of the lock that holds the setting at `path`; None where Zoom publishes none."""
    catalogue = load()
    for note in reversed(catalogue.annotated(path)):
        if note.lock:
            return note.lock
    leaf = catalogue.find(SETTINGS, path)
    lockable = isinstance(leaf, Leaf) and leaf.lockable
    return ".".join(path.split(".")[:2]) if lockable else None


class _Check:
    """One document's check; every method raises DeclarationError or returns."""

    def __init__(self, document: str, file: str) -> None:
        self.document, self.file, self.key = document, file, _KEYS[document]

    def refuse(self, path: str, problem: str) -> NoReturn:
        raise DeclarationError(self.file, f"{self.key}.{path}", problem)

    def branch(self, known: Branch, declared: dict[str, Any], path: str) -> None:
        for name, value in declared.items():
            here = f"{path}.{name}" if path else name
            node = None if "[" in name else known.get(name)
            if node is None:
                self.refuse(here, self._why_unknown(here, value))
            if value is None:
                self.refuse(here, "has no value; give one, or leave the key out")
            if why := unsupported(node, here):
                self.refuse(here, why)
            if isinstance(node, Leaf):
                self.value(node, known.get(f"{name}[]"), value, here)
            elif not isinstance(value, dict):
                enable = isinstance(value, bool) and "enable" in node
                meant = f" (did you mean {{enable: {str(value).lower()}}}?)" if enable else ""
                self.refuse(here, f"given {shown(value)}{meant}; allowed: {_mapping(node)}")
            elif not value:
                self.refuse(here, "is empty; name a setting, or leave it out")
            else:
                self.branch(node, value, here)

    def value(self, leaf: Leaf, entries: Leaf | Branch | None, value: Any, here: str) -> None:
        also = load().annotation(leaf.path).also
        if not _fits(leaf.value, also, value):
            whole = " (one lock holds the whole setting)" if isinstance(value, dict) else ""
            whole = whole if self.document == LOCKS else ""
            self.refuse(here, f"given {shown(value)}; allowed: {allowed(leaf.value, also)}{whole}")
        for at, entry in enumerate(value if isinstance(value, list) else ()):
            place = f"{here}[{at}]"
            if isinstance(entries, Leaf):
                self.value(entries, None, entry, place)
            elif isinstance(entries, Branch):
                if not isinstance(entry, dict) or not entry:
                    self.refuse(place, f"given {shown(entry)}; allowed: {_mapping(entries)}")
                self.entry(entries, entry, place)

    def entry(self, known: Branch, declared: dict[str, Any], here: str) -> None:
        """One entry of a list of objects: its fields are known by the list's own."""
        for name, value in declared.items():
            node, place = known.get(name), f"{here}.{name}"
            if node is None or "[" in name:
                near = _near(name, [one for one in known if "[" not in one])
                self.refuse(place, f"is not a field here{near}; allowed: {_mapping(known)}")
            if isinstance(node, Leaf):
                if why := unsupported(node, node.path):
                    self.refuse(place, why)
                self.value(node, known.get(f"{name}[]"), value, place)
            elif not isinstance(value, dict):
                self.refuse(place, f"given {shown(value)}; allowed: {_mapping(node)}")
            else:
                self.entry(node, value, place)

    def _why_unknown(self, here: str, value: Any) -> str:
        catalogue = load()
        for name, document in catalogue.documents.items():
            if name.startswith(f"{self.document}?") and document.find(here) is not None:
                return (
                    f"is only in {document.account} accounts, which have no users with calendars "
                    "and are not supported"
                )
        known = catalogue.tree(self.document)
        near = _nearest(known, here, value)
        if not near and "." not in here:
            sections = [name for name, node in known.items() if not unsupported(node, name)]
            near = f"; its sections are {', '.join(sections)}"
        if self.document == LOCKS:
            if "." in here and catalogue.find(SETTINGS, here) is not None:
                return f"is a setting that Zoom publishes no lock for{near}"
            return f"is not a lock that Zoom publishes{near}"
        return f"is not a setting that Zoom publishes{near}"


def _nearest(known: Branch, here: str, value: Any) -> str:
    """The hint with the published paths nearest to an unknown one, '' where none is near."""
    while isinstance(value, dict) and value:  # a misspelt section is told by what is in it
        name, value = next(iter(value.items()))
        here = f"{here}.{name}"
    paths = [leaf.path for leaf in known.leaves() if "[" not in leaf.path]
    elsewhere = [path for path in paths if path.rpartition(".")[2] == here.rpartition(".")[2]]
    if len(elsewhere) == 1:  # the right name in the wrong place
        return f" (did you mean {elsewhere[0]}?)"
    return _near(here, paths)


def _near(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.75)
    return f" (did you mean {' or '.join(near)}?)" if near else ""


def _fits(form: Form, also: tuple[str | int, ...], value: Any) -> bool:
    kinds = {"boolean": bool, "string": str, "array": list, "object": dict, "integer": int}
    kind = kinds.get(form.type, (int, float))
    if not isinstance(value, kind) or (isinstance(value, bool) and form.type != "boolean"):
        return False
    if value in also:
        return True
    if form.enum and value not in form.enum:
        return False
    if isinstance(value, str):
        return _within(form.min_length, len(value), form.max_length)
    if isinstance(value, list):
        return _within(None, len(value), form.max_items)
    return not isinstance(value, int | float) or _within(form.minimum, value, form.maximum)


def _within(low: int | None, measured: float, high: int | None) -> bool:
    return (low is None or low <= measured) and (high is None or measured <= high)


def allowed(form: Form, also: tuple[str | int, ...] = ()) -> str:
    """What a value may be, in words."""
    words = {
        "boolean": "true or false",
        "integer": f"a whole number{_range(form.minimum, form.maximum)}",
        "number": f"a number{_range(form.minimum, form.maximum)}",
        "string": f"text{_range(form.min_length, form.max_length, ' characters')}",
        "array": f"a list{_range(None, form.max_items, ' entries')}",
        "object": "a mapping",
    }
    if form.enum:
        return ", ".join(map(str, (*form.enum, *also)))
    return ", or ".join([words[form.type], *map(str, also)])


def _range(low: int | None, high: int | None, unit: str = "") -> str:
    if low is not None and high is not None:
        return f" from {low} to {high}{unit}"
    if high is not None:
        return f" of at most {high}{unit}" if unit else f" up to {high}"
    return f" of at least {low}{unit}" if low is not None else ""


def _mapping(branch: Branch) -> str:
    return f"a mapping with the keys {', '.join(name for name in branch if '[' not in name)}"


def shown(value: Any) -> str:
    """A given value, short enough for one line."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
