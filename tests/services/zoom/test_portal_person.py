"""A person signs in and consents, in a real Chromium without a window."""

import json
import re

import pytest
from click import ClickException
from playwright.sync_api import Page

from demo.person import sign_in_to_microsoft, sign_in_to_zoom
from emulator import Emulator
from emulator.entra_grants import grant_id
from emulator.seed_entra import ZOOM_APP_ID
from fleet.portal import authorize_and_verify
from services.errors import Refused, SignedOut
from services.zoom import portal as portal_module
from services.zoom import portal_person
from services.zoom.portal import Portal
from services.zoom.portal_person import Person, sign_in
from services.zoom.portal_state import MARK, save_state, whose
from tenant.declaration import parse_file
from tenant.model import Tenant
from tests.portal_person import (
    NAMES,
    settings,
    signed_in,
)

pytestmark = pytest.mark.browser


def tenant(by: str = "admin") -> Tenant:
    return parse_file(
        "config: {zoom-calendar:tenant: {name: C, domains: [contoso.com], application: "
        f"{{source: zoom}}, zoom: {{}}, consent: {{by: {by}, "
        "permissions: [Calendars.ReadWrite, Contacts.ReadWrite]}}}",
        "f",
    )


def company_grants(emulator: Emulator) -> list[str]:
    grants = emulator.snapshot()["entra"]["oauth2PermissionGrants"].values()
    return [one["scope"] for one in grants if one["consentType"] == "AllPrincipals"]


def authorized(emulator: Emulator, person: Person) -> list[str]:
    """What is told when `person` is handed over to at Microsoft's sign-in."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", emulator.env["SSL_CERT_FILE"])
        return authorize_and_verify(
            tenant(), "contoso", settings(emulator), person=person, headless=True
        )


def cancel(page: Page) -> None:
    sign_in_to_microsoft(page, decision="Cancel")


def test_whoever_signs_in_leaves_a_state_that_reads_the_portal(portal_emulator: Emulator) -> None:
    known = settings(portal_emulator)
    file = sign_in(known, "contoso", person=sign_in_to_zoom, headless=True)
    assert file.stat().st_mode & 0o777 == 0o600
    state = json.loads(file.read_text())
    assert state["cookies"]
    portal = Portal(known, "contoso")
    assert set(portal.read(list(NAMES)).values) == set(NAMES)
    portal.close()
    assert json.loads(file.read_text())[MARK] == state[MARK]


def test_a_state_of_another_tenant_is_neither_used_nor_signed_over(
    portal_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = signed_in(portal_emulator, ZOOM_ACCOUNT_ID="")
    theirs = settings(portal_emulator, ZOOM_ACCOUNT_ID="", ZOOM_PORTAL_STATE=str(file))
    save_state(file, {**json.loads(file.read_text()), **whose(theirs, "contoso")})
    before = file.read_bytes()
    monkeypatch.setattr(portal_person, "signed_in_context", lambda *_: pytest.fail("a browser"))
    monkeypatch.setattr(portal_module, "signed_in_context", lambda *_: pytest.fail("a browser"))
    portal = Portal(theirs, "fabrikam")
    for act in (
        lambda: portal.read(list(NAMES)),
        lambda: portal.write({"users_can_consent": False}),
        lambda: sign_in(theirs, "fabrikam", headless=True),
        lambda: portal_person.authorize(theirs, "fabrikam", headless=True),
    ):
        with pytest.raises(SignedOut, match="signed in for tenant contoso, and this is fabrikam"):
            act()
    assert file.read_bytes() == before


def test_nobody_who_signs_in_leaves_no_state(portal_emulator: Emulator) -> None:
    with pytest.raises(SignedOut, match=r"nothing happened for 0\.3 s"):
        sign_in(settings(portal_emulator), "contoso", headless=True, wait=0.3)


def test_a_window_needs_a_display(
    portal_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(portal_person, "has_display", lambda: False)
    with pytest.raises(SignedOut, match=r"there is no display here.*ZOOM_PORTAL_STATE"):
        sign_in(settings(portal_emulator), "contoso")


def test_an_administrator_who_accepts_ends_in_the_grant_and_the_calendar_service(
    portal_emulator: Emulator,
) -> None:
    signed_in(portal_emulator)
    before = company_grants(portal_emulator)
    text = "\n".join(authorized(portal_emulator, sign_in_to_microsoft))
    assert "the tenant-wide grant has Calendars.ReadWrite, Contacts.ReadWrite" in text
    assert re.search(r"calendar services: .*Office 365", text)
    assert "fleet attest contoso admin_consents_for_company on" in text
    assert sorted(company_grants(portal_emulator)) == sorted(
        [*before, "Calendars.ReadWrite Contacts.ReadWrite"]
    )
    assert portal_emulator.snapshot()["zoom"]["portal"]["admin_consented"] is True


def test_an_administrator_who_cancels_grants_nothing_and_is_told(
    portal_emulator: Emulator,
) -> None:
    signed_in(portal_emulator)
    before = company_grants(portal_emulator)
    with pytest.raises(ClickException, match=r"lacks Calendars.ReadWrite"):
        authorized(portal_emulator, cancel)
    assert company_grants(portal_emulator) == before


def grants_of_other_apis(emulator: Emulator) -> None:
    """One with the names of what is declared, and one without any."""
    entra = emulator.world.data["entra"]
    principals = entra["servicePrincipals"].values()
    zoom = next(one["id"] for one in principals if one["appId"] == ZOOM_APP_ID)
    others = (one["id"] for one in principals if one["displayName"] != "Microsoft Graph")
    for scope, resource in zip(
        ("Calendars.ReadWrite Contacts.ReadWrite", None), others, strict=False
    ):
        one = {
            "clientId": zoom,
            "consentType": "AllPrincipals",
            "principalId": None,
            "resourceId": resource,
            "scope": scope,
        }
        entra["oauth2PermissionGrants"][grant_id(one)] = {**one, "id": grant_id(one)}


@pytest.mark.parametrize(
    ("roles", "told"),
    [
        (None, r"lacks Calendars\.ReadWrite, Contacts\.ReadWrite"),
        (["Application.Read.All"], r"grant is unknown: the identity lacks Directory\.Read"),
    ],
)
def test_only_a_grant_of_microsoft_graph_that_was_read_is_the_calendars(
    portal_emulator: Emulator, roles: list[str] | None, told: str
) -> None:
    signed_in(portal_emulator)
    grants_of_other_apis(portal_emulator)
    if roles:
        portal_emulator.grant_roles(roles)
    with pytest.raises(ClickException, match=told):
        authorized(portal_emulator, cancel)


def test_who_is_no_administrator_never_comes_back_from_microsoft(
    portal_emulator: Emulator,
) -> None:
    signed_in(portal_emulator)
    with pytest.raises(SignedOut, match="nothing happened"):
        portal_person.authorize(
            settings(portal_emulator),
            "contoso",
            person=lambda page: sign_in_to_microsoft(page, "adele@contoso.com", ""),
            headless=True,
            wait=0.5,
        )
    assert portal_emulator.snapshot()["zoom"]["portal"]["admin_consented"] is False


def test_a_portal_without_the_articles_menu_is_refused(
    portal_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed_in(portal_emulator)
    monkeypatch.setattr(portal_person, "PATIENCE", 1.0)
    monkeypatch.setattr(portal_person, "_AUTHORIZE", ("Allow",))
    with pytest.raises(Refused, match=r'no controls are labelled "Allow".*Nothing was authorized'):
        portal_person.authorize(settings(portal_emulator), "contoso", headless=True)


def test_users_who_consent_for_themselves_need_no_authorization(
    portal_emulator: Emulator,
) -> None:
    with pytest.raises(ClickException, match=r"only for consent.by: admin"):
        authorize_and_verify(tenant("user"), "contoso", settings(portal_emulator))
