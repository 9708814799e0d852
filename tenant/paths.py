"""Article settings that move to Zoom's API: `zoom.paths` says where each is found there."""

from collections import Counter
from typing import Any

from msgspec import UNSET

from tenant.catalogue import SETTINGS, Leaf, load
from tenant.errors import DeclarationError
from tenant.model import Tenant


def check_paths(tenant: Tenant, file: str) -> None:
    """Raises DeclarationError for a path that is or holds another setting's, or serves nothing."""
    paths = tenant.zoom.paths
    if not paths:
        return
    if tenant.zoom.calendar is UNSET:
        raise DeclarationError(file, "zoom.paths", "is given without zoom.calendar; declare that")
    taken = Counter(paths.values())
    for name, path in paths.items():
        key = f"zoom.paths.{name}"
        if load().find(SETTINGS, path) is not None or _below_a_leaf(path):
            raise DeclarationError(
                file, key, f"given {path!r}, which Zoom publishes as another setting"
            )
        if taken[path] > 1:
            raise DeclarationError(file, key, f"given {path!r}, as another setting is; keep one")
        if below := [other for other in taken if other.startswith(f"{path}.")]:
            raise DeclarationError(
                file, key, f"given {path!r}, which holds {below[0]!r}; allowed: a true or false"
            )


def _below_a_leaf(path: str) -> bool:
    parts = path.split(".")
    above = [".".join(parts[:end]) for end in range(1, len(parts))]
    return any(isinstance(load().find(SETTINGS, one), Leaf) for one in above)


def by_path(tenant: Tenant, declared: dict[str, bool]) -> dict[str, bool]:
    """Path to value, for those of the `declared` article settings that have a path."""
    paths: dict[Any, str] = dict(tenant.zoom.paths)
    return {paths[name]: value for name, value in declared.items() if name in paths}
