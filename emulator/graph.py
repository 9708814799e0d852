"""Microsoft Graph's frame: routes, who may call them, and its errors."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from .wire import Json, NotJson, Request, Response

# Any one of the sets is enough; of a set every permission is needed.
Needs = tuple[frozenset[str], ...]

_JSON = (
    "application/json;odata.metadata=minimal;odata.streaming=true;"
    "IEEE754Compatible=false;charset=utf-8"
)


def any_of(*permissions: str) -> Needs:
    """One of these application permissions is enough."""
    return tuple(frozenset({permission}) for permission in permissions)


class GraphError(Exception):
    """An error the service answers with."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def bad_request(message: str) -> GraphError:
    return GraphError(400, "Request_BadRequest", message)


def not_found(key: str) -> GraphError:
    return GraphError(
        404,
        "Request_ResourceNotFound",
        f"Resource '{key}' does not exist or one of its queried reference-property objects are "
        "not present.",
    )


def denied(message: str = "Insufficient privileges to complete the operation.") -> GraphError:
    return GraphError(403, "Authorization_RequestDenied", message)


@dataclass(frozen=True)
class Caller:
    """The application behind a token: its principal, its id, and the permissions in the token."""

    oid: str
    appid: str
    roles: frozenset[str]

    def may(self, needs: Needs) -> bool:
        return not needs or any(alternative <= self.roles for alternative in needs)


@dataclass
class Call:
    """One call of a route: the request, the state it works on, and the values of its path."""

    request: Request
    entra: dict[str, Json]
    params: list[str]
    caller: Caller
    version: str
    page_size: int
    filtered: bool = False

    @property
    def base(self) -> str:
        return f"{self.request.base}/{self.version}"

    def body(self) -> dict[str, Json]:
        """The body: a JSON object, without its `@odata.type` annotations."""
        try:
            body = self.request.json()
        except NotJson:
            body = None
        if not isinstance(body, dict):
            raise GraphError(
                400,
                "BadRequest",
                "Unable to read JSON request payload. Please ensure Content-Type header is set "
                "and payload is of valid JSON format.",
            )
        stripped: dict[str, Json] = without_types(body)
        return stripped

    def context(self, name: str) -> str:
        return f"{self.base}/$metadata#{name}"


Handler = Callable[[Call], Response]


@dataclass(frozen=True)
class Route:
    """A method and a path; `{}` stands for one value. `only` limits it to one version."""

    method: str
    path: tuple[str, ...]
    needs: Needs
    handler: Handler
    only: str | None = None

    def match(self, version: str, segments: list[str]) -> list[str] | None:
        if self.only not in (None, version) or len(segments) != len(self.path):
            return None
        values = []
        for pattern, segment in zip(self.path, segments, strict=True):
            if pattern == "{}":
                values.append(segment)
            elif pattern.lower() != segment.lower():
                return None
        return values


@dataclass
class Routes:
    """The routes of one module."""

    all: list[Route] = field(default_factory=list)

    def add(
        self, method: str, path: str, needs: Needs, only: str | None = None
    ) -> Callable[[Handler], Handler]:
        """Register the decorated function for a method and a path."""

        def register(handler: Handler) -> Handler:
            self.all.append(Route(method, tuple(path.strip("/").split("/")), needs, handler, only))
            return handler

        return register


def find(routes: Iterable[Route], request: Request, version: str) -> tuple[Route, list[str]]:
    """The route of a request: 405 where only the method is wrong, 501 where nothing is known."""
    segments = _by_app_id(request.segments[1:])
    found = [(r, v) for r in routes if (v := r.match(version, segments)) is not None]
    # A literal segment is a better match than a value: /users/$count is not the user "$count".
    found.sort(key=lambda pair: pair[0].path.count("{}"))
    for route, values in found:
        if route.method == request.method:
            return route, values
    if found:
        raise GraphError(
            405,
            "Request_BadRequest",
            "Specified HTTP method is not allowed for the request target.",
        )
    raise GraphError(501, "NotImplemented", f"The emulator has no {request.method} {request.path}.")


def _by_app_id(segments: list[str]) -> list[str]:
    """`applications(appId='x')` addressed as `applications/appId=x`."""
    if segments and "(" in segments[0] and segments[0].endswith("')"):
        collection, _, key = segments[0].partition("(")
        name, _, value = key[:-2].partition("='")
        if name.lower() == "appid":
            return [collection, f"appId={value}", *segments[1:]]
    return segments


def without_types(value: Json) -> Json:
    """A copy without `@odata.type`: the service takes the annotation and does not keep it."""
    if isinstance(value, dict):
        return {k: without_types(v) for k, v in value.items() if k != "@odata.type"}
    if isinstance(value, list):
        return [without_types(item) for item in value]
    return value


def respond(status: int = 200, body: Json = None) -> Response:
    return Response(status, body, content_type=_JSON)


def created(call: Call, kind: str, body: dict[str, Json]) -> Response:
    """201 with the object, as every POST that creates answers."""
    return respond(201, {"@odata.context": call.context(f"{kind}/$entity")} | body)


def error_response(request: Request, error: GraphError) -> Response:
    return respond(
        error.status,
        {
            "error": {
                "code": error.code,
                "message": error.message,
                "innerError": {
                    "date": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()),
                    "request-id": request.request_id,
                    "client-request-id": client_request_id(request),
                },
            }
        },
    )


def client_request_id(request: Request) -> str:
    return request.headers.get("client-request-id") or request.request_id
