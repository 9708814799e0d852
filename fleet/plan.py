"""What a preview of one tenant says, as data: every property, live and declared."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fleet import pulumi

UNKNOWN_VALUE = (
    "04da6b54-80e4-46f7-96ec-b56ff0331ba9"  # how the engine writes a value not known yet
)


@dataclass(frozen=True)
class Change:
    """One property of one resource, from `live` to `declared`: plain JSON values, or None.

    A resource that is created or deleted is one change without a property, whose `declared` or
    `live` has all its properties; the engine does not read what it is to delete, so that `live` is
    as last known. Where the resource is `attested`, nobody can read it: `live` is then what was
    declared before.
    """

    resource: str
    operation: str
    property: str
    live: Any
    declared: Any
    attested: bool = False
    unmanaged: bool = False  # declared no more: it stays as it is, and nobody looks after it


@dataclass(frozen=True)
class Unknown:
    """A resource that could not be read: not compared, so neither as declared nor drifted."""

    resource: str
    reason: str


@dataclass(frozen=True)
class Plan:
    """A tenant's preview. With an `error` there is none: `invalid` if its file cannot be used."""

    tenant: str
    changes: tuple[Change, ...] = ()
    unknown: tuple[Unknown, ...] = ()
    steps: tuple[str, ...] = ()  # what a person still has to do in Zoom's portal
    warnings: tuple[str, ...] = ()  # whatever else the preview warned of
    first: bool = False  # there is no stack yet
    error: str | None = None
    invalid: bool = False
    unattested: bool = False  # the error: attestations are required, and some do not count
    calendar: str = ""  # how the calendar's settings are known, counted
    consent: tuple[str, ...] = ()  # who consents to what, as told and not warned of

    @property
    def code(self) -> int:
        """0 as declared, 7 changes, 1 failure, 2 an unusable file, 5 attestations are required."""
        if self.error is not None:
            return 2 if self.invalid else UNATTESTED if self.unattested else 1
        return pulumi.DRIFT if self.changes else 0

    @property
    def resources(self) -> dict[str, list[Change]]:
        """The changes by resource."""
        by_name: dict[str, list[Change]] = {}
        for change in self.changes:
            by_name.setdefault(change.resource, []).append(change)
        return by_name


def plan(tenant: str) -> Plan:
    """Reads the tenant with `pulumi preview`; nothing is written.

    A tenant without a stack is previewed as if it had an empty one. Never raises PulumiFailed.
    """
    first = False
    try:
        try:
            _, document = pulumi.preview(tenant, *_FLAGS)
        except pulumi.NoStack:
            first = True
            _, document = pulumi.first_preview(tenant, *_FLAGS)
    except pulumi.PulumiFailed as error:
        required, *numbered = _STEP.split(str(error))
        unattested = _REQUIRED.search(required) is not None
        if unattested:
            return Plan(tenant, error=required, steps=tuple(numbered), first=first, unattested=True)
        return Plan(tenant, error=str(error), first=first)
    said = list(dict.fromkeys(_warnings(document)))
    unknown = tuple(Unknown(*match.groups()) for text in said if (match := _UNKNOWN.match(text)))
    person = [text for text in said if _PERSON.match(text)]
    steps = tuple(line.partition(". ")[2] for text in person for line in text.splitlines()[1:])
    others = tuple(text for text in said if not _UNKNOWN.match(text) and text not in person)
    changes = tuple(changes_of(document))
    lines = [text for _, text in _infos(document)]
    calendar = next((text for text in lines if text.startswith("Calendar settings")), "")
    consent = tuple(_consent(document))
    return Plan(tenant, changes, unknown, steps, others, first, calendar=calendar, consent=consent)


# Without the second the live values are read with the configuration of the last `up`: another
# tenant's, where the file has changed since.
_FLAGS = ("--refresh", "--run-program")

# What components/tenant.py and components/zoom_account.py warn of; another wording is not lost, it
# is shown among the other warnings.
_UNKNOWN = re.compile(r"(\S+) is unknown, not compared and not written since (.+)", re.DOTALL)
_PERSON = re.compile(r"\d+ of \d+ settings need a person\b")
_REQUIRED = re.compile(r"\battestations are required\b")
_STEP = re.compile(r" (?=\d+\. )\d+\. ")
UNATTESTED = 5


def _warnings(document: dict[str, Any]) -> Iterator[str]:
    for item in document.get("diagnostics") or ():
        if item.get("severity") == "warning":
            yield str(item["message"]).strip().removeprefix("warning: ")
    # What the preflight of a stack's first preview prints: it has no outputs to warn of yet.
    yield from (text for _, text in _infos(document) if text.startswith("preflight: "))


def _infos(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The type of the resource that tells a line, and the line; what a provider prints has none."""
    for item in document.get("diagnostics") or ():
        if str(item.get("severity")).startswith("info"):
            type_ = str(item.get("urn") or "").rpartition("::")[0]
            for line in str(item["message"]).splitlines():
                yield type_, line.strip()


# The components that tell of consent, whatever their words. What providers print where there are no
# outputs yet names no resource, so its words have to say what it is about; it comes at any time.
_TELLS = tuple(f"zoom-calendar:index:{name}" for name in ("Tenant", "UserConsent", "AdminGrant"))
_PRINTED = re.compile(r"consent\b|users can\b|(before|after), users\b")


def _consent(document: dict[str, Any]) -> list[str]:
    """Each line once: those on both sides first, then the others, printed ones before told ones."""
    told = {
        line: (not line.startswith("consent"), type_.endswith(_TELLS))
        for type_, line in _infos(document)
        if line and (type_.endswith(_TELLS) or _PRINTED.match(line))
    }
    return sorted(told, key=lambda line: told[line])


def changes_of(document: dict[str, Any]) -> list[Change]:
    """Every property that would change, from the document of `pulumi preview --json`.

    What is in the stack's state only (components, providers, the records of what was there
    before, what the preflight asks for) is left out: it changes nothing in a service.
    """
    changes: list[Change] = []
    for step in document.get("steps") or ():
        state = step.get("newState") or step.get("oldState") or {}
        type_ = str(state.get("type"))
        internal = type_.startswith("pulumi:") or type_.endswith(_INTERNAL)
        if step["op"] in _OPERATIONS and state.get("custom") and not internal:
            changes.extend(_changes_of_step(step, type_))
    return sorted(changes, key=lambda change: (change.resource, change.property))


# One of the three steps of a replacement stands for it.
_OPERATIONS = ("create", "update", "replace", "delete", "import")
# Properties that say how a resource is kept, and nothing about the service.
_OWN = ("prior", "written", "owner", "replaces")
# What is in the state only, and what only reads.
_INTERNAL = (":PriorValues", ":Preflight", ":UserConsentSettings")
_LEFT = (":AccountSettings", ":AccountLocks", ":CalendarIntegration")


def _changes_of_step(step: dict[str, Any], type_: str) -> Iterator[Change]:
    name, operation = str(step["urn"]).rsplit("::", 1)[1], str(step["op"])
    old, new = step.get("oldState") or {}, step.get("newState") or {}
    declared = _declared(new)
    channel = (declared or _declared(old)).get("channel")
    attested = type_.endswith(":CalendarIntegration") and channel != "portal"
    if operation not in ("update", "replace"):
        live = _declared(old) or None
        yield Change(name, operation, "", live, declared or None, attested)
        return
    seen: set[str] = set()
    for path, from_inputs in _paths(step):
        before = _declared(old) if from_inputs else _declared(old, "outputs")
        keys = _whole_list(_keys(path), before, declared)
        shown = _path(keys)
        if keys and keys[0] not in _OWN and shown not in seen:
            seen.add(shown)
            live, wanted = _at(before, keys), _at(declared, keys)
            # What is declared no more of an account is left as it is, and not removed.
            unmanaged = wanted is None and type_.endswith(_LEFT) and not attested
            yield Change(name, operation, shown, live, wanted, attested, unmanaged)


def _declared(state: dict[str, Any], part: str = "inputs") -> dict[str, Any]:
    values: dict[str, Any] = _without_internal(state.get(part) or {})
    return {key: value for key, value in values.items() if key not in _OWN}


def _without_internal(value: Any) -> Any:
    """`value` without what the engine and the bridge keep in it: __provider, __defaults, __meta."""
    if isinstance(value, dict):
        return {k: _without_internal(v) for k, v in value.items() if not k.startswith("__")}
    if isinstance(value, list):
        return [_without_internal(item) for item in value]
    return value


def _paths(step: dict[str, Any]) -> Iterator[tuple[str, bool]]:
    """The paths that differ, and whether the old value is among the old inputs."""
    detailed = step.get("detailedDiff")
    if detailed:
        for path, kind in detailed.items():
            yield path, bool(kind.get("inputDiff"))
        return
    for path in step.get("replaceReasons") or step.get("diffReasons") or ():
        yield path, True


Key = str | int


def _keys(path: str) -> list[Key]:
    """`a.b[0]["c.d"]` as ["a", "b", 0, "c.d"]: the engine's notation of a property's path."""
    keys: list[Key] = []
    for quoted, index, name in re.findall(r'\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.\[\]]+)', path):
        if index:
            keys.append(int(index))
        else:
            keys.append(name or re.sub(r"\\(.)", r"\1", quoted))
    return keys


def _path(keys: list[Key]) -> str:
    text = ""
    for key in keys:
        if isinstance(key, int):
            text += f"[{key}]"
        elif re.fullmatch(r"[^.\[\]\"]+", key):
            text += f".{key}" if text else key
        else:
            escaped = key.replace("\\", "\\\\").replace('"', '\\"')
            text += f'["{escaped}"]'
    return text


def _whole_list(keys: list[Key], old: Any, new: Any) -> list[Key]:
    """Cuts a path at a list of plain values: its entries have no place of their own to name."""
    for at, key in enumerate(keys):
        if isinstance(key, int):
            lists = [value for value in (_at(old, keys[:at]), _at(new, keys[:at])) if value]
            if all(isinstance(v, list) and not _nested(v) for v in lists):
                return keys[:at]
    return keys


def _nested(values: list[Any]) -> bool:
    return any(isinstance(value, dict | list) for value in values)


def _at(tree: Any, keys: list[Key]) -> Any:
    for key in keys:
        if isinstance(tree, list):
            tree = tree[key] if isinstance(key, int) and key < len(tree) else None
        else:
            tree = tree.get(key) if isinstance(tree, dict) else None
    return tree
