"""Makes the documents of tenant/catalogue.json from Zoom's description of its Accounts API.

    python -m tenant.catalogue_build --from FILE           writes them; what is by hand is kept
    python -m tenant.catalogue_build --from FILE --check   prints what differs, and writes nothing

FILE is Zoom's OpenAPI description (developers.zoom.us, Accounts); without --from it is what
ZOOM_ACCOUNTS_DESCRIPTION names. Exit codes: 0, 7 the check found a difference, 2 FILE is of no use.
"""

import argparse
import hashlib
import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from tenant.catalogue import FILE, LIMITS, LOCKS, SETTINGS, Document, Form, Leaf, Source

VARIABLE = "ZOOM_ACCOUNTS_DESCRIPTION"
DIFFERENT = 7

Schema = dict[str, Any]
Documents = dict[str, Document]

_AUTHENTICATION = ("meeting_authentication", "recording_authentication")


class NotADescription(Exception):
    """The file is not a description of the Accounts API, or of a kind that is not known here."""


# ---- from the description to documents -------------------------------------------------------


def documents(description: Schema) -> Documents:
    """Every shape of settings and locks in the description, by name, each with its leaves."""
    made: Documents = {}
    locks: set[str] = set()
    for name in (LOCKS, SETTINGS):
        address = f"/accounts/{{accountId}}/{name}"
        try:
            get, patch = (description["paths"][address][method] for method in ("get", "patch"))
            content = get["responses"]["200"]["content"], patch["requestBody"]["content"]
            shapes = [_shapes(one["application/json"]["schema"]) for one in content]
        except (KeyError, TypeError) as error:
            raise NotADescription(f"it has no GET and PATCH of {address} ({error})") from None
        queries = {"GET": _options(get), "PATCH": _options(patch)}
        for shape in sorted({*shapes[0], *shapes[1]}):
            leaves = _merge(shapes[0].get(shape, {}), shapes[1].get(shape, {}))
            option = shape if any(shape in options for options in queries.values()) else None
            made[name if shape == "main" else f"{name}?{shape}"] = Document(
                channel="api",
                address=address.lstrip("/"),
                option=option,
                option_in=tuple(m for m, options in queries.items() if option in options),
                account="Video SDK" if shape == "video_sdk" else None,
                leaves=tuple(leaves if shape == "video_sdk" else _with_locks(leaves, locks)),
            )
        if name == LOCKS:
            every = (leaf for one in made.values() for leaf in one.leaves)
            locks = {leaf.path for leaf in every if leaf.writable and leaf.value.type == "boolean"}
    return dict(sorted(made.items()))


def _options(operation: Schema) -> tuple[str, ...]:
    """The values of the query `option`: listed, or, where they are not, the example."""
    schemas = [p["schema"] for p in operation.get("parameters", ()) if p["name"] == "option"]
    return tuple(value for one in schemas for value in one.get("enum", [one.get("example")]))


def _shapes(schema: Schema) -> dict[str, dict[str, Schema]]:
    """The shapes of a body, by name, each as paths with their schemas."""
    found: dict[str, dict[str, Schema]] = {}
    for one in schema.get("oneOf", [schema]):
        for shape in one.get("oneOf", [one]):
            name = _name(shape.get("properties", {}))
            if name in found:
                raise NotADescription(f"it has two shapes that look like {name}")
            found[name] = dict(_paths(shape, ""))
    return found


def _name(properties: Schema) -> str:
    authentication = [name for name in _AUTHENTICATION if name in properties]
    if len(authentication) == 1 and "schedule_meeting" not in properties:
        return authentication[0]
    if set(properties) == {"meeting_security"}:
        return "meeting_security"
    if "session_security" in properties:
        return "video_sdk"
    if "schedule_meeting" in properties:
        return "main"
    raise NotADescription(f"it has a shape that is not known here, with {', '.join(properties)}")


def _paths(schema: Schema, path: str) -> Iterator[tuple[str, Schema]]:
    if "oneOf" in schema or "anyOf" in schema or "allOf" in schema or "$ref" in schema:
        raise NotADescription(f"{path or 'a shape'} is composed of others, which is not known here")
    if schema.get("properties"):
        for name, below in schema["properties"].items():
            yield from _paths(below, f"{path}.{name}" if path else name)
        return
    yield path, schema
    if schema.get("type") == "array":
        yield from _paths(schema.get("items", {}), f"{path}[]")


def _merge(get: dict[str, Schema], patch: dict[str, Schema]) -> Iterator[Leaf]:
    for path in sorted({*get, *patch}):
        read, written = (_form(one.get(path), path) for one in (get, patch))
        value = written or read
        assert value is not None
        yield Leaf(
            path=path,
            readable=read is not None,
            writable=written is not None,
            deprecated=any(one.get(path, {}).get("deprecated", False) for one in (get, patch)),
            value=value,
            get=read if read != value else None,
        )


def _form(schema: Schema | None, path: str) -> Form | None:
    if schema is None:
        return None
    limits = {ours: schema[theirs] for theirs, ours in LIMITS.items() if theirs in schema}
    given = {"type": schema.get("type", "object"), "enum": schema.get("enum", ()), **limits}
    try:
        return msgspec.convert(given, Form)
    except msgspec.ValidationError as error:
        raise NotADescription(f"{path} has a form that is not known here: {error}") from None


def _with_locks(leaves: Iterator[Leaf], locks: set[str]) -> Iterator[Leaf]:
    for leaf in leaves:
        setting = ".".join(leaf.path.partition("[]")[0].split(".")[:2])
        yield msgspec.structs.replace(leaf, lockable=setting in locks)


def source(description: Schema, data: bytes) -> Source:
    """Which description this is: the bytes it came in, and what it says of itself."""
    info = description.get("info", {})
    published = re.search(r"\d{4}-\d{2}-\d{2}", str(info.get("x-snapshot", "")))
    return Source(
        title=str(info.get("title", "")),
        version=str(info.get("version", "")),
        published=published[0] if published else "",
        sha256=hashlib.sha256(data).hexdigest(),
    )


# ---- the file --------------------------------------------------------------------------------


def render(by_hand: Schema, made_from: Source, made: Documents) -> str:
    """The text of the catalogue: one leaf per line, sorted; `by_hand` is its other parts."""
    about = {
        "made_by": "python -m tenant.catalogue_build --from FILE writes about and documents; "
        "plans, portal and annotations are written by hand and kept",
        "description": msgspec.to_builtins(made_from),
    }
    parts = [f'"about": {json.dumps(about, indent=2, ensure_ascii=False)}']
    for name in ("plans", "portal"):
        parts.append(f'"{name}": {json.dumps(by_hand[name], indent=2, ensure_ascii=False)}')
    annotations = sorted(by_hand["annotations"].items())
    parts.append(f'"annotations": {{\n{_lines(annotations)}\n}}')
    bodies = ",\n".join(_document(name, document) for name, document in made.items())
    parts.append(f'"documents": {{\n{bodies}\n}}')
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _lines(items: list[tuple[str, Any]]) -> str:
    return ",\n".join(
        f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in items
    )


def _document(name: str, document: Document) -> str:
    head = msgspec.json.encode(msgspec.structs.replace(document, leaves=())).decode()
    lines = ",\n".join(msgspec.json.encode(leaf).decode() for leaf in document.leaves)
    assert head.endswith('"leaves":[]}')
    return f'"{name}": {head.removesuffix("]}")}\n{lines}\n]}}'


# ---- what Zoom added, removed and changed ----------------------------------------------------


def differences(ours: Documents, theirs: Documents) -> list[tuple[str, str, str, str]]:
    """Rows of (what, document, path, how) from the catalogue's documents to the description's."""
    rows = []
    for name in sorted({*ours, *theirs}):
        before, after = (_by_path(one.get(name)) for one in (ours, theirs))
        for path in sorted({*before, *after}):
            old, new = before.get(path), after.get(path)
            if old is None and new is not None:
                rows.append(("added", name, path, _words(new)))
            elif new is None and old is not None:
                rows.append(("removed", name, path, _words(old)))
            elif old is not None and new is not None and old != new:
                rows.append(("changed", name, path, f"{_words(old)} -> {_words(new)}"))
        if _without_leaves(ours.get(name)) != _without_leaves(theirs.get(name)):
            rows.append(("changed", name, "", "the document's address, option or kind of account"))
    return rows


def _by_path(document: Document | None) -> dict[str, Leaf]:
    return {leaf.path: leaf for leaf in document.leaves} if document else {}


def _without_leaves(document: Document | None) -> Document | None:
    return document and msgspec.structs.replace(document, leaves=())


def _words(leaf: Leaf) -> str:
    words = [_form_words(leaf.value)]
    if leaf.get is not None:
        words.append(f"in GET {_form_words(leaf.get)}")
    words += [] if leaf.writable else ["only in GET"]
    words += [] if leaf.readable else ["only in PATCH"]
    return ", ".join(words + [name for name in ("lockable", "deprecated") if getattr(leaf, name)])


def _form_words(form: Form) -> str:
    given = msgspec.to_builtins(form)
    kind = given.pop("type")
    limits = [
        f"{name} {'|'.join(map(str, value)) if name == 'enum' else value}"
        for name, value in given.items()
    ]
    return " ".join([kind, *limits])


def table(rows: list[tuple[str, str, str, str]]) -> str:
    """The rows in columns, with what they are on top."""
    every = [("what", "document", "path", "how"), *rows]
    widths = [max(len(row[at]) for row in every) for at in range(3)]
    return "\n".join(
        "  ".join([*(row[at].ljust(widths[at]) for at in range(3)), row[3]]).rstrip()
        for row in every
    )


def annotated_in_vain(by_hand: Schema, made: Documents) -> list[str]:
    """The annotated paths that no document has."""
    return [
        path
        for path in by_hand["annotations"]
        if all(document.find(path) is None for document in made.values())
    ]


def main(arguments: list[str] | None = None, catalogue: Path = FILE) -> int:
    """Writes or checks the catalogue as this module's docstring says; returns the exit code."""
    parser = argparse.ArgumentParser(description="The API part of the catalogue.")
    parser.add_argument("--from", dest="file", default=os.environ.get(VARIABLE))
    parser.add_argument("--check", action="store_true", help="print what differs, write nothing")
    given = parser.parse_args(arguments)
    if given.file is None:
        parser.error(f"name Zoom's description with --from FILE or {VARIABLE}")
    try:
        data = Path(given.file).read_bytes()
        description = json.loads(data)
        made = documents(description)
    except (OSError, ValueError, NotADescription) as error:
        print(f"{given.file}: {error}", file=sys.stderr)
        return 2
    by_hand = json.loads(catalogue.read_text())
    rows = differences(msgspec.convert(by_hand["documents"], Documents), made)
    if not given.check:
        catalogue.write_text(render(by_hand, source(description, data), made))
    for path in annotated_in_vain(by_hand, made):
        print(f"annotated, but in no document: {path}", file=sys.stderr)
    if rows:
        print(table(rows))
    return DIFFERENT if rows and given.check else 0


if __name__ == "__main__":
    sys.exit(main())
