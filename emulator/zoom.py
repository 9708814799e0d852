"""Zoom on one port: the token endpoint, the REST API and the web portal."""

from __future__ import annotations

import secrets
import time
from itertools import chain

from . import zoom_reports, zoom_rooms, zoom_settings
from .front import Service
from .portal import Portal, is_portal
from .wire import Json, Request, Response
from .world import Grant, World
from .zoom_api import Call, Route, ZoomError
from .zoom_limits import Limits, over_the_second
from .zoom_oauth import oauth_error, token

ROUTES = list(chain.from_iterable(m.routes.all for m in (zoom_reports, zoom_rooms, zoom_settings)))
_FAULTS = {
    400: ZoomError(400, 300, "Validation Failed."),
    401: ZoomError(401, 124, "Invalid access token."),
    403: ZoomError(403, 200, "No permission."),
    404: ZoomError(404, 2001, "Account does not exist."),
    429: over_the_second(),
}


def classify(request: Request) -> str:
    if is_portal(request):
        return "zoom-portal"
    return "zoom-oauth" if request.segments[:1] == ["oauth"] else "zoom"


class Zoom:
    """The three services over one world."""

    def __init__(self, world: World, portal: Portal) -> None:
        self._world, self._portal = world, portal
        self._limits = Limits()

    def services(self) -> dict[str, Service]:
        return {
            "zoom": Service(self._rest, zoom_fault, _expired),
            "zoom-oauth": Service(self._oauth, oauth_error, lambda r: oauth_error(r, 401)),
            "zoom-portal": self._portal.service(),
        }

    def _oauth(self, request: Request, data: dict[str, Json]) -> Response:
        if request.segments != ["oauth", "token"] or request.method != "POST":
            return Response(404, {"reason": "Not Found", "error": "invalid_request"})
        return token(request, data["zoom"], self._world)

    def _rest(self, request: Request, data: dict[str, Json]) -> Response:
        headers: dict[str, str] = {}
        try:
            response = self._answer(request, data["zoom"], headers)
        except ZoomError as error:
            response = error.response()
        response.headers = _tracking() | headers | response.headers
        return response

    def _answer(self, request: Request, zoom: dict[str, Json], headers: dict[str, str]) -> Response:
        grant = self._grant(request)
        route, params = _find(request)
        limits, exceeded = self._limits.take(grant.account_id, zoom["plan"], route.rate)
        headers |= limits
        if exceeded is not None:
            raise exceeded
        account_id = _account_id(route, params, grant)
        _check_scopes(route, account_id, grant)
        call = Call(request, zoom, self._world, params, account_id)
        call.account = (
            zoom if account_id == grant.account_id else zoom["sub_accounts"].get(account_id)
        )
        if call.account is None:
            message = f"Account does not exist: {account_id}"
            raise ZoomError(route.absent, 2001, message)
        return route.handler(call)

    def _grant(self, request: Request) -> Grant:
        scheme, _, value = request.headers.get("Authorization").partition(" ")
        if scheme.lower() != "bearer" or not value:
            raise ZoomError(401, 124, "Invalid access token.")
        grant = self._world.tokens.zoom.get(value)
        if grant is None:
            raise ZoomError(401, 124, "Invalid access token.")
        if grant.expires <= time.time():
            raise ZoomError(401, 124, "Access token is expired.")
        return grant


def _find(request: Request) -> tuple[Route, list[str]]:
    segments = request.segments
    if segments[:1] == ["v2"]:
        for route in ROUTES:
            params = route.match(segments[1:])
            if params is not None and route.method == request.method:
                return route, params
    raise ZoomError(404, 2300, "This API endpoint is not recognized.")


def _account_id(route: Route, params: list[str], grant: Grant) -> str:
    if not route.has_account:
        return grant.account_id
    asked = params.pop(0)
    return grant.account_id if asked == "me" else asked


def _check_scopes(route: Route, account_id: str, grant: Grant) -> None:
    """Another account than the token's own is a sub-account, for which master scopes count."""
    needed = route.own if account_id == grant.account_id else route.sub or route.own
    if needed.missing(grant.scopes):
        names = ", ".join(needed.granular)
        raise ZoomError(400, 4711, f"Invalid access token, does not contain scopes:[{names}].")


def zoom_fault(request: Request, status: int) -> Response:
    """Zoom's error of a status, for faults that only name the status."""
    error = _FAULTS.get(status) or ZoomError(status, status, "Internal server error.")
    response = ZoomError(status, error.code, error.message).response()
    response.headers |= _tracking()
    return response


def _expired(request: Request) -> Response:
    response = ZoomError(401, 124, "Access token is expired.").response()
    response.headers |= _tracking()
    return response


def _tracking() -> dict[str, str]:
    return {"x-zm-trackingid": f"v=2.0;clid=emu;rid=WEB_{secrets.token_hex(16)}"}
