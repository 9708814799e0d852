"""What must hold before Zoom and Entra can be as declared: rules over facts, pure.

services/preflight.py reads the facts; the program and `python -m fleet preflight` show the rows.
"""

from dataclasses import dataclass
from typing import Any, Literal

from tenant.model import Tenant

Standing = Literal["ok", "not ok", "unknown"]

LARGEST_SKEW = 60.0  # seconds; certificates' assertions and rate limits are times


@dataclass(frozen=True)
class Wanted:
    """What of a declaration the preflight is about."""

    account: str
    domains: tuple[str, ...]
    settings: bool
    locks: bool


def wanted(tenant: Tenant) -> Wanted:
    """The part of `tenant` that asks something of the credentials, the plan or the domains."""
    zoom = tenant.zoom
    settings = bool(zoom.settings or zoom.paths)
    return Wanted(zoom.account, tenant.domains, settings, bool(zoom.locks))


@dataclass(frozen=True)
class Failure:
    """Why a fact could not be read; `kind` says what that means for the row."""

    kind: Literal["unknown", "rejected", "plan"]
    text: str


@dataclass(frozen=True)
class Facts:
    """What is there. A Failure stands where it could not be read, None where nobody said.

    settings: the account's settings document. managed: Zoom's managed domains, name to status.
    verified: Entra's verified domains. skew: seconds this machine's clock is ahead.
    """

    scopes: frozenset[str] | Failure
    settings: dict[str, Any] | Failure
    managed: dict[str, str] | Failure
    verified: frozenset[str] | Failure
    skew: float | None


@dataclass(frozen=True)
class Row:
    """One thing that must hold: where it stands, what was found, and the fix ('' where ok)."""

    name: str
    standing: Standing
    found: str
    fix: str = ""

    @property
    def line(self) -> str:
        """The row as one line of a warning."""
        return f"{self.name}: {self.standing}: {self.found}{f'. {self.fix}' if self.fix else ''}"


@dataclass(frozen=True)
class Scope:
    """A scope of Zoom's, in both generations; a token with either may do it."""

    granular: str
    classic: str
    purpose: str

    def __str__(self) -> str:
        return f"{self.granular} (classic: {self.classic}) to {self.purpose}"


def scopes_to_read(what: Wanted) -> list[Scope]:
    """What a preview needs. The account `me` is the token's own; another is a sub-account."""
    own = what.account == "me"
    needed = []
    if what.settings:
        level, classic = ("admin", "account:read:admin") if own else ("master", "account:master")
        needed.append(Scope(f"account:read:settings:{level}", classic, "read account settings"))
    if what.locks:
        # Zoom has no granular :admin scope for this one, and publishes no other for sub-accounts.
        scope = "account:read:lock_settings:master"
        needed.append(Scope(scope, "account:read:admin", "read lock settings"))
    return needed


def scopes_to_write(what: Wanted) -> list[Scope]:
    """What `pulumi up` needs besides."""
    level, classic = ("admin", "account:write:admin")
    if what.account != "me":
        level, classic = ("master", "account:master")
    kinds = (("settings", what.settings), ("lock_settings", what.locks))
    return [
        Scope(f"account:update:{kind}:{level}", classic, f"change {kind.replace('_', ' ')}")
        for kind, is_wanted in kinds
        if is_wanted
    ]


def rows(what: Wanted, facts: Facts) -> list[Row]:
    """The table, in the order in which things fail."""
    return [
        _credentials(what, facts),
        _scopes("Zoom: scopes to read", scopes_to_read(what), facts),
        _scopes("Zoom: scopes to write", scopes_to_write(what), facts),
        _plan(facts),
        _single_sign_on(facts),
        _managed(what, facts),
        _verified(what, facts),
        _clock(facts),
    ]


def _credentials(what: Wanted, facts: Facts) -> Row:
    name = "Zoom: credentials"
    if not isinstance(facts.scopes, Failure):
        return Row(name, "ok", "Zoom gave a token")
    if facts.scopes.kind == "rejected" and (what.settings or what.locks):
        return Row(name, "not ok", facts.scopes.text)
    return Row(name, "unknown", facts.scopes.text)


def _scopes(name: str, needed: list[Scope], facts: Facts) -> Row:
    if not needed:
        return Row(name, "ok", "none is needed: nothing is declared over Zoom's API")
    if isinstance(facts.scopes, Failure):
        return Row(name, "unknown", "there is no token")
    if not facts.scopes:
        return Row(name, "unknown", "Zoom did not say which scopes the token has")
    missing = [one for one in needed if not facts.scopes & {one.granular, one.classic}]
    if not missing:
        return Row(name, "ok", "all that the declaration needs")
    only_up = "" if "read" in name else " A preview needs none of them, `pulumi up` does."
    return Row(
        name,
        "not ok",
        f"the token lacks {'; '.join(map(str, missing))}",
        "Add them to the Server-to-Server OAuth app in Zoom App Marketplace; they count from the "
        f"next token on.{only_up}",
    )


def _plan(facts: Facts) -> Row:
    name = "Zoom: paid plan"
    if not isinstance(facts.settings, Failure):
        return Row(name, "ok", "Zoom returns the account's settings")
    if facts.settings.kind == "plan":
        fix = "Zoom has these settings over its API for paid accounts only"
        return Row(name, "not ok", facts.settings.text, fix)
    return Row(name, "unknown", facts.settings.text)


def _single_sign_on(facts: Facts) -> Row:
    name, path = "Zoom: single sign-on", "security.signin_with_sso.enable"
    if isinstance(facts.settings, Failure):
        return Row(name, "unknown", "the account's settings cannot be read")
    node: Any = facts.settings
    for key in path.split("."):
        node = node.get(key) if isinstance(node, dict) else None
    if node is True:
        return Row(name, "ok", f"{path} is on")
    if node is False:
        fix = (
            "The integration needs sign-in over Entra: set it up under Advanced > Single Sign-On "
            "in Zoom's portal, then turn it on there or declare it under zoom.settings"
        )
        return Row(name, "not ok", f"{path} is off", fix)
    return Row(name, "unknown", f"Zoom does not return {path}")


def _managed(what: Wanted, facts: Facts) -> Row:
    name = "Zoom: domains managed"
    if isinstance(facts.managed, Failure):
        return Row(
            name,
            "unknown",
            facts.managed.text,
            "Look in Zoom's portal under Account Management > Account Profile > Associated Domains",
        )
    known = {domain.casefold(): status for domain, status in facts.managed.items()}
    wrong = []
    for domain in what.domains:
        status = known.get(domain.casefold())
        if status is None:
            wrong.append(f"{domain} is not associated")
        elif status.casefold() != "verified":
            wrong.append(f"{domain} is {status or 'without a status'}")
    if not wrong:
        return Row(name, "ok", ", ".join(what.domains))
    fix = (
        "Associate and verify them in Zoom's portal under Account Management > Account Profile > "
        "Associated Domains, or correct domains in the tenant's file"
    )
    return Row(name, "not ok", "; ".join(wrong), fix)


def _verified(what: Wanted, facts: Facts) -> Row:
    name = "Entra: domains verified"
    if isinstance(facts.verified, Failure):
        return Row(name, "unknown", facts.verified.text)
    known = {domain.casefold() for domain in facts.verified}
    missing = [domain for domain in what.domains if domain.casefold() not in known]
    if not missing:
        return Row(name, "ok", ", ".join(what.domains))
    fix = (
        "Verify them in Entra under Settings > Domain names, or correct domains in the tenant's "
        "file; check ARM_TENANT_ID"
    )
    return Row(name, "not ok", f"{', '.join(missing)} is not among the verified domains", fix)


def _clock(facts: Facts) -> Row:
    name = "This machine's clock"
    if facts.skew is None:
        return Row(name, "unknown", "no answer of Zoom's told the time")
    if abs(facts.skew) <= LARGEST_SKEW:
        return Row(name, "ok", f"within {LARGEST_SKEW:.0f} s of Zoom's")
    word = "ahead of" if facts.skew > 0 else "behind"
    fix = "Set it by NTP; tokens and rate limits are times"
    return Row(name, "not ok", f"{abs(facts.skew):.0f} s {word} Zoom's", fix)
