"""Account settings, lock settings, and the domains of an account."""

from __future__ import annotations

import copy

from . import zoom_schema
from .wire import Json, Response
from .world import timestamp
from .zoom_api import LIGHT, MEDIUM, Call, Routes, Scopes, invalid
from .zoom_patch import EDITED_BY, Asked, at, edited, shown
from .zoom_schema import Leaf

routes = Routes()

_READ = Scopes(("account:read:settings:admin",), "account:read:admin")
_READ_SUB = Scopes(("account:read:settings:master",), "account:master")
_WRITE = Scopes(("account:update:settings:admin",), "account:write:admin")
_WRITE_SUB = Scopes(("account:update:settings:master",), "account:master")
# Reading locks has no granular :admin scope at all.
_READ_LOCKS = Scopes(("account:read:lock_settings:master",), "account:read:admin")
_WRITE_LOCKS = Scopes(("account:update:lock_settings:admin",), "account:write:admin")
_WRITE_LOCKS_SUB = Scopes(("account:update:lock_settings:master",), "account:master")
_MANAGED = Scopes(("account:read:managed_domains:master",), "account:read:admin")
_TRUSTED = Scopes(("account:read:trusted_domains:master",), "account:read:admin")
_OPTIONS = ("meeting_authentication", "recording_authentication", "meeting_security")
_SSO = "security.signin_with_sso"


@routes.add("GET", "/accounts/{account}/settings", MEDIUM, _READ, _READ_SUB)
def read_settings(call: Call) -> Response:
    call.paid(200)
    if call.request.query.get("option") == "security":
        return Response(200, _chosen(call, {"security": call.account["settings"]["security"]}))
    return Response(200, _chosen(call, call.account[_shape(call, "settings", *_OPTIONS)]))


@routes.add("PATCH", "/accounts/{account}/settings", MEDIUM, _WRITE, _WRITE_SUB)
def change_settings(call: Call) -> Response:
    call.paid(400)
    if call.request.query.get("option") == "security":
        return _change(call, "settings")
    return _change(call, _shape(call, "settings", *_OPTIONS))


@routes.add(
    "GET", "/accounts/{account}/lock_settings", MEDIUM, _READ_LOCKS, _READ_LOCKS, absent=400
)
def read_locks(call: Call) -> Response:
    call.paid(200)
    shape = _shape(call, "lock_settings", "meeting_security")
    return Response(200, _chosen(call, call.account[shape]))


@routes.add("PATCH", "/accounts/{account}/lock_settings", MEDIUM, _WRITE_LOCKS, _WRITE_LOCKS_SUB)
def change_locks(call: Call) -> Response:
    call.paid(200)
    # No option is published here: the body tells its shape.
    shape = _shape(call, "lock_settings")
    if "meeting_security" in call.body():
        shape += "?meeting_security"
    return _change(call, shape, prefix="lock_settings.")


@routes.add("GET", "/accounts/{account}/managed_domains", LIGHT, _MANAGED)
def read_managed_domains(call: Call) -> Response:
    call.paid(200, "Only available for Paid or ZMP account: {}.")
    domains = call.account["managed_domains"]
    return Response(200, {"domains": domains, "total_records": len(domains)})


@routes.add("GET", "/accounts/{account}/trusted_domains", LIGHT, _TRUSTED, absent=200)
def read_trusted_domains(call: Call) -> Response:
    return Response(200, {"trusted_domains": call.account["trusted_domains"]})


def _shape(call: Call, kind: str, *options: str) -> str:
    """The shape that the query's `option` asks for."""
    option = call.request.query.get("option")
    if option is None:
        return kind
    if option not in options:
        raise invalid("option")
    return f"{kind}?{option}"


def _chosen(call: Call, tree: dict[str, Json]) -> dict[str, Json]:
    """The sections and leaves that `custom_query_fields` names; everything without it."""
    asked = call.request.query.get("custom_query_fields")
    if not asked:
        return tree
    names = {name.strip() for name in asked.split(",")}
    chosen: dict[str, Json] = {}
    for section, values in tree.items():
        below = values.items() if isinstance(values, dict) else ()
        kept = values if section in names else {k: v for k, v in below if k in names}
        if kept or section in names:
            chosen[section] = kept
    return chosen


def _change(call: Call, shape: str, prefix: str = "") -> Response:
    tree = call.account[shape]
    leaves = zoom_schema.SHAPES[shape] | _opened(tree, zoom_schema.SHAPES[shape])
    asked = Asked(leaves, strict=call.zoom["unknown_leaf"] == "refuse")
    for section, value in call.body().items():
        asked.visit(section, value)
    if asked.wrong:
        raise invalid(*asked.wrong)
    changes = edited(tree, asked.changes)
    if call.zoom["nested"] == "replace":
        changes = _lost(leaves, asked) | changes
    effective = {p: v for p, v in changes.items() if _has_effect(call.zoom, prefix + p)}
    if f"{_SSO}.sso_bypass_user_ids" in effective:
        _bypass(call, effective)
    for path, value in effective.items():
        if leaves[path].shows:
            _set(tree, path, shown(leaves, path, value, at(tree, path)))
    _note(call, [prefix + path for path in effective])
    return Response(204)


def _lost(leaves: dict[str, Leaf], asked: Asked) -> dict[str, Json]:
    """What a setting that is replaced whole loses: its other leaves, as they were at first."""
    touched = {_setting(path) for path in asked.visited if path.count(".") > 1}
    lost = {
        path: leaf.first
        for path, leaf in leaves.items()
        if leaf.shows and leaf.writable and "[" not in path and _setting(path) in touched
    }
    if _SSO in touched:
        lost[f"{_SSO}.sso_bypass_user_ids"] = []
    return {path: value for path, value in lost.items() if path not in EDITED_BY}


def _setting(path: str) -> str:
    return ".".join(path.split(".")[:2])


def _opened(tree: dict[str, Json], leaves: dict[str, Leaf]) -> dict[str, Leaf]:
    """Switches that the account has besides the published ones: `section.name`, true or false."""
    found = (
        (f"{section}.{name}", value)
        for section, values in tree.items()
        if isinstance(values, dict)
        for name, value in values.items()
        if isinstance(value, bool)
    )
    return {path: Leaf("bool", value) for path, value in found if path not in leaves}


def _has_effect(zoom: dict[str, Json], path: str) -> bool:
    """Locked and unlicensed settings are answered with 204 too, and stay as they are."""
    return not any(path == dead or path.startswith(f"{dead}.") for dead in zoom["no_effect"])


def _set(tree: dict[str, Json], path: str, value: Json) -> None:
    *sections, name = path.split(".")
    for section in sections:
        tree = tree.setdefault(section, {})
    tree[name] = copy.deepcopy(value)


def _bypass(call: Call, changes: dict[str, Json]) -> None:
    """Written as ids, read as users; without an operation the list is overwritten."""
    ids = changes[f"{_SSO}.sso_bypass_user_ids"]
    operation = changes.get(f"{_SSO}.operation")
    sso = call.account["settings"]["security"]["signin_with_sso"]
    before = [user["id"] for user in sso["sso_bypass_users"]]
    if operation == "remove":
        now = [key for key in before if key not in ids]
    elif operation == "add":
        now = [*before, *(key for key in ids if key not in before)]
    else:
        now = list(dict.fromkeys(ids))
    emails = {user["id"]: user["email"] for user in call.zoom["users"]}
    sso["sso_bypass_users"] = [{"id": key, "email": emails[key]} for key in now if key in emails]


def _note(call: Call, changed: list[str]) -> None:
    """The audit trail of the account; a change that was only pretended is not in it."""
    if not changed or call.zoom is not call.world.data["zoom"]:
        return
    call.world.operations.append(
        {
            "time": timestamp(),
            "operator": "automation",
            "category_type": "account",
            "action": "Update",
            "operation_detail": f"Update Account Settings: {', '.join(changed)}",
        }
    )
