"""The article's four settings: what each is called in Zoom's portal, and what a person has to do.

None is in Zoom's published API, so a person sets them and attests to it. Labels are those of the
article (2020) and of Zoom's current support pages, in tenant/catalogue.json.
"""

import datetime
from dataclasses import dataclass
from functools import cache
from typing import Literal

from msgspec import UNSET

from tenant.catalogue import load
from tenant.model import Attestation, Tenant

Standing = Literal["attested", "expired", "missing", "contradicted"]


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

    def step(self, value: bool) -> str:
        """The one sentence that tells a person what to click."""
        return (
            f'{self.page}: "{self.label}": {self.on if value else self.off}. '
            f'Older portal: {self.old_page}: "{self.old_label}": {"on" if value else "off"}.'
        )


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
        )
        for setting in load().portal
        if setting.article
    )


@dataclass(frozen=True)
class Check:
    """Where one declared setting of the portal stands."""

    setting: CalendarSetting
    declared: bool
    standing: Standing
    reason: str

    @property
    def step(self) -> str:
        return self.setting.step(self.declared)


def in_portal(tenant: Tenant) -> dict[str, bool]:
    """Those of the declared settings that Zoom's API has no path for, as far as the file says."""
    return {
        name: value
        for name, value in declared_settings(tenant).items()
        if name not in tenant.zoom.paths
    }


def attestations_required(tenant: Tenant) -> bool:
    """Whether a setting that nobody vouches for is to fail the preview."""
    calendar = tenant.zoom.calendar
    return calendar is not UNSET and calendar.attestations.required


def counted(checks: list[Check], verified: int = 0, unread: int = 0) -> str:
    """The article's settings in one line, apart by how they are known.

    verified: how many a service told; unread: how many it should have told and did not.
    """
    standings = [check.standing for check in checks]
    expired = standings.count("expired")
    nobody = len(standings) - standings.count("attested") - expired
    return (
        f"Calendar settings: {verified} verified, {standings.count('attested')} attested, "
        f"{expired} expired, {nobody + unread} unknown"
    )


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


def check_attestations(tenant: Tenant, today: datetime.date) -> list[Check]:
    """What a person's word says of each declared setting on the day `today`."""
    declared = declared_settings(tenant)
    calendar, paths = tenant.zoom.calendar, tenant.zoom.paths
    if calendar is UNSET:
        return []
    attestations = calendar.attestations
    return [
        _check(setting, declared[setting.name], getattr(attestations, setting.name), today)
        for setting in article_settings()
        if setting.name in declared and setting.name not in paths
    ]


def _check(
    setting: CalendarSetting, declared: bool, said: Attestation | object, today: datetime.date
) -> Check:
    if not isinstance(said, Attestation):
        return Check(setting, declared, "missing", "nobody has attested to it")
    if said.value is not declared:
        value = "on" if said.value else "off"
        reason = f"{said.who} attested {value} on {said.when}"
        return Check(setting, declared, "contradicted", reason)
    if not said.when <= today <= said.until:
        reason = f"{said.who}'s attestation counts from {said.when} to {said.until}"
        return Check(setting, declared, "expired", reason)
    return Check(setting, declared, "attested", f"{said.who}, {said.when}, until {said.until}")


def portal_steps(checks: list[Check]) -> list[str]:
    """What a person still has to click, numbered, in order; [] when all is attested."""
    open_checks = [check for check in checks if check.standing != "attested"]
    return [
        f"{number}. {check.step} ({check.reason})" for number, check in enumerate(open_checks, 1)
    ]
