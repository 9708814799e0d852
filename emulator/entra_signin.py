"""Microsoft's sign-in and admin-consent pages, ending in a real tenant-wide grant.

`/{tenant}/v2.0/adminconsent` as documented: client_id, scope, redirect_uri, state; back go
admin_consent, tenant and state, or an error.
"""

from __future__ import annotations

import uuid
from html import escape
from urllib.parse import urlencode

from . import portal_pages as pages
from .entra_grants import grant_id
from .entra_login import graph_principal
from .entra_principals import new_principal
from .wire import Json, Request, Response


def is_sign_in(request: Request) -> bool:
    """Whether a request to the login endpoint is for the pages of a person."""
    return request.segments[1:] == ["v2.0", "adminconsent"]


def admin_consent(request: Request, entra: dict[str, Json]) -> Response:
    """One page after the other in one form: who, the password, what is asked for."""
    values = request.form if request.method == "POST" else {}
    users = {user["userPrincipalName"]: user for user in entra["users"].values()}
    user = users.get(values.get("login", "").strip().lower())
    action = f"{request.path}?{urlencode(request.query)}"
    if user is None:
        wrong = "<p role='alert'>We couldn't find an account with that username.</p>"
        content = pages.field("Email, phone, or Skype", "login") + _submit("Next")
        return _page("Sign in", (wrong if values else "") + pages.form(action, content))
    held = _hidden("login", values["login"])
    if not values.get("passwd"):
        content = held + pages.field("Password", "passwd", "password") + _submit("Sign in")
        return _page("Enter password", pages.form(action, content))
    if user["id"] not in entra.get("administrators", ()):
        return _page(
            "Need admin approval",
            "<p>Zoom needs permission to access resources in your organization that only an "
            "admin can grant.</p>",
        )
    decision = values.get("decision")
    if decision is None:
        names = "".join(f"<li>{escape(scope)}</li>" for scope in _scopes(request))
        held += _hidden("passwd", "given")
        buttons = "".join(
            f'<button name="decision" value="{name}">{name}</button>'
            for name in ("Cancel", "Accept")
        )
        content = f"<p>Review for your organization</p><ul>{names}</ul>{held}{buttons}"
        return _page("Permissions requested", pages.form(action, content))
    return _back(request, entra, accepted=decision == "Accept")


def _back(request: Request, entra: dict[str, Json], *, accepted: bool) -> Response:
    query = {"state": request.query.get("state", ""), "tenant": entra["tenant_id"]}
    if accepted and _grant(request, entra):
        query["admin_consent"] = "True"
    else:
        query |= {"error": "access_denied", "error_subcode": "cancel"}
    target = request.query.get("redirect_uri", "")
    return Response(302, headers={"Location": f"{target}?{urlencode(query)}"})


def _grant(request: Request, entra: dict[str, Json]) -> bool:
    """Adds the asked-for permissions to the tenant-wide grant; False for an unknown client."""
    client = _client(request.query.get("client_id", "").lower(), entra)
    if client is None:
        return False
    key: dict[str, Json] = {
        "clientId": client["id"],
        "consentType": "AllPrincipals",
        "principalId": None,
        "resourceId": graph_principal(entra)["id"],
    }
    id_ = grant_id(key)
    grant = entra["oauth2PermissionGrants"].setdefault(id_, key | {"id": id_, "scope": ""})
    held = grant["scope"].split()
    grant["scope"] = " ".join([*held, *(s for s in _scopes(request) if s not in held)])
    return True


def _client(app_id: str, entra: dict[str, Json]) -> dict[str, Json] | None:
    """The application's principal in this tenant; a first consent makes it."""
    for principal in entra["servicePrincipals"].values():
        if principal["appId"] == app_id:
            found: dict[str, Json] = principal
            return found
    published = entra["publishedApplications"].get(app_id)
    if published is None:
        return None
    made = new_principal(published, published["appOwnerOrganizationId"], {}, key=str(uuid.uuid4()))
    entra["servicePrincipals"][made["id"]] = made
    return made


def _scopes(request: Request) -> list[str]:
    return [scope.rpartition("/")[2] for scope in request.query.get("scope", "").split()]


def _hidden(name: str, value: str) -> str:
    return f'<input type="hidden" name="{name}" value="{escape(value)}">'


def _submit(name: str) -> str:
    return f'<button type="submit">{name}</button>'


def _page(title: str, body: str) -> Response:
    html = pages.page(title, f"<main><h1>{title}</h1>{body}</main>")
    return Response(200, html, content_type="text/html; charset=utf-8")
