"""The catalogue's settings and locks as JSON Schema: what an editor completes and explains."""

from typing import Any

from tenant.catalogue import LIMITS, LOCKS, Branch, Form, Leaf, load
from tenant.catalogue_check import unsupported

Schema = dict[str, Any]

_SHORT = {
    "cdn": "CDN",
    "cmr": "cloud recording",
    "dscp": "DSCP",
    "e2e": "end-to-end",
    "hd": "HD",
    "id": "ID",
    "ip": "IP",
    "jbh": "join before host",
    "pmi": "PMI",
    "qos": "QoS",
    "sso": "SSO",
    "zr": "Zoom Rooms",
}


def document_schema(name: str) -> Schema:
    """The schema of `zoom.settings` or `zoom.locks`: everything that may be declared, no more."""
    return _branch(name, load().tree(name))


def _branch(document: str, branch: Branch) -> Schema:
    properties: Schema = {}
    for name, node in branch.items():
        if "[" in name:
            continue
        if isinstance(node, Branch):
            below = _branch(document, node)
            if below["properties"]:
                properties[name] = below
        elif unsupported(node, node.path) is None:
            properties[name] = _leaf(document, node, branch.get(f"{name}[]"))
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _leaf(document: str, leaf: Leaf, entries: Leaf | Branch | None) -> Schema:
    made: Schema = {"description": describe(document, leaf), **_value(leaf)}
    if leaf.deprecated:
        made["deprecated"] = True
    if entries is not None:
        made["items"] = _entry(entries)
    return made


def _entry(node: Leaf | Branch) -> Schema:
    """An entry of a list, with the fields that can be declared."""
    if isinstance(node, Leaf):
        return _value(node)
    properties = {}
    for name, below in node.items():
        if "[" not in name and not (isinstance(below, Leaf) and unsupported(below, below.path)):
            properties[name] = _entry(below)
            if f"{name}[]" in node:
                properties[name]["items"] = _entry(node[f"{name}[]"])
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _value(leaf: Leaf) -> Schema:
    form, also = leaf.value, load().annotation(leaf.path).also
    made = _form(form)
    if also and form.enum:
        made["enum"] = [*form.enum, *also]
    elif also:
        made = {"anyOf": [made, {"enum": list(also)}]}
    return made


def _form(form: Form) -> Schema:
    made: Schema = {"enum": list(form.enum)} if form.enum else {"type": form.type}
    for theirs, ours in LIMITS.items():
        limit = getattr(form, ours)
        if limit is not None:
            made[theirs] = limit
    return made


def describe(document: str, leaf: Leaf) -> str:
    """A leaf in a line: its name in words, what is known of it, whether it can be locked."""
    section, *names = leaf.path.split(".")
    words = ": ".join(_words(name) for name in names or [section])
    sentences = [f"Lock of {words}." if document == LOCKS else f"{words[:1].upper()}{words[1:]}."]
    annotations = load().annotated(leaf.path)
    sentences += [one.note for one in annotations if one.note]
    sentences += [f"Plan: {one.plan}" for one in annotations if one.plan]
    if leaf.lockable:
        sentences.append("Can be locked.")
    return " ".join(sentences)


def _words(name: str) -> str:
    return " ".join(_SHORT.get(word, word) for word in name.split("_"))
