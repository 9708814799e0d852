"""Zoom's token endpoint for Server-to-Server OAuth apps."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
import time

from .entra_login import digest_of
from .wire import Json, Request, Response
from .world import Grant, World

TOKEN_LIFE = 3600


def token(request: Request, zoom: dict[str, Json], world: World) -> Response:
    """`POST /oauth/token`: the grant in the query or in a form, the client in Basic auth."""
    values = request.query | (request.form if request.is_form else {})
    client_id, secret = _client(request)
    app = zoom["apps"].get(client_id)
    if app is None or not hmac.compare_digest(app["secret"], digest_of(secret)):
        return _refused("Invalid client_id or client_secret", "invalid_client")
    if values.get("grant_type") != "account_credentials":
        return _refused("unsupported grant type", "unsupported_grant_type")
    if values.get("account_id") != zoom["account_id"]:
        return _refused("Account does not exist", "invalid_request")
    if not app["enabled"]:
        return _refused("Account does not enabled the OAuth app type", "invalid_request")
    access_token = f"eyJ{secrets.token_urlsafe(48)}"
    world.tokens.zoom[access_token] = Grant(
        client_id, zoom["account_id"], frozenset(app["scopes"]), time.time() + TOKEN_LIFE
    )
    return Response(
        200,
        {
            "access_token": access_token,
            "token_type": "bearer",
            "expires_in": TOKEN_LIFE - 1,
            "scope": " ".join(sorted(app["scopes"])),
            "api_url": request.base,
        },
    )


def oauth_error(request: Request, status: int) -> Response:
    """What the endpoint says when it is unwell."""
    return Response(status, {"reason": "Internal Error", "error": "server_error"})


def _client(request: Request) -> tuple[str, str]:
    scheme, _, value = request.headers.get("Authorization").partition(" ")
    try:
        decoded = base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    client_id, _, secret = decoded.partition(":")
    return (client_id, secret) if scheme.lower() == "basic" else ("", "")


def _refused(reason: str, error: str) -> Response:
    return Response(400, {"reason": reason, "error": error})
