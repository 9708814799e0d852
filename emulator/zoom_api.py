"""Zoom's REST frame: routes with their scopes and rate class, accounts, and its errors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from .wire import Json, NotJson, Request, Response
from .world import World

LIGHT, MEDIUM, HEAVY = "Light", "Medium", "Heavy"


class ZoomError(Exception):
    """An error as Zoom writes it; the HTTP status may well be 200."""

    def __init__(
        self, status: int, code: int, message: str, errors: list[dict[str, str]] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.errors = status, code, message, errors

    def response(self) -> Response:
        body: dict[str, Json] = {"code": self.code, "message": self.message}
        if self.errors:
            body["errors"] = self.errors
        return Response(self.status, body, content_type="application/json;charset=UTF-8")


def invalid(*fields: str) -> ZoomError:
    """300, naming each field that is wrong."""
    errors = [{"field": name, "message": "Invalid field."} for name in fields]
    return ZoomError(400, 300, "Validation Failed.", errors)


@dataclass(frozen=True)
class Scopes:
    """What a token needs: one of the granular scopes, or the classic one."""

    granular: tuple[str, ...]
    classic: str

    def missing(self, granted: frozenset[str]) -> bool:
        return self.classic not in granted and not granted & set(self.granular)


@dataclass
class Call:
    """One call: the request, Zoom's state, the account it is about, and the values of its path."""

    request: Request
    zoom: dict[str, Json]
    world: World
    params: list[str]
    account_id: str = ""
    account: dict[str, Json] = field(default_factory=dict)

    def body(self) -> dict[str, Json]:
        try:
            body = self.request.json()
        except NotJson:
            body = None
        if not isinstance(body, dict):
            raise ZoomError(400, 300, "Request Body should be a valid JSON object.")
        return body

    def paid(self, status: int, message: str = "Only available for Paid account: {}.") -> None:
        """Refuse free accounts. Several methods do so under HTTP 200."""
        if not self.account["paid"]:
            raise ZoomError(status, 200, message.format(self.account_id))


Handler = Callable[[Call], Response]


@dataclass(frozen=True)
class Route:
    """A method and a path under /v2; `{account}` and `{}` stand for one value each.

    `absent` is the HTTP status of error 2001 here: Zoom documents 404, 400 and 200.
    """

    method: str
    path: tuple[str, ...]
    rate: str
    own: Scopes
    handler: Handler
    sub: Scopes | None = None
    absent: int = 404

    def match(self, segments: list[str]) -> list[str] | None:
        if len(segments) != len(self.path):
            return None
        pairs = list(zip(self.path, segments, strict=True))
        if any(not p.startswith("{") and p != s for p, s in pairs):
            return None
        return [s for p, s in pairs if p.startswith("{")]

    @property
    def has_account(self) -> bool:
        return "{account}" in self.path


@dataclass
class Routes:
    """The routes of one module."""

    all: list[Route] = field(default_factory=list)

    def add(
        self,
        method: str,
        path: str,
        rate: str,
        own: Scopes,
        sub: Scopes | None = None,
        absent: int = 404,
    ) -> Callable[[Handler], Handler]:
        """Register the decorated function for a method and a path."""

        def register(handler: Handler) -> Handler:
            parts = tuple(path.strip("/").split("/"))
            self.all.append(Route(method, parts, rate, own, handler, sub, absent))
            return handler

        return register
