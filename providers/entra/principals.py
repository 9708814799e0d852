"""Look-ups of service principals, never changes: most belong to somebody else."""

from typing import Any, Literal

from pulumi.dynamic import CheckFailure, CheckResult

from providers.clients import graph
from providers.values import has_unknown
from services.entra.graph import literal
from services.errors import NotFound, Refused, ServiceError
from services.permissions import PRINCIPAL_READ
from tenant.spelling import did_you_mean

Publishes = Literal["oauth2PermissionScopes", "appRoles"]


def find_principals(
    *client_ids: str, publishes: Publishes = "oauth2PermissionScopes"
) -> list[dict[str, Any] | None]:
    """The service principals of applications in this tenant, None where there is none.

    publishes: the kind of permissions to bring along; of both Microsoft Graph has hundreds.
    """
    ids = ", ".join(literal(client_id) for client_id in client_ids)
    one = len(client_ids) == 1
    query = {
        "$filter": f"appId eq {ids}" if one else f"appId in ({ids})",
        "$select": f"id,appId,displayName,{publishes}",
    }
    found = {p["appId"]: p for p in graph().list_all("/servicePrincipals", PRINCIPAL_READ, query)}
    return [found.get(client_id.lower()) for client_id in client_ids]


def find_principal(client_id: str) -> dict[str, Any] | None:
    """As `find_principals`, of one."""
    return find_principals(client_id)[0]


def require_principal(client_id: str) -> dict[str, Any]:
    """As `find_principal`. Raises NotFound with what to do where there is none."""
    return _required(client_id, find_principal(client_id))


def require_principals(
    *client_ids: str, publishes: Publishes = "oauth2PermissionScopes"
) -> list[dict[str, Any]]:
    """As `find_principals`, by one request. Raises NotFound for the first that there is not."""
    found = find_principals(*client_ids, publishes=publishes)
    return [_required(key, one) for key, one in zip(client_ids, found, strict=True)]


def _required(client_id: str, principal: dict[str, Any] | None) -> dict[str, Any]:
    if principal is None:
        raise NotFound(
            f"Entra: no service principal of application {client_id} in this tenant. Zoom adds it "
            "when the calendar is first authorized (Room Management > Calendar Integration), or "
            "application.ensurePrincipal does, or application.clientId is wrong: nothing was "
            "written."
        )
    return principal


def scope_ids(resource: dict[str, Any]) -> dict[str, str]:
    """Delegated permission name to id, as the resource's principal publishes them."""
    return {scope["value"]: scope["id"] for scope in resource.get("oauth2PermissionScopes", ())}


def role_ids(resource: dict[str, Any]) -> dict[str, str]:
    """Application permission name to id, as the resource's principal publishes them."""
    return {
        role["value"]: role["id"]
        for role in resource.get("appRoles", ())
        if role.get("value") and "Application" in role.get("allowedMemberTypes", ())
    }


def require_scopes(resource: dict[str, Any], names: list[str]) -> dict[str, str]:
    """The ids of `names`. Raises Refused where the resource has no such permission."""
    return _require(resource, scope_ids(resource), names, "delegated", "consent.permissions")


def require_roles(resource: dict[str, Any], names: list[str]) -> dict[str, str]:
    """The ids of `names`. Raises Refused where the resource has no such permission."""
    key = "consent.applicationPermissions"
    return _require(resource, role_ids(resource), names, "application", key)


def refuse_unpublished(
    result: CheckResult,
    resource_client_id: Any,
    names: Any,
    known: Any,
    publishes: Publishes = "oauth2PermissionScopes",
) -> CheckResult:
    """`result`, failed where the resource has no permission of one of `names` that is not `known`.

    Only for new names anything is asked; what cannot be read is found out by who writes.
    """
    unknown = has_unknown(names) or has_unknown(resource_client_id)
    if result.failures or unknown or not set(names) - set(known or ()):
        return result
    require = require_scopes if publishes == "oauth2PermissionScopes" else require_roles
    try:
        (resource,) = find_principals(resource_client_id, publishes=publishes)
        if resource is not None:
            require(resource, list(names))
    except Refused as error:
        return CheckResult(result.inputs, [CheckFailure("", str(error))])
    except ServiceError:
        pass
    return result


def _require(
    resource: dict[str, Any], known: dict[str, str], names: list[str], kind: str, key: str
) -> dict[str, str]:
    for name in names:
        if name not in known:
            raise Refused(
                f"Entra: {resource.get('displayName', 'the resource')} has no {kind} permission "
                f"{name}{did_you_mean(name, known)}: nothing was written. Correct {key}."
            )
    return {name: known[name] for name in names}
