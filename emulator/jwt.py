"""JSON Web Tokens, as far as the emulator needs them: sign its own, decode those of others."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

from .wire import Json


class BadToken(ValueError):
    """Not three parts of raw-url base64 with JSON inside."""


def encode(claims: dict[str, Json], key: bytes) -> str:
    """A signed token. HS256 here, where the service signs RS256: no client verifies it."""
    head = _pack(json.dumps({"typ": "JWT", "alg": "HS256", "kid": "emulator"}).encode())
    signed = f"{head}.{_pack(json.dumps(claims).encode())}"
    return f"{signed}.{_pack(hmac.new(key, signed.encode(), hashlib.sha256).digest())}"


def claims_of(token: str) -> dict[str, Json]:
    """The claims of any token, unverified."""
    parts = token.split(".")
    if len(parts) != 3:
        raise BadToken("a token has three parts")
    try:
        json.loads(_unpack(parts[0]))
        claims = json.loads(_unpack(parts[1]))
    except ValueError:
        raise BadToken("a part of the token is not base64 of JSON") from None
    if not isinstance(claims, dict):
        raise BadToken("the claims are not an object")
    return claims


def verify(token: str, key: bytes) -> dict[str, Json]:
    """The claims of a token that was signed with this key."""
    claims = claims_of(token)
    signed, _, signature = token.rpartition(".")
    expected = _pack(hmac.new(key, signed.encode(), hashlib.sha256).digest())
    if not hmac.compare_digest(expected, signature):
        raise BadToken("the signature does not match")
    return claims


def _pack(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _unpack(part: str) -> bytes:
    return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
