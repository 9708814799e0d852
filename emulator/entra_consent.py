"""`/policies/permissionGrantPolicies` and their condition sets."""

from __future__ import annotations

import re
import uuid

from .entra_objects import check_known, is_guid
from .entra_policies import assigned_for_self
from .graph import Call, GraphError, Routes, any_of, bad_request, created, not_found, respond
from .odata import entity, filtered, listing
from .wire import Json, Response

routes = Routes()

_READ = any_of("Policy.Read.PermissionGrant", "Policy.ReadWrite.PermissionGrant")
_WRITE = any_of("Policy.ReadWrite.PermissionGrant")
_BUILT_IN = "microsoft-"
_POLICY_FIELDS = frozenset({"id", "displayName", "description"})
# Every condition that is left out takes its most inclusive value.
SET_DEFAULTS: dict[str, Json] = {
    "permissionClassification": "all",
    "permissionType": None,
    "resourceApplication": "any",
    "permissions": ["all"],
    "clientApplicationIds": ["all"],
    "clientApplicationTenantIds": ["all"],
    "clientApplicationPublisherIds": ["all"],
    "clientApplicationsFromVerifiedPublisherOnly": False,
}
_LISTS = (
    "permissions",
    "clientApplicationIds",
    "clientApplicationTenantIds",
    "clientApplicationPublisherIds",
)
_MAX_VALUES = 100


@routes.add("GET", "/policies/permissionGrantPolicies", _READ)
def list_policies(call: Call) -> Response:
    policies = call.entra["permissionGrantPolicies"].values()
    found = filtered(call, policies, "permissionGrantPolicy", frozenset({"id", "displayName"}))
    return listing(call, "policies/permissionGrantPolicies", found, paged=False)


@routes.add("POST", "/policies/permissionGrantPolicies", _WRITE)
def create_policy(call: Call) -> Response:
    body = call.body()
    # Condition sets are added one by one, to a policy that exists.
    check_known(body, _POLICY_FIELDS, "permissionGrantPolicy")
    key = body.get("id")
    if not isinstance(key, str) or not re.fullmatch(r"[A-Za-z0-9_-]+", key):
        raise bad_request("Invalid value specified for property 'id' of 'PermissionGrantPolicy'.")
    if key.lower().startswith(_BUILT_IN):
        raise bad_request(f"The id prefix '{_BUILT_IN}' is reserved for built-in policies.")
    _check_texts(body)
    if key.lower() in [known.lower() for known in call.entra["permissionGrantPolicies"]]:
        raise GraphError(
            409,
            "Request_MultipleObjectsWithSameKeyValue",
            "A conflicting object with one or more of the specified property values is present "
            "in the directory.",
        )
    policy: dict[str, Json] = {"id": key, "displayName": None, "description": None} | body
    policy |= {"includes": [], "excludes": []}
    call.entra["permissionGrantPolicies"][key] = policy
    return created(call, "policies/permissionGrantPolicies", policy)


@routes.add("GET", "/policies/permissionGrantPolicies/{}", _READ)
def read_policy(call: Call) -> Response:
    return entity(call, "policies/permissionGrantPolicies", _policy(call))


@routes.add("PATCH", "/policies/permissionGrantPolicies/{}", _WRITE)
def change_policy(call: Call) -> Response:
    policy, change = _custom(call), call.body()
    check_known(change, _POLICY_FIELDS, "permissionGrantPolicy")
    if change.pop("id", policy["id"]) != policy["id"]:
        raise bad_request("Property 'id' is read-only and cannot be set.")
    _check_texts(change)
    policy |= change
    return respond(204)


@routes.add("DELETE", "/policies/permissionGrantPolicies/{}", _WRITE)
def delete_policy(call: Call) -> Response:
    policy = _custom(call)
    if policy["id"] in assigned_for_self(call.entra):
        raise bad_request(
            f"The permission grant policy '{policy['id']}' is assigned in the authorization "
            "policy and cannot be deleted."
        )
    del call.entra["permissionGrantPolicies"][policy["id"]]
    return respond(204)


def _register(side: str) -> None:
    path = f"/policies/permissionGrantPolicies/{{}}/{side}"

    @routes.add("GET", path, _READ)
    def list_sets(call: Call) -> Response:
        return listing(call, f"policies/{side}", _policy(call)[side], paged=False)

    @routes.add("POST", path, _WRITE)
    def add_set(call: Call) -> Response:
        policy, body = _custom(call), call.body()
        check_known(body, frozenset(SET_DEFAULTS), "permissionGrantConditionSet")
        conditions = {"id": str(uuid.uuid4())} | SET_DEFAULTS | body
        _check_set(call, conditions)
        policy[side].append(conditions)
        return created(call, f"policies/{side}", conditions)

    @routes.add("GET", f"{path}/{{}}", _READ)
    def read_set(call: Call) -> Response:
        return entity(call, f"policies/{side}", _set(call, _policy(call), side))

    @routes.add("DELETE", f"{path}/{{}}", _WRITE)
    def delete_set(call: Call) -> Response:
        policy = _custom(call)
        policy[side].remove(_set(call, policy, side))
        return respond(204)


_register("includes")
_register("excludes")


def _policy(call: Call) -> dict[str, Json]:
    found: dict[str, Json] | None = call.entra["permissionGrantPolicies"].get(call.params[0])
    if found is None:
        raise not_found(call.params[0])
    return found


def _custom(call: Call) -> dict[str, Json]:
    policy = _policy(call)
    if policy["id"].lower().startswith(_BUILT_IN):
        raise bad_request(f"The built-in policy '{policy['id']}' cannot be changed or deleted.")
    return policy


def _set(call: Call, policy: dict[str, Json], side: str) -> dict[str, Json]:
    for conditions in policy[side]:
        if conditions["id"] == call.params[1]:
            found: dict[str, Json] = conditions
            return found
    raise not_found(call.params[1])


def _check_texts(body: dict[str, Json]) -> None:
    for name in ("displayName", "description"):
        if not isinstance(body.get(name), str | None):
            raise bad_request(f"Invalid value specified for property '{name}'.")


def _check_set(call: Call, conditions: dict[str, Json]) -> None:
    kind, resource = conditions["permissionType"], conditions["resourceApplication"]
    verified = conditions["clientApplicationsFromVerifiedPublisherOnly"]
    for name, ok in (
        # delegatedUserConsentable is for built-in policies only.
        ("permissionType", kind in ("delegated", "application")),
        (
            "permissionClassification",
            conditions["permissionClassification"] in ("all", "low", "medium", "high"),
        ),
        ("resourceApplication", resource == "any" or is_guid(resource)),
        ("clientApplicationsFromVerifiedPublisherOnly", isinstance(verified, bool)),
        *((name, _valid_list(name, conditions[name])) for name in _LISTS),
    ):
        if not ok:
            raise _bad_condition(name)
    _check_permissions(call, conditions)
    for name in _LISTS:
        _check_limit(call, name, conditions[name])


def _valid_list(name: str, values: Json) -> bool:
    if not isinstance(values, list) or not values:
        return False
    if values == ["all"]:
        return True
    if name == "clientApplicationPublisherIds":
        return all(isinstance(value, str) and value.isdigit() for value in values)
    return all(is_guid(value) for value in values) and len(set(values)) == len(values)


def _check_permissions(call: Call, conditions: dict[str, Json]) -> None:
    """Named permissions must be permissions of the named resource, of the named type."""
    if conditions["permissions"] == ["all"] or conditions["resourceApplication"] == "any":
        return
    resource = conditions["resourceApplication"].lower()
    principals = call.entra["servicePrincipals"].values()
    owner = next((p for p in principals if p["appId"] == resource), None)
    if owner is None:
        raise _bad_condition("resourceApplication")
    source = "appRoles"
    if conditions["permissionType"] == "delegated":
        source = "oauth2PermissionScopes"
    if not {value.lower() for value in conditions["permissions"]} <= {
        permission["id"] for permission in owner[source]
    }:
        raise _bad_condition("permissions")


def _check_limit(call: Call, name: str, values: list[str]) -> None:
    """One hundred values of a kind over all sets of all policies of the tenant."""
    count = 0 if values == ["all"] else len(values)
    for policy in call.entra["permissionGrantPolicies"].values():
        for conditions in policy["includes"] + policy["excludes"]:
            if not policy["id"].startswith(_BUILT_IN) and conditions[name] != ["all"]:
                count += len(conditions[name])
    if count > _MAX_VALUES:
        raise bad_request(f"More than {_MAX_VALUES} values of '{name}' in the organization.")


def _bad_condition(name: str) -> GraphError:
    return bad_request(
        f"Invalid value specified for property '{name}' of resource 'PermissionGrantConditionSet'."
    )
