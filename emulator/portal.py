"""Zoom's web portal on Zoom's port: sign-in, account settings, the calendar's authorization.

A stand-in: its roles and labels are those that Zoom's pages and articles name, its markup is ours.
Its state is Zoom's: `zoom.portal`, which no REST answer shows, and `zoom.portal_page`, how the
page is to look.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urlsplit

from . import portal_pages as pages
from .front import Service
from .wire import Json, NotJson, Request, Response
from .world import World, timestamp

COOKIE = "_zm_portal"
CALENDAR = "/room/calendar"
CALLBACK = "/office365/callback"
_PATHS = ("account", "office365", "profile", "room", "signin")


def is_portal(request: Request) -> bool:
    """Whether a request on Zoom's port is for the portal and not for the API."""
    return request.segments[:1] in [[path] for path in _PATHS]


class Portal:
    """The portal over one world; `login_url` is where Microsoft's sign-in is."""

    def __init__(self, world: World, login_url: str, client_id: str) -> None:
        self._world = world
        self.login_url, self._client_id = login_url, client_id

    def service(self) -> Service:
        return Service(self._answer, _unwell, _to_sign_in)

    def _answer(self, request: Request, data: dict[str, Json]) -> Response:
        zoom = data["zoom"]
        if request.segments == ["signin"]:
            return self._sign_in(request, zoom)
        email = self._world.tokens.portal.get(_cookie(request))
        sign_in_at = zoom.get("portal_page", {}).get("sign_in_at")
        if sign_in_at and request.method == "GET":
            return Response(302, headers={"Location": sign_in_at})
        if email is None:
            if request.method == "POST":
                return Response(401, {"error": "signed out"})
            return _to_sign_in(request)
        where = f"{request.method} {request.path.rstrip('/')}"
        shown = _PAGES.get(where)
        if shown is not None:
            return _html(shown(request, zoom, email))
        if where == f"POST {CALENDAR}":
            return self._authorize(request)
        done = _CHANGES.get(where)
        if done is not None:
            return done(request, zoom)
        return _html(pages.inside("Not found", "", email), 404)

    def _sign_in(self, request: Request, zoom: dict[str, Json]) -> Response:
        values = request.form if request.method == "POST" else {}
        email, code = values.get("email", "").strip().lower(), values.get("code", "")
        back = request.query.get("from", "/profile")
        action = f"/signin?{urlencode({'from': back})}"
        known = email in [user["email"] for user in zoom["users"]] and bool(values.get("password"))
        if not known:
            wrong = "<p role='alert'>Incorrect email or password</p>" if values else ""
            content = pages.field("Email Address", "email") + pages.field(
                "Password", "password", "password"
            )
            content += '<button type="submit">Sign In</button>'
            body = f"<main><h1>Sign In</h1>{wrong}{pages.form(action, content)}</main>"
            return _html(pages.page("Sign In", body))
        if not code.isdigit():
            hidden = "".join(
                f'<input type="hidden" name="{name}" value="{values[name]}">'
                for name in ("email", "password")
            )
            content = hidden + pages.field("Verification Code", "code")
            content += '<button type="submit">Verify</button>'
            body = f"<main><h1>Verify it is you</h1>{pages.form(action, content)}</main>"
            return _html(pages.page("Verify", body))
        session = secrets.token_urlsafe(24)
        self._world.tokens.portal[session] = email
        target = back if back.startswith("/") and not back.startswith("//") else "/profile"
        cookie = f"{COOKIE}={session}; Path=/; HttpOnly; SameSite=Lax"
        return Response(302, headers={"Location": target, "Set-Cookie": cookie})

    def _authorize(self, request: Request) -> Response:
        """To Microsoft, once the box is ticked; like the real one it adds the state."""
        if request.form.get("admin") != "on":
            return Response(302, headers={"Location": CALENDAR})
        query = {
            "client_id": self._client_id,
            "scope": "https://graph.microsoft.com/Calendars.ReadWrite "
            "https://graph.microsoft.com/Contacts.ReadWrite",
            "redirect_uri": f"{request.base}{CALLBACK}",
            "state": secrets.token_urlsafe(8),
        }
        where = f"{self.login_url}/organizations/v2.0/adminconsent?{urlencode(query)}"
        return Response(302, headers={"Location": where})


def _save(request: Request, zoom: dict[str, Json]) -> Response:
    """Takes what the page sends; what springs back is taken too, and stays."""
    portal, wanted = zoom["portal"], pages.options() | zoom.get("portal_page", {})
    names = [row.name for row in pages.LAYOUTS["now"].rows]
    try:
        values = request.json()
    except NotJson:
        return Response(400, {"error": "not JSON"})
    for name, value in values.items():
        if name not in names or not isinstance(value, bool):
            return Response(400, {"error": f"{name}?"})
        if name not in wanted["springs_back"]:
            portal[name] = value
    return Response(200, {name: portal[name] for name in names})


def _calendar(request: Request, zoom: dict[str, Json], email: str) -> bytes:
    """Room Management > Calendar Integration: the article's solution 2, step 3 to 6."""
    services = "".join(
        f"<li>{service['calendar_service_name']}</li>" for service in zoom["rooms"]["services"]
    )
    content = (
        "<fieldset><legend>Choose a way to authorize the calendar</legend>"
        '<p><label><input type="radio" name="way" value="ews"> Authorize with EWS</label></p>'
        '<p><label><input type="radio" name="way" value="oauth"> Authorize with OAuth 2.0</label>'
        "</p></fieldset><p><label><input type='checkbox' name='admin'> I'm the admin and I'm "
        "consenting on behalf of the company</label></p><button type='submit'>Authorize</button>"
    )
    main = f"<ul aria-label='Calendar services'>{services}</ul>{pages.form(CALENDAR, content)}"
    return pages.inside("Calendar Integration", main, email)


def _callback(request: Request, zoom: dict[str, Json], email: str) -> bytes:
    """Where Microsoft sends the administrator back to; the page then tells the server itself."""
    granted = request.query.get("admin_consent", "").lower() == "true"
    hidden = f'<input type="hidden" name="granted" value="{int(granted)}">'
    main = pages.form(CALLBACK, hidden)
    return pages.inside("Calendar Integration", main, email, "document.forms[0].submit();")


def _authorized(request: Request, zoom: dict[str, Json]) -> Response:
    if request.form.get("granted") == "1":
        zoom["portal"]["admin_consented"] = True
        services = zoom["rooms"]["services"]
        if not any(one["calendar_service_name"] == "Office 365" for one in services):
            services.append(
                {
                    "calendar_service_id": secrets.token_urlsafe(16),
                    "calendar_service_name": "Office 365",
                    "added_date_time": timestamp(),
                    "latest_synced_date_time": timestamp(),
                    "resources": [],
                }
            )
    return Response(302, headers={"Location": CALENDAR})


def _unwell(request: Request, status: int) -> Response:
    return _html(pages.page("Error", "<h1>Something went wrong</h1>"), status)


def _to_sign_in(request: Request) -> Response:
    back = urlsplit(request.target).path
    return Response(302, headers={"Location": f"/signin?{urlencode({'from': back})}"})


def _cookie(request: Request) -> str:
    found = SimpleCookie(request.headers.get("Cookie")).get(COOKIE)
    return found.value if found is not None else ""


def _html(body: bytes, status: int = 200) -> Response:
    return Response(status, body, content_type="text/html; charset=utf-8")


def _settings(request: Request, zoom: dict[str, Json], email: str) -> bytes:
    return pages.settings_page(zoom, email)


def _profile(request: Request, zoom: dict[str, Json], email: str) -> bytes:
    return pages.inside("Profile", f"<p>{email}</p>", email)


def _rooms(request: Request, zoom: dict[str, Json], email: str) -> bytes:
    link = f'<p><a href="{CALENDAR}">Calendar Integration</a></p>'
    return pages.inside("Room Management", link, email)


_PAGES: dict[str, Callable[[Request, dict[str, Json], str], bytes]] = {
    "GET /account/setting": _settings,
    "GET /profile": _profile,
    "GET /room/management": _rooms,
    f"GET {CALENDAR}": _calendar,
    f"GET {CALLBACK}": _callback,
}
_CHANGES: dict[str, Callable[[Request, dict[str, Json]], Response]] = {
    "POST /account/setting/save": _save,
    f"POST {CALLBACK}": _authorized,
}
