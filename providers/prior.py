"""What was there before us, in state before the first write.

A resource's own state is saved only when its create has ended, so a run killed within it would
lose what its writes replaced. This resource reads and records first; the one that writes depends
on it and carries the record, and its destroy restores from it (docs/decisions/).
"""

import json
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, ReadResult, Resource, UpdateResult

from providers.entra.app_role_assignments import AppRoleAssignmentsProvider
from providers.entra.delegated_grant import DelegatedGrantProvider
from providers.entra.ensured_principal import EnsuredPrincipalProvider, handed_over
from providers.entra.permission_grant_policy import PermissionGrantPolicyProvider
from providers.entra.policy_assignment import PolicyAssignmentProvider
from providers.shared import Props, SharedProvider, deleted_here, to_json, written
from providers.values import canonical
from providers.zoom.calendar import CalendarIntegrationProvider
from providers.zoom.settings import AccountLocksProvider, AccountSettingsProvider

KINDS: dict[str, type[SharedProvider]] = {
    "zoom:AccountSettings": AccountSettingsProvider,
    "zoom:AccountLocks": AccountLocksProvider,
    "zoom:CalendarIntegration": CalendarIntegrationProvider,
    "entra:AppRoleAssignments": AppRoleAssignmentsProvider,
    "entra:DelegatedGrant": DelegatedGrantProvider,
    "entra:EnsuredPrincipal": EnsuredPrincipalProvider,
    "entra:PermissionGrantPolicy": PermissionGrantPolicyProvider,
    "entra:PolicyAssignment": PolicyAssignmentProvider,
}


class PriorValuesProvider(SharedProvider):
    """Records once and keeps what it has.

    `declared` is what was about to be written when the record was made, as JSON text. It is no
    part of a diff: it serves a run that was killed before the writing resource was in the state.
    `principal` is the service principal that this stack made for the object. When the file ensures
    it no more and the object still needs it, it is kept as `inherited` and goes with the record.
    """

    output_only = ("values", "declared", "inherited")

    def object_id(self, props: Props) -> str:
        return f"prior/{props['of']}"

    def create(self, props: Props) -> CreateResult:
        values = to_json(self._now(canonical(props)))
        owner = KINDS[props["of"]]().owner()
        return CreateResult(self.object_id(props), {**props, "values": values, **owner})

    def update(self, _id: str, _olds: Props, _news: Props) -> UpdateResult:
        """Keeps what is recorded, and adds what is newly declared, with its value of now."""
        olds, news = canonical(_olds), canonical(_news)
        known, leaves = json.loads(olds["values"]), news.get("leaves")
        same_object = all(olds.get(k) == v for k, v in _key(news).items())
        if not same_object:
            known = self._now(news)
        elif leaves is not None:
            # A record without parts is of an earlier version: what it has is all of it.
            parts = olds.get("leaves", leaves)
            known = KINDS[news["of"]]().more_prior(known, news, parts)
        kept = {name: olds[name] for name in ("owner", "inherited") if name in olds}
        if same_object and olds.get("principal") and "principal" not in news:
            kept["inherited"] = olds["principal"]
            handed_over.add(json.loads(olds["principal"])["made"])
        return UpdateResult({**_news, "values": to_json(known), **kept})

    def read(self, id_: str, props: Props) -> ReadResult:
        outs = {**props, "values": self._recorded_by_now(canonical(props))}
        outputs = ("values", "inherited", "owner")
        inputs = {name: value for name, value in props.items() if name not in outputs}
        return ReadResult(id_, outs=outs, inputs=inputs)

    def delete(self, _id: str, _props: Props) -> None:
        """Restores what a create or an update wrote that was killed before it was in the state.

        A writing resource that was in the state was deleted just before, and has restored what it
        knew of.
        """
        props = canonical(_props)
        if "declared" in props:
            self._undo(props)
        if "inherited" in props:
            inherited = {**json.loads(props["inherited"]), "onDestroy": props.get("onDestroy")}
            EnsuredPrincipalProvider().delete("", {**inherited, "owner": props.get("owner")})

    @staticmethod
    def _undo(props: Props) -> None:
        provider = KINDS[props["of"]]()
        parts = json.loads(props["declared"])
        declared = provider.validated({**_key(props), **parts})
        left = {
            **declared,
            "prior": props["values"],
            "written": to_json(declared),
            "onDestroy": props.get("onDestroy"),
            **({"owner": props["owner"]} if "owner" in props else {}),
        }
        deleted = deleted_here.get((type(provider).__name__, provider.object_id(left)))
        if deleted is None or not _is_done(deleted, left, parts):
            provider.delete("", left)

    def _recorded_by_now(self, props: Props) -> Any:
        """The record, with what could not be read before and can be now: it is not written yet."""
        known = props["values"]
        if not KINDS[props["of"]].records_late:
            return known
        values = json.loads(known)
        missing = [path for path, value in values.items() if value is None]
        return to_json({**values, **self._now({**props, "leaves": missing})}) if missing else known

    @staticmethod
    def _now(props: Props) -> Any:
        return KINDS[props["of"]]().prior(props)


def _is_done(deleted: Props, left: Props, parts: Props) -> bool:
    """Whether the state of what was deleted has the record, and all that was to be written."""
    known = {**deleted, **written(deleted)}
    same = all(known.get(name) == left[name] for name in parts)
    return same and deleted.get("prior") == left["prior"]


def _key(props: Props) -> Props:
    """What names the object: everything but what is recorded of it."""
    own = ("of", "leaves", "values", "declared", "onDestroy", "owner",
           "principal", "inherited")  # fmt: skip
    return {name: value for name, value in props.items() if name not in own}


class PriorValues(Resource, module="shared", name="PriorValues"):
    """The record of one object; `values` is JSON text."""

    values: pulumi.Output[str]

    def __init__(self, name: str, props: Props, opts: pulumi.ResourceOptions | None = None):
        super().__init__(PriorValuesProvider(), name, {"values": None, **props}, opts)
