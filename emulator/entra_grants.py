"""Delegated permission grants and application role assignments."""

from __future__ import annotations

import base64
import hashlib
import uuid

from .entra_objects import check_known, is_guid, principal
from .graph import Call, GraphError, Routes, any_of, bad_request, created, not_found, respond
from .odata import entity, filtered, listing
from .wire import Json, Response
from .world import timestamp

routes = Routes()

_GRANT_READ = any_of(
    "Directory.Read.All",
    "DelegatedPermissionGrant.ReadWrite.All",
    "Directory.ReadWrite.All",
)
_GRANT_WRITE = any_of("DelegatedPermissionGrant.ReadWrite.All", "Directory.ReadWrite.All")
_ROLE_READ = any_of(
    "Application.Read.All",
    "AppRoleAssignment.ReadWrite.All",
    "Application.ReadWrite.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
)
_ROLE_WRITE = (frozenset({"AppRoleAssignment.ReadWrite.All", "Application.Read.All"}),)
_GRANT_FIELDS = frozenset({"id", "clientId", "consentType", "principalId", "resourceId", "scope"})
_FILTERS = _GRANT_FIELDS - {"scope"}


@routes.add("GET", "/oauth2PermissionGrants", _GRANT_READ)
def list_grants(call: Call) -> Response:
    grants = call.entra["oauth2PermissionGrants"].values()
    found = filtered(call, grants, "oAuth2PermissionGrant", _FILTERS)
    return listing(call, "oauth2PermissionGrants", found)


@routes.add("POST", "/oauth2PermissionGrants", _GRANT_WRITE)
def create_grant(call: Call) -> Response:
    body = call.body()
    check_known(body, _GRANT_FIELDS | {"startTime", "expiryTime"}, "oAuth2PermissionGrant")
    grant = {"principalId": None} | {k: v for k, v in body.items() if k in _GRANT_FIELDS}
    _check_grant(call, grant)
    grant["id"] = grant_id(grant)
    if grant["id"] in call.entra["oauth2PermissionGrants"]:
        raise GraphError(
            409, "Request_MultipleObjectsWithSameKeyValue", "Permission entry already exists."
        )
    call.entra["oauth2PermissionGrants"][grant["id"]] = grant
    return created(call, "oauth2PermissionGrants", grant)


@routes.add("GET", "/oauth2PermissionGrants/{}", _GRANT_READ)
def read_grant(call: Call) -> Response:
    return entity(call, "oauth2PermissionGrants", _grant(call))


@routes.add("PATCH", "/oauth2PermissionGrants/{}", _GRANT_WRITE)
def change_grant(call: Call) -> Response:
    grant, change = _grant(call), call.body()
    check_known(change, _GRANT_FIELDS, "oAuth2PermissionGrant")
    if change.get("clientId") == "":
        # azuread always sends it so, and its updates work on real tenants.
        del change["clientId"]
    for name in sorted(set(change) - {"scope"}):
        if change[name] != grant[name]:
            raise bad_request(f"Property cannot be updated: {name}")
    if not isinstance(change.get("scope", ""), str):
        raise bad_request("Invalid value specified for property 'scope'.")
    grant["scope"] = change.get("scope", grant["scope"])
    return respond(204)


@routes.add("DELETE", "/oauth2PermissionGrants/{}", _GRANT_WRITE)
def delete_grant(call: Call) -> Response:
    del call.entra["oauth2PermissionGrants"][_grant(call)["id"]]
    return respond(204)


@routes.add("GET", "/servicePrincipals/{}/oauth2PermissionGrants", _GRANT_READ)
def list_grants_of_client(call: Call) -> Response:
    client = principal(call)["id"]
    grants = call.entra["oauth2PermissionGrants"].values()
    found = filtered(call, grants, "oAuth2PermissionGrant", _FILTERS)
    mine = [grant for grant in found if grant["clientId"] == client]
    return listing(call, "oauth2PermissionGrants", mine)


def grant_id(grant: dict[str, Json]) -> str:
    """The id of a grant is its key packed: the same grant made again has the same id."""
    parts = [grant["clientId"], grant["resourceId"], grant["principalId"]]
    packed = b"".join(uuid.UUID(part).bytes_le for part in parts if part)
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def assignment_id(principal_id: str, resource_id: str, role_id: str) -> str:
    rest = hashlib.sha256(f"{resource_id}/{role_id}".encode()).digest()[:16]
    packed = uuid.UUID(principal_id).bytes_le + rest
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def _grant(call: Call) -> dict[str, Json]:
    found: dict[str, Json] | None = call.entra["oauth2PermissionGrants"].get(call.params[0])
    if found is None:
        raise not_found(call.params[0])
    return found


def _check_grant(call: Call, grant: dict[str, Json]) -> None:
    for name in ("clientId", "resourceId"):
        if not is_guid(grant.get(name)):
            raise bad_request(f"Invalid value specified for property '{name}'.")
    if not isinstance(grant.get("scope"), str):
        raise bad_request("A value is required for property 'scope'.")
    if grant.get("consentType") not in ("AllPrincipals", "Principal"):
        raise bad_request("Invalid value specified for property 'consentType'.")
    if (grant["principalId"] is None) != (grant["consentType"] == "AllPrincipals"):
        raise bad_request("Invalid value specified for property 'principalId'.")
    for name in ("clientId", "resourceId"):
        if grant[name] not in call.entra["servicePrincipals"]:
            raise not_found(grant[name])
    if grant["principalId"] is not None and grant["principalId"] not in call.entra["users"]:
        raise not_found(grant["principalId"])


def _assignments(call: Call, side: str) -> Response:
    item = principal(call)["id"]
    found = filtered(
        call,
        call.entra["appRoleAssignments"].values(),
        "appRoleAssignment",
        frozenset({"principalDisplayName", "resourceId"}),
    )
    return listing(call, "appRoleAssignments", [a for a in found if a[side] == item])


def _assign(call: Call, side: str) -> Response:
    item, body = principal(call), call.body()
    check_known(body, frozenset({"appRoleId", "principalId", "resourceId"}), "appRoleAssignment")
    for name in ("appRoleId", "principalId", "resourceId"):
        if not is_guid(body.get(name)):
            raise bad_request(f"Invalid value specified for property '{name}'.")
    resource = call.entra["servicePrincipals"].get(body["resourceId"])
    name, kind = _assignee(call, body["principalId"])
    roles = [role["id"] for role in resource["appRoles"]] if resource else []
    # The zero id is the default access of an application without roles.
    known = body["appRoleId"] in roles or (not roles and not body["appRoleId"].strip("0-"))
    if body[side] != item["id"] or resource is None or not kind or not known:
        raise bad_request("Not a valid reference update.")
    key = assignment_id(body["principalId"], body["resourceId"], body["appRoleId"])
    if key in call.entra["appRoleAssignments"]:
        raise bad_request("Permission being assigned already exists on the object")
    assignment = new_assignment(body, name, kind, resource["displayName"])
    call.entra["appRoleAssignments"][key] = assignment
    return created(call, "appRoleAssignments", assignment)


def new_assignment(key: dict[str, Json], name: str, kind: str, resource: str) -> dict[str, Json]:
    """An assignment as the service completes it."""
    return {
        "id": assignment_id(key["principalId"], key["resourceId"], key["appRoleId"]),
        "deletedDateTime": None,
        "appRoleId": key["appRoleId"],
        "createdDateTime": timestamp(),
        "principalDisplayName": name,
        "principalId": key["principalId"],
        "principalType": kind,
        "resourceDisplayName": resource,
        "resourceId": key["resourceId"],
    }


def _assignee(call: Call, key: str) -> tuple[str, str]:
    kinds = {"users": "User", "groups": "Group", "servicePrincipals": "ServicePrincipal"}
    for collection, kind in kinds.items():
        if key in call.entra[collection]:
            return str(call.entra[collection][key]["displayName"]), kind
    return "", ""


def _one_assignment(call: Call, side: str) -> dict[str, Json] | None:
    item = principal(call)["id"]
    found: dict[str, Json] | None = call.entra["appRoleAssignments"].get(call.params[1])
    return found if found is not None and found[side] == item else None


def _register(name: str, side: str) -> None:
    @routes.add("GET", f"/servicePrincipals/{{}}/{name}", _ROLE_READ)
    def list_assignments(call: Call) -> Response:
        return _assignments(call, side)

    @routes.add("POST", f"/servicePrincipals/{{}}/{name}", _ROLE_WRITE)
    def assign(call: Call) -> Response:
        return _assign(call, side)

    @routes.add("GET", f"/servicePrincipals/{{}}/{name}/{{}}", _ROLE_READ)
    def read_assignment(call: Call) -> Response:
        found = _one_assignment(call, side)
        if found is None:
            raise not_found(call.params[1])
        return entity(call, "appRoleAssignments", found)

    @routes.add("DELETE", f"/servicePrincipals/{{}}/{name}/{{}}", _ROLE_WRITE)
    def delete_assignment(call: Call) -> Response:
        found = _one_assignment(call, side)
        if found is None:
            raise bad_request("EntitlementGrant being updated or deleted is not found.")
        del call.entra["appRoleAssignments"][found["id"]]
        return respond(204)


_register("appRoleAssignedTo", "resourceId")
_register("appRoleAssignments", "principalId")
