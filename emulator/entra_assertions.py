"""Client assertions: signed by an application's certificate, or by another issuer it trusts.

Sources: Microsoft's pages on certificate credentials and on workload identity federation; the
numbers are those of the error reference and of public threads.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import hashlib
import time

import jwt as pyjwt
from cryptography import x509

from . import jwt
from .entra_ci import ISSUERS, BuildService
from .login_error import LoginError, invalid_client
from .wire import Json

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ALGORITHMS = ("RS256", "PS256")
_FEDERATION = (
    "Check your federated identity credential Subject, Audience and Issuer against the presented "
    "assertion. https://learn.microsoft.com/entra/workload-id/workload-identity-federation"
)


def check_assertion(
    form: dict[str, str],
    app: dict[str, Json],
    certificates: dict[str, str],
    token_url: str,
    builds: BuildService,
) -> None:
    """Raises LoginError unless the assertion of a token request proves to be of `app`.

    `certificates` are the registered ones, DER in base64, by key id.
    """
    if form.get("client_assertion_type") != TYPE:
        raise LoginError(
            400, "invalid_request", 900144, "The parameter 'client_assertion_type' is not valid."
        )
    assertion = form["client_assertion"]
    try:
        claims = jwt.claims_of(assertion)
        header = pyjwt.get_unverified_header(assertion)
    except (jwt.BadToken, pyjwt.PyJWTError):
        raise _malformed() from None
    if header.get("alg") not in _ALGORITHMS:
        raise _malformed()
    if str(claims.get("iss")).lower() == app["appId"]:
        _check_certificate(assertion, header, claims, app, certificates, token_url)
    else:
        _check_federated(assertion, claims, app, builds)


def _check_certificate(
    assertion: str,
    header: dict[str, Json],
    claims: dict[str, Json],
    app: dict[str, Json],
    certificates: dict[str, str],
    token_url: str,
) -> None:
    if claims.get("sub") != claims["iss"]:
        raise invalid_client(
            700021, "Client assertion application identifier doesn't match 'client_id' parameter."
        )
    named = _named(header)
    for credential in app["keyCredentials"]:
        der = base64.b64decode(certificates.get(credential["keyId"], ""))
        if der and named in (hashlib.sha1(der).digest(), hashlib.sha256(der).digest()):  # noqa: S324
            certificate = x509.load_der_x509_certificate(der)
            break
    else:
        raise _not_registered("The key was not found.", named, app)
    if certificate.not_valid_after_utc <= datetime.datetime.now(datetime.UTC):
        raise _not_registered("The key used is expired.", named, app)
    if not _signed(assertion, certificate.public_key()):
        raise invalid_client(
            700027,
            "Client assertion failed signature validation. [Reason - The provided signature value "
            "did not match the expected signature value., Thumbprint of key used by client: "
            f"'{named.hex().upper()}'].",
        )
    _check_time(claims)
    if claims.get("aud") != token_url:
        raise invalid_client(700023, "Client assertion audience claim does not match Realm issuer.")


def _named(header: dict[str, Json]) -> bytes:
    """The digest of the certificate that an assertion names: x5t, x5t#S256, or kid as azuread."""
    for name in ("x5t", "x5t#S256", "kid"):
        value = header.get(name)
        if isinstance(value, str):
            try:
                return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
            except binascii.Error:
                break
    raise _malformed()


def _check_federated(
    assertion: str, claims: dict[str, Json], app: dict[str, Json], builds: BuildService
) -> None:
    issuer, subject, audience = (claims.get(name) for name in ("iss", "sub", "aud"))
    trusted = [c for c in app["federatedIdentityCredentials"] if c["issuer"] == issuer]
    if not trusted:
        raise _unmatched(700211, "issuer", issuer)
    matching = [c for c in trusted if c["subject"] == subject]
    if not matching:
        raise _unmatched(700213, "subject", subject)
    if not any(audience in c["audiences"] for c in matching):
        raise _unmatched(700212, "audience", audience)
    _check_time(claims)
    if issuer not in ISSUERS:
        raise LoginError(400, "invalid_request", 90061, "Request to External OIDC endpoint failed.")
    if not _signed(assertion, builds.key.public_key()):
        raise invalid_client(50013, "Assertion failed signature validation.")


def _signed(assertion: str, key: Json) -> bool:
    try:
        # Only the signature: each claim has an error of its own.
        pyjwt.decode(
            assertion,
            key,
            algorithms=list(_ALGORITHMS),
            options={
                "verify_signature": True,
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
                "verify_aud": False,
                "verify_iss": False,
                "verify_sub": False,
                "verify_jti": False,
            },
        )
    except pyjwt.PyJWTError:
        return False
    return True


def _check_time(claims: dict[str, Json]) -> None:
    now = time.time()
    expires, begins = claims.get("exp", 0), claims.get("nbf", 0)
    numbers = all(isinstance(value, int | float) for value in (expires, begins))
    if not numbers or not begins - 300 <= now < expires:
        raise invalid_client(700024, "Client assertion is not within its valid time range.")


def _malformed() -> LoginError:
    return invalid_client(50027, "JWT token is invalid or malformed.")


def _not_registered(reason: str, named: bytes, app: dict[str, Json]) -> LoginError:
    return invalid_client(
        700027,
        "The certificate with identifier used to sign the client assertion is not registered on "
        f"application. [Reason - {reason}, Thumbprint of key used by client: "
        f"'{named.hex().upper()}', Please visit the Azure Portal, Graph Explorer or directly use "
        f"MS Graph to see configured keys for app Id '{app['appId']}'.]",
    )


def _unmatched(number: int, what: str, value: Json) -> LoginError:
    return invalid_client(
        number,
        f"No matching federated identity record found for presented assertion {what} '{value}'. "
        f"{_FEDERATION}",
    )
