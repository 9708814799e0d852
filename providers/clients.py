"""One client per service and process, made when the first request needs it."""

import hashlib
import threading
from typing import Literal

from services.entra.graph import Graph
from services.entra.variables import tenant_id
from services.errors import Unreadable
from services.settings import Settings
from services.zoom.api import ZoomApi
from services.zoom.portal import Portal, Portals


class _Clients:
    settings = Settings()
    graph: Graph | None = None
    zoom: ZoomApi | None = None
    portals = Portals()


_lock = threading.Lock()


def use_settings(settings: Settings) -> None:
    """From now on the clients take credentials from `settings`; existing ones are kept."""
    _Clients.settings = settings


def owner(side: Literal["entra", "zoom"]) -> str | None:
    """A short digest of the tenant or account that the settings name; None where they name none.

    It is kept in state, so that no stack is applied to somebody else's tenant by a shell with
    other credentials; a digest, since a state should not tell more than it must. Raises
    ServiceError where the credentials have to be asked and do not work.
    """
    if side == "entra":
        # Whoever signed in to the Azure CLI, say, names none: then the token tells.
        value = tenant_id(_Clients.settings) or _tenant_of_token()
    else:
        value = _Clients.settings.get("ZOOM_ACCOUNT_ID")
    return hashlib.sha256(value.strip().lower().encode()).hexdigest()[:12] if value else None


def _tenant_of_token() -> str | None:
    try:
        return graph().tenant()
    except Unreadable:
        return None  # who reads or writes next says why


def graph() -> Graph:
    """The process's client of Microsoft Graph."""
    with _lock:
        if _Clients.graph is None:
            _Clients.graph = Graph(_Clients.settings)
        return _Clients.graph


def zoom() -> ZoomApi:
    """The process's client of Zoom's API."""
    with _lock:
        if _Clients.zoom is None:
            _Clients.zoom = ZoomApi(_Clients.settings)
        return _Clients.zoom


def portal(tenant: str) -> Portal:
    """The process's portal of a tenant; its browser starts with the first request."""
    return _Clients.portals.of(tenant, _Clients.settings)
