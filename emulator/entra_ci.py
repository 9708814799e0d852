"""A build service with an OpenID provider: tokens for its jobs, as GitHub and Azure DevOps give."""

from __future__ import annotations

import hmac
import secrets
import time
import uuid
from functools import cached_property

import jwt as pyjwt
from cryptography.hazmat.primitives.asymmetric import rsa

from .wire import Json, Request, Response

ISSUER = "https://ci.contoso.com"
# Whose keys the emulated Entra can ask for; one key here signs for them all.
ISSUERS = (ISSUER, "https://token.actions.githubusercontent.com")
SUBJECT = "repo:contoso/tenants:ref:refs/heads/main"
AUDIENCE = "api://AzureADTokenExchange"
GITHUB_PATH, DEVOPS_PATH = "_apis/github/idtoken", "_apis/devops/oidctoken"
CONNECTION = "6f2cbb0e-61a5-4b5b-9d3e-1b6c1f0d4c10"
TOKEN_LIFE = 5 * 60  # seconds; GitHub's live five minutes


class BuildService:
    """Signs for its issuers. Its key and its jobs' request token live in memory only."""

    def __init__(self) -> None:
        self.request_token = secrets.token_urlsafe(40)

    @cached_property
    def key(self) -> rsa.RSAPrivateKey:
        """Made when it is first needed: it takes a moment."""
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def token(self, **claims: Json) -> str:
        """A job's token. `claims` replace those of a good one; None leaves one out."""
        now = int(time.time())
        whole = {
            "iss": ISSUER,
            "sub": SUBJECT,
            "aud": AUDIENCE,
            "iat": now,
            "nbf": now,
            "exp": now + TOKEN_LIFE,
            "jti": str(uuid.uuid4()),
        } | claims
        present = {name: value for name, value in whole.items() if value is not None}
        return pyjwt.encode(present, self.key, "RS256", {"kid": "ci"})

    def answer(self, request: Request) -> Response:
        """GitHub's GET, and the POST of Azure DevOps."""
        path = request.path.strip("/")
        method = {GITHUB_PATH: "GET", DEVOPS_PATH: "POST"}.get(path)
        if method is None:
            return Response(404, {"message": "Not Found"})
        if request.method != method:
            return Response(405, {"message": "Method Not Allowed"})
        sent = request.headers.get("Authorization")
        if not hmac.compare_digest(sent.encode(), f"Bearer {self.request_token}".encode()):
            return Response(401, {"message": "The request token is not valid."})
        if path == GITHUB_PATH:
            token = self.token(aud=request.query.get("audience") or "https://github.com/contoso")
            return Response(200, {"count": len(token), "value": token})
        if not request.query.get("api-version"):
            return Response(400, {"message": "No api-version was supplied for the request."})
        if request.query.get("serviceConnectionId") != CONNECTION:
            return Response(404, {"message": "The service connection does not exist."})
        return Response(200, {"oidcToken": self.token(aud=request.query.get("audience", AUDIENCE))})
