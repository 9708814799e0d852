"""The rule that joins both sides: what Zoom asks of users must be what Entra lets them do. Pure.

Zoom on: it asks every user, whoever has consented for the company, so every user must be allowed
to consent. Zoom off: it asks nobody, so an administrator must have consented. Zoom's own field
guide calls it a matching exercise; no setting of either side knows of the other.
"""

import datetime
from dataclasses import dataclass, replace
from typing import Final, Literal

from msgspec import UNSET

from tenant.calendar import Check, Standing, settings_over
from tenant.consent_policies import Maybe, all_of
from tenant.effective import Answer
from tenant.model import Attestation, Tenant

USERS_CAN_CONSENT: Final = "users_can_consent"

# What users see when an application may not be used without an administrator.
NEED_APPROVAL = '"Need admin approval"'


@dataclass(frozen=True)
class Where:
    """Where Zoom's setting "users can consent" can be read: a path in the account's settings, or
    the portal. Else a person looks.

    names: all that is read in the portal, so that one look at the page serves for all of them.
    """

    path: str = ""
    names: tuple[str, ...] = ()


def where_of(tenant: Tenant) -> Where:
    """Where the tenant's file says that it can be read."""
    path = tenant.zoom.paths.get(USERS_CAN_CONSENT, "")
    return Where(path, tuple(settings_over(tenant, "portal")))


@dataclass(frozen=True)
class Asks:
    """Zoom's setting "users can consent": its value and the file's, None where not known.

    standing: how the value is known, declared for what is yet to be set; reason: by whom, or why it
    is not.
    """

    value: bool | None
    declared: bool | None
    standing: Standing | Literal["declared"]
    reason: str


@dataclass(frozen=True)
class Verdict:
    """Both sides together. as_declared: they match, and in the way that the file says."""

    match: Literal["match", "mismatch", "unknown"]
    as_declared: bool
    sentence: str
    answer: Answer
    asks: Asks


def asks_of(tenant: Tenant, checks: list[Check], live: bool | None, today: datetime.date) -> Asks:
    """Zoom's setting: as a service read it (`live`), else as a person attested to it.

    checks: where the article's settings stand (tenant/calendar.py).
    """
    check = next((one for one in checks if one.setting.name == USERS_CAN_CONSENT), None)
    declared = None if check is None else check.declared
    if live is not None:
        return Asks(live, declared, "verified", "read in Zoom")
    if check is None:
        return Asks(None, None, "unknown", "zoom.calendar is not declared")
    if check.standing in ("verified", "attested"):
        return Asks(check.declared, check.declared, check.standing, check.reason)
    calendar = tenant.zoom.calendar
    assert calendar is not UNSET
    said = calendar.attestations.users_can_consent
    if isinstance(said, Attestation) and said.when <= today <= said.until:
        agrees = said.value is check.declared
        who = f"{said.who} saw it {'on' if said.value else 'off'} on {said.when}"
        standing: Standing = "attested" if agrees else "contradicted"
        return Asks(said.value, check.declared, standing, who)
    return Asks(None, check.declared, check.standing, check.reason)


def compare(answer: Answer, asks: Asks, by: str) -> Verdict:
    """Whether what Zoom asks of users is what Entra lets them do; `by` is the file's consent.by."""
    fits = {on: _fits(answer, on) for on in (True, False)}
    fit = fits[asks.value] if asks.value is not None else _same(fits[True], fits[False])
    declared = by == "user"
    as_declared = fit is True and asks.value in (None, declared)
    if asks.value is None and asks.declared is None:
        as_declared = fits[declared] is True  # Zoom's side is nobody's business here
    match: Literal["match", "mismatch", "unknown"] = (
        "unknown" if fit is None else "match" if fit else "mismatch"
    )
    verdict = Verdict(match, as_declared, "", answer, asks)
    return replace(verdict, sentence=_sentence(verdict, declared))


def _fits(answer: Answer, on: bool) -> Maybe:
    """Zoom on asks every user, whoever has consented for the company; off asks nobody."""
    if on:
        return answer.may_consent
    return all_of([answer.granted, answer.may_enter])


def _same(one: Maybe, other: Maybe) -> Maybe:
    return one if one == other else None


def _sentence(verdict: Verdict, declared: bool) -> str:
    answer, asks = verdict.answer, verdict.asks
    asking = {True: "Zoom asks its users to consent", False: "Zoom does not ask its users"}
    if asks.value is None:
        zoom = f"whether Zoom asks its users is unknown ({asks.reason})"
    else:
        zoom = f"{asking[asks.value]} ({_standing(asks)})"
    entra = f"in Entra {answer.why}"
    match verdict.match:
        case "match":
            other = "" if verdict.as_declared else ", but not as declared"
            other = " either way" if asks.value is None else other
            return f"Zoom and Entra match{other}: {zoom}, and {entra}"
        case "mismatch":
            return f"Zoom and Entra do not match: {zoom}, and {entra}: {users_see(answer, asks)}"
    if verdict.as_declared:
        return f"{entra[0].upper()}{entra[1:]}; Zoom's setting is not declared"
    return f"Whether Zoom and Entra match is unknown: {zoom}, and {entra}"


def _standing(asks: Asks) -> str:
    return f"{'attested' if asks.standing == 'contradicted' else asks.standing}: {asks.reason}"


def users_see(answer: Answer, asks: Asks) -> str:
    """What a user meets who signs in to Zoom, where the two sides do not match."""
    if answer.effective == "blocked":
        return "users cannot sign in to it"
    if answer.granted and answer.may_enter is False:
        return "users are refused (AADSTS50105)"
    if asks.value and answer.granted:
        return f"users meet {NEED_APPROVAL} again and again, although an administrator approved"
    if asks.value is False:
        return "users are not asked, and Zoom may not read their calendars"
    return f"users meet {NEED_APPROVAL}"
