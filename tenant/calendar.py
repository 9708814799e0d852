"""The article's four settings: what each is called in Zoom's portal, and what a person has to do.

None is in Zoom's published API, so a person sets them and attests to it, or a browser does it in
the portal. Labels are those of the article (2020) and of Zoom's current support pages, in
tenant/catalogue.json.
"""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

from msgspec import UNSET

from tenant.catalogue import load
from tenant.model import Attestation, Tenant

Standing = Literal["verified", "attested", "unknown", "expired", "missing", "contradicted"]
DONE = ("verified", "attested")


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
            in_portal="portal" in setting.channels,
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
    calendar = tenant.zoom.calendar
    if calendar is UNSET:
        return []
    attestations = calendar.attestations
    return [
        _check(setting, declared[setting.name], getattr(attestations, setting.name), today)
        for setting in article_settings()
        if setting.name in declared
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


def uses_portal(tenant: Tenant) -> bool:
    """Whether a browser reads and sets the settings of the portal."""
    calendar = tenant.zoom.calendar
    return calendar is not UNSET and calendar.channel == "portal"


def portal_settings(tenant: Tenant) -> dict[str, bool]:
    """What a browser is to set, by setting: all that is declared and no action of a person."""
    settable = {setting.name for setting in article_settings() if setting.in_portal}
    return {name: value for name, value in declared_settings(tenant).items() if name in settable}


def check_portal(tenant: Tenant, unread: Mapping[str, str], today: datetime.date) -> list[Check]:
    """Where each declared setting stands when a browser looks: `unread` has the reasons why not.

    A person's word counts for what the browser could not read, and for what only they can do.
    """
    checks = []
    for check in check_attestations(tenant, today):
        if not check.setting.in_portal:
            how = "python -m fleet portal authorize TENANT"
            checks.append(replace(check, reason=f"{check.reason}; {how} walks there"))
        elif check.setting.name not in unread:
            checks.append(replace(check, standing="verified", reason="the portal shows it"))
        elif check.standing == "attested":
            checks.append(check)
        else:
            checks.append(replace(check, standing="unknown", reason="the portal was not read"))
    return checks


def need_of_a_person(checks: list[Check]) -> str:
    """One line on how many settings wait for a person, and how many do not."""
    counts = {
        one: sum(check.standing == one for check in checks) for one in ("verified", "attested")
    }
    still = len(checks) - sum(counts.values())
    done = ", ".join(f"{count} {one}" for one, count in counts.items() if count)
    return (
        f"{still} of {len(checks)} settings need a person in Zoom's portal, who then attests to "
        f"them in the tenant's file{f' ({done})' if done else ''}:"
    )


def portal_steps(checks: list[Check]) -> list[str]:
    """What a person still has to click, numbered, in order; [] when all is done."""
    open_checks = [check for check in checks if check.standing not in DONE]
    return [
        f"{number}. {check.step} ({check.reason})" for number, check in enumerate(open_checks, 1)
    ]
