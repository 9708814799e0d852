"""Application permissions of an application we do not own: our assignments, and only those."""

import contextlib
import json
from typing import Any

import pulumi
from pulumi.dynamic import CheckResult, Resource, UpdateResult

from providers.clients import graph
from providers.engine import refuse_without_engine
from providers.entra.principals import (
    find_principals,
    refuse_unpublished,
    require_principals,
    require_roles,
    role_ids,
)
from providers.shared import Props, SharedProvider, recorded, to_json
from providers.values import canonical, has_unknown
from services.entra.consent import roles_path
from services.entra.graph import quote
from services.errors import NotFound, Refused, WriteHadNoEffect
from services.permissions import ROLE_READ, ROLE_WRITE


class AppRoleAssignmentsProvider(SharedProvider):
    """Adds and removes our app roles of one resource; those of others stay.

    An assignment is one object per role, so whether it is there is all there is to it. `surplus`
    are the roles of others, by name; `named` are those names by id, as JSON text, since Graph's
    list of them is long. The record is the ids of the roles that were there before; `added` are
    ours that were not, by the first record of each, as JSON text. `written` are the roles that we
    declared last.
    """

    identity = ("clientId", "resourceClientId")
    output_only = (
        "unknown", "principalId", "resourceId", "roleIds", "surplus", "named", "written", "added"
    )  # fmt: skip

    def object_id(self, props: Props) -> str:
        return f"{props['clientId']}/{props['resourceClientId']}/appRoles"

    def validated(self, props: Props) -> Props:
        roles = props["roles"]
        return {**props, "roles": roles if has_unknown(roles) else sorted(roles)}

    def check(self, _olds: Props, news: Props) -> CheckResult:
        result = super().check(_olds, news)
        olds, asked = canonical(_olds), canonical(news)
        resource = asked["resourceClientId"]
        return refuse_unpublished(result, resource, asked["roles"], olds.get("roles"), "appRoles")

    def prepared(self, props: Props) -> Props:
        client, resource = require_principals(
            props["clientId"], props["resourceClientId"], publishes="appRoles"
        )
        names = props.get("roles") or props.get("leaves") or []
        return {
            **props,
            "principalId": client["id"],
            "resourceId": resource["id"],
            "roleIds": to_json(require_roles(resource, names)),
        }

    def live(self, props: Props) -> Props:
        props = self._identified(props)
        held, ids = self._held(props), _role_ids(props)
        theirs = held.keys() - ids.values()
        named = self._names(props, theirs)
        # By the ids of what was declared: the names in state follow what was live.
        return {
            "roles": sorted(name for name in ids if ids[name] in held),
            "surplus": " ".join(sorted(named.values())),
            "named": to_json(named),
        }

    def is_as_declared(self, props: Props, live: Props) -> bool:
        return bool(live["roles"] == props["roles"])

    def outs(self, props: Props, live: Props) -> Props:
        props = self._identified(props)
        added = to_json(sorted(set(_role_ids(props).values()) - _before(props)))
        told = {"written": to_json({"roles": props["roles"]}), "added": added}
        return {**props, "surplus": live["surplus"], "named": live["named"], **told}

    def write(self, props: Props, live: Props) -> None:
        held, ids = self._held(props), _role_ids(props)
        for name in props["roles"]:
            if ids[name] in held:
                continue
            refuse_without_engine()
            body = {
                "appRoleId": ids[name],
                "principalId": props["principalId"],
                "resourceId": props["resourceId"],
            }
            try:
                graph().post(_assigned_to(props), ROLE_WRITE, body)
            except Refused:
                # Graph has no 409 here: what somebody else assigned meanwhile is a 400, too.
                if not self._becomes(props, ids[name], held=True):
                    raise

    def update(self, _id: str, _olds: Props, _news: Props) -> UpdateResult:
        result = super().update(_id, _olds, _news)
        olds, now = canonical(_olds), canonical(result.outs)
        added, declared = _added(olds), set(_role_ids(now).values())
        if added - declared:
            self.repeat_until_done(now, lambda _: self._take_away(now, added - declared))
        kept = to_json(sorted(added & declared | _added(now)))
        return UpdateResult({**(result.outs or {}), "added": kept})

    def restore(self, props: Props, live: Props) -> bool:
        props = self._identified(props)
        return self._take_away(props, _added(props))

    def prior(self, props: Props) -> Any:
        # Without the principal there is nothing to record yet.
        return sorted(self._held(self.prepared(props)))

    def more_prior(self, known: Any, props: Props, parts: list[str]) -> Any:
        """What somebody else assigned before we declared it is of before us, too."""
        new = [name for name in props["leaves"] if name not in parts]
        if not new:
            return known
        prepared = self.prepared({**props, "leaves": new})
        theirs = self._held(prepared).keys() & _role_ids(prepared).values()
        return sorted({*known, *theirs})

    def no_effect(self, props: Props, live: Props) -> WriteHadNoEffect:
        missing = [name for name in props["roles"] if name not in live.get("roles", ())]
        return WriteHadNoEffect(
            f"Entra: the application permissions of {props['clientId']} were written and "
            f"{', '.join(missing)} does not show. Run again in a minute; if it stays, look at the "
            "application's Permissions in Entra."
        )

    def _take_away(self, props: Props, roles: set[str]) -> bool:
        """Deletes the assignments of `roles`; returns whether any was there."""
        held = self._held(props)
        for role in sorted(roles & held.keys()):
            refuse_without_engine()
            try:
                with contextlib.suppress(NotFound):
                    graph().delete(f"{_assigned_to(props)}/{quote(held[role])}", ROLE_WRITE)
            except Refused:
                # One that is gone already is a 400, too, and the list may show it for a while.
                if not self._becomes(props, role, held=False):
                    raise
        return bool(roles & held.keys())

    def _becomes(self, props: Props, role: str, *, held: bool) -> bool:
        """Whether the list comes to say so: it may be late (Graph's reference of the list)."""
        return self.shows(lambda: (role in self._held(props)) is held)

    @staticmethod
    def _held(props: Props) -> dict[str, str]:
        """App role id to assignment id, of what the application has of the resource."""
        if not props.get("principalId"):
            return {}
        try:
            found = graph().list_all(roles_path(props["clientId"]), ROLE_READ)
        except NotFound:
            return {}  # the principal is gone, and with it all it had
        ours = (props["principalId"], props["resourceId"])  # a principal made anew is another one
        return {
            one["appRoleId"]: one["id"]
            for one in found
            if (one["principalId"], one["resourceId"]) == ours
        }

    @staticmethod
    def _identified(props: Props) -> Props:
        """`props` with the ids of state; looked up where they are not known yet."""
        if props.get("principalId") and props.get("resourceId") and props.get("roleIds"):
            return props
        client, resource = find_principals(
            props["clientId"], props["resourceClientId"], publishes="appRoles"
        )
        if client is None or resource is None:
            return {**props, "roleIds": to_json({})}
        ids = require_roles(resource, props["roles"])
        found = {"principalId": client["id"], "resourceId": resource["id"]}
        return {**props, **found, "roleIds": to_json(ids)}

    @staticmethod
    def _names(props: Props, roles: set[str]) -> dict[str, str]:
        """Names of roles by id; an id that the resource does not publish stands for itself."""
        names = json.loads(props.get("named") or "{}")
        if roles - names.keys():
            resource = find_principals(props["resourceClientId"], publishes="appRoles")[0] or {}
            names = {role: name for name, role in role_ids(resource).items()}
        return {role: names.get(role, role) for role in roles}


def _assigned_to(props: Props) -> str:
    return f"/servicePrincipals/{quote(props['resourceId'])}/appRoleAssignedTo"


def _role_ids(props: Props) -> dict[str, str]:
    return dict(json.loads(props.get("roleIds") or "{}"))


def _added(props: Props) -> set[str]:
    known = props.get("added")
    ours = set(_role_ids(props).values()) - _before(props)
    return ours if known is None else set(json.loads(known))


def _before(props: Props) -> set[str]:
    return set(recorded(props) or ())


class AppRoleAssignments(Resource, module="entra", name="AppRoleAssignments"):
    """Our application permissions of an application."""

    KIND = "entra:AppRoleAssignments"
    unknown: pulumi.Output[str | None]
    surplus: pulumi.Output[str | None]

    def __init__(self, name: str, props: Props, opts: pulumi.ResourceOptions | None = None):
        nothing = dict.fromkeys(AppRoleAssignmentsProvider.output_only)
        super().__init__(AppRoleAssignmentsProvider(), name, {**nothing, **props}, opts)
