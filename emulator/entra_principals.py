"""`/servicePrincipals`: create, read, list, change, delete."""

from __future__ import annotations

import copy
import uuid

from .entra_objects import (
    PRINCIPAL_READ,
    PRINCIPAL_WRITE,
    check_known,
    check_read_only,
    drop_principal,
    is_guid,
    mirrored,
    owners_of_new,
    principal,
    require_owner,
    shown,
)
from .graph import Call, GraphError, Routes, bad_request, created, denied, respond
from .odata import entity, filtered, listing, merge
from .wire import Json, Response
from .world import timestamp

routes = Routes()

_FILTERS = frozenset(
    {"appId", "appOwnerOrganizationId", "displayName", "id", "servicePrincipalType",
     "applicationTemplateId", "accountEnabled"}
)  # fmt: skip
_STRONGER = ("Application.ReadWrite.All", "Directory.ReadWrite.All")
# What a principal takes over from its application cannot be changed on the principal.
_READ_ONLY = frozenset(
    {"id", "appId", "appDisplayName", "appDescription", "appOwnerOrganizationId", "appRoles",
     "applicationTemplateId", "createdDateTime", "deletedDateTime", "disabledByMicrosoftStatus",
     "displayName", "homepage", "logoutUrl", "oauth2PermissionScopes", "passwordCredentials",
     "replyUrls", "servicePrincipalNames", "servicePrincipalType", "signInAudience",
     "verifiedPublisher"}
)  # fmt: skip
DEFAULTS: dict[str, Json] = {
    "deletedDateTime": None,
    "accountEnabled": True,
    "alternativeNames": [],
    "appRoleAssignmentRequired": False,
    "applicationTemplateId": None,
    "description": None,
    "disabledByMicrosoftStatus": None,
    "loginUrl": None,
    "notes": None,
    "notificationEmailAddresses": [],
    "preferredSingleSignOnMode": None,
    "preferredTokenSigningKeyThumbprint": None,
    "samlSingleSignOnSettings": None,
    "servicePrincipalType": "Application",
    "tags": [],
    "tokenEncryptionKeyId": None,
    "addIns": [],
    "keyCredentials": [],
    "passwordCredentials": [],
    "resourceSpecificApplicationPermissions": [],
    # Only the beta shape shows it.
    "samlMetadataUrl": None,
}
_WRITABLE = frozenset(DEFAULTS) | _READ_ONLY


def new_principal(
    app: dict[str, Json], owner_tenant: str, fields: dict[str, Json], *, key: str
) -> dict[str, Json]:
    """A principal of an application of this or another tenant."""
    item = {
        "id": key,
        "appId": app["appId"],
        "appOwnerOrganizationId": owner_tenant,
        "createdDateTime": timestamp(),
        "info": copy.deepcopy(app.get("info")),
        "owners": [],
    }
    item |= copy.deepcopy(DEFAULTS) | copy.deepcopy(mirrored(app))
    merge(item, fields)
    return item


@routes.add("GET", "/servicePrincipals", PRINCIPAL_READ)
def list_principals(call: Call) -> Response:
    items = call.entra["servicePrincipals"].values()
    found = filtered(call, items, "servicePrincipal", _FILTERS)
    return listing(call, "servicePrincipals", [shown(call, item) for item in found])


@routes.add("POST", "/servicePrincipals", PRINCIPAL_WRITE)
def create_principal(call: Call) -> Response:
    body = call.body()
    check_known(body, _WRITABLE | {"owners@odata.bind"}, "servicePrincipal")
    for name in (_READ_ONLY - {"appId"}) & set(body):
        raise bad_request(f"Property '{name}' is read-only and cannot be set.")
    app_id = body.pop("appId", None)
    if not is_guid(app_id):
        raise bad_request("A value is required for property 'appId' of 'ServicePrincipal'.")
    owners = owners_of_new(call, body.pop("owners@odata.bind", []))
    app, tenant = _backing(call, app_id.lower())
    if any(p["appId"] == app["appId"] for p in call.entra["servicePrincipals"].values()):
        raise GraphError(
            409,
            "Request_MultipleObjectsWithSameKeyValue",
            "The service principal cannot be created, updated, or restored because the service "
            f"principal name {app_id} is already in use.",
        )
    item = new_principal(app, tenant, body, key=str(uuid.uuid4()))
    item["owners"] = owners
    call.entra["servicePrincipals"][item["id"]] = item
    return created(call, "servicePrincipals", shown(call, item))


@routes.add("GET", "/servicePrincipals/{}", PRINCIPAL_READ)
def read_principal(call: Call) -> Response:
    return entity(call, "servicePrincipals", shown(call, principal(call)))


@routes.add("PATCH", "/servicePrincipals/{}", PRINCIPAL_WRITE)
def change_principal(call: Call) -> Response:
    item, change = principal(call), call.body()
    require_owner(call, item, *_STRONGER)
    check_known(change, _WRITABLE, "servicePrincipal")
    check_read_only(change, item, _READ_ONLY)
    if not isinstance(change.get("accountEnabled", True), bool):
        raise bad_request("Invalid value specified for property 'accountEnabled'.")
    merge(item, change)
    return respond(204)


@routes.add("DELETE", "/servicePrincipals/{}", PRINCIPAL_WRITE)
def delete_principal(call: Call) -> Response:
    item = principal(call)
    require_owner(call, item, *_STRONGER)
    drop_principal(call.entra, item["id"])
    return respond(204)


def _backing(call: Call, app_id: str) -> tuple[dict[str, Json], str]:
    """The application a principal is made of, and the tenant that owns it."""
    for app in call.entra["applications"].values():
        if app["appId"] == app_id:
            if not call.caller.roles & set(_STRONGER) and call.caller.oid not in app["owners"]:
                raise denied()
            return app, call.entra["tenant_id"]
    published = call.entra["publishedApplications"].get(app_id)
    if published is None:
        raise bad_request(
            f"The appId '{app_id}' of the service principal does not reference a valid "
            "application object."
        )
    if not call.caller.roles & set(_STRONGER):
        raise denied(
            "When using this permission, the backing application of the service principal being "
            "created must in the local tenant"
        )
    return published, published["appOwnerOrganizationId"]
