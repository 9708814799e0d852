"""What users may consent to in Entra, by policy: in words, before and after a change."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from tenant.consent_check import BROKEN_BY_ANY_APP
from tenant.consent_policies import ConditionSet, policy_of
from tenant.desired import MICROSOFT_GRAPH, POLICY_ID, user_policy_id
from tenant.model import Tenant
from tenant.zoom_apps import load

# What Microsoft says of its built-in policies (Graph reference, "permission grant policies").
_BUILT_IN = {
    "microsoft-user-default-low": "applications of verified publishers and of this tenant, for "
    "the permissions that are classified as low",
    "microsoft-user-default-recommended": "whatever Microsoft's managed default allows at the time",
    "microsoft-user-default-legacy": "any application, for any permission that needs no "
    "administrator",
    "microsoft-user-default-allow-consent-apps": "the mail applications that Microsoft lists",
}
_OURS = frozenset({POLICY_ID, "microsoft-user-default-low", "microsoft-user-default-recommended",
                   "microsoft-user-default-legacy"})  # fmt: skip
_UNLESS_OURS = "taken away if this stack assigned it, else it stays"
PROPAGATION = "Entra takes up to about 30 minutes until it counts everywhere"


@dataclass(frozen=True)
class Told:
    """Lines for people, in their order; each with whether it is one to worry about."""

    lines: tuple[tuple[str, bool], ...]

    @property
    def infos(self) -> tuple[str, ...]:
        """What is so."""
        return tuple(line for line, worry in self.lines if not worry)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What people should worry about."""
        return tuple(line for line, worry in self.lines if worry)


def in_words(policy_id: str, policy: Mapping[str, Any] | None) -> str:
    """What one assigned policy lets users consent to. `policy` is as Graph returns it, or None."""
    if policy_id.lower() in _BUILT_IN:
        return _BUILT_IN[policy_id.lower()]
    if policy is None or not isinstance(policy.get("includes"), list):
        return "what that policy says, which could not be read"
    read = policy_of(policy)
    text = ", or ".join(_include(one) for one in read.includes if _matches_something(one))
    excludes = sum(map(_matches_something, read.excludes))
    exceptions = f", with {_count(excludes, 'exception')}" if text and excludes else ""
    return f"{text or 'nothing'}{exceptions}"


def _matches_something(one: ConditionSet) -> bool:
    """An empty list matches nothing; and users consent to no application permissions."""
    lists = (one.permissions, one.clients, one.tenants, one.publishers)
    return frozenset() not in lists and one.type != "application"


def _include(one: ConditionSet) -> str:
    names = {app.client_id.casefold(): "Zoom's application" for app in load().applications}
    who = "any application"
    if one.clients is not None:
        apps = sorted(one.clients)
        who = " and ".join(f"{names.get(app, 'application')} {app}" for app in apps)
    if one.tenants is not None:
        who += f" of tenant {' or '.join(sorted(one.tenants))}"
    if one.publishers is not None:
        who += f" of publisher {' or '.join(sorted(one.publishers))}"
    elif one.verified_only:
        who += " of a verified publisher"
    what = f"any {one.type} permission"
    if one.permissions is not None:
        what = _count(len(one.permissions), f"{one.type} permission")
    if one.level is not None:
        what += f" classified as {one.level}"
    if one.resource is not None:
        what += f" of {'Microsoft Graph' if one.resource == MICROSOFT_GRAPH else one.resource}"
    strange = ", under a condition that is not known here" if one.strange else ""
    return f"{who}, for {what}{strange}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")


def told(
    tenant: Tenant,
    live: Sequence[tuple[str, str]],
    found: Sequence[str],
    application: str,
    *,
    known: bool = True,
    taken: str | None = None,
) -> Told:
    """What users could consent to, and can once the declaration is applied.

    live: the policies that are assigned now, as (id, words). found: the ids that were there before
    this stack. application: the client id that least-privilege is for. known: whether it was read.
    taken: the policy that this stack takes away, "" where none, None where that is not known: then
    an entry that came after the stack may be its own or somebody else's.
    """
    before = {policy_id.lower(): words for policy_id, words in live}
    ours = user_policy_id(tenant)
    there = {policy_id.lower() for policy_id in found}
    if ours is None and tenant.on_destroy == "leave":
        taken = ""
    unsure = before.keys() & (_OURS - there - {ours}) if taken is None else set()
    after = {
        p: f"{words} ({_UNLESS_OURS})" if p in unsure else words
        for p, words in before.items()
        if p != taken
    }
    if ours is not None:
        after[ours] = _declared(tenant, application) if ours == POLICY_ID else in_words(ours, None)
    if not known:
        # The first preview of a stack: the provider says itself what is there.
        added = f"after, users can also consent in Entra to: {_listed(after)} ({PROPAGATION})"
        infos: tuple[str, ...] = () if ours is None else (added,)
    elif before.keys() == after.keys():
        infos = (f"users can consent in Entra to: {_listed(after)}",)
    else:
        infos = (
            f"before, users can consent in Entra to: {_listed(before)}",
            f"after, users can consent in Entra to: {_listed(after)} ({PROPAGATION})",
        )
    warnings = _warnings(tenant, after, ours, unsure)
    return Told((*((line, False) for line in infos), *((line, True) for line in warnings)))


def _warnings(
    tenant: Tenant, after: Mapping[str, str], ours: str | None, unsure: Set[str]
) -> list[str]:
    if tenant.consent.effective_user_policy == "any-app":
        return [
            "consent.userPolicy any-app lets every user consent to any application, against "
            + BROKEN_BY_ANY_APP
        ]
    if ours is None:
        return []
    return [
        f"users can also consent by {policy_id}: {words}. "
        f"{'' if policy_id in unsure else 'It is not ours and stays; '}Entra allows what any one "
        "policy allows"
        for policy_id, words in after.items()
        if policy_id != ours
    ]


def _declared(tenant: Tenant, application: str) -> str:
    permissions = ", ".join(sorted(tenant.consent.permissions))
    return f"application {application}, for {permissions}"


def _listed(policies: Mapping[str, str]) -> str:
    return "; ".join(f"{words} [{name}]" for name, words in policies.items()) or "nothing"
