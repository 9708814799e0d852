"""Property values as they arrive from the engine, brought into one canonical form."""

import json
from collections.abc import Iterator
from typing import Any

from pulumi.output import Unknown


def canonical(value: Any) -> Any:
    """`value` with whole floats as ints, None and internal keys dropped, unknowns kept.

    The engine hands every number over as a float, and treats null as absent.
    """
    if isinstance(value, dict):
        return {
            key: canonical(item)
            for key, item in value.items()
            if item is not None and not key.startswith("__")
        }
    if isinstance(value, list | tuple):
        return [canonical(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def has_unknown(value: Any) -> bool:
    """Whether a value known only after another resource is made is in there (previews only)."""
    if isinstance(value, dict):
        return any(has_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(has_unknown(item) for item in value)
    return isinstance(value, Unknown)


def project(declared: Any, live: Any) -> Any:
    """The live values under the declared keys; keys the live side lacks are left out.

    A list with the same members in another order is the declared one.
    """
    if isinstance(declared, dict) and isinstance(live, dict):
        return {key: project(item, live[key]) for key, item in declared.items() if key in live}
    if isinstance(declared, list) and isinstance(live, list) and same_members(declared, live):
        return declared
    return live


def same_members(one: list[Any], other: list[Any]) -> bool:
    """Whether two lists hold the same members, in whatever order."""
    return sorted(map(_text, one)) == sorted(map(_text, other))


def _text(value: Any) -> str:
    """The same text for the same value: the engine keeps no order of keys."""
    return json.dumps(canonical(value), sort_keys=True, default=repr)


def leaves(tree: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every leaf of a tree as (dotted path, value); lists are leaves."""
    for key, value in tree.items():
        path = f"{prefix}{key}"
        if isinstance(value, dict):
            yield from leaves(value, f"{path}.")
        else:
            yield path, value


def leaf(tree: Any, path: str, default: Any = None) -> Any:
    """The value at a dotted path, or `default` where there is none."""
    for key in path.split("."):
        if not isinstance(tree, dict) or key not in tree:
            return default
        tree = tree[key]
    return tree


def set_leaf(tree: dict[str, Any], path: str, value: Any) -> None:
    """Puts `value` at a dotted path, making the mappings on the way."""
    *parents, last = path.split(".")
    for key in parents:
        tree = tree.setdefault(key, {})
    tree[last] = value
