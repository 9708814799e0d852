"""Account settings, lock settings, and the domains of an account."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field

from .wire import Json, Response
from .world import timestamp
from .zoom_api import LIGHT, MEDIUM, Call, Routes, Scopes, invalid
from .zoom_schema import LOCKS, MAIN, MEETING_SECURITY, MEETING_SECURITY_LOCKS, Leaf

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
_AUTHENTICATION = ("meeting_authentication", "recording_authentication")
_SSO = "security.signin_with_sso"


@routes.add("GET", "/accounts/{account}/settings", MEDIUM, _READ, _READ_SUB)
def read_settings(call: Call) -> Response:
    call.paid(200)
    option = call.request.query.get("option")
    if option in _AUTHENTICATION:
        return Response(200, call.account["authentication"][option])
    if option == "meeting_security":
        return Response(200, _chosen(call, call.account["meeting_security"]))
    if option == "security":
        return Response(200, _chosen(call, {"security": call.account["settings"]["security"]}))
    if option is not None:
        raise invalid("option")
    return Response(200, _chosen(call, call.account["settings"]))


@routes.add("PATCH", "/accounts/{account}/settings", MEDIUM, _WRITE, _WRITE_SUB)
def change_settings(call: Call) -> Response:
    call.paid(400)
    option = call.request.query.get("option")
    if option in _AUTHENTICATION:
        return _change_authentication(call, option)
    if option == "meeting_security":
        return _change(call, MEETING_SECURITY, "meeting_security")
    if option not in (None, "security"):
        raise invalid("option")
    return _change(call, MAIN, "settings")


@routes.add(
    "GET", "/accounts/{account}/lock_settings", MEDIUM, _READ_LOCKS, _READ_LOCKS, absent=400
)
def read_locks(call: Call) -> Response:
    call.paid(200)
    return Response(200, _chosen(call, call.account[_lock_tree(call)[1]]))


@routes.add("PATCH", "/accounts/{account}/lock_settings", MEDIUM, _WRITE_LOCKS, _WRITE_LOCKS_SUB)
def change_locks(call: Call) -> Response:
    call.paid(200)
    return _change(call, *_lock_tree(call), prefix="lock_settings.")


@routes.add("GET", "/accounts/{account}/managed_domains", LIGHT, _MANAGED)
def read_managed_domains(call: Call) -> Response:
    call.paid(200, "Only available for Paid or ZMP account: {}.")
    domains = call.account["managed_domains"]
    return Response(200, {"domains": domains, "total_records": len(domains)})


@routes.add("GET", "/accounts/{account}/trusted_domains", LIGHT, _TRUSTED, absent=200)
def read_trusted_domains(call: Call) -> Response:
    return Response(200, {"trusted_domains": call.account["trusted_domains"]})


def _lock_tree(call: Call) -> tuple[dict[str, Leaf], str]:
    option = call.request.query.get("option")
    if option == "meeting_security":
        return MEETING_SECURITY_LOCKS, "lock_meeting_security"
    if option is not None:
        raise invalid("option")
    return LOCKS, "lock_settings"


def _chosen(call: Call, tree: dict[str, Json]) -> dict[str, Json]:
    """The sections and leaves that `custom_query_fields` names; everything without it."""
    asked = call.request.query.get("custom_query_fields")
    if not asked:
        return tree
    names = {name.strip() for name in asked.split(",")}
    chosen: dict[str, Json] = {}
    for section, values in tree.items():
        kept = values if section in names else {k: v for k, v in values.items() if k in names}
        if kept:
            chosen[section] = kept
    return chosen


@dataclass
class _Plan:
    """What a PATCH body asks: the leaves it changes, and the fields that are wrong."""

    leaves: dict[str, Leaf]
    strict: bool
    changes: dict[str, Json] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def visit(self, path: str, value: Json) -> None:
        leaf = self.leaves.get(path)
        if leaf is not None:
            self._leaf(path, leaf, value)
        elif not any(known.startswith(f"{path}.") for known in self.leaves):
            # A section nobody knows is refused; about a leaf Zoom mostly says nothing.
            if self.strict or "." not in path:
                self.wrong.append(path)
        elif not isinstance(value, dict):
            self.wrong.append(path)
        else:
            for name, inner in value.items():
                self.visit(f"{path}.{name}", inner)

    def _leaf(self, path: str, leaf: Leaf, value: Json) -> None:
        # What only a GET shows is ignored: bodies are often a GET's answer, edited.
        if leaf.writable and not leaf.accepts(value):
            self.wrong.append(path)
        elif leaf.writable:
            self.changes[path] = value


def _change(call: Call, leaves: dict[str, Leaf], tree: str, prefix: str = "") -> Response:
    leaves = leaves | _opened(call.account[tree], leaves)
    plan = _Plan(leaves, call.zoom["unknown_leaf"] == "refuse")
    for section, value in call.body().items():
        plan.visit(section, value)
    if plan.wrong:
        raise invalid(*plan.wrong)
    effective = {p: v for p, v in plan.changes.items() if _has_effect(call.zoom, prefix + p)}
    if f"{_SSO}.sso_bypass_user_ids" in effective:
        _bypass(call, effective)
    for path, value in effective.items():
        # A leaf that only a PATCH takes has no place to be seen.
        if leaves[path].readable:
            _set(call.account[tree], path, value)
    _note(call, [prefix + path for path in effective])
    return Response(204)


def _opened(tree: dict[str, Json], leaves: dict[str, Leaf]) -> dict[str, Leaf]:
    """Switches that the account has besides the published ones: `section.name`, true or false."""
    found = (
        (f"{section}.{name}", value)
        for section, values in tree.items()
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


def _change_authentication(call: Call, option: str) -> Response:
    state, body = call.account["authentication"][option], call.body()
    booleans = {name for name, value in state.items() if isinstance(value, bool)}
    wrong = [k for k, v in body.items() if k not in booleans or not isinstance(v, bool)]
    if wrong:
        raise invalid(*wrong)
    changed = [name for name in body if state[name] != body[name]]
    state.update(body)
    _note(call, changed)
    return Response(204)


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
