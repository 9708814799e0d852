"""`/applications`: create, read, list, change, delete."""

from __future__ import annotations

import copy
import re
import uuid
from urllib.parse import urlsplit

from .entra_objects import (
    APP_CREATE,
    APP_READ,
    APP_WRITE,
    application,
    check_known,
    check_read_only,
    drop_principal,
    is_guid,
    owners_of_new,
    require_owner,
    shown,
    sync_principal,
)
from .graph import Call, GraphError, Routes, bad_request, created, respond
from .odata import entity, filtered, listing, merge
from .wire import Json, Response
from .world import timestamp

routes = Routes()

_FILTERS = frozenset(
    {"appId", "applicationTemplateId", "displayName", "id", "publisherDomain", "signInAudience"}
)
_AUDIENCES = (
    "AzureADMyOrg",
    "AzureADMultipleOrgs",
    "AzureADandPersonalMicrosoftAccount",
    "PersonalMicrosoftAccount",
)
READ_ONLY = frozenset(
    {"id", "appId", "applicationTemplateId", "createdDateTime", "publisherDomain",
     "deletedDateTime", "disabledByMicrosoftStatus", "passwordCredentials"}
)  # fmt: skip
DEFAULTS: dict[str, Json] = {
    "deletedDateTime": None,
    "applicationTemplateId": None,
    "disabledByMicrosoftStatus": None,
    "displayName": None,
    "description": None,
    "groupMembershipClaims": None,
    "identifierUris": [],
    "isDeviceOnlyAuthSupported": None,
    "isFallbackPublicClient": None,
    "nativeAuthenticationApisEnabled": None,
    "notes": None,
    "serviceManagementReference": None,
    "signInAudience": "AzureADMyOrg",
    "tags": [],
    "tokenEncryptionKeyId": None,
    "samlMetadataUrl": None,
    "defaultRedirectUri": None,
    "certification": None,
    "requestSignatureVerification": None,
    "servicePrincipalLockConfiguration": None,
    "optionalClaims": None,
    "addIns": [],
    "api": {
        "acceptMappedClaims": None,
        "knownClientApplications": [],
        "requestedAccessTokenVersion": None,
        "oauth2PermissionScopes": [],
        "preAuthorizedApplications": [],
    },
    "appRoles": [],
    "info": {
        "logoUrl": None,
        "marketingUrl": None,
        "privacyStatementUrl": None,
        "supportUrl": None,
        "termsOfServiceUrl": None,
    },
    "keyCredentials": [],
    "parentalControlSettings": {"countriesBlockedForMinors": [], "legalAgeGroupRule": "Allow"},
    "publicClient": {"redirectUris": []},
    "requiredResourceAccess": [],
    "verifiedPublisher": {
        "displayName": None,
        "verifiedPublisherId": None,
        "addedDateTime": None,
    },
    "web": {
        "homePageUrl": None,
        "logoutUrl": None,
        "redirectUris": [],
        "implicitGrantSettings": {
            "enableAccessTokenIssuance": False,
            "enableIdTokenIssuance": False,
        },
        "redirectUriSettings": [],
    },
    "spa": {"redirectUris": []},
    # Only the beta shape shows it.
    "oauth2RequirePostResponse": False,
}
_WRITABLE = frozenset(DEFAULTS) | READ_ONLY | {"owners@odata.bind"}


def new_application(
    entra: dict[str, Json], fields: dict[str, Json], *, key: str, app_id: str
) -> dict[str, Json]:
    """An application with the service's defaults under the fields that were given."""
    app: dict[str, Json] = {"id": key, "appId": app_id, "createdDateTime": timestamp()}
    app |= copy.deepcopy(DEFAULTS)
    app["publisherDomain"] = next(d["id"] for d in entra["domains"] if d["isDefault"])
    app |= {"passwordCredentials": [], "owners": [], "federatedIdentityCredentials": []}
    merge(app, fields)
    return app


@routes.add("GET", "/applications", APP_READ)
def list_applications(call: Call) -> Response:
    apps = filtered(call, call.entra["applications"].values(), "application", _FILTERS)
    return listing(call, "applications", [shown(call, app) for app in apps])


@routes.add("POST", "/applications", APP_CREATE)
def create_application(call: Call) -> Response:
    body = call.body()
    check_known(body, _WRITABLE, "application")
    for name in READ_ONLY & set(body):
        raise bad_request(f"Property '{name}' is read-only and cannot be set.")
    owners = owners_of_new(call, body.pop("owners@odata.bind", []))
    if not body.get("displayName"):
        raise bad_request("A value is required for property 'displayName' of 'Application'.")
    app = new_application(call.entra, body, key=str(uuid.uuid4()), app_id=str(uuid.uuid4()))
    _check(call, app)
    app["owners"] = owners
    call.entra["applications"][app["id"]] = app
    return created(call, "applications", shown(call, app))


@routes.add("GET", "/applications/{}", APP_READ)
def read_application(call: Call) -> Response:
    return entity(call, "applications", shown(call, application(call)))


@routes.add("PATCH", "/applications/{}", APP_WRITE)
def change_application(call: Call) -> Response:
    app, change = application(call), call.body()
    require_owner(call, app, "Application.ReadWrite.All")
    check_known(change, _WRITABLE - {"owners@odata.bind"}, "application")
    check_read_only(change, app, READ_ONLY)
    changed = copy.deepcopy(app)
    merge(changed, change)
    _check(call, changed)
    _check_disabled_first(app["appRoles"], changed["appRoles"])
    _check_disabled_first(_scopes(app), _scopes(changed))
    app.update(changed)
    sync_principal(call.entra, app)
    return respond(204)


@routes.add("DELETE", "/applications/{}", APP_WRITE)
def delete_application(call: Call) -> Response:
    app = application(call)
    require_owner(call, app, "Application.ReadWrite.All")
    del call.entra["applications"][app["id"]]
    for credential in app["passwordCredentials"]:
        call.entra["secrets"].pop(credential["keyId"], None)
    # The tenant's own principal of an application goes with it, grants and all.
    for principal in list(call.entra["servicePrincipals"].values()):
        if principal["appId"] == app["appId"]:
            drop_principal(call.entra, principal["id"])
    return respond(204)


def _scopes(app: dict[str, Json]) -> list[dict[str, Json]]:
    return list((app["api"] or {}).get("oauth2PermissionScopes") or [])


def _check(call: Call, app: dict[str, Json]) -> None:
    name = app["displayName"]
    if not isinstance(name, str) or not 1 <= len(name) <= 256:
        raise bad_request("Invalid value specified for property 'displayName' of 'Application'.")
    if app["signInAudience"] not in _AUDIENCES:
        raise bad_request("Invalid value specified for property 'signInAudience'.")
    _check_access(app["requiredResourceAccess"])
    _check_entries(app["appRoles"], "appRoles", "allowedMemberTypes")
    _check_entries(_scopes(app), "oauth2PermissionScopes", "id")
    for place in ("web", "spa", "publicClient"):
        for uri in (app[place] or {}).get("redirectUris") or []:
            _check_redirect(uri, place)
    for uri in app["identifierUris"] or []:
        _check_identifier(call, app, uri)


def _check_access(access: Json) -> None:
    items = access if isinstance(access, list) else [None]
    for item in items:
        item = item if isinstance(item, dict) else {}
        wanted = item.get("resourceAccess")
        if (
            not is_guid(item.get("resourceAppId"))
            or not isinstance(wanted, list)
            or not all(
                isinstance(entry, dict)
                and is_guid(entry.get("id"))
                and entry.get("type") in ("Scope", "Role")
                for entry in wanted
            )
        ):
            raise bad_request("Invalid value specified for property 'requiredResourceAccess'.")


def _check_entries(entries: Json, name: str, required: str) -> None:
    """App roles and scopes: an id that is a GUID, and no id or value twice."""
    ids, values = [], []
    for entry in entries or []:
        if not isinstance(entry, dict) or not is_guid(entry.get("id")) or not entry.get(required):
            raise bad_request(f"Invalid value specified for property '{name}'.")
        ids.append(entry["id"].lower())
        if entry.get("value"):
            values.append(entry["value"])
    if len(set(ids)) < len(ids) or len(set(values)) < len(values):
        raise bad_request(f"Property '{name}' contains a duplicate id or value.")


def _check_redirect(uri: Json, place: str) -> None:
    parts = urlsplit(uri) if isinstance(uri, str) else None
    local = parts is not None and parts.hostname in ("localhost", "127.0.0.1")
    secure = parts is not None and parts.scheme == "https"
    custom = place == "publicClient" and parts is not None and bool(parts.scheme)
    if parts is None or "#" in uri or not (secure or local or custom):
        raise bad_request(f"Invalid value specified for property 'redirectUris' of '{place}'.")


def _check_identifier(call: Call, app: dict[str, Json], uri: str) -> None:
    for other in call.entra["applications"].values():
        if other["id"] != app["id"] and uri in other["identifierUris"]:
            raise bad_request(
                "Another object with the same value for property identifierUris already exists."
            )
    own = {app["appId"], call.entra["tenant_id"]}
    domains = [d["id"] for d in call.entra["domains"] if d["isVerified"]]
    host = re.sub(r"^[a-z]+://", "", uri).split("/")[0].split(":")[0]
    if host not in own and not any(host == d or host.endswith(f".{d}") for d in domains):
        raise GraphError(
            400,
            "HostNameNotOnVerifiedDomain",
            "Values of identifierUris property must use a verified domain of the organization or "
            f"its subdomain: '{uri}'",
        )


def _check_disabled_first(old: list[dict[str, Json]], new: list[dict[str, Json]]) -> None:
    """A role or scope is changed or removed only while it is disabled."""
    now = {entry["id"]: entry for entry in new}
    for entry in old:
        after = now.get(entry["id"])
        untouched = after is not None and {**after, "isEnabled": None} == {
            **entry,
            "isEnabled": None,
        }
        if entry.get("isEnabled") and not untouched:
            raise GraphError(
                400,
                "CannotDeleteOrUpdateEnabledEntitlement",
                "Permission (scope or role) cannot be deleted or updated unless disabled first.",
            )
