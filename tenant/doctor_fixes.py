"""What can be done: the article's two solutions, what a person does in Entra, and the file."""

from dataclasses import dataclass
from typing import Any, Literal

from msgspec import UNSET

from tenant.calendar import article_settings
from tenant.model import Tenant

# Entra's documentation, and the article's "about 30 minutes to propagate".
POLICY_WAIT = "about 30 minutes until Entra lets users consent; then users sign in to Zoom again"
GRANT_WAIT = "a few minutes; then users sign in to Zoom again"


@dataclass(frozen=True)
class Fix:
    """One thing to do. solution: the article's 1 or 2, or either. declaration: lines of the
    tenant's file, '' where nothing in it changes."""

    solution: Literal["1", "2", "either"]
    what: str
    who: str
    wait: str
    declaration: str = ""


def solution_1(tenant: Tenant, what: str) -> Fix:
    """Users may consent, and Zoom asks them."""
    consent: dict[str, Any] = {"by": "user", "userPolicy": "least-privilege"}
    # Left out, the value is the same.
    ours = tenant.consent.user_policy in (UNSET, "least-privilege")
    declared = tenant.consent.by == "user" and ours
    return Fix(
        "1",
        f"{what}: {_how(declared)}. In Zoom: {_step(True)}",
        "`pulumi up` by an identity that may change consent policies, or a Privileged Role "
        "Administrator; in Zoom an owner or administrator",
        POLICY_WAIT,
        yaml({"consent": {**consent, "permissions": list(tenant.consent.permissions)}}),
    )


def solution_2(tenant: Tenant, what: str, more: dict[str, Any] | None = None) -> Fix:
    """An administrator has consented for the company, and Zoom asks nobody."""
    consent = {"by": "admin", "permissions": list(tenant.consent.permissions)}
    declared = tenant.consent.by == "admin" and (not more or tenant.application.ensure_principal)
    return Fix(
        "2",
        f"{what}: {_how(declared)}. In Zoom: {_step(False)}",
        "`pulumi up` by an identity that may write grants, or a Cloud Application Administrator; "
        "in Zoom an owner or administrator",
        GRANT_WAIT,
        yaml({"consent": consent, **(more or {})}),
    )


def entra(what: str, who: str, wait: str) -> Fix:
    """What a person does in Entra; no declaration reaches it."""
    return Fix("either", what, who, wait)


def correct(tenant: Tenant, what: str, declaration: str) -> Fix:
    """The tenant's file says something that cannot be."""
    wait = POLICY_WAIT if tenant.consent.by == "user" else GRANT_WAIT
    return Fix("either", what, "whoever reviews the tenant's file", wait, declaration)


def _how(declared: bool) -> str:
    if declared:
        return "the file declares it already: run `pulumi up`, unless it has run since"
    return "declare it, then run `pulumi up`"


def _step(value: bool) -> str:
    setting = next(one for one in article_settings() if one.name == "users_can_consent")
    return setting.step(value).partition(" Older portal:")[0].rstrip(".")


def yaml(part: dict[str, Any]) -> str:
    """Lines of a tenant's file, to be merged into what it has under its key."""
    return "\n".join(["zoom-calendar:tenant:", *_lines(part, "  ")])


def _lines(part: dict[str, Any], indent: str) -> list[str]:
    lines = []
    for key, value in part.items():
        if isinstance(value, dict):
            lines += [f"{indent}{key}:", *_lines(value, indent + "  ")]
        elif isinstance(value, list):
            lines.append(f"{indent}{key}: [{', '.join(map(str, value))}]")
        else:
            text = str(value).lower() if isinstance(value, bool) else value
            lines.append(f"{indent}{key}: {text}")
    return lines
