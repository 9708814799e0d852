"""Where Zoom reads and writes the same thing in two forms: from one to the other, by the catalogue.

A document is taken in the form that PATCH has, which is what a tenant declares.
"""

from typing import Any

from providers.values import leaf, set_leaf
from tenant.catalogue import Branch, Leaf, load


def as_written(body: dict[str, Any], document: str) -> dict[str, Any]:
    """`body`, as GET returns it, with what PATCH has under another name added under that name."""
    for path, field in load().entry_fields(document).items():
        entries = leaf(body, load().annotation(path).counterpart)
        if isinstance(entries, list):
            values = [one.get(field) for one in entries if isinstance(one, dict)]
            set_leaf(body, path, values)
    return body


def writable(value: Any, document: str, path: str) -> Any:
    """`value` of the setting at `path` without what is only ever read, entries of lists included.

    What the catalogue does not know stays: Zoom may have published it since.
    """
    return _writable(value, load().documents[document].find(path))


def _writable(value: Any, node: Leaf | Branch | None) -> Any:
    if not isinstance(value, dict) or not isinstance(node, Branch):
        return value
    kept = {}
    for name, item in value.items():
        below, entries = node.get(name), node.get(f"{name}[]")
        if isinstance(below, Leaf) and not below.writable:
            continue
        if isinstance(item, list) and isinstance(entries, Branch):
            kept[name] = [_writable(one, entries) for one in item]
        else:
            kept[name] = _writable(item, below)
    return kept
