"""The article's four settings: what each is called in Zoom's portal, and what a person has to do.

None is in Zoom's published API, so a person sets them and attests to it. Labels are those of the
article (2020) and of Zoom's current support pages (KB0069503, KB0066539, KB0077944).
"""

import datetime
from dataclasses import dataclass
from typing import Literal

from msgspec import UNSET

from tenant.model import Attestation, Attestations, Tenant

Standing = Literal["attested", "expired", "missing", "contradicted"]

OLD_PAGE = "Account Settings > Schedule Meeting"
NEW_PAGE = "Account Management > Account Settings > Mail & Calendar > Integrations"
ROOMS_PAGE = "Room Management > Calendar Integration"


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


SETTINGS = (
    CalendarSetting(
        name="calendar_and_contacts_integration",
        page=NEW_PAGE,
        old_page=OLD_PAGE,
        label="Integrate third-party mail and calendar services",
        old_label="Calendar and Contact Integration",
        on="turn on and confirm Enable",
        off="turn off and confirm Disable",
    ),
    CalendarSetting(
        name="integrate_calendar_on_sign_in",
        page=NEW_PAGE,
        old_page=OLD_PAGE,
        label="Ask users to integrate Office 365 calendar when signing in with SSO credentials",
        old_label="Automatically integrate user's calendar upon login",
        on="turn on, then Save",
        off="turn off, then Save",
    ),
    CalendarSetting(
        name="users_can_consent",
        page=NEW_PAGE,
        old_page=OLD_PAGE,
        label="Who can set up the integration",
        old_label="Office 365 users can consent to enterprise applications accessing company data "
        "on their behalf",
        on='choose "Users can set up the integration by using OAuth", then Save',
        off='choose "Office 365 admin can set up the integration by using Application '
        'Permissions", then Save',
    ),
    CalendarSetting(
        name="admin_consents_for_company",
        page=ROOMS_PAGE,
        old_page=ROOMS_PAGE,
        label="Authorize with OAuth 2.0",
        old_label="I'm the admin and I'm consenting on behalf of the company",
        on="tick \"I'm the admin and I'm consenting on behalf of the company\", choose "
        "Authorize (or Authorize and Save), and sign in to Microsoft as the Office 365 "
        "administrator",
        off="nothing to click: Entra's grant decides",
    ),
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
    attestations = Attestations() if calendar is UNSET else calendar.attestations
    return [
        _check(setting, declared[setting.name], getattr(attestations, setting.name), today)
        for setting in SETTINGS
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


def portal_steps(checks: list[Check]) -> list[str]:
    """What a person still has to click, numbered, in order; [] when all is attested."""
    open_checks = [check for check in checks if check.standing != "attested"]
    return [
        f"{number}. {check.step} ({check.reason})" for number, check in enumerate(open_checks, 1)
    ]
