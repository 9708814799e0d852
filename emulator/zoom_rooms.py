"""Calendar services of Zoom Rooms: what remains readable of an authorised calendar."""

from __future__ import annotations

from .wire import Json, Response
from .world import timestamp
from .zoom_api import MEDIUM, Call, Routes, Scopes, ZoomError, invalid

routes = Routes()

_LIST = Scopes(("zoom_rooms:read:list_calendar_services:admin",), "room:read:admin")
_DELETE = Scopes(("zoom_rooms:delete:calendar_service:admin",), "room:write:admin")
_SYNC = Scopes(("zoom_rooms:update:calendar_service:admin",), "room:write:admin")
_RESOURCES = Scopes(("zoom_rooms:read:list_calendar_resources:admin",), "room:read:admin")
_ADD = Scopes(("zoom_rooms:write:calendar_resource:admin",), "room:write:admin")
_RESOURCE = Scopes(("zoom_rooms:read:calendar_resource:admin",), "room:read:admin")
_REMOVE = Scopes(("zoom_rooms:delete:calendar_resource:admin",), "room:write:admin")
_BASE = "/rooms/calendar/services"


@routes.add("GET", _BASE, MEDIUM, _LIST)
def list_services(call: Call) -> Response:
    shown = [
        {
            "calendar_service_id": service["calendar_service_id"],
            "calendar_service_name": service["calendar_service_name"],
            "calendar_resource_total_number": len(service["resources"]),
            "calendar_resource_assigned_number": len(_assigned(service)),
            "added_date_time": service["added_date_time"],
            "latest_synced_date_time": service["latest_synced_date_time"],
        }
        for service in _services(call)
    ]
    return Response(200, {"calendar_services": shown})


@routes.add("DELETE", f"{_BASE}/{{}}", MEDIUM, _DELETE)
def delete_service(call: Call) -> Response:
    service = _service(call)
    if _assigned(service):
        raise ZoomError(400, 4005, "Calendar resource assigned to a Zoom Room")
    _services(call).remove(service)
    return Response(204)


@routes.add("PUT", f"{_BASE}/{{}}/sync", MEDIUM, _SYNC)
def sync_service(call: Call) -> Response:
    _service(call)["latest_synced_date_time"] = timestamp()
    return Response(202)


@routes.add("GET", f"{_BASE}/{{}}/resources", MEDIUM, _RESOURCES)
def list_resources(call: Call) -> Response:
    return Response(200, {"calendar_resources": _service(call)["resources"]})


@routes.add("POST", f"{_BASE}/{{}}/resources", MEDIUM, _ADD)
def add_resource(call: Call) -> Response:
    service, email = _service(call), call.body().get("calendar_resource_email")
    if not isinstance(email, str) or "@" not in email:
        raise invalid("calendar_resource_email")
    resource = {
        "calendar_resource_id": email.replace("@", "."),
        "calendar_resource_name": email.partition("@")[0],
        "calendar_resource_email": email,
        "assigned": False,
    }
    if any(known["calendar_resource_email"] == email for known in service["resources"]):
        raise ZoomError(400, 4006, "Calendar resource already exists.")
    service["resources"].append(resource)
    return Response(201, resource)


@routes.add("GET", f"{_BASE}/{{}}/resources/{{}}", MEDIUM, _RESOURCE)
def read_resource(call: Call) -> Response:
    return Response(200, _resource(call))


@routes.add("DELETE", f"{_BASE}/{{}}/resources/{{}}", MEDIUM, _REMOVE)
def remove_resource(call: Call) -> Response:
    resource = _resource(call)
    if resource["assigned"]:
        raise ZoomError(400, 4005, "Calendar resource assigned to a Zoom Room")
    _service(call)["resources"].remove(resource)
    return Response(204)


def _services(call: Call) -> list[dict[str, Json]]:
    rooms = call.zoom["rooms"]
    if not rooms["licensed"]:
        raise ZoomError(400, 200, "Zoom Room subscription not found")
    services: list[dict[str, Json]] = rooms["services"]
    return services


def _service(call: Call) -> dict[str, Json]:
    for service in _services(call):
        if service["calendar_service_id"] == call.params[0]:
            return service
    raise ZoomError(404, 4061, f"Calendar service does not exist: {call.params[0]}")


def _resource(call: Call) -> dict[str, Json]:
    for resource in _service(call)["resources"]:
        if resource["calendar_resource_id"] == call.params[1]:
            found: dict[str, Json] = resource
            return found
    raise ZoomError(404, 4062, f"Calendar resource does not exist: {call.params[1]}")


def _assigned(service: dict[str, Json]) -> list[Json]:
    return [resource for resource in service["resources"] if resource["assigned"]]
