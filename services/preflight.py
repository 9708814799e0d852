"""Reads what the preflight judges: at most one request for each fact, none of them a write."""

from collections.abc import Callable
from typing import Any, TypeVar

from services.entra.graph import Graph
from services.errors import (
    CredentialsRejected,
    LimitReached,
    MissingCredentials,
    NotInPlan,
    ServiceError,
)
from services.permissions import DOMAINS_READ
from services.zoom.api import ZoomApi
from tenant.preflight import Facts, Failure, Wanted

PURPOSE = "preflight"
DOMAINS = "/organization?$select=verifiedDomains"

Fact = TypeVar("Fact")


def read_facts(what: Wanted, zoom: ZoomApi, graph: Callable[[], Graph]) -> Facts:
    """The facts of one tenant; what cannot be read is a Failure that says why.

    Raises LimitReached only: then nothing of the run can go on.
    """
    verified = _fact(lambda: verified_domains(graph()))
    scopes = _fact(zoom.scopes)
    if isinstance(scopes, Failure):  # every further request would say the same
        return Facts(scopes, scopes, scopes, verified, None)
    return Facts(
        scopes,
        _fact(lambda: zoom.read(what.account, "settings", PURPOSE)),
        _fact(lambda: _managed(zoom.read(what.account, "managed_domains", PURPOSE))),
        verified,
        zoom.clock_skew(),
    )


def _fact(read: Callable[[], Fact]) -> Fact | Failure:
    try:
        return read()
    except NotInPlan as error:
        return Failure("plan", str(error).rstrip("."))
    except (CredentialsRejected, MissingCredentials) as error:
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
    return frozenset(
        str(domain["name"])
        for organization in answer.get("value") or ()
        for domain in organization.get("verifiedDomains") or ()
    )
