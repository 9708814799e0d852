"""Entra on one port: cloud metadata, login, Microsoft Graph, and what signs in without a secret."""

from __future__ import annotations

import time
from itertools import chain

from . import (
    entra_applications,
    entra_batch,
    entra_consent,
    entra_credentials,
    entra_directory,
    entra_grants,
    entra_levels,
    entra_owners,
    entra_policies,
    entra_principals,
    jwt,
)
from .entra_imds import is_imds, managed_identity_token
from .entra_login import login_error, metadata, token
from .entra_signin import admin_consent, is_sign_in
from .front import Service
from .graph import Call, Caller, GraphError, client_request_id, denied, error_response, find
from .server import Answer
from .wire import Json, Request, Response
from .world import World

_MODULES = (
    entra_applications,
    entra_consent,
    entra_credentials,
    entra_directory,
    entra_grants,
    entra_levels,
    entra_owners,
    entra_policies,
    entra_principals,
)
ROUTES = list(chain.from_iterable(module.routes.all for module in _MODULES))

_FAULT_CODES = {
    400: ("Request_BadRequest", "Bad Request."),
    401: ("InvalidAuthenticationToken", "Access token validation failure."),
    403: ("Authorization_RequestDenied", "Insufficient privileges to complete the operation."),
    404: ("Request_ResourceNotFound", "Resource does not exist or one of its queried "
          "reference-property objects are not present."),
    409: ("Request_MultipleObjectsWithSameKeyValue", "Another object with the same value exists."),
    429: ("TooManyRequests", "Too many requests."),
    502: ("BadGateway", "Bad gateway."),
    503: ("serviceNotAvailable", "The service is temporarily unavailable."),
    504: ("GatewayTimeout", "The gateway timed out."),
}  # fmt: skip


def classify(request: Request) -> str:
    """Which of the services on this port a request is for."""
    segments = request.segments
    if segments[:1] in (["v1.0"], ["beta"]):
        return "entra"
    if segments[:1] == ["_apis"]:
        return "ci"
    if is_imds(request):
        return "imds"
    return "metadata" if segments[:1] == ["metadata"] else "login"


class Entra:
    """The services of this port over one world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def services(self) -> dict[str, Service]:
        return {
            "entra": Service(self._graph, graph_fault, _expired, self._batch),
            "login": Service(self._login, login_error, lambda r: login_error(r, 401)),
            "metadata": Service(
                _metadata, lambda r, status: Response(status), lambda r: Response(401)
            ),
            "imds": Service(self._imds, login_error, lambda r: login_error(r, 401)),
            "ci": Service(
                lambda request, data: self._world.builds.answer(request),
                lambda r, status: Response(status),
                lambda r: Response(401),
            ),
        }

    def _login(self, request: Request, data: dict[str, Json]) -> Response:
        segments = request.segments
        if is_sign_in(request):
            return admin_consent(request, data["entra"])
        if segments[1:] != ["oauth2", "v2.0", "token"]:
            return Response(404, {"error": "invalid_request"})
        if request.method != "POST":
            return Response(405, {"error": "invalid_request"})
        return token(request, data["entra"], self._world)

    def _imds(self, request: Request, data: dict[str, Json]) -> Response:
        return managed_identity_token(request, data["entra"], self._world)

    def _graph(self, request: Request, data: dict[str, Json]) -> Response:
        try:
            response = self._route(request, data["entra"])
        except GraphError as error:
            response = error_response(request, error)
        return with_ids(request, response)

    def _route(self, request: Request, entra: dict[str, Json]) -> Response:
        caller = self._caller(request)
        version = request.segments[0]
        route, values = find(ROUTES, request, version)
        if not caller.may(route.needs):
            raise denied()
        return route.handler(Call(request, entra, values, caller, version, self._world.page_size))

    def _caller(self, request: Request) -> Caller:
        scheme, _, access_token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not access_token:
            raise _unauthenticated("Access token is empty.")
        try:
            claims = jwt.verify(access_token, self._world.tokens.key)
        except jwt.BadToken:
            raise _unauthenticated("IDX14100: JWT is not well formed.") from None
        if claims["exp"] <= time.time() or claims["uti"] not in self._world.tokens.entra:
            raise _unauthenticated("Lifetime validation failed, the token is expired.")
        return Caller(claims["oid"], claims["appid"], frozenset(claims["roles"]))

    def _batch(self, request: Request, answer: Answer) -> Response | None:
        if request.segments[1:] != ["$batch"]:
            return None
        try:
            with self._world.lock:
                self._caller(request)
            response = entra_batch.run(request, answer)
        except GraphError as error:
            response = error_response(request, error)
        return with_ids(request, response)


def _metadata(request: Request, data: dict[str, Json]) -> Response:
    if request.segments != ["metadata", "endpoints"] or request.method != "GET":
        return Response(404, {"error": {"code": "NotFound"}})
    return metadata(request)


def with_ids(request: Request, response: Response) -> Response:
    """Every answer of Graph carries the ids its support asks for."""
    headers = {
        "Cache-Control": "no-cache",
        "request-id": request.request_id,
        "client-request-id": client_request_id(request),
        "x-ms-resource-unit": "1",
        "OData-Version": "4.0",
    }
    if response.status == 401:
        headers["WWW-Authenticate"] = f'Bearer realm="", authorization_uri="{request.base}"'
    response.headers = headers | response.headers
    return response


def graph_fault(request: Request, status: int) -> Response:
    """Graph's error of a status, for faults that only name the status."""
    code, message = _FAULT_CODES.get(status, ("generalException", "An error has occurred."))
    return with_ids(request, error_response(request, GraphError(status, code, message)))


def _expired(request: Request) -> Response:
    error = _unauthenticated("Lifetime validation failed, the token is expired.")
    return with_ids(request, error_response(request, error))


def _unauthenticated(message: str) -> GraphError:
    return GraphError(401, "InvalidAuthenticationToken", message)
