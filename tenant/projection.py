"""What an update makes of the facts that decide on consent: ours put in or taken out. Pure.

What others have stays as it is, and so does what could not be read: that is not written either.
Whether something of ours was there before this stack, so that it stays, only the records in the
stack's state say, and a program cannot read those; it is then Unread.
"""

from dataclasses import dataclass, replace
from typing import Any

from tenant import desired
from tenant.consent_policies import Policy, Unread, policy_of
from tenant.effective import Facts, Principal
from tenant.model import Tenant


@dataclass(frozen=True)
class Declared:
    """What a file asks of consent in Entra.

    policy: the permission-grant policy that is to be assigned to the users, "" for none. ensured:
    whether Zoom's principal is created where there is none.
    """

    by: str
    source: str
    policy: str
    exclusive: bool
    ensured: bool
    on_destroy: str


# What a stack that is yet to be made has declared.
NOTHING = Declared("", "", "", exclusive=False, ensured=False, on_destroy="restore")


def declared_of(tenant: Tenant) -> Declared:
    """What `tenant` asks of consent in Entra."""
    return Declared(
        tenant.consent.by,
        tenant.application.source,
        desired.user_policy_id(tenant) or "",
        tenant.consent.exclusive,
        tenant.application.ensure_principal,
        tenant.on_destroy,
    )


def projected(
    facts: Facts, declared: Declared, before: Declared | None, *, moved: bool = False
) -> Facts:
    """The facts once `declared` is applied.

    before: what was declared at the last `up`, None where the state does not say. moved: whether
    that was for another application, whose grant is not that of `facts`.
    """
    held = replace(before, by="") if before and moved else before
    return replace(
        facts,
        principal=_principal(facts, declared),
        granted=_granted(facts, declared, held),
        **_policies(facts, declared, before),
    )


def _principal(facts: Facts, declared: Declared) -> Principal | Unread | None:
    """Only the principal of a registration of ours is written; Zoom's is as Entra makes it."""
    found = facts.principal
    if declared.source != "registered" or isinstance(found, Unread):
        return found
    if found is None:
        home = Unread("the registration is yet to be made")
        return Principal("", "the registration", True, False, home, None)
    return replace(found, enabled=True, assignment_required=False)


def _granted(facts: Facts, declared: Declared, before: Declared | None) -> frozenset[str] | Unread:
    granted, asked = facts.granted, frozenset(facts.permissions)
    if isinstance(granted, Unread):
        return granted
    if declared.by == "admin":
        # Without a principal there is nothing to grant to, and the run ends with that.
        made = declared.source == "registered" or declared.ensured
        return granted | asked if made or facts.principal is not None else granted
    if before is not None and (before.by != "admin" or before.on_destroy == "leave"):
        return granted
    if before is not None and before.source == "registered":
        return frozenset()  # the grant is ours alone
    # What `exclusive` took away comes back.
    if granted & asked or (before is not None and before.exclusive):
        return Unread("a grant that this stack made goes with this update, any other stays")
    return granted


def _policies(facts: Facts, declared: Declared, before: Declared | None) -> dict[str, Any]:
    """`assigned` and `policies` as they will be."""
    ours = declared.policy.casefold()
    assigned, policies = facts.assigned, facts.policies
    if isinstance(assigned, Unread):
        return {}
    held = {id_.casefold() for id_ in assigned}
    if ours and ours not in held:
        assigned = (*assigned, declared.policy)
    if isinstance(policies, Unread):
        return {"assigned": assigned}
    last = set(desired.USER_POLICIES.values()) if before is None else {before.policy}
    if before is not None and not ours and before.on_destroy == "leave":
        last = set()
    leaving = {id_: _leaving(id_) for id_ in last & held - {ours}}
    content = {ours: _own_policy(facts)} if ours == desired.POLICY_ID else {}
    return {"assigned": assigned, "policies": {**policies, **leaving, **content}}


def _leaving(policy_id: str) -> Unread:
    return Unread(f"policy {policy_id} goes with this update where this stack assigned it")


def _own_policy(facts: Facts) -> Policy | Unread:
    """Our policy as it is written: Entra has ids for the permissions' names."""
    if isinstance(facts.published, Unread):
        return facts.published
    ids = [facts.published[name].id for name in facts.permissions if name in facts.published]
    include = desired.condition_set(facts.client_id, ids)
    return policy_of({"id": desired.POLICY_ID, "includes": [include]})
