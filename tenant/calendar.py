"""The article's four settings: what each is called in Zoom's portal, and what a person has to do.

None is in Zoom's published API, so a person sets them and attests to it, or a browser does it in
the portal. Labels are those of the article (2020) and of Zoom's current support pages, in
tenant/catalogue.json.
"""

import datetime
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

from msgspec import UNSET

from tenant.catalogue import load
from tenant.model import Attestation, Tenant

Channel = Literal["api", "portal", "attested"]

# pending: this run has yet to read or write it. Only of the attested channel: expired, missing,
# contradicted.
Standing = Literal[
    "verified", "attested", "pending", "unknown", "expired", "missing", "contradicted"
]


@dataclass(frozen=True)
class CalendarSetting:
    """One setting of the portal: its name here, its labels then and now, in the order to click."""

    name: str
    page: str
    old_page: str
    label: str
    old_label: str
    on: str
    off: str
    in_portal: bool

    def step(self, value: bool) -> str:
        """The one sentence that tells a person what to click."""
        now = f'{self.page}: "{self.label}": {self.on if value else self.off}.'
        if self.old_page == self.page:  # it never moved
            return now
        old = f'{self.old_page}: "{self.old_label}": {"on" if value else "off"}'
        return f"{now} Older portal: {old}."


@cache
def article_settings() -> tuple[CalendarSetting, ...]:
    """The article's settings from the catalogue, in the order to click: its labels and today's."""
    return tuple(
        CalendarSetting(
            name=setting.name,
            page=setting.labels[-1].page,
            old_page=setting.labels[0].page,
            label=setting.labels[-1].label,
            old_label=setting.labels[0].label,
            on=setting.on,
            off=setting.off,
            in_portal="portal" in setting.channels,
        )
        for setting in load().portal
        if setting.article
    )


@dataclass(frozen=True)
class Check:
    """Where one declared article setting stands, and why."""

    setting: CalendarSetting
    channel: Channel
    declared: bool
    standing: Standing
    reason: str

    @property
    def step(self) -> str:
        return self.setting.step(self.declared)

    @property
    def needs_a_person(self) -> bool:
        """Whether nobody vouches for it and no service will: what is over the API, a run heals."""
        return self.channel != "api" and self.standing not in ("verified", "attested", "pending")


def declared_settings(tenant: Tenant) -> dict[str, bool]:
    """Setting name to declared value, in the order to click; {} where none is declared.

    The consent settings follow from who consents, so Zoom and Entra cannot be declared apart.
    """
    calendar = tenant.zoom.calendar
    if calendar is UNSET:
        return {}
    declared = {
        "calendar_and_contacts_integration": calendar.integration,
        "integrate_calendar_on_sign_in": calendar.integrate_on_sign_in,
        "users_can_consent": tenant.consent.by == "user",
    }
    if tenant.consent.by == "admin":
        declared["admin_consents_for_company"] = True
    return declared


def settings_over(tenant: Tenant, *channels: Channel) -> dict[str, bool]:
    """Those of the declared settings that are read and set over one of `channels`."""
    return {
        name: value
        for name, value in declared_settings(tenant).items()
        if _channel(tenant, name) in channels
    }


def _channel(tenant: Tenant, name: str) -> Channel:
    """A path in Zoom's API comes first; what is an action of a person has no other channel."""
    calendar = tenant.zoom.calendar
    if name in tenant.zoom.paths:
        return "api"
    if calendar is not UNSET and calendar.channel == "portal" and _by_name()[name].in_portal:
        return "portal"
    return "attested"


@cache
def _by_name() -> dict[str, CalendarSetting]:
    return {setting.name: setting for setting in article_settings()}


def attestations_required(tenant: Tenant) -> bool:
    """Whether a setting that nobody vouches for is to fail the preview."""
    calendar = tenant.zoom.calendar
    return calendar is not UNSET and calendar.attestations.required


def check_settings(
    tenant: Tenant,
    today: datetime.date,
    unread: Mapping[str, str] | None = None,
    pending: Collection[str] = (),
) -> list[Check]:
    """Where each declared setting stands on the day `today`, in the order to click.

    unread: why a service did not tell, by setting. pending: what is to be read or written first.
    A person's word counts for what the portal did not tell.
    """
    checks = []
    for name, declared in declared_settings(tenant).items():
        setting, channel = _by_name()[name], _channel(tenant, name)
        if channel == "attested":
            checks.append(_check_attestation(tenant, setting, declared, today))
        elif name in pending:
            reason = "this run has yet to read or write it"
            checks.append(Check(setting, channel, declared, "pending", reason))
        elif name not in (unread or {}):
            where = "Zoom's API" if channel == "api" else "the portal"
            checks.append(Check(setting, channel, declared, "verified", f"read in {where}"))
        else:
            said = _check_attestation(tenant, setting, declared, today)
            if channel == "api" or said.standing != "attested":
                reason = (unread or {})[name]
                said = replace(said, standing="unknown", reason=f"not read: {reason.rstrip('.')}")
            checks.append(replace(said, channel=channel))
    return checks


def _check_attestation(
    tenant: Tenant, setting: CalendarSetting, declared: bool, today: datetime.date
) -> Check:
    """What a person's word says."""
    calendar = tenant.zoom.calendar
    assert calendar is not UNSET
    said = getattr(calendar.attestations, setting.name)
    standing: Standing = "attested"
    if not isinstance(said, Attestation):
        standing, reason = "missing", "nobody has attested to it"
        if calendar.channel == "portal":
            reason += "; `python -m fleet portal authorize` walks there"
    elif said.value is not declared:
        standing = "contradicted"
        reason = f"{said.who} attested {'on' if said.value else 'off'} on {said.when}"
    elif not said.when <= today <= said.until:
        standing = "expired"
        reason = f"{said.who}'s attestation counts from {said.when} to {said.until}"
    else:
        reason = f"{said.who}, {said.when}, until {said.until}"
    return Check(setting, "attested", declared, standing, reason)


def counted(checks: list[Check]) -> str:
    """The article's settings in one line, apart by how they are known."""
    counts: Counter[str] = Counter(
        "unknown" if check.standing in ("missing", "contradicted") else check.standing
        for check in checks
    )
    shown = ["verified", "attested", "expired", "unknown", *(["pending"] * ("pending" in counts))]
    return f"Calendar settings: {', '.join(f'{counts[one]} {one}' for one in shown)}"


def portal_steps(checks: list[Check]) -> list[str]:
    """What a person still has to click, numbered, in order; [] when all is done."""
    open_checks = [check for check in checks if check.needs_a_person]
    return [
        f"{number}. {check.step} ({check.reason})" for number, check in enumerate(open_checks, 1)
    ]
