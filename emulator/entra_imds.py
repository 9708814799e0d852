"""Azure's instance metadata: tokens for the managed identities of the machine we run on.

Source: Microsoft, "How to use managed identities on an Azure VM to acquire an access token".
"""

from __future__ import annotations

import time

from .entra_login import TOKEN_LIFE, check_resource, issue
from .login_error import LoginError
from .wire import Json, Request, Response
from .world import World

_PATH = ["metadata", "identity", "oauth2", "token"]


def is_imds(request: Request) -> bool:
    """Whether a request is for the instance metadata's identities."""
    return request.segments[:2] == _PATH[:2]


def managed_identity_token(request: Request, entra: dict[str, Json], world: World) -> Response:
    """A token of the identity that `client_id` names, or of the only one there is."""
    if request.segments != _PATH:
        return _refused(404, "not_found", "Not found")
    if request.method != "GET":
        return _refused(405, "method_not_allowed", "Method not allowed")
    # A browser or a proxy cannot send these: that keeps requests in that were meant for it.
    if request.headers.get("Metadata").lower() != "true" or "X-Forwarded-For" in request.headers:
        return _refused(400, "invalid_request", "Required metadata header not specified")
    query = request.query
    if not query.get("api-version"):
        return _refused(400, "invalid_request", "Required query variable 'api-version' is missing")
    if not query.get("resource"):
        return _refused(400, "invalid_request", "Required query variable 'resource' is missing")
    identities = entra.get("managedIdentities", [])
    named = [id_ for id_ in identities if id_ == query.get("client_id", id_).lower()]
    if not named:
        return _refused(400, "invalid_request", "Identity not found")
    if len(named) > 1:
        text = "Multiple user assigned identities exist, please specify the clientId / resourceId"
        return _refused(400, "invalid_request", f"{text} of the identity in the token request")
    try:
        check_resource(query["resource"], request, entra)
    except LoginError as error:
        return _refused(400, error.error, f"AADSTS{error.number}: {error.text}")
    return _token(named[0], request, entra, world)


def _token(client: str, request: Request, entra: dict[str, Json], world: World) -> Response:
    principal = next(p for p in entra["servicePrincipals"].values() if p["appId"] == client)
    now = int(time.time())
    return Response(
        200,
        {
            "access_token": issue(request, principal, principal, entra, world),
            "client_id": client,
            # All of them texts, unlike the token endpoint's.
            "expires_in": str(TOKEN_LIFE - 1),
            "expires_on": str(now + TOKEN_LIFE - 1),
            "ext_expires_in": str(TOKEN_LIFE - 1),
            "not_before": str(now),
            "resource": request.query["resource"],
            "token_type": "Bearer",
        },
    )


def _refused(status: int, error: str, text: str) -> Response:
    return Response(status, {"error": error, "error_description": text})
