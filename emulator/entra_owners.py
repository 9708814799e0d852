"""Owners of applications and service principals."""

from __future__ import annotations

from collections.abc import Callable

from .entra_objects import (
    APP_READ,
    APP_WRITE,
    OWNER_ADD,
    PRINCIPAL_READ,
    PRINCIPAL_WRITE,
    application,
    directory_object,
    principal,
    reference,
    require_owner,
)
from .graph import Call, Needs, Routes, bad_request, not_found, respond
from .odata import listing
from .wire import Json, Response

routes = Routes()
Find = Callable[[Call], dict[str, Json]]


def _register(kind: str, find: Find, read: Needs, write: Needs, stronger: tuple[str, ...]) -> None:
    @routes.add("GET", f"/{kind}/{{}}/owners", read)
    def list_owners(call: Call) -> Response:
        owners = [directory_object(call.entra, key) for key in find(call)["owners"]]
        return listing(call, "directoryObjects", [owner for owner in owners if owner])

    @routes.add("POST", f"/{kind}/{{}}/owners/$ref", OWNER_ADD)
    def add_owner(call: Call) -> Response:
        item = find(call)
        require_owner(call, item, *stronger)
        key = reference(call, call.body().get("@odata.id"))
        if key in item["owners"]:
            raise bad_request(
                "One or more added object references already exist for the following modified "
                "properties: 'owners'."
            )
        item["owners"].append(key)
        return respond(204)

    @routes.add("DELETE", f"/{kind}/{{}}/owners/{{}}/$ref", write)
    def remove_owner(call: Call) -> Response:
        item = find(call)
        require_owner(call, item, *stronger)
        if call.params[1] not in item["owners"]:
            raise not_found(call.params[1])
        item["owners"].remove(call.params[1])
        return respond(204)


_register(
    "applications",
    application,
    APP_READ,
    APP_WRITE,
    ("Application.ReadWrite.All", "Directory.ReadWrite.All"),
)
_register(
    "servicePrincipals",
    principal,
    PRINCIPAL_READ,
    PRINCIPAL_WRITE,
    ("Application.ReadWrite.All", "Directory.ReadWrite.All"),
)
