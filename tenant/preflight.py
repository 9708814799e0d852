"""What must hold before Zoom and Entra can be as declared: rules over facts, pure.

services/preflight.py reads the facts; the program and `python -m fleet preflight` show the rows.
"""

from dataclasses import dataclass
from typing import Any, Literal

from tenant.desired import client_id
from tenant.model import Tenant

Standing = Literal["ok", "not ok", "unknown"]

_NO_TOKEN = ("missing", "rejected")
LARGEST_SKEW = 60.0  # seconds; certificates' assertions and rate limits are times


@dataclass(frozen=True)
class Wanted:
    """What of a declaration the preflight is about.

    principal: the client id of the application whose service principal `pulumi up` needs to find;
    '' where it makes one, or none is needed.
    """

    account: str
    domains: tuple[str, ...]
    settings: bool
    locks: bool
    principal: str = ""


def wanted(tenant: Tenant) -> Wanted:
    """The part of `tenant` that asks something of the credentials, the plan or the domains."""
    zoom = tenant.zoom
    settings = bool(zoom.settings or zoom.paths)
    found = tenant.consent.by == "admin" and not tenant.application.ensure_principal
    principal = (client_id(tenant) or "") if found else ""
    return Wanted(zoom.account, tenant.domains, settings, bool(zoom.locks), principal)


@dataclass(frozen=True)
class Failure:
    """Why a fact could not be read; `kind` says what that means for the row."""

    kind: Literal["unknown", "missing", "rejected", "plan"]
    text: str


@dataclass(frozen=True)
class Facts:
    """What is there. A Failure stands where it could not be read, None where nobody said.

    settings: the account's settings document. managed: Zoom's managed domains, name to status.
    entra: the tenant that Entra's token is for. principal: whether the wanted one is there.
    verified: Entra's verified domains. skew: seconds this machine's clock is ahead.
    """

    scopes: frozenset[str] | Failure
    settings: dict[str, Any] | Failure
    managed: dict[str, str] | Failure
    entra: str | Failure | None
    principal: bool | Failure | None
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
        _entra(facts),
        _principal(what, facts),
        _verified(what, facts),
        _clock(facts),
    ]


def rejected(what: Wanted, facts: Facts) -> list[str]:
    """Why credentials that are given and needed are refused: with them no `pulumi up` can end well.

    Those that are missing are not among them: a first preview may be run by who has none.
    """
    needed = [facts.entra, *([facts.scopes] if what.settings or what.locks else [])]
    return [one.text for one in needed if isinstance(one, Failure) and one.kind == "rejected"]


def _credentials(what: Wanted, facts: Facts) -> Row:
    name = "Zoom: credentials"
    if not isinstance(facts.scopes, Failure):
        return Row(name, "ok", "Zoom gave a token")
    if facts.scopes.kind in _NO_TOKEN and (what.settings or what.locks):
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


def _entra(facts: Facts) -> Row:
    name = "Entra: credentials"
    if not isinstance(facts.entra, Failure):
        of = f" of tenant {facts.entra}" if facts.entra else ""
        return Row(name, "ok", f"Entra gave a token{of}")
    return Row(name, "not ok" if facts.entra.kind in _NO_TOKEN else "unknown", facts.entra.text)


def _principal(what: Wanted, facts: Facts) -> Row:
    name = "Entra: Zoom's application"
    if not what.principal:
        return Row(name, "ok", "`pulumi up` needs none that is there before")
    if isinstance(facts.principal, Failure):
        return Row(name, "unknown", facts.principal.text)
    if facts.principal:
        return Row(name, "ok", f"the tenant has a service principal of {what.principal}")
    fix = (
        "Zoom adds it when the calendar is first authorized (`python -m fleet portal authorize`, "
        "or Room Management > Calendar Integration in Zoom's portal); or declare "
        "application.ensurePrincipal: true; or correct application.clientId"
    )
    return Row(name, "not ok", f"the tenant has no service principal of {what.principal}", fix)


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
