"""The policy pack: `pulumi preview --policy-pack policy`. The rules are in tenant/rules.py."""

import datetime
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    PolicyPack,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)

# The engine starts this file from wherever it is; what it needs is in the folder above.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tenant.declaration import parse
from tenant.model import Tenant
from tenant.rules import RULES, Rule, credential_problem

TENANT = "zoom-calendar:index:Tenant"
CREDENTIALS = (
    "azuread:index/applicationPassword:ApplicationPassword",
    "azuread:index/applicationCertificate:ApplicationCertificate",
    "azuread:index/servicePrincipalPassword:ServicePrincipalPassword",
    "azuread:index/servicePrincipalCertificate:ServicePrincipalCertificate",
)


def declared(args: StackValidationArgs) -> list[Tenant]:
    """The declarations of the stack's tenants, which their components have among their outputs."""
    return [
        parse(json.loads(resource.props["declaration"]), "the declaration")
        for resource in args.resources
        if resource.resource_type == TENANT and isinstance(resource.props.get("declaration"), str)
    ]


def checked(rule: Rule) -> Callable[[StackValidationArgs, ReportViolation], None]:
    """The rule as the engine calls it."""

    def validate(args: StackValidationArgs, report_violation: ReportViolation) -> None:
        for tenant in declared(args):
            for line in rule.broken_by(tenant, datetime.date.today()):
                report_violation(line, None)

    return validate


def check_credential(args: ResourceValidationArgs, report_violation: ReportViolation) -> None:
    """Secrets and certificates that the stack itself makes, for whatever else uses it."""
    if args.resource_type not in CREDENTIALS:
        return
    problem = credential_problem(_day(args.props.get("endDate")), datetime.date.today())
    if problem:
        report_violation(f"the credential {args.name} {problem}", None)


def _day(text: Any) -> datetime.date | None:
    return datetime.datetime.fromisoformat(text).date() if isinstance(text, str) else None


PolicyPack(
    "zoom-calendar",
    [
        *(
            StackValidationPolicy(
                rule.name,
                rule.asks,
                checked(rule),
                EnforcementLevel(rule.level),
            )
            for rule in RULES
        ),
        ResourceValidationPolicy(
            "credential-expiry",
            "A secret or certificate that the stack makes ends, and is not about to",
            check_credential,
            EnforcementLevel.MANDATORY,
        ),
    ],
)
