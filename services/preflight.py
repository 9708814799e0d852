"""Reads what the preflight judges: at most one request for each fact, none of them a write."""

from collections.abc import Callable
from typing import Any, TypeVar

from services.entra.consent import principal_path
from services.entra.graph import Graph, as_documented
from services.errors import (
    CredentialsRejected,
    LimitReached,
    MissingCredentials,
    NotFound,
    NotInPlan,
    ServiceError,
)
from services.permissions import DOMAINS_READ, PRINCIPAL_READ
from services.zoom.api import ZoomApi
from tenant.preflight import Facts, Failure, Wanted

PURPOSE = "preflight"
DOMAINS = "/organization?$select=verifiedDomains"

Fact = TypeVar("Fact")


def read_facts(what: Wanted, zoom: ZoomApi, graph: Callable[[], Graph]) -> Facts:
    """The facts of one tenant; what cannot be read is a Failure that says why.

    Raises LimitReached only: then nothing of the run can go on.
    """
    of_entra = _read_entra(what, graph)
    scopes = _fact(zoom.scopes)
    if isinstance(scopes, Failure):  # every further request would say the same
        return Facts(scopes, scopes, scopes, *of_entra, None)
    return Facts(
        scopes,
        _fact(lambda: zoom.read(what.account, "settings", PURPOSE)),
        _fact(lambda: _managed(zoom.read(what.account, "managed_domains", PURPOSE))),
        *of_entra,
        zoom.clock_skew(),
    )


def _read_entra(
    what: Wanted, graph: Callable[[], Graph]
) -> tuple[str | Failure | None, bool | Failure | None, frozenset[str] | Failure]:
    """The tenant of Entra's token, whether the wanted principal is there, the verified domains."""
    tenant = _fact(lambda: graph().tenant())
    if isinstance(tenant, Failure):
        no_token = Failure("unknown", "there is no token")
        return tenant, no_token, no_token
    principal = _fact(lambda: has_principal(graph(), what.principal)) if what.principal else None
    return tenant, principal, _fact(lambda: verified_domains(graph()))


def _fact(read: Callable[[], Fact]) -> Fact | Failure:
    try:
        return read()
    except NotInPlan as error:
        return Failure("plan", str(error).rstrip("."))
    except MissingCredentials as error:
        return Failure("missing", str(error).rstrip("."))
    except CredentialsRejected as error:
        return Failure("rejected", str(error).rstrip("."))
    except LimitReached:
        raise
    except ServiceError as error:
        return Failure("unknown", str(error).rstrip("."))


def _managed(body: dict[str, Any]) -> dict[str, str]:
    domains = body.get("domains")
    return {
        str(one.get("domain")): str(one.get("status") or "")
        for one in (domains if isinstance(domains, list) else ())
        if isinstance(one, dict)
    }


def verified_domains(graph: Graph) -> frozenset[str]:
    """Entra's verified domains of the tenant. Raises ServiceError."""
    answer = graph.get(DOMAINS, DOMAINS_READ, purpose=PURPOSE)
    with as_documented(DOMAINS):
        return frozenset(
            str(domain["name"])
            for organization in answer["value"]
            for domain in organization["verifiedDomains"]
        )


def has_principal(graph: Graph, client_id: str) -> bool:
    """Whether the tenant has a service principal of the application. Raises ServiceError."""
    try:
        graph.get(principal_path(client_id), PRINCIPAL_READ, purpose=PURPOSE)
    except NotFound:
        return False
    return True
