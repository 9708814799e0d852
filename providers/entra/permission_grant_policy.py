"""A custom permission-grant policy: what users may consent to. Ours alone, never a built-in one."""

import contextlib
import json
import re
from typing import Any

import pulumi
from pulumi.dynamic import CheckResult, Resource
from pulumi.output import Unknown

from providers.clients import graph
from providers.engine import refuse_without_engine
from providers.entra.principals import (
    find_principal,
    refuse_unpublished,
    require_principal,
    require_scopes,
    scope_ids,
)
from providers.shared import Props, SharedProvider, recorded, to_json, written
from providers.values import canonical, has_unknown
from services.entra.consent import AUTHORIZATION, POLICIES
from services.entra.graph import quote
from services.errors import ForeignObject, NotFound, WriteHadNoEffect
from services.permissions import POLICY_READ, POLICY_WRITE
from tenant.desired import MICROSOFT_GRAPH
from tenant.model import GUID

_KINDS = ("includes", "excludes")

# Microsoft Graph, permissionGrantConditionSet: the defaults, which are also the widest values.
_DEFAULTS: Props = {
    "permissionClassification": "all",
    "clientApplicationTenantIds": ["all"],
    "clientApplicationPublisherIds": ["all"],
    "clientApplicationsFromVerifiedPublisherOnly": False,
}
_NAMES = (
    "permissionType",
    "resourceApplication",
    "permissions",
    "clientApplicationIds",
    *_DEFAULTS,
)


class PermissionGrantPolicyProvider(SharedProvider):
    """The policy object with its condition sets; permissions by name."""

    identity = ("policyId",)
    output_only = ("unknown", "permissionIds", "written")
    can_be_absent = True

    def object_id(self, props: Props) -> str:
        return str(props["policyId"])

    def validated(self, props: Props) -> Props:
        policy_id = props["policyId"]
        if policy_id.lower().startswith("microsoft-"):
            raise ValueError(
                f"policyId {policy_id!r} is one of Microsoft's built-in policies, which cannot be "
                "changed; choose another id (letters, digits, - and _)"
            )
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", policy_id):
            raise ValueError(f"policyId {policy_id!r}: allowed are letters, digits, - and _")
        return {
            **props,
            **{kind: sorted_sets(props.get(kind, ()), _canonical_set) for kind in _KINDS},
        }

    def check(self, _olds: Props, news: Props) -> CheckResult:
        result = super().check(_olds, news)
        olds, asked = canonical(_olds), canonical(news)
        if has_unknown(asked):
            return result
        return refuse_unpublished(
            result, self._resource(asked), _permissions(asked), _permissions(olds)
        )

    def live(self, props: Props) -> Props:
        policy = self._policy(props)
        names = {
            guid: name for name, guid in json.loads(props.get("permissionIds") or "{}").items()
        }
        used = {
            permission
            for kind in _KINDS
            for one in policy[kind]
            for permission in one.get("permissions") or ()
        }
        if used - set(names) - {"all"}:
            # What has no name stays an id: a drifted policy is to be read all the same.
            resource = find_principal(self._resource(props)) or {}
            names |= {guid: name for name, guid in scope_ids(resource).items()}
        return {
            "displayName": policy.get("displayName") or "",
            "description": policy.get("description") or "",
            **{kind: sorted_sets(policy[kind], lambda one: _named(one, names)) for kind in _KINDS},
        }

    def outs(self, props: Props, live: Props) -> Props:
        declared = {name: props[name] for name in ("displayName", "description", *_KINDS)}
        return {
            **props,
            "permissionIds": to_json(self._ids(props)),
            "written": to_json(declared),
        }

    def refuse_foreign(self, props: Props, live: Props) -> None:
        left_by_us = props.get("prior") == to_json(None) and self._left_by_us(props, live)
        if live and not left_by_us and not self.is_as_declared(props, live):
            raise ForeignObject(
                f"Entra: permission-grant policy {props['policyId']} is there with other content: "
                "nothing was written. Run `python -m fleet adopt TENANT` to take it over with its "
                "present values, or delete it in Entra."
            )

    @staticmethod
    def _left_by_us(props: Props, live: Props) -> bool:
        """Whether a killed run may have left it: it has our texts, and no other sets than ours."""
        texts = all(live.get(name) == props[name] for name in ("displayName", "description"))
        return texts and all(one in props[kind] for kind in _KINDS for one in live.get(kind, ()))

    def write(self, props: Props, live: Props) -> None:
        path = f"{POLICIES}/{quote(props['policyId'])}"
        ids = self._ids(props)
        texts = {name: props[name] for name in ("displayName", "description")}
        present: Props = {kind: [] for kind in _KINDS}
        if not live:
            graph().post(POLICIES, POLICY_WRITE, {"id": props["policyId"], **texts})
        else:
            if any(live[name] != text for name, text in texts.items()):
                graph().patch(path, POLICY_WRITE, texts)
            present = self._policy(props)
        for kind in _KINDS:
            wanted = [{**one, "permissions": _to_ids(one, ids)} for one in props[kind]]
            _replace_sets(f"{path}/{kind}", wanted, present[kind])

    def restore(self, props: Props, live: Props) -> bool:
        path = f"{POLICIES}/{quote(props['policyId'])}"
        before = recorded(props)
        if before is None:
            killed = "permissionIds" not in props  # nothing but the record was in the state
            if killed and not self._left_by_us(props, live):
                return False
            with contextlib.suppress(NotFound):
                graph().delete(path, POLICY_WRITE)
            return True
        now = self.prior(props)
        if now == before or not self.is_as_declared(written(props), live):
            return False  # given back, or changed by somebody since and no longer ours to change
        texts = {name: before[name] for name in ("displayName", "description")}
        if any(now[name] != text for name, text in texts.items()):
            graph().patch(path, POLICY_WRITE, texts)
        present = self._policy(props)
        for kind in _KINDS:
            _replace_sets(f"{path}/{kind}", before[kind], present[kind])
        return True

    def prior(self, props: Props) -> Any:
        try:
            policy = self._policy(props)
        except NotFound:
            return None
        texts = {name: policy.get(name) for name in ("displayName", "description")}
        return {
            **texts,
            **{kind: sorted_sets(policy[kind], _canonical_set) for kind in _KINDS},
        }

    def no_effect(self, props: Props, live: Props) -> WriteHadNoEffect:
        differing = ", ".join(n for n, v in live.items() if props.get(n) != v) or "the policy"
        return WriteHadNoEffect(
            f"Entra: permission-grant policy {props['policyId']} was written and {differing} did "
            "not change. Run again in a minute; if it stays, look at it with `az rest` or in "
            "Entra > Enterprise applications > Consent and permissions."
        )

    def _policy(self, props: Props) -> Props:
        path = f"{POLICIES}/{quote(props['policyId'])}"
        policy = graph().get(path, POLICY_READ, ahead=AUTHORIZATION)
        for kind in _KINDS:
            if not isinstance(policy.get(kind), list):
                policy[kind] = graph().list_all(f"{path}/{kind}", POLICY_READ)
        return policy

    @staticmethod
    def _resource(props: Props) -> str:
        sets = [*props.get("includes", ()), *props.get("excludes", ())]
        return str(sets[0]["resourceApplication"]) if sets else MICROSOFT_GRAPH

    def _ids(self, props: Props) -> dict[str, str]:
        known: dict[str, str] = json.loads(props.get("permissionIds") or "{}")
        used = sorted({name for k in _KINDS for one in props[k] for name in one["permissions"]})
        # "all", and an id that the resource no longer names, stand for themselves.
        themselves = {name: name for name in used if name == "all" or re.fullmatch(GUID, name)}
        names = [name for name in used if name not in themselves]
        if not all(name in known for name in names):
            known = require_scopes(require_principal(self._resource(props)), names)
        return {**themselves, **{name: known[name] for name in names}}


def _permissions(props: Props) -> set[str]:
    """The names in a policy's sets; an id stands for itself, and is looked at by nobody."""
    return {
        name
        for kind in _KINDS
        for one in props.get(kind) or ()
        for name in one.get("permissions") or ()
        if name != "all" and not re.fullmatch(GUID, name)
    }


def sorted_sets(sets: Any, form: Any) -> Any:
    """Condition sets in one form and one order; Graph gives them none."""
    if isinstance(sets, Unknown):
        return sets
    formed = [form(one) for one in sets]
    return formed if has_unknown(formed) else sorted(formed, key=to_json)


def _canonical_set(one: Props) -> Props:
    """A condition set with every condition spelt out, so that any change of it is drift."""
    whole = {**_DEFAULTS, **{name: one[name] for name in _NAMES if one.get(name) is not None}}
    return {
        name: _sorted(value) if isinstance(value, list) else value for name, value in whole.items()
    }


def _sorted(values: list[Any]) -> list[Any]:
    return values if has_unknown(values) else sorted(values)


def _named(one: Props, names: dict[str, str]) -> Props:
    permissions = [names.get(guid, guid) for guid in one.get("permissions") or ()]
    return _canonical_set({**one, "permissions": permissions})


def _to_ids(one: Props, ids: dict[str, str]) -> list[str]:
    return [ids[name] for name in one["permissions"]]


def _replace_sets(path: str, wanted: list[Props], present: list[Props]) -> None:
    """Adds the missing sets, then deletes the surplus: a set cannot be changed, only replaced."""
    surplus = [dict(one) for one in present]
    missing = []
    for one in wanted:
        key = to_json(_canonical_set(one))
        match = next((s for s in surplus if to_json(_canonical_set(s)) == key), None)
        if match is None:
            missing.append(_canonical_set(one))
        else:
            surplus.remove(match)
    for one in missing:
        refuse_without_engine()
        graph().post(path, POLICY_WRITE, one)
    for one in surplus:
        refuse_without_engine()
        with contextlib.suppress(NotFound):
            graph().delete(f"{path}/{quote(one['id'])}", POLICY_WRITE)


class PermissionGrantPolicy(Resource, module="entra", name="PermissionGrantPolicy"):
    """A custom permission-grant policy of the tenant."""

    KIND = "entra:PermissionGrantPolicy"
    unknown: pulumi.Output[str | None]
    policyId: pulumi.Output[str]

    def __init__(self, name: str, props: Props, opts: pulumi.ResourceOptions | None = None):
        nothing = {"unknown": None, "permissionIds": None}
        super().__init__(PermissionGrantPolicyProvider(), name, {**nothing, **props}, opts)
