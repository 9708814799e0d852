"""The authorization policy, in both of its shapes, and the admin-consent-request policy."""

from __future__ import annotations

import copy

from .entra_objects import check_known, is_guid
from .graph import Call, Routes, any_of, bad_request, respond
from .odata import entity, listing, merge
from .wire import Json, Response

routes = Routes()

_READ = any_of("Policy.Read.All", "Policy.ReadWrite.Authorization")
_WRITE = any_of("Policy.ReadWrite.Authorization")
_REQUEST_READ = any_of(
    "Policy.Read.All",
    "Policy.ReadWrite.ConsentRequest",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
)
_BOOLEANS = frozenset(
    {"allowEmailVerifiedUsersToJoinOrganization", "allowUserConsentForRiskyApps",
     "allowedToSignUpEmailBasedSubscriptions", "allowedToUseSSPR", "blockMsolPowerShell"}
)  # fmt: skip
_ROLE_BOOLEANS = frozenset(
    {"allowedToCreateApps", "allowedToCreateSecurityGroups", "allowedToCreateTenants",
     "allowedToReadBitlockerKeysForOwnedDevice", "allowedToReadOtherUsers"}
)  # fmt: skip
_TEXTS = frozenset({"description", "displayName"})
_INVITES = ("none", "adminsAndGuestInviters", "adminsGuestInvitersAndAllMembers", "everyone")
ASSIGNED = "permissionGrantPoliciesAssigned"
_BETA_ASSIGNED = "permissionGrantPolicyIdsAssignedToDefaultUserRole"
SELF = "managepermissiongrantsforself."
_OWNED = "managepermissiongrantsforownedresource."


@routes.add("GET", "/policies/authorizationPolicy", _READ, only="v1.0")
def read_policy(call: Call) -> Response:
    return entity(call, "policies/authorizationPolicy", call.entra["authorizationPolicy"])


@routes.add("PATCH", "/policies/authorizationPolicy", _WRITE, only="v1.0")
def change_policy(call: Call) -> Response:
    _change(call, call.body())
    return respond(204)


@routes.add("GET", "/policies/authorizationPolicy", _READ, only="beta")
def list_beta_policy(call: Call) -> Response:
    return listing(call, "policies/authorizationPolicy", [_beta(call.entra)], paged=False)


@routes.add("GET", "/policies/authorizationPolicy/authorizationPolicy", _READ, only="beta")
def read_beta_policy(call: Call) -> Response:
    return entity(call, "policies/authorizationPolicy", _beta(call.entra))


@routes.add("PATCH", "/policies/authorizationPolicy/authorizationPolicy", _WRITE, only="beta")
def change_beta_policy(call: Call) -> Response:
    change = call.body()
    if ASSIGNED in change.get("defaultUserRolePermissions", {}):
        check_known({ASSIGNED: None}, frozenset(), "defaultUserRolePermissions")
    if _BETA_ASSIGNED in change:
        change.setdefault("defaultUserRolePermissions", {})[ASSIGNED] = change.pop(_BETA_ASSIGNED)
    _change(call, change)
    return respond(204)


@routes.add("GET", "/policies/adminConsentRequestPolicy", _REQUEST_READ)
def read_request_policy(call: Call) -> Response:
    policy = call.entra["adminConsentRequestPolicy"]
    return entity(call, "policies/adminConsentRequestPolicy", policy)


def assigned_for_self(entra: dict[str, Json]) -> set[str]:
    """The permission-grant policies under which users may consent for themselves."""
    entries = entra["authorizationPolicy"]["defaultUserRolePermissions"][ASSIGNED]
    return {entry[len(SELF) :] for entry in entries if entry.lower().startswith(SELF)}


def _beta(entra: dict[str, Json]) -> dict[str, Json]:
    policy: dict[str, Json] = copy.deepcopy(entra["authorizationPolicy"])
    policy[_BETA_ASSIGNED] = policy["defaultUserRolePermissions"].pop(ASSIGNED)
    return policy


def _change(call: Call, change: dict[str, Json]) -> None:
    policy = call.entra["authorizationPolicy"]
    check_known(change, frozenset(policy), "authorizationPolicy")
    if change.pop("id", policy["id"]) != policy["id"]:
        raise bad_request("Property 'id' is read-only and cannot be set.")
    for name, value in change.items():
        if not _valid(name, value):
            raise bad_request(f"Invalid value specified for property '{name}'.")
    permissions = change.get("defaultUserRolePermissions", {})
    check_known(permissions, _ROLE_BOOLEANS | {ASSIGNED}, "defaultUserRolePermissions")
    for name in _ROLE_BOOLEANS & set(permissions):
        if not isinstance(permissions[name], bool):
            raise bad_request(f"Invalid value specified for property '{name}'.")
    if ASSIGNED in permissions:
        _check_assigned(call, permissions[ASSIGNED])
    merge(policy, change)


def _valid(name: str, value: Json) -> bool:
    if name in _BOOLEANS:
        return isinstance(value, bool)
    if name in _TEXTS:
        return isinstance(value, str)
    if name == "allowInvitesFrom":
        return value in _INVITES
    if name == "guestUserRoleId":
        return is_guid(value)
    return isinstance(value, dict)


def _check_assigned(call: Call, entries: Json) -> None:
    if not isinstance(entries, list) or not all(isinstance(entry, str) for entry in entries):
        raise bad_request(f"Invalid value specified for property '{ASSIGNED}'.")
    for entry in entries:
        low = entry.lower()
        if low.startswith(_OWNED) and len(low) > len(_OWNED):
            continue
        # Entries for resources that users own name things that are no policies of this tenant.
        known = call.entra["permissionGrantPolicies"]
        if not low.startswith(SELF) or entry[len(SELF) :] not in known:
            raise bad_request(
                f"Invalid value specified for property '{ASSIGNED}': '{entry}' does not name an "
                "existing permission grant policy."
            )
