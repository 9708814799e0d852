"""What applications and service principals have in common: addressing, owners, permissions."""

from __future__ import annotations

import re
from typing import Any

from .graph import Call, Needs, any_of, bad_request, denied, not_found
from .wire import Json

APP_READ = any_of(
    "Application.Read.All",
    "Application.ReadWrite.OwnedBy",
    "Application.ReadWrite.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
)
APP_CREATE = any_of("Application.ReadWrite.OwnedBy", "Application.ReadWrite.All")
APP_WRITE = APP_CREATE
PRINCIPAL_READ = APP_READ
PRINCIPAL_WRITE = any_of(
    "Application.ReadWrite.OwnedBy", "Application.ReadWrite.All", "Directory.ReadWrite.All"
)
# Adding an owner also needs to read the directory, which may stand in for nothing else.
OWNER_ADD: Needs = (
    frozenset({"Application.ReadWrite.OwnedBy", "Directory.Read.All"}),
    frozenset({"Application.ReadWrite.All", "Directory.Read.All"}),
    frozenset({"Directory.ReadWrite.All"}),
)

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# Navigation properties live in the object here and are read by their own routes.
_NAVIGATION = frozenset({"owners", "federatedIdentityCredentials"})
_BETA_ONLY = frozenset({"oauth2RequirePostResponse", "samlMetadataUrl"})


def is_guid(value: Any) -> bool:
    return isinstance(value, str) and _GUID.fullmatch(value) is not None


def application(call: Call) -> dict[str, Json]:
    """The application that the path names, by object id or `appId=`."""
    return _find(call.entra["applications"], call.params[0])


def principal(call: Call) -> dict[str, Json]:
    """The service principal that the path names, by object id or `appId=`."""
    return _find(call.entra["servicePrincipals"], call.params[0])


def _find(objects: dict[str, Json], key: str) -> dict[str, Json]:
    if key.startswith("appId="):
        app_id = key.removeprefix("appId=").lower()
        found = next((o for o in objects.values() if o["appId"] == app_id), None)
        key = app_id
    else:
        found = objects.get(key.lower())
    if not is_guid(key):
        raise bad_request(f"Invalid object identifier '{key}'.")
    if found is None:
        raise not_found(key)
    result: dict[str, Json] = found
    return result


def shown(call: Call, item: dict[str, Json]) -> dict[str, Json]:
    """The object as a GET shows it: without what only other routes or versions show."""
    hidden = _NAVIGATION if call.version == "beta" else _NAVIGATION | _BETA_ONLY
    return {key: value for key, value in item.items() if key not in hidden}


def check_known(body: dict[str, Json], known: frozenset[str], kind: str) -> None:
    for name in body:
        if name not in known:
            raise bad_request(
                f"Property '{name}' does not exist on type 'microsoft.graph.{kind}'. Make sure to "
                "only use property names that are defined by the type."
            )


def check_read_only(change: dict[str, Json], item: dict[str, Json], names: frozenset[str]) -> None:
    """Read-only properties may be sent back as they are; they leave the change."""
    for name in names & set(change):
        if change.pop(name) != item.get(name):
            raise bad_request(f"Property '{name}' is read-only and cannot be set.")


def require_owner(call: Call, item: dict[str, Json], *stronger: str) -> None:
    """OwnedBy reaches only what the caller owns; a stronger permission reaches everything."""
    if not call.caller.roles & set(stronger) and call.caller.oid not in item["owners"]:
        raise denied()


def owners_of_new(call: Call, references: list[str]) -> list[str]:
    """The owners of a new object: those it names, and the caller where it may only own."""
    owners = [reference(call, ref) for ref in references]
    if len(set(owners)) < len(owners):
        raise bad_request("A duplicate reference was found in 'owners'.")
    only_own = not call.caller.roles & {"Application.ReadWrite.All", "Directory.ReadWrite.All"}
    if only_own and call.caller.oid not in owners:
        owners.append(call.caller.oid)
    return owners


def reference(call: Call, link: Json) -> str:
    """The id behind an `@odata.id` or `@odata.bind` link; it must exist."""
    key = link.rstrip("/").rpartition("/")[2] if isinstance(link, str) else ""
    if directory_object(call.entra, key) is None:
        raise not_found(key)
    return key


def directory_object(entra: dict[str, Json], key: str) -> dict[str, Json] | None:
    """A user or service principal with its `@odata.type`, as owners are shown."""
    for collection, kind in (("users", "user"), ("servicePrincipals", "servicePrincipal")):
        found = entra[collection].get(key)
        if found is not None:
            hidden = _NAVIGATION | _BETA_ONLY
            plain = {name: value for name, value in found.items() if name not in hidden}
            return {"@odata.type": f"#microsoft.graph.{kind}"} | plain
    return None


def sync_principal(entra: dict[str, Json], app: dict[str, Json]) -> None:
    """A principal follows its application: name, roles, scopes, names."""
    for item in entra["servicePrincipals"].values():
        if item["appId"] == app["appId"]:
            item |= mirrored(app)


def mirrored(app: dict[str, Json]) -> dict[str, Json]:
    """What a principal shows of its application."""
    return {
        "appDisplayName": app["displayName"],
        "appDescription": app.get("description"),
        "displayName": app["displayName"],
        "appRoles": [role | {"origin": "Application"} for role in app["appRoles"] or []],
        "oauth2PermissionScopes": list((app["api"] or {}).get("oauth2PermissionScopes") or []),
        "servicePrincipalNames": [app["appId"], *(app["identifierUris"] or [])],
        "signInAudience": app["signInAudience"],
        "homepage": (app["web"] or {}).get("homePageUrl"),
        "logoutUrl": (app["web"] or {}).get("logoutUrl"),
        "replyUrls": list((app["web"] or {}).get("redirectUris") or []),
        "verifiedPublisher": app["verifiedPublisher"],
    }


def drop_principal(entra: dict[str, Json], key: str) -> None:
    """Remove a principal and everything that only exists through it."""
    entra["servicePrincipals"].pop(key)
    entra["delegatedPermissionClassifications"].pop(key, None)
    for name, sides in (
        ("oauth2PermissionGrants", ("clientId", "resourceId")),
        ("appRoleAssignments", ("principalId", "resourceId")),
    ):
        for item in list(entra[name].values()):
            if key in [item[side] for side in sides]:
                del entra[name][item["id"]]
    for collection in ("applications", "servicePrincipals"):
        for item in entra[collection].values():
            if key in item["owners"]:
                item["owners"].remove(key)
