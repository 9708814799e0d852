"""Whether permission-grant policies let users consent by themselves: pure, and three-valued.

True and False are what Entra would say; None is where something that was not read could change it.
Sources: Microsoft Graph, permissionGrantPolicy and permissionGrantConditionSet; Entra, "Manage app
consent policies". What these do not say is in docs/assumptions.md.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tenant.desired import ASSIGNMENT_PREFIX

Maybe = bool | None


@dataclass(frozen=True)
class Unread:
    """Stands where a fact could not be read, and says why."""

    why: str


@dataclass(frozen=True)
class Client:
    """The application that asks. tenant: where it is registered. publisher: its verified
    publisher's id, None where it has none."""

    id: str
    tenant: str | Unread | None
    publisher: str | Unread | None


@dataclass(frozen=True)
class Permission:
    """A delegated permission that is asked for. level: its classification, None where it has none.
    user_consentable: its publisher does not keep it for administrators."""

    name: str
    resource: str
    id: str | Unread
    user_consentable: Maybe
    level: str | Unread | None


@dataclass(frozen=True)
class ConditionSet:
    """Conditions that must all hold; None stands for any value.

    strange: whether it has a condition that is not known here, so that it may match less.
    """

    type: str
    level: str | None = None
    resource: str | None = None
    permissions: frozenset[str] | None = None
    clients: frozenset[str] | None = None
    tenants: frozenset[str] | None = None
    publishers: frozenset[str] | None = None
    verified_only: bool = False
    strange: bool = False


@dataclass(frozen=True)
class Policy:
    """Matches what at least one of `includes` and none of `excludes` does."""

    id: str
    includes: tuple[ConditionSet, ...]
    excludes: tuple[ConditionSet, ...] = ()


# ---- three-valued logic (Kleene's) -------------------------------------------------------------


def all_of(values: Iterable[Maybe]) -> Maybe:
    """False where one is, else None where one is."""
    found = list(values)
    return False if False in found else None if None in found else True


def any_of(values: Iterable[Maybe]) -> Maybe:
    """True where one is, else None where one is."""
    found = list(values)
    return True if True in found else None if None in found else False


def negated(value: Maybe) -> Maybe:
    """Not; unknown stays unknown."""
    return None if value is None else not value


# ---- evaluation --------------------------------------------------------------------------------


def covers(policy: Policy, client: Client, permissions: Iterable[Permission]) -> Maybe:
    """Whether users may consent to all `permissions` at once under this one policy."""
    return all_of(_matches(policy, client, permission) for permission in permissions)


def _matches(policy: Policy, client: Client, permission: Permission) -> Maybe:
    def within(sets: Iterable[ConditionSet]) -> Maybe:
        return any_of(all_of(conditions(one, client, permission).values()) for one in sets)

    return all_of([within(policy.includes), negated(within(policy.excludes))])


def conditions(one: ConditionSet, client: Client, permission: Permission) -> dict[str, Maybe]:
    """Each condition of a set that restricts something: what it asks for, and whether it holds."""
    found = _of_type(one.type, permission)
    if one.level is not None:
        found[f"a permission classified {one.level}"] = _equals(permission.level, one.level)
    if one.resource is not None:
        found["another API"] = permission.resource.casefold() == one.resource
    if one.permissions is not None:
        found["other permissions"] = _within(permission.id, one.permissions)
    if one.clients is not None:
        found["other applications"] = client.id.casefold() in one.clients
    if one.tenants is not None:
        found["applications of other tenants"] = _within(client.tenant, one.tenants)
    if one.publishers is not None:
        found["other publishers"] = _within(client.publisher, one.publishers)
    if one.verified_only:
        verified = None if isinstance(client.publisher, Unread) else client.publisher is not None
        found["an application of a verified publisher"] = verified
    if one.strange:
        found["a condition that is not known here"] = None
    return found


def _of_type(type_: str, permission: Permission) -> dict[str, Maybe]:
    """What is asked for is always a delegated permission."""
    if type_ == "delegatedUserConsentable":
        return {"a permission that is not for administrators only": permission.user_consentable}
    if type_ == "delegated":
        return {}
    return {f"a permission of type {type_}": False if type_ == "application" else None}


def _equals(value: str | Unread | None, wanted: str) -> Maybe:
    return None if isinstance(value, Unread) else value == wanted


def _within(value: str | Unread | None, wanted: frozenset[str]) -> Maybe:
    if isinstance(value, Unread):
        return None
    return value is not None and value.casefold() in wanted


def why_not(policy: Policy, client: Client, permissions: Iterable[Permission]) -> str:
    """Why users may not consent under this policy, for people; '' where they may."""
    by_reason: dict[str, list[str]] = {}
    for permission in permissions:
        if why := _why_not(policy, client, permission):
            by_reason.setdefault(why, []).append(permission.name)
    said = "; ".join(f"{', '.join(names)}: {why}" for why, names in by_reason.items())
    return f"policy {policy.id} does not let users consent to {said}" if said else ""


def _why_not(policy: Policy, client: Client, permission: Permission) -> str:
    if _matches(policy, client, permission):
        return ""
    if any(all_of(conditions(o, client, permission).values()) for o in policy.excludes):
        return "it excludes that"
    if not policy.includes:
        return "it includes nothing"
    failing = [
        [
            f"{'unknown: ' if held is None else ''}{name}"
            for name, held in held_by.items()
            if not held
        ]
        for held_by in (conditions(one, client, permission) for one in policy.includes)
    ]
    nearest = min(failing, key=len)
    if not nearest:
        return "whether it excludes that is unknown"
    return f"it is for {' and '.join(nearest)}"


# ---- from Graph's JSON -------------------------------------------------------------------------

_KNOWN = {
    "id",
    "permissionType",
    "permissionClassification",
    "resourceApplication",
    "permissions",
    "clientApplicationIds",
    "clientApplicationTenantIds",
    "clientApplicationPublisherIds",
    "clientApplicationsFromVerifiedPublisherOnly",
}
# What a condition of a later version of Graph holds where it restricts nothing.
_RESTRICTS_NOTHING: tuple[Any, ...] = (None, False, "", "all", "any", [], ["all"])


def assigned_to_users(entries: Iterable[str]) -> tuple[str, ...]:
    """The policies under which users consent for themselves, of an authorization policy's entries.

    Tenants answer the prefix in several cases; other prefixes are about what users own.
    """
    prefix = ASSIGNMENT_PREFIX.casefold()
    return tuple(one[len(prefix) :] for one in entries if one.casefold().startswith(prefix))


def policy_of(body: Mapping[str, Any]) -> Policy:
    """A permissionGrantPolicy as Graph sends it, its condition sets included."""
    includes, excludes = (
        tuple(map(condition_set, body.get(kind) or ())) for kind in ("includes", "excludes")
    )
    return Policy(str(body.get("id")), includes, excludes)


def condition_set(body: Mapping[str, Any]) -> ConditionSet:
    """A permissionGrantConditionSet as Graph sends it."""
    return ConditionSet(
        type=str(body.get("permissionType")),
        level=_one(body.get("permissionClassification"), "all"),
        resource=_one(body.get("resourceApplication"), "any"),
        permissions=_many(body.get("permissions")),
        clients=_many(body.get("clientApplicationIds")),
        tenants=_many(body.get("clientApplicationTenantIds")),
        publishers=_many(body.get("clientApplicationPublisherIds")),
        verified_only=body.get("clientApplicationsFromVerifiedPublisherOnly") is True,
        strange=any(_strange(body)),
    )


def _strange(body: Mapping[str, Any]) -> Iterator[bool]:
    for name, value in body.items():
        if name not in _KNOWN and "@" not in name:
            yield value not in _RESTRICTS_NOTHING


def _one(value: Any, anything: str) -> str | None:
    text = str(value or anything).casefold()
    return None if text == anything else text


def _many(values: Any) -> frozenset[str] | None:
    # A list that is not there takes its default, which is all; an empty one matches nothing.
    if not isinstance(values, list):
        return None
    found = frozenset(str(value).casefold() for value in values)
    return None if "all" in found else found
