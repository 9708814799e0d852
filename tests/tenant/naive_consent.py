"""A second evaluator of the consent rules, written from Microsoft's documentation and from nothing
else here: plain JSON in, sets and loops, no third value. What is unknown is tried out, each way."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]
GRAPH = "00000003-0000-0000-c000-000000000000"


def matches(condition_set: Json, event: Json) -> bool:
    """All conditions of a set must be met by an event: one permission for one application."""
    kinds = {"delegated": {"User", "Admin"}, "delegatedUserConsentable": {"User"}}
    if event["type"] not in kinds.get(condition_set["permissionType"], set()):
        return False
    wanted_level = condition_set.get("permissionClassification", "all")
    if wanted_level != "all" and event["level"] != wanted_level:
        return False
    resource = condition_set.get("resourceApplication", "any")
    if resource != "any" and resource.lower() != GRAPH:
        return False
    for key, value in (
        ("permissions", event["id"]),
        ("clientApplicationIds", event["client"]),
        ("clientApplicationTenantIds", event["tenant"]),
        ("clientApplicationPublisherIds", event["publisher"]),
    ):
        wanted = condition_set.get(key, ["all"])
        if wanted != ["all"] and (value or "").lower() not in [one.lower() for one in wanted]:
            return False
    only_verified = condition_set.get("clientApplicationsFromVerifiedPublisherOnly", False)
    return bool(event["publisher"]) or not only_verified


def allows(policy: Json, events: list[Json]) -> bool:
    """Each event matches at least one include and no exclude."""
    for event in events:
        if not any(matches(one, event) for one in policy["includes"]):
            return False
        if any(matches(one, event) for one in policy["excludes"]):
            return False
    return True


def outcome(world: Json) -> str:
    """What Entra does in a world in which all is known."""
    principal = world["principal"]
    if principal and not principal["enabled"]:
        return "blocked"
    required = bool(principal) and principal["required"]
    if set(world["asked"]) <= set(world["granted"]) and (not required or world["assigned"]):
        return "allowed"
    if required:
        return "needs an administrator"
    events = []
    for name in world["asked"]:
        if name not in world["published"]:
            return "needs an administrator"
        id_, kind = world["published"][name]
        events.append(
            {
                "id": id_,
                "type": kind,
                "level": world["levels"].get(id_),
                "client": world["client"],
                "tenant": principal["tenant"] if principal else world["tenant of the absent"],
                "publisher": principal["publisher"]
                if principal
                else world["publisher of the absent"],
            }
        )
    for entry in world["entries"]:
        prefix, _, policy_id = entry.partition(".")
        if prefix.lower() != "managepermissiongrantsforself":
            continue
        for policy in world["policies"]:
            if policy["id"].lower() == policy_id.lower() and allows(policy, events):
                return "allowed"
    return "needs an administrator"


def completions(world: Json, choices: dict[str, list[Any]]) -> Iterator[Json]:
    """Every world that the known parts allow: each unknown part takes each of its choices."""
    for values in itertools.product(*choices.values()):
        yield {**world, **dict(zip(choices, values, strict=True))}


def outcomes(world: Json, choices: dict[str, list[Any]]) -> set[str]:
    """What Entra may do, for all that is known."""
    return {outcome(one) for one in completions(world, choices)}
