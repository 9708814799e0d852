"""Where Zoom reads and writes the same thing in two forms: from one to the other, by the catalogue.

A document is taken in the form that PATCH has, which is what a tenant declares.
"""

from typing import Any

from providers.values import leaf, set_leaf
from tenant.catalogue import Branch, Leaf, load


def as_written(body: dict[str, Any], kind: str) -> dict[str, Any]:
    """`body`, as GET returns it, in the form of PATCH.

    What is only ever read is left out, in entries of lists too, and so are lists that an action
    edits: without one they stay as they are. What PATCH has under another name is there under that
    name. What the catalogue does not know stays: Zoom may have published it since.
    """
    catalogue = load()
    written: dict[str, Any] = _writable(body, catalogue.tree(kind))
    for path, field in catalogue.entry_fields(kind).items():
        entries = leaf(body, catalogue.annotation(path).counterpart)
        if isinstance(entries, list):
            values = [one.get(field) for one in entries if isinstance(one, dict)]
            set_leaf(written, path, values)
    return written


def _writable(value: Any, node: Leaf | Branch | None) -> Any:
    if not isinstance(value, dict) or not isinstance(node, Branch):
        return value
    kept = {}
    for name, item in value.items():
        below, entries = node.get(name), node.get(f"{name}[]")
        if isinstance(below, Leaf) and not _travels(below):
            continue
        if isinstance(item, list) and isinstance(entries, Branch):
            kept[name] = [_writable(one, entries) for one in item]
        else:
            kept[name] = _writable(item, below)
    return kept


def _travels(leaf: Leaf) -> bool:
    return leaf.writable and not load().annotation(leaf.path).refused
