"""What the doctor judges, and what it finds: one tenant's case, and the causes in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from tenant.consent_policies import Unread
from tenant.doctor_fixes import Fix
from tenant.effective import Facts, Finding
from tenant.matching import Verdict
from tenant.model import Tenant

Certainty = Literal["found", "possible"]

UNASKED = Unread("nobody asked for one")


@dataclass(frozen=True)
class User:
    """One user. granted: what the user consented to alone. assigned: to the application."""

    name: str
    enabled: bool
    granted: frozenset[str] | Unread
    assigned: bool | Unread


@dataclass(frozen=True)
class Case:
    """All that was read of a tenant whose users may be refused.

    asked: what users' own grants hold, so what the application once asked them for. others: client
    id to name of other applications named as Zoom's. verified: Entra's domains. user: None where
    the tenant has none of that name; unasked where nobody asked for one. rules: what else should
    not be so, a line each (tenant/rules.py).
    """

    tenant: Tenant
    facts: Facts
    verdict: Verdict
    asked: frozenset[str] | Unread
    others: Mapping[str, str] | Unread
    verified: frozenset[str] | Unread
    user: User | Unread | None = UNASKED
    rules: tuple[str, ...] = ()


@dataclass(frozen=True)
class Cause:
    """One reason. found: it refuses users; possible: it may, and what was read cannot tell.

    codes: the errors that it shows as.
    """

    name: str
    certainty: Literal["found", "possible"]
    title: str
    evidence: tuple[Finding, ...]
    codes: tuple[str, ...]
    fixes: tuple[Fix, ...]
