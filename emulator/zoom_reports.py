"""The operation log: who changed what in the account, in free text."""

from __future__ import annotations

from datetime import date, timedelta

from .wire import Response
from .zoom_api import HEAVY, Call, Routes, Scopes, invalid

routes = Routes()

_READ = Scopes(("report:read:operation_logs:admin",), "report:read:admin")
_MONTH = timedelta(days=31)


@routes.add("GET", "/report/operationlogs", HEAVY, _READ)
def list_operations(call: Call) -> Response:
    call.paid(400)
    start, end = _date(call, "from"), _date(call, "to")
    if end < start or end - start > _MONTH:
        raise invalid("from", "to")
    category = call.request.query.get("category_type", "all")
    found = [
        entry
        for entry in call.world.operations
        if start.isoformat() <= entry["time"][:10] <= end.isoformat()
        and category in ("all", entry["category_type"])
    ]
    return Response(
        200,
        {
            "from": start.isoformat(),
            "to": end.isoformat(),
            "page_size": 30,
            "next_page_token": "",
            "operation_logs": list(reversed(found)),
        },
    )


def _date(call: Call, name: str) -> date:
    try:
        return date.fromisoformat(call.request.query.get(name, ""))
    except ValueError:
        raise invalid(name) from None
