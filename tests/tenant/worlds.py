"""A tenant's consent as Entra has it, in plain JSON, and as the facts that are judged."""

from __future__ import annotations

import copy
from collections.abc import Collection
from typing import Any

from tenant.consent_policies import Unread, assigned_to_users, policy_of
from tenant.effective import Facts, Principal, Published
from tests.tenant.naive_consent import GRAPH, Json

ZOOM = "fc108d3f-543d-4374-bbff-c7c51f651fe5"
OTHER_APP = "11111111-aaaa-4aaa-8aaa-111111111111"
HOME, ZOOMS_TENANT = "99999999-0000-4000-8000-000000000001", "99999999-0000-4000-8000-000000000002"
CALENDARS, CONTACTS = "1ec239c2-d7c9-4623-a91a-a9775856bb36", "d56682ec-c09e-4743-aaf4-1a3aac4caa21"
USER_READ = "e1fe6dd8-ba31-4d61-89e7-88639da4683d"
ALL_USERS = "a154be20-db9c-4678-8ab7-66f6cc099a59"
SELF = "ManagePermissionGrantsForSelf."
NOT_READ = Unread("the identity lacks a permission")

WORLD: Json = {
    "client": ZOOM,
    "asked": ["Calendars.ReadWrite", "Contacts.ReadWrite"],
    "principal": {"enabled": True, "required": False, "tenant": ZOOMS_TENANT, "publisher": "12345"},
    "published": {
        "Calendars.ReadWrite": (CALENDARS, "User"),
        "Contacts.ReadWrite": (CONTACTS, "User"),
        "User.Read": (USER_READ, "User"),
        "User.Read.All": (ALL_USERS, "Admin"),
    },
    "levels": {},
    "entries": [],
    "policies": [],
    "granted": [],
    "assigned": False,
    # Of an application without a principal nobody can say these; the naive evaluator must choose.
    "tenant of the absent": ZOOMS_TENANT,
    "publisher of the absent": "12345",
}


def rule(kind: str = "delegated", **conditions: Any) -> Json:
    """A condition set with the defaults of Microsoft Graph."""
    return {
        "id": "set",
        "permissionType": kind,
        "permissionClassification": "all",
        "resourceApplication": "any",
        "permissions": ["all"],
        "clientApplicationIds": ["all"],
        "clientApplicationTenantIds": ["all"],
        "clientApplicationPublisherIds": ["all"],
        "clientApplicationsFromVerifiedPublisherOnly": False,
        **conditions,
    }


def policy(id_: str, includes: list[Json], excludes: list[Json] | None = None) -> Json:
    return {"id": id_, "includes": includes, "excludes": excludes or []}


def world(**changes: Any) -> Json:
    """The world with parts replaced; `principal__x` replaces one property of the principal."""
    found = copy.deepcopy(WORLD)
    for name, value in changes.items():
        place, _, key = name.partition("__")
        if key:
            found[place][key] = value
        else:
            found[place] = value
    return found


def facts_of(world: Json, unread: Collection[str] = ()) -> Facts:
    """The facts as the reader gives them; those of `unread` could not be read."""

    def read(name: str, value: Any) -> Any:
        return NOT_READ if name in unread else value

    body = world["principal"]
    principal = body and Principal(
        "object-of-zoom",
        "Zoom",
        body["enabled"],
        body["required"],
        body["tenant"],
        body["publisher"],
    )
    policies = {one["id"].casefold(): policy_of(one) for one in world["policies"]}
    published = {
        name: Published(id_, kind == "User") for name, (id_, kind) in world["published"].items()
    }
    return Facts(
        client_id=world["client"],
        permissions=tuple(world["asked"]),
        resource=GRAPH,
        principal=read("principal", principal),
        published=read("published", published),
        levels=read("levels", world["levels"]),
        assigned=read("entries", assigned_to_users(world["entries"])),
        policies=read("policies", policies),
        granted=read("granted", frozenset(world["granted"])),
        someone_assigned=read("assigned", world["assigned"]),
        risky_apps=False,
        workflow=False,
    )
