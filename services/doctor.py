"""Reads what the doctor judges: Entra's consent in full, Zoom's setting, and one user."""

import contextlib
import datetime
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, TypeVar

from services.entra.consent import GRANTS, lacks, read_consent
from services.entra.graph import (
    NOT_AS_DOCUMENTED,
    Graph,
    as_documented,
    literal,
    quote,
    with_query,
)
from services.errors import LimitReached, NotFound, ServiceError
from services.permissions import (
    DOMAINS_READ,
    GRANT_READ,
    PRINCIPAL_READ,
    USER_ASSIGNED_READ,
    USER_READ,
    Need,
)
from services.preflight import verified_domains
from services.zoom.api import ZoomApi
from services.zoom.consent import read_asks
from services.zoom.portal import Portal
from tenant.calendar import check_settings
from tenant.consent_policies import Unread
from tenant.desired import client_id, display_name
from tenant.doctor_case import UNASKED, Case, User
from tenant.effective import Facts, Principal, effective
from tenant.matching import USERS_CAN_CONSENT, asks_of, compare, where_of
from tenant.model import Tenant
from tenant.rules import broken, credential_problem

PURPOSE = "doctor"
SAMPLE = 100  # of users' own grants: enough to see what the application asks for

T = TypeVar("T")


def read_case(
    tenant: Tenant,
    graph: Graph,
    zoom: Callable[[], ZoomApi],
    portal: Callable[[], Portal],
    user: str | None = None,
    identity: str | None = None,
) -> Case:
    """The case of one tenant; what cannot be read is an Unread that says why.

    user: the userPrincipalName of one who is refused. identity: the client id that signs in, whose
    secrets and certificates are looked at as those of a registration are. Raises LimitReached, and
    ServiceError where the application itself cannot be told.
    """
    app_id = _client_id(tenant, graph)
    facts, known = read_consent(graph, app_id, sorted(tenant.consent.permissions))
    principal = facts.principal
    live = read_asks(
        where_of(tenant),
        lambda: zoom().read(tenant.zoom.account, "settings", PURPOSE),
        portal,
    )
    today = datetime.date.today()
    unread = {USERS_CAN_CONSENT: live.why} if isinstance(live, Unread) else {}
    checks = check_settings(tenant, today, unread)
    asks = asks_of(tenant, checks, live if isinstance(live, bool) else None, today)
    return Case(
        tenant=tenant,
        facts=facts,
        verdict=compare(effective(facts), asks, tenant.consent.by),
        asked=_asked(graph, principal, known.resource_id),
        others=_others(graph, facts),
        verified=_read(lambda: verified_domains(graph), DOMAINS_READ),
        user=_user(graph, user, principal, known.resource_id) if user else UNASKED,
        rules=(
            *(f"{rule.name}: {line}" for rule, line in broken(tenant, today)),
            *_credentials(graph, {app_id, identity} - {None}, today),
        ),
    )


def _credentials(graph: Graph, app_ids: Iterable[str | None], today: datetime.date) -> list[str]:
    """What is wrong with the secrets and certificates of those applications that are registered
    here; what cannot be read is left out, since it refuses nobody."""
    lines: list[str] = []
    for app_id in sorted(map(str, app_ids)):
        path = with_query(
            "/applications",
            {
                "$filter": f"appId eq {literal(app_id)}",
                "$select": "displayName,passwordCredentials,keyCredentials",
            },
        )
        found = _read(partial(graph.list_all, path, PRINCIPAL_READ), PRINCIPAL_READ)
        for app in () if isinstance(found, Unread) else found:
            with contextlib.suppress(*NOT_AS_DOCUMENTED):
                lines += _ends(app, today)
    return lines


def _ends(app: Mapping[str, Any], today: datetime.date) -> Iterator[str]:
    for kind, word in (("passwordCredentials", "secret"), ("keyCredentials", "certificate")):
        for one in app.get(kind) or ():
            problem = credential_problem(_day(one.get("endDateTime")), today)
            if problem:
                name = f"{word} {one.get('displayName') or one.get('keyId')}"
                yield f"credential-expiry: the {name} of {app['displayName']} {problem}"


def _day(text: str | None) -> datetime.date | None:
    return datetime.datetime.fromisoformat(text).date() if text else None


def _client_id(tenant: Tenant, graph: Graph) -> str:
    """Of a registration of this tenant Entra has it, under the declared name."""
    known = client_id(tenant)
    if known is not None:
        return known
    name = display_name(tenant)
    query = {"$filter": f"displayName eq {literal(name)}", "$select": "id,appId"}
    found = graph.list_all("/applications", PRINCIPAL_READ, query)
    if len(found) != 1:
        raise NotFound(
            f"Entra: {len(found) or 'no'} registrations are named {name!r}, so which one is meant "
            "cannot be told: run `pulumi up`, or rename the others."
        )
    with as_documented("/applications"):
        return str(found[0]["appId"])


def _read(read: Callable[[], T], need: Need) -> T | Unread:
    """What `read` gives, the answer taken apart; an Unread where it cannot be had."""
    try:
        return read()
    except LimitReached:
        raise
    except ServiceError as error:
        return lacks(error, need)
    except NOT_AS_DOCUMENTED:
        return Unread("Entra's answer is not as documented")


def _asked(
    graph: Graph, principal: Principal | Unread | None, resource: str
) -> frozenset[str] | Unread:
    """What the first users' own grants hold; one page, since big tenants have one per user."""
    if not isinstance(principal, Principal):
        return principal or frozenset()
    query = {
        "$filter": f"clientId eq {literal(principal.id)} and consentType eq 'Principal'",
        "$top": str(SAMPLE),
    }
    path = with_query(GRANTS, query)
    return _read(lambda: _scopes(graph.get(path, GRANT_READ), resource), GRANT_READ)


def _scopes(page: Mapping[str, object], resource: str) -> frozenset[str]:
    grants = page.get("value")
    return frozenset(
        scope
        for grant in (grants if isinstance(grants, list) else ())
        if grant.get("resourceId") == resource
        for scope in str(grant.get("scope") or "").split()
    )


def _others(graph: Graph, facts: Facts) -> Mapping[str, str] | Unread:
    """Client id to name of the other applications of Zoom's, where the declared one is absent."""
    if facts.principal is not None:
        return {}
    query = {"$filter": "startswith(displayName,'Zoom')", "$select": "appId,displayName"}

    def names() -> dict[str, str]:
        found = graph.list_all("/servicePrincipals", PRINCIPAL_READ, query)
        return {str(one["appId"]): str(one["displayName"]) for one in found}

    return _read(names, PRINCIPAL_READ)


def _user(
    graph: Graph, name: str, principal: Principal | Unread | None, resource: str
) -> User | Unread | None:
    path = f"/users/{quote(name)}"
    try:
        body = graph.get(f"{path}?$select=id,userPrincipalName,accountEnabled", USER_READ)
        with as_documented(path):
            user_id, shown = str(body["id"]), str(body["userPrincipalName"])
    except NotFound:
        return None
    except ServiceError as error:
        return lacks(error, USER_READ)
    enabled = body.get("accountEnabled") is not False
    if not isinstance(principal, Principal):
        nothing: frozenset[str] | Unread = principal or frozenset()
        return User(shown, enabled, nothing, principal or False)
    query = {
        "$filter": f"clientId eq {literal(principal.id)} and consentType eq 'Principal' and "
        f"principalId eq {literal(user_id)}"
    }
    path = f"/users/{quote(user_id)}/appRoleAssignments"
    return User(
        shown,
        enabled,
        _read(
            lambda: _scopes({"value": graph.list_all(GRANTS, GRANT_READ, query)}, resource),
            GRANT_READ,
        ),
        _read(
            lambda: any(
                one.get("resourceId") == principal.id
                for one in graph.list_all(path, USER_ASSIGNED_READ)
            ),
            USER_ASSIGNED_READ,
        ),
    )
