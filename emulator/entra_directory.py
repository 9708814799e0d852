"""What is only read here: domains, the organization, users, groups."""

from __future__ import annotations

from .graph import Call, GraphError, Needs, Routes, any_of, not_found
from .odata import entity, filtered, listing
from .wire import Json, Response

routes = Routes()

_DIRECTORY = ("Directory.Read.All", "Directory.ReadWrite.All")
_DOMAINS = any_of("Domain.Read.All", "Domain.ReadWrite.All", *_DIRECTORY)
_ORGANIZATION = any_of("Organization.Read.All", "Organization.ReadWrite.All", *_DIRECTORY)
_USERS = any_of("User.ReadBasic.All", "User.Read.All", "User.ReadWrite.All", *_DIRECTORY)
_USER_ROLES = any_of("AppRoleAssignment.ReadWrite.All", *_DIRECTORY)
_GROUPS = any_of("GroupMember.Read.All", "Group.Read.All", "Group.ReadWrite.All", *_DIRECTORY)
_FILTERS = {
    "users": frozenset({"id", "displayName", "mail", "userPrincipalName", "accountEnabled"}),
    "groups": frozenset({"id", "displayName", "mail", "securityEnabled"}),
}


@routes.add("GET", "/domains", _DOMAINS)
def list_domains(call: Call) -> Response:
    return listing(call, "domains", call.entra["domains"], paged=False)


@routes.add("GET", "/domains/{}", _DOMAINS)
def read_domain(call: Call) -> Response:
    for domain in call.entra["domains"]:
        if domain["id"] == call.params[0].lower():
            return entity(call, "domains", domain)
    raise not_found(call.params[0])


@routes.add("GET", "/organization", _ORGANIZATION)
def list_organization(call: Call) -> Response:
    return listing(call, "organization", [_organization(call)], paged=False)


@routes.add("GET", "/organization/{}", _ORGANIZATION)
def read_organization(call: Call) -> Response:
    if call.params[0].lower() != call.entra["tenant_id"]:
        raise not_found(call.params[0])
    return entity(call, "organization", _organization(call))


@routes.add("GET", "/me", ())
def read_me(call: Call) -> Response:
    raise GraphError(
        400, "BadRequest", "/me request is only valid with delegated authentication flow."
    )


def _organization(call: Call) -> dict[str, Json]:
    """The organization lists its verified domains by other names than `/domains` does."""
    verified = [
        {"name": d["id"], "isDefault": d["isDefault"], "isInitial": d["isInitial"]}
        for d in call.entra["domains"]
        if d["isVerified"]
    ]
    organization: dict[str, Json] = call.entra["organization"]
    return organization | {"verifiedDomains": verified}


def _register(kind: str, needs: Needs) -> None:
    @routes.add("GET", f"/{kind}", needs)
    def list_all(call: Call) -> Response:
        items = map(_shown, call.entra[kind].values())
        found = filtered(call, items, kind.removesuffix("s"), _FILTERS[kind])
        return listing(call, kind, found)

    @routes.add("GET", f"/{kind}/{{}}", needs)
    def read_one(call: Call) -> Response:
        return entity(call, kind, _shown(_one(call, kind)))


def _one(call: Call, kind: str) -> dict[str, Json]:
    key = call.params[0].lower()
    for item in call.entra[kind].values():
        if key in (item["id"], str(item.get("userPrincipalName")).lower()):
            found: dict[str, Json] = item
            return found
    raise not_found(call.params[0])


def _shown(item: dict[str, Json]) -> dict[str, Json]:
    """Members have a route of their own."""
    return {name: value for name, value in item.items() if name != "members"}


@routes.add("GET", "/users/{}/appRoleAssignments", _USER_ROLES)
def list_assignments_of_user(call: Call) -> Response:
    """Those of the user, and those of the groups the user is a direct member of."""
    user = _one(call, "users")["id"]
    groups = [g["id"] for g in call.entra["groups"].values() if user in g.get("members", ())]
    found = [
        item
        for item in call.entra["appRoleAssignments"].values()
        if item["principalId"] in (user, *groups)
    ]
    return listing(call, "appRoleAssignments", found)


_register("users", _USERS)
_register("groups", _GROUPS)
