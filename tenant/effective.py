"""May a user of this tenant use an application without an administrator? Entra's answer, pure.

It is computed from what was read (services/entra/consent.py) in the order in which Entra decides:
is the application enabled, who may enter it, who has consented, who may consent.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from tenant.consent_policies import (
    Client,
    Maybe,
    Permission,
    Policy,
    Unread,
    all_of,
    any_of,
    covers,
    negated,
    why_not,
)

Effective = Literal["allowed", "needs an administrator", "blocked", "unknown"]


@dataclass(frozen=True)
class Principal:
    """The application's service principal. publisher: its verified publisher's id.

    stopped: why Microsoft disabled the application, None where it did not.
    """

    id: str
    name: str
    enabled: bool
    assignment_required: bool
    tenant: str | Unread | None
    publisher: str | None
    stopped: str | None = None


@dataclass(frozen=True)
class Published:
    """A delegated permission as its API publishes it."""

    id: str
    user_consentable: bool


@dataclass(frozen=True)
class Facts:
    """What was read. An Unread stands for each part that was not.

    principal: None where the tenant has none. published: by permission name, where the API has it.
    levels: permission id to classification. assigned: the policies that let users consent for
    themselves. policies: by id in lower case; one that may go is Unread. granted: the scopes of the
    tenant-wide grant. someone_assigned: whether any user or group is assigned to the application.
    """

    client_id: str
    permissions: tuple[str, ...]
    resource: str
    principal: Principal | Unread | None
    published: Mapping[str, Published] | Unread
    levels: Mapping[str, str] | Unread
    assigned: tuple[str, ...] | Unread
    policies: Mapping[str, Policy | Unread] | Unread
    granted: frozenset[str] | Unread
    someone_assigned: bool | Unread
    risky_apps: bool | Unread
    workflow: bool | Unread


@dataclass(frozen=True)
class Finding:
    """One fact, and where it was read."""

    text: str
    source: str


@dataclass(frozen=True)
class Answer:
    """What Entra lets users of the tenant do, without a word on Zoom.

    may_consent: whether one may consent alone. granted: whether an administrator did for all.
    may_enter: whether the application takes at least those users who are assigned to it, where it
    requires that. why: the clause that follows from it. policies: those that let users consent.
    """

    effective: Effective
    may_consent: Maybe
    granted: Maybe
    may_enter: Maybe
    why: str
    findings: tuple[Finding, ...] = ()
    policies: tuple[str, ...] = ()


def effective(facts: Facts) -> Answer:
    """Entra's answer, with the facts it rests on."""
    enabled, required = _enabled(facts), _required(facts)
    granted = _granted(facts)
    may_consent = all_of([_may_consent(facts), negated(required)])
    entered = _known(facts.someone_assigned)
    may_enter = all_of([enabled, any_of([negated(required), entered])])
    usable = any_of([may_consent, all_of([granted, any_of([negated(required), entered])])])
    standing: Effective = "unknown"
    if enabled is False:
        standing = "blocked"
    elif enabled and usable is not None:
        standing = "allowed" if usable else "needs an administrator"
    answer = Answer(
        standing,
        all_of([enabled, may_consent]),
        granted,
        may_enter,
        "",
        tuple(_findings(facts)),
        tuple(_covering(facts)),
    )
    return replace(answer, why=_why(facts, answer))


def answer_unread(why: str) -> Answer:
    """The answer where nothing at all could be read."""
    return Answer("unknown", None, None, None, f"what users may do is unknown ({why})")


def answer_of(body: Mapping[str, Any]) -> Answer:
    """An answer from its plain JSON, with or without its findings."""
    findings = tuple(Finding(**one) for one in body.get("findings", ()))
    return Answer(**{**body, "findings": findings, "policies": tuple(body["policies"])})


def requested(facts: Facts) -> list[Permission]:
    """The declared permissions with all that is known of each."""
    found = []
    for name in facts.permissions:
        published = facts.published
        known = None if isinstance(published, Unread) else published.get(name)
        id_: str | Unread = Unread("not published") if known is None else known.id
        level: str | Unread | None = facts.levels if isinstance(facts.levels, Unread) else None
        if not isinstance(facts.levels, Unread):
            level = id_ if isinstance(id_, Unread) else facts.levels.get(id_)
        consentable = known.user_consentable if known else None
        found.append(Permission(name, facts.resource, id_, consentable, level))
    return found


def client_of(facts: Facts) -> Client:
    """The application with all that is known of it."""
    principal = facts.principal
    if isinstance(principal, Principal):
        return Client(facts.client_id, principal.tenant, principal.publisher)
    why = principal or Unread("the tenant has no service principal of it")
    return Client(facts.client_id, why, why)


def unpublished(facts: Facts) -> list[str]:
    """The declared permissions that the API does not have."""
    if isinstance(facts.published, Unread):
        return []
    return [name for name in facts.permissions if name not in facts.published]


def lacking(facts: Facts) -> list[str]:
    """The declared permissions that the tenant-wide grant lacks; [] where it was not read."""
    if isinstance(facts.granted, Unread):
        return []
    return [name for name in facts.permissions if name not in facts.granted]


def assigned_policies(facts: Facts) -> list[Policy | Unread]:
    """The policies that let users consent for themselves, as far as they are known."""
    if isinstance(facts.assigned, Unread):
        return [facts.assigned]
    if isinstance(facts.policies, Unread):
        return [facts.policies] if facts.assigned else []
    missing = Unread("an assigned policy is not among the tenant's policies")
    return [facts.policies.get(id_.casefold(), missing) for id_ in facts.assigned]


def _may_consent(facts: Facts) -> Maybe:
    """Whether one of the policies covers the whole request; one never completes another."""
    if unpublished(facts):
        return False
    client, asked = client_of(facts), requested(facts)
    covered = any_of(
        None if isinstance(policy, Unread) else covers(policy, client, asked)
        for policy in assigned_policies(facts)
    )
    # A permission that the API does not have can be consented to by nobody.
    return all_of([covered, None if isinstance(facts.published, Unread) else True])


def _granted(facts: Facts) -> Maybe:
    return None if isinstance(facts.granted, Unread) else not lacking(facts)


def _enabled(facts: Facts) -> Maybe:
    if isinstance(facts.principal, Principal):
        return facts.principal.enabled and facts.principal.stopped is None
    return True if facts.principal is None else None


def _required(facts: Facts) -> Maybe:
    if isinstance(facts.principal, Principal):
        return facts.principal.assignment_required
    return False if facts.principal is None else None


def _known(value: bool | Unread) -> Maybe:
    return None if isinstance(value, Unread) else value


def unread_parts(facts: Facts) -> dict[str, str]:
    """What was not read of all that decides, and why."""
    parts = {
        "the service principal": facts.principal,
        "the API's permissions": facts.published,
        "permission classifications": facts.levels,
        "the authorization policy": facts.assigned,
        "permission-grant policies": facts.policies,
        "the tenant-wide grant": facts.granted,
        "who is assigned": facts.someone_assigned,
    }
    return {name: part.why for name, part in parts.items() if isinstance(part, Unread)}


def _why(facts: Facts, answer: Answer) -> str:
    asked = _listed(facts.permissions)
    principal = facts.principal
    match answer.effective:
        case "blocked":
            assert isinstance(principal, Principal)
            who = f"Microsoft ({principal.stopped})" if principal.stopped else "an administrator"
            return f"the application is disabled by {who}, so nobody may use it"
        case "allowed" if answer.granted:
            only = ", for users who are assigned to it" if _required(facts) else ""
            return f"an administrator has consented for the company to {asked}{only}"
        case "allowed":
            unsure = facts.granted.why if isinstance(facts.granted, Unread) else ""
            grant = f"; besides, the company's grant is not known ({unsure})" if unsure else ""
            return f"users may consent by themselves to {asked}{_under(facts)}{grant}"
        case "unknown":
            unread = [one.why for one in assigned_policies(facts) if isinstance(one, Unread)]
            reasons = dict.fromkeys([*unread_parts(facts).values(), *unread])
            told = "; ".join(reasons) or "a policy has conditions that are not known here"
            return f"what users may do is unknown ({told})"
    if _required(facts):
        if answer.granted:
            return "the application takes only users who are assigned to it, and nobody is"
        return "the application takes only assigned users, so an administrator must consent first"
    lacks = lacking(facts)
    some = 0 < len(lacks) < len(facts.permissions)
    grant = f"the company's grant lacks {_listed(lacks)}" if some else "nobody has for the company"
    return f"users may not consent by themselves to {asked}, and {grant}"


def _under(facts: Facts) -> str:
    first = next(_covering(facts), None)
    return f" (policy {first})" if first else ""


def _covering(facts: Facts) -> Iterator[str]:
    client, asked = client_of(facts), requested(facts)
    for policy in assigned_policies(facts):
        if isinstance(policy, Policy) and covers(policy, client, asked):
            yield policy.id


def _findings(facts: Facts) -> list[Finding]:
    return [
        *_of_principal(facts),
        *_of_policies(facts),
        Finding(_grant_in_words(facts), "oauth2PermissionGrants"),
        Finding(
            _said(facts.workflow, "users may ask an administrator for approval (consent workflow)",
                  "users cannot ask for approval: the admin-consent workflow is off"),
            "adminConsentRequestPolicy",
        ),
        Finding(
            _said(facts.risky_apps, "users may consent to applications that Microsoft finds risky",
                  "requests that Microsoft finds risky need an administrator"),
            "allowUserConsentForRiskyApps",
        ),
    ]  # fmt: skip


def _of_principal(facts: Facts) -> list[Finding]:
    source, principal = "servicePrincipals", facts.principal
    if principal is None:
        return [Finding(f"the tenant has no service principal of {facts.client_id}", source)]
    if isinstance(principal, Unread):
        return [Finding(f"the service principal is unknown: {principal.why}", source)]
    publisher = "verified" if principal.publisher else "not verified"
    state = "enabled" if principal.enabled else "disabled"
    state += "" if principal.stopped is None else f", stopped by Microsoft: {principal.stopped}"
    found = [Finding(f"{principal.name} is {state}, its publisher is {publisher}", source)]
    if principal.assignment_required:
        who = _said(facts.someone_assigned, "some users or groups are", "nobody is")
        found.append(Finding(f"it takes only assigned users: {who}", "appRoleAssignedTo"))
    return found


def _of_policies(facts: Facts) -> list[Finding]:
    client, asked, source = client_of(facts), requested(facts), "permissionGrantPolicies"
    if isinstance(facts.assigned, Unread):
        return [Finding(f"who may consent is unknown: {facts.assigned.why}", "authorizationPolicy")]
    if not facts.assigned:
        return [Finding("users may not consent to any application", "authorizationPolicy")]
    found = []
    for id_, policy in zip(facts.assigned, assigned_policies(facts), strict=False):
        if isinstance(policy, Unread):
            found.append(Finding(f"policy {id_} is unknown: {policy.why}", source))
            continue
        text = why_not(policy, client, asked) or f"policy {policy.id} lets users consent to it"
        found.append(Finding(text, source))
    return found


def _grant_in_words(facts: Facts) -> str:
    if isinstance(facts.granted, Unread):
        return f"the tenant-wide grant is unknown: {facts.granted.why}"
    if not facts.granted:
        return "there is no tenant-wide grant"
    lacks = lacking(facts)
    more = f" and lacks {_listed(lacks)}" if lacks else ""
    return f"the tenant-wide grant holds {_listed(sorted(facts.granted))}{more}"


def _said(value: bool | Unread, yes: str, no: str) -> str:
    return f"unknown: {value.why}" if isinstance(value, Unread) else yes if value else no


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
