"""`/servicePrincipals/{id}/delegatedPermissionClassifications`: low, medium, high."""

from __future__ import annotations

import base64
import hashlib

from .entra_objects import check_known, principal
from .graph import Call, GraphError, Routes, any_of, bad_request, created, not_found, respond
from .odata import listing
from .wire import Json, Response

routes = Routes()

_READ = any_of(
    "Application.Read.All",
    "Application.ReadWrite.OwnedBy",
    "Application.ReadWrite.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
)
_WRITE = any_of("Policy.ReadWrite.PermissionGrant")
_FIELDS = frozenset({"permissionId", "permissionName", "classification"})
_PATH = "/servicePrincipals/{}/delegatedPermissionClassifications"


@routes.add("GET", _PATH, _READ)
def list_levels(call: Call) -> Response:
    return listing(call, "delegatedPermissionClassifications", _levels(call))


@routes.add("POST", _PATH, _WRITE)
def classify(call: Call) -> Response:
    body, levels = call.body(), _levels(call)
    check_known(body, _FIELDS, "delegatedPermissionClassification")
    published = {one["id"]: one["value"] for one in principal(call)["oauth2PermissionScopes"]}
    key = str(body.get("permissionId", "")).lower()
    if body.get("classification") not in ("low", "medium", "high"):
        raise bad_request("Invalid value specified for property 'classification'.")
    if key not in published or body.get("permissionName", published[key]) != published[key]:
        raise bad_request("Invalid value specified for property 'permissionId'.")
    if any(one["permissionId"] == key for one in levels):
        raise GraphError(
            409, "Request_MultipleObjectsWithSameKeyValue", "The permission is classified already."
        )
    packed = hashlib.sha256(f"{principal(call)['id']}/{key}".encode()).digest()[:16]
    level = {
        "id": base64.urlsafe_b64encode(packed).decode().rstrip("="),
        "permissionId": key,
        "permissionName": published[key],
        "classification": body["classification"],
    }
    call.entra["delegatedPermissionClassifications"][principal(call)["id"]] = [*levels, level]
    return created(call, "delegatedPermissionClassifications", level)


@routes.add("DELETE", f"{_PATH}/{{}}", _WRITE)
def unclassify(call: Call) -> Response:
    levels = _levels(call)
    for level in levels:
        if level["id"] == call.params[1]:
            levels.remove(level)
            return respond(204)
    raise not_found(call.params[1])


def _levels(call: Call) -> list[dict[str, Json]]:
    by_principal = call.entra["delegatedPermissionClassifications"]
    found: list[dict[str, Json]] = by_principal.get(principal(call)["id"], [])
    return found
