"""One entry of the authorization policy: a permission-grant policy assigned to the users."""

from typing import Any

import pulumi
from pulumi.dynamic import Resource

from providers.clients import graph
from providers.shared import Props, SharedProvider, recorded
from services.errors import Unavailable, WriteHadNoEffect
from services.permissions import AUTHORIZATION_READ, AUTHORIZATION_WRITE
from tenant.desired import ASSIGNMENT_PREFIX

_POLICY = "/policies/authorizationPolicy"
_LIST = "permissionGrantPoliciesAssigned"


class PolicyAssignmentProvider(SharedProvider):
    """Adds and removes our entry; all others stay byte for byte as they were.

    Graph replaces the list whole and has no precondition for it, so it is read right before each
    write and again after; what another administrator adds in between those is a remaining risk.
    """

    identity = ("policyId",)

    def object_id(self, props: Props) -> str:
        return f"authorizationPolicy/{props['policyId']}"

    def live(self, props: Props) -> Props:
        return {"assigned": _holds(self._entries(fresh=False), props["policyId"])}

    def write(self, props: Props, live: Props) -> None:
        entries = self._entries()
        if not _holds(entries, props["policyId"]):
            self._replace([*entries, ASSIGNMENT_PREFIX + props["policyId"]])

    def restore(self, props: Props, live: Props) -> bool:
        before = recorded(props) or {}
        entries = self._entries()
        if before.get("assigned") or not _holds(entries, props["policyId"]):
            return False
        self._replace([entry for entry in entries if not _is_ours(entry, props["policyId"])])
        return True

    def prior(self, props: Props) -> Any:
        entries = self._entries()
        return {"assigned": _holds(entries, props["policyId"]), "entries": entries}

    def no_effect(self, props: Props, live: Props) -> WriteHadNoEffect:
        return WriteHadNoEffect(
            f"Entra: PATCH {_POLICY} was answered with success and {props['policyId']} is still "
            "not assigned to users. Another administrator or tool may be changing the list: look "
            "at Enterprise applications > Consent and permissions, then run again."
        )

    @staticmethod
    def _entries(*, fresh: bool = True) -> list[str]:
        policy = graph().get(_POLICY, AUTHORIZATION_READ, fresh=fresh)
        role = policy.get("defaultUserRolePermissions")
        entries = role.get(_LIST) if isinstance(role, dict) else None
        if not isinstance(entries, list):
            # Writing back a list that was not seen whole could drop others' entries.
            raise Unavailable(f"Entra: GET {_POLICY}: the answer has no {_LIST}: nothing written")
        return [str(entry) for entry in entries]

    @staticmethod
    def _replace(entries: list[str]) -> None:
        body = {"defaultUserRolePermissions": {_LIST: entries}}
        graph().patch(_POLICY, AUTHORIZATION_WRITE, body, repeatable=False)


def _is_ours(entry: str, policy_id: str) -> bool:
    return entry.casefold() == (ASSIGNMENT_PREFIX + policy_id).casefold()


def _holds(entries: list[str], policy_id: str) -> bool:
    return any(_is_ours(entry, policy_id) for entry in entries)


class PolicyAssignment(Resource, module="entra", name="PolicyAssignment"):
    """Whether a permission-grant policy is assigned to the tenant's users."""

    KIND = "entra:PolicyAssignment"
    unknown: pulumi.Output[str | None]

    def __init__(self, name: str, props: Props, opts: pulumi.ResourceOptions | None = None):
        super().__init__(PolicyAssignmentProvider(), name, {"unknown": None, **props}, opts)
