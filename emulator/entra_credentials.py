"""Credentials of an application: passwords, certificates, federated identity credentials."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
import uuid

from .entra_login import digest_of
from .entra_objects import (
    APP_WRITE,
    application,
    check_known,
    check_read_only,
    is_guid,
    require_owner,
)
from .graph import Call, GraphError, Routes, any_of, bad_request, created, not_found, respond
from .odata import entity, filtered, listing
from .wire import Json, Response
from .world import timestamp

routes = Routes()

_FULL = "Application.ReadWrite.All"
_READ = any_of("Application.Read.All", "Application.ReadWrite.OwnedBy", _FULL)
_FEDERATED = frozenset({"id", "name", "issuer", "subject", "description", "audiences"})
_MAX_FEDERATED = 20
_TWO_YEARS = 2 * 365 * 86400


@routes.add("POST", "/applications/{}/addPassword", APP_WRITE)
def add_password(call: Call) -> Response:
    app = application(call)
    require_owner(call, app, _FULL)
    asked = call.body().get("passwordCredential") or {}
    check_known(
        asked, frozenset({"displayName", "startDateTime", "endDateTime"}), "passwordCredential"
    )
    secret = secrets.token_urlsafe(30)
    credential: dict[str, Json] = {
        "customKeyIdentifier": None,
        "displayName": asked.get("displayName"),
        "endDateTime": asked.get("endDateTime") or timestamp(_TWO_YEARS),
        "hint": secret[:3],
        "keyId": str(uuid.uuid4()),
        "secretText": None,
        "startDateTime": asked.get("startDateTime") or timestamp(),
    }
    if credential["endDateTime"] <= credential["startDateTime"]:
        raise GraphError(400, "CredentialInvalidEndDate", "Credential must have valid end date.")
    app["passwordCredentials"].append(credential)
    call.entra["secrets"][credential["keyId"]] = digest_of(secret)
    # The only answer that ever shows the secret.
    return respond(200, credential | {"secretText": secret})


@routes.add("POST", "/applications/{}/removePassword", APP_WRITE)
def remove_password(call: Call) -> Response:
    app = application(call)
    require_owner(call, app, _FULL)
    key = call.body().get("keyId")
    if not is_guid(key):
        raise bad_request("Invalid value specified for property 'keyId'.")
    kept = [c for c in app["passwordCredentials"] if c["keyId"] != key]
    if len(kept) == len(app["passwordCredentials"]):
        raise bad_request("No password credential found with keyId.")
    app["passwordCredentials"] = kept
    call.entra["secrets"].pop(key, None)
    return respond(204)


@routes.add("GET", "/applications/{}/federatedIdentityCredentials", _READ)
def list_federated(call: Call) -> Response:
    items = application(call)["federatedIdentityCredentials"]
    found = filtered(call, items, "federatedIdentityCredential", frozenset({"name", "subject"}))
    return listing(call, "federatedIdentityCredentials", found)


@routes.add("POST", "/applications/{}/federatedIdentityCredentials", APP_WRITE)
def create_federated(call: Call) -> Response:
    app, body = application(call), call.body()
    require_owner(call, app, _FULL)
    check_known(body, _FEDERATED - {"id"}, "federatedIdentityCredential")
    credential = {"id": str(uuid.uuid4()), "description": None} | body
    _check_federated(app, credential)
    if len(app["federatedIdentityCredentials"]) >= _MAX_FEDERATED:
        raise bad_request(f"The application has {_MAX_FEDERATED} federated identity credentials.")
    app["federatedIdentityCredentials"].append(credential)
    return created(call, "federatedIdentityCredentials", credential)


@routes.add("GET", "/applications/{}/federatedIdentityCredentials/{}", _READ)
def read_federated(call: Call) -> Response:
    return entity(call, "federatedIdentityCredentials", _federated(call))


@routes.add("PATCH", "/applications/{}/federatedIdentityCredentials/{}", APP_WRITE)
def change_federated(call: Call) -> Response:
    app, change = application(call), call.body()
    require_owner(call, app, _FULL)
    credential = _federated(call)
    check_known(change, _FEDERATED, "federatedIdentityCredential")
    check_read_only(change, credential, frozenset({"id", "name"}))
    _check_federated(app, credential | change)
    credential |= change
    return respond(204)


@routes.add("DELETE", "/applications/{}/federatedIdentityCredentials/{}", APP_WRITE)
def delete_federated(call: Call) -> Response:
    app = application(call)
    require_owner(call, app, _FULL)
    app["federatedIdentityCredentials"].remove(_federated(call))
    return respond(204)


def register_certificate(entra: dict[str, Json], app: dict[str, Json], der: bytes) -> None:
    """Registers a certificate with an application, as an upload in the portal does."""
    key = str(uuid.uuid4())
    print_ = base64.b64encode(hashlib.sha1(der).digest()).decode()  # noqa: S324
    app["keyCredentials"].append(
        {
            "customKeyIdentifier": print_,
            "displayName": "CN=automation",
            "endDateTime": "2099-01-01T00:00:00Z",
            # Shown by a GET with $select only.
            "key": None,
            "keyId": key,
            "startDateTime": timestamp(),
            "type": "AsymmetricX509Cert",
            "usage": "Verify",
        }
    )
    entra["certificates"][key] = base64.b64encode(der).decode()


def _federated(call: Call) -> dict[str, Json]:
    for credential in application(call)["federatedIdentityCredentials"]:
        if call.params[1] in (credential["id"], credential["name"]):
            found: dict[str, Json] = credential
            return found
    raise not_found(call.params[1])


def _check_federated(app: dict[str, Json], credential: dict[str, Json]) -> None:
    for name in ("name", "issuer", "subject"):
        if not isinstance(credential.get(name), str) or not credential[name]:
            raise bad_request(f"A value is required for property '{name}'.")
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,119}", credential["name"]):
        raise bad_request("Invalid value specified for property 'name'.")
    audiences = credential.get("audiences")
    if not isinstance(audiences, list) or len(audiences) != 1:
        raise bad_request("Property 'audiences' must hold a single value.")
    for other in app["federatedIdentityCredentials"]:
        if other["id"] == credential["id"]:
            continue
        if other["name"] == credential["name"]:
            raise GraphError(
                409,
                "Request_MultipleObjectsWithSameKeyValue",
                "FederatedIdentityCredential with name already exists.",
            )
        if (other["issuer"], other["subject"]) == (credential["issuer"], credential["subject"]):
            raise bad_request("The combination of issuer and subject must be unique for this app.")
