"""Look-ups of service principals, never changes: most belong to somebody else."""

from typing import Any

from providers.clients import graph
from services.entra.graph import literal
from services.errors import NotFound, Refused
from services.permissions import PRINCIPAL_READ

_FIELDS = "id,appId,displayName,oauth2PermissionScopes"


def find_principal(client_id: str) -> dict[str, Any] | None:
    """The service principal of an application in this tenant, or None where there is none."""
    query = {"$filter": f"appId eq {literal(client_id)}", "$select": _FIELDS}
    found = graph().list_all("/servicePrincipals", PRINCIPAL_READ, query)
    return found[0] if found else None


def require_principal(client_id: str) -> dict[str, Any]:
    """As `find_principal`. Raises NotFound with what to do where there is none."""
    principal = find_principal(client_id)
    if principal is None:
        raise NotFound(
            f"Entra: no service principal of application {client_id} in this tenant. Zoom adds it "
            "when the calendar is first authorized (Room Management > Calendar Integration), or "
            "application.clientId is wrong: nothing was written."
        )
    return principal


def scope_ids(resource: dict[str, Any]) -> dict[str, str]:
    """Delegated permission name to id, as the resource's principal publishes them."""
    return {scope["value"]: scope["id"] for scope in resource.get("oauth2PermissionScopes", ())}


def require_scopes(resource: dict[str, Any], names: list[str]) -> dict[str, str]:
    """The ids of `names`. Raises Refused where the resource has no such permission."""
    import difflib

    known = scope_ids(resource)
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=3)
            hint = f" (did you mean {', '.join(near)}?)" if near else ""
            raise Refused(
                f"Entra: {resource.get('displayName', 'the resource')} has no delegated permission "
                f"{name}{hint}: nothing was written. Correct consent.permissions."
            )
    return {name: known[name] for name in names}
