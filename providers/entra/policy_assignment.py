"""One entry of the authorization policy: a permission-grant policy assigned to the users."""

from typing import Any

import pulumi
from pulumi.dynamic import CheckResult, ReadResult, Resource

from providers.clients import graph
from providers.shared import Props, SharedProvider, recorded
from providers.values import canonical
from services.entra.consent import ASSIGNED, AUTHORIZATION, assigned_entries
from services.errors import ServiceError, WriteHadNoEffect
from services.permissions import AUTHORIZATION_READ, AUTHORIZATION_WRITE
from tenant.desired import ASSIGNMENT_PREFIX


class PolicyAssignmentProvider(SharedProvider):
    """Adds and removes our entry; all others stay byte for byte as they were.

    Graph replaces the list whole and has no precondition for it, so it is read right before each
    write and again after; what another administrator adds in between those is a remaining risk.
    Another policy takes the place of the last one in the same write, unless that was there before:
    `replaces` is the id of the one that goes, "" where none does.
    """

    output_only = ("unknown", "replaces")

    def object_id(self, props: Props) -> str:
        return f"authorizationPolicy/{props['policyId']}"

    def check(self, _olds: Props, news: Props) -> CheckResult:
        """Adds `replaces`: as an input it is known to the preview of its change."""
        result, olds = super().check(_olds, news), canonical(_olds)
        last = olds.get("policyId", "")
        there_before = (recorded(olds) or {}).get("assigned")
        goes = last != news["policyId"] and not there_before
        return CheckResult({**result.inputs, "replaces": last if goes else ""}, result.failures)

    def read(self, id_: str, props: Props) -> ReadResult:
        # What gave way to ours once is nobody's any more.
        result = super().read(id_, {**props, "replaces": ""})
        return ReadResult(result.id, result.outs, {**(result.inputs or {}), "replaces": ""})

    def live(self, props: Props) -> Props:
        entries = self._entries(fresh=False)
        return {
            "assigned": _holds(entries, props["policyId"]) and not self._replaced(props, entries)
        }

    def write(self, props: Props, live: Props) -> None:
        entries = self._entries()
        kept = [entry for entry in entries if entry not in self._replaced(props, entries)]
        ours = ASSIGNMENT_PREFIX + props["policyId"]
        try:
            self._replace(kept if _holds(kept, props["policyId"]) else [*kept, ours])
        except ServiceError as error:
            # An entry has no author: one that is there later could be of this very write.
            raise type(error)(
                f"{error} Whoever assigns {props['policyId']} by hand instead: destroy takes that "
                "for this stack's and removes it, unless `onDestroy: leave` was declared and "
                "`pulumi up` has run since.",
                sent=error.sent,
            ) from None

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
            f"Entra: PATCH {AUTHORIZATION} was answered with success and "
            f"{props['policyId']} is still not assigned to users as declared. Another "
            "administrator or tool may be changing the list: look at Enterprise applications > "
            "Consent and permissions, then run again."
        )

    @staticmethod
    def _replaced(props: Props, entries: list[str]) -> list[str]:
        """The entries of ours that the declared one takes the place of."""
        return [entry for entry in entries if _is_ours(entry, props.get("replaces", ""))]

    @staticmethod
    def _entries(*, fresh: bool = True) -> list[str]:
        return assigned_entries(graph().get(AUTHORIZATION, AUTHORIZATION_READ, fresh=fresh))

    @staticmethod
    def _replace(entries: list[str]) -> None:
        body = {"defaultUserRolePermissions": {ASSIGNED: entries}}
        graph().patch(AUTHORIZATION, AUTHORIZATION_WRITE, body, repeatable=False)


def _is_ours(entry: str, policy_id: str) -> bool:
    return entry.casefold() == (ASSIGNMENT_PREFIX + policy_id).casefold()


def _holds(entries: list[str], policy_id: str) -> bool:
    return any(_is_ours(entry, policy_id) for entry in entries)


class PolicyAssignment(Resource, module="entra", name="PolicyAssignment"):
    """Whether a permission-grant policy is assigned to the tenant's users."""

    KIND = "entra:PolicyAssignment"
    unknown: pulumi.Output[str | None]
    replaces: pulumi.Output[str | None]

    def __init__(self, name: str, props: Props, opts: pulumi.ResourceOptions | None = None):
        nothing = {"unknown": None, "replaces": None}
        super().__init__(PolicyAssignmentProvider(), name, {**nothing, **props}, opts)
