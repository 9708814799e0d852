"""`python -m fleet portal …`: what only a person can do in Zoom's portal."""

import click

from fleet.pulumi import PulumiFailed
from fleet.tenants import declared_by, settings_of
from services.entra.consent import read_consent
from services.entra.graph import Graph
from services.errors import ServiceError
from services.settings import Settings
from services.zoom import portal_person
from services.zoom.api import ZoomApi
from services.zoom.portal_person import Person
from tenant import desired
from tenant.consent_policies import Unread
from tenant.effective import lacking
from tenant.errors import DeclarationError
from tenant.model import Tenant


@click.group()
def portal() -> None:
    """Sign in to Zoom's portal, and authorize the calendar there.

    For tenants with `zoom.calendar.channel: portal`; needs `make setup PORTAL=1` once.
    """


@portal.command()
@click.argument("tenant")
def login(tenant: str) -> None:
    """Open a browser, let a person sign in to TENANT's Zoom portal, and keep the state.

    The file is as good as a password: it has mode 0600, in this user's data folder or where
    ZOOM_PORTAL_STATE says, and never in a repository.
    """
    _declared(tenant)
    click.echo("Sign in as an owner or administrator; it ends by itself at Account Settings.")
    try:
        file = portal_person.sign_in(_settings(tenant), tenant)
    except ServiceError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"Signed in; the state is in {file}. Next: pulumi preview --diff -s {tenant}")


@portal.command()
@click.argument("tenant")
def authorize(tenant: str) -> None:
    """Authorize the calendar for the company: the article's solution 2.

    Walks to Room Management, Calendar Integration, Authorize with OAuth 2.0, ticks the box, and
    hands over at Microsoft's sign-in. Then looks for the grant in Entra and for the service in
    Zoom's API. Exit 1: it was not authorized, or the grant is not there.
    """
    try:
        lines = authorize_and_verify(_declared(tenant), tenant, _settings(tenant))
    except ServiceError as error:
        raise click.ClickException(str(error)) from None
    for line in lines:
        click.echo(line)


def authorize_and_verify(
    declared: Tenant,
    tenant: str,
    settings: Settings,
    *,
    person: Person | None = None,
    headless: bool = False,
) -> list[str]:
    """Has a person authorize, and reads what came of it; returns what to tell.

    Raises ServiceError, and ClickException where the grant in Entra is not what is declared.
    """
    if declared.consent.by != "admin" or declared.application.source != "zoom":
        raise click.ClickException(
            "only for consent.by: admin with application.source: zoom; users who consent for "
            "themselves do it when they sign in"
        )
    portal_person.authorize(settings, tenant, person=person, headless=headless)
    permissions = sorted(declared.consent.permissions)
    facts, _ = read_consent(Graph(settings), desired.client_id(declared) or "", permissions)
    if isinstance(facts.granted, Unread):
        raise click.ClickException(f"Entra: the tenant-wide grant is unknown: {facts.granted.why}")
    if missing := lacking(facts):
        raise click.ClickException(
            f"Entra: the tenant-wide grant of Zoom's application lacks {', '.join(missing)}: it "
            "was not accepted at Microsoft's page, or not everywhere yet; `pulumi up` adds it"
        )
    lines = [f"Entra: the tenant-wide grant has {', '.join(permissions)}."]
    try:
        names = ZoomApi(settings).calendar_services()
        lines.append(f"Zoom: calendar services: {', '.join(names) or 'none'}.")
    except ServiceError as error:
        lines.append(f"Zoom: the calendar services are unknown: {error}")
    told = f"python -m fleet attest {tenant} admin_consents_for_company on --evidence SCREENSHOT"
    return [*lines, f"Next, attest to it: {told}"]


def _declared(tenant: str) -> Tenant:
    try:
        return declared_by(tenant)
    except DeclarationError as error:
        raise click.ClickException(str(error)) from None


def _settings(tenant: str) -> Settings:
    """As everywhere, and the environment alone where `pulumi` is missing or cannot say."""
    try:
        return settings_of(tenant)
    except PulumiFailed:
        return Settings()
