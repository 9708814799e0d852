"""The pages of the emulated portals: HTML with roles and labels, and no more style than that.

Three generations of the account settings are known, by their labels; nobody has published the
markup of any. A page follows the state and the options of `zoom.portal_page`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from html import escape

from .portal_script import SCRIPT
from .wire import Json

INTEGRATION, SIGN_IN, CONSENT = (
    "calendar_and_contacts_integration",
    "integrate_calendar_on_sign_in",
    "users_can_consent",
)
TABS = ("Meeting", "Recording", "Mail & Calendar", "Telephone")
CHOICES = (
    (True, "Users can set up the integration by using OAuth"),
    (False, "Office 365 admin can set up the integration by using Application Permissions"),
)


@dataclass(frozen=True)
class Row:
    """One setting on the page: how it looks, whether it asks back, whether Save is needed."""

    name: str
    label: str
    kind: str = "switch"
    asks: bool = False
    save: bool = False


@dataclass(frozen=True)
class Layout:
    """One generation of the page: the tab (none: a page without tabs) and the heading."""

    tab: str
    heading: str
    rows: tuple[Row, ...]


LAYOUTS = {
    "2020": Layout(
        "",
        "Schedule Meeting",
        (
            Row(INTEGRATION, "Calendar and Contact Integration"),
            Row(
                SIGN_IN,
                "Automatically integrate user's calendar upon login",
                kind="checkbox",
                save=True,
            ),
            Row(
                CONSENT,
                "Office 365 users can consent to enterprise applications accessing company data "
                "on their behalf",
            ),
        ),
    ),
    "2020-2023": Layout(
        "Meeting",
        "Calendar and Contacts",
        (
            Row(INTEGRATION, "Calendar and contacts integration", asks=True),
            Row(SIGN_IN, "Ask users to integrate Office 365 calendar when they sign in"),
            Row(
                CONSENT,
                "Consent to Office 365 calendar integration permissions on behalf of entire "
                "account",
            ),
        ),
    ),
    "now": Layout(
        "Mail & Calendar",
        "Integrations",
        (
            Row(INTEGRATION, "Integrate third-party mail and calendar services", asks=True),
            Row(
                SIGN_IN,
                "Ask users to integrate Office 365 calendar when signing in with SSO credentials",
                save=True,
            ),
            Row(CONSENT, "Who can set up the integration", kind="radios", save=True),
        ),
    ),
}


def options() -> dict[str, Json]:
    """The options of a portal that is well, as they are in a new state."""
    return {
        "era": "now",
        "slow": 0,  # seconds until the settings are on the page
        "notice": "",  # the name of a notice over the page
        "notice_button": "Got it",
        "labels": {},  # name: another label
        "doubled": [],  # names that are on the page twice
        "disabled": [],
        "locked": [],
        "springs_back": [],  # names that take a change and are as before
        "dialog_button": "",  # another name of the button that confirms
        "tells_on": "",  # the button of a dialog that comes after the integration was turned on
        "child_needs_parent": True,  # the other settings are grey while the integration is off
        "sign_in_at": "",  # another host, which the page leads to as single sign-on does
        "asks_password": False,  # in the page's place, at its address
        # Who is signed in, all over the page.
        "name": "Megan Bowen",
        "phone": "+1 (425) 555-0100",
        "account_number": "402155667",
    }


def page(title: str, body: str, script: str = "") -> bytes:
    """A whole HTML document."""
    run = f"<script>{script}</script>" if script else ""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}'
        f"</title></head><body>{body}{run}</body></html>"
    ).encode()


def form(action: str, content: str) -> str:
    """A form that is posted."""
    return f'<form method="post" action="{escape(action)}">{content}</form>'


def field(label: str, name: str, kind: str = "text") -> str:
    """One labelled input."""
    return f'<p><label>{escape(label)} <input name="{name}" type="{kind}"></label></p>'


def inside(title: str, main: str, email: str, script: str = "", name: str = "") -> bytes:
    """A page of the signed-in portal: who is signed in, the menu, the content."""
    menu = "".join(
        f'<li><a href="{path}">{name}</a></li>'
        for path, name in (
            ("/profile", "Profile"),
            ("/account/setting", "Account Settings"),
            ("/room/management", "Room Management"),
        )
    )
    person = (
        f'<header><button aria-label="{escape(email)}" title="{escape(name)}">{escape(email)} '
        f"{escape(name)}</button></header>"
    )
    return page(
        title,
        f'{person}<nav aria-label="Admin"><ul>{menu}</ul></nav><main><h1>{escape(title)}</h1>'
        f"{main}</main>",
        script,
    )


def settings_page(zoom: dict[str, Json], email: str) -> bytes:
    """The account settings, in the generation that the options ask for."""
    wanted = options() | zoom.get("portal_page", {})
    layout = LAYOUTS[wanted["era"]]
    panel = _section(layout, zoom["portal"], wanted)
    if layout.tab:
        panel = _tabs(layout.tab, panel)
    content = f"{_person(wanted, email)}{panel}"
    if wanted["asks_password"]:
        content = form("/signin", field("Password", "password", "password"))
    notice = _notice(wanted) if wanted["notice"] else ""
    main = (
        f'<div id="place" aria-busy="true">Loading…</div><template id="content">{content}'
        f"</template>{_dialog()}{notice}"
    )
    script = f"const slow = {json.dumps(wanted['slow'] * 1000)};{SCRIPT}"
    return inside("Account Settings", main, email, script, wanted["name"])


def _person(wanted: dict[str, Json], email: str) -> str:
    """Who changed the settings last: a line, a card, a field, a picture."""
    email, name, phone, account = (
        escape(str(one))
        for one in (email, wanted["name"], wanted["phone"], wanted["account_number"])
    )
    return (
        f"<p>{name} ({email}) changed these settings last, {phone}.</p>"
        f"<h2>Account No. {account}</h2><button>Contact {email}, {phone}</button>"
        f'<p><label>Reply to <input value="{email}" placeholder="{name}"></label>'
        f"<select><option>{name}</option></select></p>"
        f'<svg role="img" aria-label="{name}" width="200" height="20">'
        f'<text y="15">{name} {account}</text></svg>'
    )


def _tabs(shown: str, panel: str) -> str:
    tabs = "".join(
        f'<button role="tab" id="tab-{at}" aria-selected="{"true" if at == 0 else "false"}" '
        f'aria-controls="panel-{at}">{escape(name)}</button>'
        for at, name in enumerate(TABS)
    )
    panels = "".join(
        f'<div role="tabpanel" id="panel-{at}" aria-labelledby="tab-{at}"'
        f"{'' if at == 0 else ' hidden'}>{panel if name == shown else 'Other settings'}</div>"
        for at, name in enumerate(TABS)
    )
    return f'<div role="tablist" aria-label="Settings">{tabs}</div>{panels}'


def _section(layout: Layout, values: dict[str, Json], wanted: dict[str, Json]) -> str:
    rows = ""
    for row in layout.rows:
        grey = row.name in wanted["disabled"] or (
            (wanted["child_needs_parent"] and row.name != INTEGRATION) and not values[INTEGRATION]
        )
        label = wanted["labels"].get(row.name, row.label)
        one = _row(row, label, bool(values[row.name]), grey, row.name in wanted["locked"], wanted)
        rows += one * (2 if row.name in wanted["doubled"] else 1)
    save = '<button id="save" disabled>Save</button>' if any(r.save for r in layout.rows) else ""
    return f'<section aria-label="{layout.heading}"><h2>{layout.heading}</h2>{rows}{save}</section>'


def _row(
    row: Row, label: str, value: bool, grey: bool, locked: bool, wanted: dict[str, Json]
) -> str:
    lock = (
        '<button aria-label="Unlock">🔒</button>'
        if locked
        else '<button aria-label="Lock">🔓</button>'
    )
    data = f'data-name="{row.name}" data-save="{int(row.save)}" data-asks="{int(row.asks)}"'
    if wanted["dialog_button"]:
        data += f' data-button="{escape(wanted["dialog_button"])}"'
    if wanted["tells_on"]:
        data += f' data-tells="{escape(wanted["tells_on"])}"'
    if grey and row.name not in wanted["disabled"]:
        data += ' data-child="1"'
    off = " disabled" if grey or locked else ""
    if row.kind == "radios":
        radios = "".join(
            f'<p><label><input type="radio" name="{row.name}" value="{int(choice)}" {data}{off}'
            f"{' checked' if choice == value else ''}> {escape(text)}</label></p>"
            for choice, text in CHOICES
        )
        return f"<fieldset><legend>{escape(label)}</legend>{radios}{lock}</fieldset>"
    if row.kind == "checkbox":
        box = f'<input type="checkbox" {data}{off}{" checked" if value else ""}>'
        return f'<div role="group"><label>{box} {escape(label)}</label>{lock}</div>'
    switch = (
        f'<button role="switch" aria-checked="{"true" if value else "false"}" '
        f'aria-label="{escape(label)}" {data}{off}>⬤</button>'
    )
    return f'<div role="group"><span>{escape(label)}</span>{switch}{lock}</div>'


def _dialog() -> str:
    return (
        '<dialog id="ask" aria-label="Verification"><p>Are you sure?</p>'
        '<button id="yes"></button><button id="no">Cancel</button></dialog>'
    )


def _notice(wanted: dict[str, Json]) -> str:
    return (
        f'<dialog id="notice" aria-label="{escape(wanted["notice"])}"><p>{escape(wanted["notice"])}'
        f'</p><button id="close-notice">{escape(wanted["notice_button"])}</button></dialog>'
    )
