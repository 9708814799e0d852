"""Reads who may consent to an application in a tenant: what tenant/effective.py judges.

All of it travels in one $batch. What cannot be read is an Unread that names the missing permission.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, TypeVar

from services.entra.graph import NOT_AS_DOCUMENTED, Graph, literal, quote, with_query
from services.errors import Forbidden, NotFound, ServiceError, Unavailable
from services.permissions import (
    ASSIGNED_READ,
    AUTHORIZATION_READ,
    CONSENT_REQUESTS_READ,
    GRANT_READ,
    LEVELS_READ,
    POLICY_READ,
    PRINCIPAL_READ,
    Need,
)
from tenant.consent_policies import Policy, Unread, assigned_to_users, policy_of
from tenant.desired import MICROSOFT_GRAPH
from tenant.effective import Facts, Principal, Published

PURPOSE = "matching"
GRANTS = "/oauth2PermissionGrants"
AUTHORIZATION = "/policies/authorizationPolicy"
ASSIGNED = "permissionGrantPoliciesAssigned"
POLICIES = "/policies/permissionGrantPolicies"
_REQUESTS = "/policies/adminConsentRequestPolicy"
_FIELDS = (
    "id,appId,displayName,accountEnabled,appRoleAssignmentRequired,appOwnerOrganizationId,"
    "verifiedPublisher,disabledByMicrosoftStatus"
)
# Microsoft Graph, appRoleAssignment.principalType; a ServicePrincipal is no one who signs in.
_PEOPLE = ("User", "Group")
# Microsoft Graph, application: null is the default, NotDisabled one of the values.
_NOT_STOPPED = (None, "NotDisabled")

Body = dict[str, Any]
Read = Body | ServiceError
T = TypeVar("T")


@dataclass(frozen=True)
class Known:
    """What an earlier run has read and never changes: it spares a preview Graph's long list.

    Object ids of the application's principal and of Graph's own, and Graph's declared permissions.
    """

    principal_id: str = ""
    resource_id: str = ""
    published: Mapping[str, Published] = field(default_factory=dict)


def known_to_text(known: Known, permissions: Sequence[str]) -> str:
    """`known` as JSON for a stack's state: of the permissions only those that are declared."""
    kept = {name: one for name, one in known.published.items() if name in permissions}
    return json.dumps(asdict(replace(known, published=kept)), sort_keys=True)


def known_from_text(text: str | None) -> Known:
    """What `known_to_text` wrote; nothing known for None."""
    if not text:
        return Known()
    body = json.loads(text)
    return Known(**{**body, "published": {n: Published(**p) for n, p in body["published"].items()}})


def policy_path(policy_id: str) -> str:
    """Where one permission-grant policy is."""
    return f"{POLICIES}/{quote(policy_id)}"


def roles_path(client_id: str) -> str:
    """Where an application's own permissions are, of all APIs.

    By its client id: Graph documents that, and it needs no look-up of a principal made meanwhile.
    """
    return f"{_principal_at(client_id)}/appRoleAssignments"


def principal_path(client_id: str) -> str:
    """Where an application's service principal is, with what is judged of it."""
    return f"{_principal_at(client_id)}?$select={_FIELDS}"


def _principal_at(client_id: str) -> str:
    return f"/servicePrincipals(appId={literal(quote(client_id))})"


def tenant_wide(principal_id: str) -> dict[str, str]:
    """The query for the grants that an administrator gave an application for the company."""
    return {
        "$filter": f"clientId eq {literal(principal_id)} and consentType eq 'AllPrincipals'",
    }


def read_consent(
    graph: Graph,
    client_id: str,
    permissions: Sequence[str],
    known: Known | None = None,
    *,
    policy: str = "",
    ahead: Sequence[str] = (),
) -> tuple[Facts, Known]:
    """The facts of one application and its delegated permissions of Microsoft Graph.

    client_id: "" for an application that is yet to be registered. known: as an earlier call gave it
    back; without it two more requests are sent. policy: one that is to be assigned, read in full
    like those that are. ahead: paths that somebody else reads next. Raises ServiceError only where
    nothing can be asked at all.
    """
    known = known or Known()
    if not all(name in known.published for name in permissions):
        known = Known(known.principal_id)
    client, resource = _principal_at(client_id), _principal_at(MICROSOFT_GRAPH)
    principal_at = principal_path(client_id)
    assigned_at = f"{client}/appRoleAssignedTo?$select=principalType"
    levels_at = f"{resource}/delegatedPermissionClassifications"
    paths: dict[str, Need] = {
        **({principal_at: PRINCIPAL_READ, assigned_at: ASSIGNED_READ} if client_id else {}),
        levels_at: LEVELS_READ,
        AUTHORIZATION: AUTHORIZATION_READ,
        POLICIES: POLICY_READ,
        _REQUESTS: CONSENT_REQUESTS_READ,
    }
    resource_at = f"{resource}?$select=id,oauth2PermissionScopes"
    if not known.resource_id:
        paths[resource_at] = PRINCIPAL_READ
    if known.principal_id:
        paths[_grants_at(known.principal_id)] = GRANT_READ
    read = graph.get_together(paths, PURPOSE, ahead=ahead)
    if not client_id:
        unmade = NotFound("Entra: the application is yet to be registered")
        read = {**read, principal_at: unmade, assigned_at: unmade}
    principal = _part(read[principal_at], PRINCIPAL_READ, _principal, absent=None)
    id_ = principal.id if isinstance(principal, Principal) else ""
    known = replace(known, principal_id=id_)
    published: Mapping[str, Published] | Unread = known.published
    if not known.resource_id:
        learnt = _part(read[resource_at], PRINCIPAL_READ, lambda body: _learnt(id_, body))
        known = known if isinstance(learnt, Unread) else learnt
        published = learnt if isinstance(learnt, Unread) else learnt.published
    assigned = _part(read[AUTHORIZATION], AUTHORIZATION_READ, policies_for_self)
    facts = Facts(
        client_id=client_id,
        permissions=tuple(permissions),
        resource=MICROSOFT_GRAPH,
        principal=principal,
        published=published,
        levels=_part(read[levels_at], LEVELS_READ, _levels(graph, levels_at)),
        assigned=assigned,
        policies=_part(read[POLICIES], POLICY_READ, _policies(graph, assigned, policy)),
        granted=_as_published(_granted(graph, principal, known, read), permissions),
        someone_assigned=_part(
            read[assigned_at], ASSIGNED_READ, _someone(graph, assigned_at), absent=False
        ),
        risky_apps=_part(
            read[AUTHORIZATION],
            AUTHORIZATION_READ,
            lambda body: body.get("allowUserConsentForRiskyApps") is True,
        ),
        workflow=_part(
            read[_REQUESTS], CONSENT_REQUESTS_READ, lambda body: body["isEnabled"] is True
        ),
    )
    return facts, known


_NO_DEFAULT: Any = object()


def _part(read: Read, need: Need, parse: Any, *, absent: Any = _NO_DEFAULT) -> Any:
    """What `parse` makes of the answer; `absent` for a definite 404; else an Unread.

    So too where the answer lacks what Graph documents of it: that is no answer, nor an absence.
    """
    if isinstance(read, NotFound) and absent is not _NO_DEFAULT:
        return absent
    if isinstance(read, ServiceError):
        return lacks(read, need)
    try:
        return parse(read)
    except ServiceError as error:  # of a later page
        return lacks(error, need)
    except NOT_AS_DOCUMENTED:
        return Unread("Entra's answer is not as documented")


def lacks(error: ServiceError, need: Need) -> Unread:
    """Why something was not read: the permission that is missing, or the error."""
    if isinstance(error, Forbidden):
        return Unread(f"the identity lacks {need.permission}")
    return Unread(str(error).rstrip("."))


def _learnt(principal_id: str, resource: Body) -> Known:
    return Known(principal_id, str(resource["id"]), _published(resource))


def _principal(body: Body) -> Principal:
    publisher = body.get("verifiedPublisher") or {}
    stopped = body.get("disabledByMicrosoftStatus")
    return Principal(
        id=str(body["id"]),
        name=str(body.get("displayName") or "the application"),
        enabled=body.get("accountEnabled") is not False,
        assignment_required=body.get("appRoleAssignmentRequired") is True,
        tenant=body.get("appOwnerOrganizationId"),
        publisher=publisher.get("verifiedPublisherId"),
        stopped=None if stopped in _NOT_STOPPED else str(stopped),
    )


def _published(body: Body) -> dict[str, Published]:
    return {
        str(scope["value"]): Published(str(scope["id"]), scope.get("type") == "User")
        for scope in body["oauth2PermissionScopes"]
        if scope.get("isEnabled") is not False
    }


def _levels(graph: Graph, path: str) -> Any:
    def parse(page: Body) -> dict[str, str]:
        return {
            str(one["permissionId"]): str(one["classification"]).casefold()
            for one in graph.rest_of(page, path, LEVELS_READ)
        }

    return parse


def _someone(graph: Graph, path: str) -> Any:
    """Graph filters assignments by no type, so its pages are read until somebody is there."""

    def any_of(assignments: list[Body]) -> bool:
        return any(one["principalType"] in _PEOPLE for one in assignments)

    def parse(page: Body) -> bool:
        return any_of(page["value"]) or any_of(graph.rest_of(page, path, ASSIGNED_READ))

    return parse


def assigned_entries(authorization: Body) -> list[str]:
    """All entries of an authorization policy, byte for byte; Unavailable where it has no list."""
    role = authorization.get("defaultUserRolePermissions")
    entries = role.get(ASSIGNED) if isinstance(role, dict) else None
    if not isinstance(entries, list):
        # Writing back a list that was not seen whole could drop others' entries.
        raise Unavailable(
            f"Entra: GET {AUTHORIZATION}: the answer has no {ASSIGNED}: nothing written"
        )
    return [str(entry) for entry in entries]


def policies_for_self(authorization: Body) -> tuple[str, ...]:
    """The policies under which users may consent for themselves; not those for what they own.

    Raises Unavailable where the answer does not hold the list.
    """
    return assigned_to_users(assigned_entries(authorization))


def _policies(graph: Graph, assigned: tuple[str, ...] | Unread, planned: str) -> Any:
    known = assigned if isinstance(assigned, tuple) else ()
    wanted = dict.fromkeys(id_.casefold() for id_ in (*known, planned))

    def parse(page: Body) -> dict[str, Policy]:
        bodies = {
            str(body["id"]).casefold(): body for body in graph.rest_of(page, POLICIES, POLICY_READ)
        }
        for key in wanted:
            if key in bodies:
                _expand(graph, bodies[key])
        return {key: policy_of(body) for key, body in bodies.items()}

    return parse


def _expand(graph: Graph, body: Body) -> None:
    """Adds the condition sets where Graph did not send them along."""
    for kind in ("includes", "excludes"):
        if not isinstance(body.get(kind), list):
            path = f"{policy_path(str(body['id']))}/{kind}"
            body[kind] = graph.list_all(path, POLICY_READ, purpose=PURPOSE)


def _granted(
    graph: Graph, principal: Principal | Unread | None, known: Known, read: Mapping[str, Read]
) -> frozenset[str] | Unread:
    if principal is None:
        return frozenset()  # a grant is to a principal, and goes with it
    if isinstance(principal, Unread):
        return principal
    if not known.resource_id:
        return Unread("Microsoft Graph's own service principal was not read")
    path = _grants_at(principal.id)
    page = read.get(path) or graph.get_together({path: GRANT_READ}, PURPOSE)[path]

    def parse(body: Body) -> frozenset[str]:
        return frozenset(
            scope
            for grant in graph.rest_of(body, GRANTS, GRANT_READ)
            if grant.get("resourceId") == known.resource_id
            and grant.get("consentType") == "AllPrincipals"
            for scope in str(grant.get("scope") or "").split()
        )

    granted: frozenset[str] | Unread = _part(page, GRANT_READ, parse)
    return granted


def _as_published(
    granted: frozenset[str] | Unread, permissions: Sequence[str]
) -> frozenset[str] | Unread:
    """`granted`; unknown where it lacks permissions only by upper and lower case.

    A scope of a grant "should match" the name that the API publishes (Microsoft Graph,
    oAuth2PermissionGrant), Graph keeps it as it was sent, and nothing says what else counts.
    """
    if isinstance(granted, Unread):
        return granted
    written = {scope.casefold(): scope for scope in granted}
    lacks = [name for name in permissions if name not in granted]
    if not lacks or not all(name.casefold() in written for name in lacks):
        return granted
    others = ", ".join(f"{written[name.casefold()]} for {name}" for name in lacks)
    return Unread(f"the grant has {others}: whether Entra takes that is not documented")


def _grants_at(principal_id: str) -> str:
    return with_query(GRANTS, tenant_wide(principal_id))
