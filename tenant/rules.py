"""What a tenant should never be declared with, as rules over the declaration: pure.

policy/ runs them as a policy pack on each preview and `up`, the tests and the doctor as Python.
"""

import datetime
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from tenant.calendar import check_settings
from tenant.model import Tenant

Level = Literal["mandatory", "advisory"]

# Days before its end at which a credential or an attestation is spoken of.
SOON = 14
# CIS and Microsoft recommend secrets that live for half a year at most.
LONGEST = 180


@dataclass(frozen=True)
class Rule:
    """One rule: its name for configuration, what it asks for, and what breaks it, a line each."""

    name: str
    asks: str
    level: Level
    broken_by: Callable[[Tenant, datetime.date], Iterator[str]]


def _any_app(tenant: Tenant, _today: datetime.date) -> Iterator[str]:
    if tenant.consent.user_policy == "any-app":
        yield (
            "consent.userPolicy: any-app lets every user give company data to any application, "
            "Zoom's or not; least-privilege is enough for the calendar"
        )


def _reasons(tenant: Tenant, _today: datetime.date) -> Iterator[str]:
    for permission in tenant.consent.application_permissions:
        if not permission.reason:
            yield (
                f"consent.applicationPermissions: {permission.name} reads or writes every mailbox "
                "of the company without a user: give its reason, or use a delegated permission"
            )


def _attestations(tenant: Tenant, today: datetime.date) -> Iterator[str]:
    for check in check_settings(tenant, today):
        if check.standing == "expired":
            yield (
                f"zoom.calendar.attestations.{check.setting.name}: {check.reason}; look again, "
                "then `python -m fleet attest`"
            )


def _redirects(tenant: Tenant, _today: datetime.date) -> Iterator[str]:
    for uri in tenant.application.redirect_uris:
        if not uri.startswith("https://"):
            yield f"application.redirectUris: {uri} is not https: codes and tokens travel in clear"


RULES = (
    Rule("consent-to-any-app", "Users may not consent to any application", "mandatory", _any_app),
    Rule(
        "application-permission-reason",
        "An application permission has a reason",
        "mandatory",
        _reasons,
    ),
    Rule("attestation-in-date", "No attestation has expired", "mandatory", _attestations),
    Rule("redirect-uri-https", "Redirect URIs are https", "mandatory", _redirects),
)


def broken(tenant: Tenant, today: datetime.date) -> list[tuple[Rule, str]]:
    """Every rule that the declaration breaks on the day `today`, each with its line."""
    return [(rule, line) for rule in RULES for line in rule.broken_by(tenant, today)]


def credential_problem(end: datetime.date | None, today: datetime.date) -> str | None:
    """What is wrong with a secret or certificate that ends on the day `end`; None: nothing.

    None for `end` is a credential that does not end, which Entra allows for none of its kinds but
    Zoom and older tools do.
    """
    if end is None:
        return "has no end: give it one, so that a leaked one stops working"
    days = (end - today).days
    if days < 0:
        return f"ended on {end}: replace it"
    if days <= SOON:
        return f"ends on {end}, in {days} days: replace it now"
    if days > LONGEST:
        return f"lives until {end}, {days} days from now: {LONGEST} at most"
    return None
