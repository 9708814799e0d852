"""The control interface: what a person in the portals, or a test, does behind the services."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import fields
from typing import TYPE_CHECKING

from .faults import Fault
from .wire import Json, NotJson, Request, Response

if TYPE_CHECKING:
    from .emulator import Emulator

_OPERATIONS = ("add", "remove", "set")


class BadControl(ValueError):
    """A request to the control interface that makes no sense."""


class Control:
    """Plain HTTP and JSON on a port of its own. Loopback only, and no browser may call it."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._routes: dict[tuple[str, str], Callable[[Json], Json]] = {
            ("GET", "/state"): lambda body: emulator.snapshot(),
            ("PUT", "/state"): self._put_state,
            ("PATCH", "/state"): self._patch_state,
            ("GET", "/faults"): lambda body: emulator.faults.as_list(),
            ("POST", "/faults"): self._add_fault,
            ("DELETE", "/faults"): lambda body: emulator.faults.clear(),
            ("POST", "/faults/release"): lambda body: emulator.faults.release(),
            ("GET", "/log"): lambda body: emulator.log,
            ("DELETE", "/log"): lambda body: emulator.clear_log(),
            ("PUT", "/roles"): lambda body: emulator.grant_roles(_texts(body, "roles")),
            ("PUT", "/scopes"): lambda body: emulator.set_zoom_scopes(_texts(body, "scopes")),
            ("GET", "/env"): lambda body: emulator.exports(),
        }

    def serve(self, request: Request) -> Response:
        # A page in a browser can reach loopback too; none has business here.
        if request.headers.get("Host") not in self._own_names(request) or (
            "Origin" in request.headers
        ):
            return Response(403, {"error": "the control interface answers loopback clients only"})
        route = self._routes.get((request.method, request.path.rstrip("/")))
        if route is None:
            return Response(404, {"error": f"no {request.method} {request.path} here"})
        try:
            body = request.json() if request.body else None
            answer = route(body)
        except (BadControl, NotJson, TypeError, ValueError) as error:
            return Response(400, {"error": str(error)})
        return Response(204) if answer is None else Response(200, answer)

    @staticmethod
    def _own_names(request: Request) -> tuple[str, str]:
        port = request.base.rpartition(":")[2]
        return f"127.0.0.1:{port}", f"localhost:{port}"

    def _put_state(self, body: Json) -> None:
        if not isinstance(body, dict) or set(body) != {"entra", "zoom"}:
            raise BadControl('a state is an object with "entra" and "zoom"')
        self._emulator.world.replace(body)

    def _patch_state(self, body: Json) -> None:
        if not isinstance(body, list):
            raise BadControl("a list of {op, path, value} is needed")
        world = self._emulator.world
        with world.lock:
            # All or nothing: a later operation may be the wrong one.
            changed = copy.deepcopy(world.data)
            for operation in body:
                apply(changed, operation)
            world.replace(changed)

    def _add_fault(self, body: Json) -> Json:
        known = {f.name for f in fields(Fault) if f.init}
        if not isinstance(body, dict) or not set(body) <= known:
            raise BadControl(f"a fault is an object with some of {', '.join(sorted(known))}")
        return self._emulator.faults.add(Fault(**body)).as_dict()


def apply(state: Json, operation: Json) -> None:
    """One operation on a state: `set` and `add` write a value, `remove` takes it away.

    The path is a JSON pointer. In a list `add` inserts before an index or, with "-", appends.
    """
    if not isinstance(operation, dict) or operation.get("op") not in _OPERATIONS:
        raise BadControl(f"op is one of {', '.join(_OPERATIONS)}")
    kind, path = operation["op"], str(operation.get("path", ""))
    parts = [p.replace("~1", "/").replace("~0", "~") for p in path.split("/")[1:]]
    if not parts:
        raise BadControl(f"not a path into the state: {path!r}")
    place = state
    try:
        for part in parts[:-1]:
            place = place[int(part)] if isinstance(place, list) else place[part]
        _write(place, parts[-1], kind, operation)
    except (KeyError, IndexError, TypeError, ValueError):
        raise BadControl(f"not a place in the state: {path}") from None


def _write(place: Json, name: str, kind: str, operation: dict[str, Json]) -> None:
    if isinstance(place, list):
        index = len(place) if name == "-" else int(name)
        if kind == "add":
            place.insert(index, operation["value"])
        elif kind == "remove":
            del place[index]
        else:
            place[index] = operation["value"]
    elif kind == "remove":
        del place[name]
    else:
        place[name] = operation["value"]


def _texts(body: Json, name: str) -> list[str]:
    values = body.get(name) if isinstance(body, dict) else body
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise BadControl(f"a list of {name} is needed")
    return values
