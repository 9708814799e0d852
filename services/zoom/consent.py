"""Reads Zoom's consent setting over the channel that the tenant's file gives it."""

from collections.abc import Callable, Mapping
from typing import Any

from services.errors import LimitReached, ServiceError
from services.zoom.portal import Portal
from tenant.consent_policies import Unread
from tenant.matching import USERS_CAN_CONSENT, Where

PURPOSE = "matching"


def read_asks(
    where: Where,
    settings: Callable[[], Mapping[str, Any]],
    portal: Callable[[], Portal],
) -> bool | Unread | None:
    """Whether Zoom asks its users to consent; None where no service can tell.

    Raises LimitReached only.
    """
    try:
        if where.path:
            node: Any = settings()
            for key in where.path.split("."):
                node = node.get(key) if isinstance(node, Mapping) else None
            if isinstance(node, bool):
                return node
            return Unread(f"Zoom does not return {where.path} as true or false")
        if USERS_CAN_CONSENT in where.names:
            reading = portal().read(list(where.names), PURPOSE)
            value = reading.values.get(USERS_CAN_CONSENT)
            why = reading.unread.get(USERS_CAN_CONSENT, "the portal does not show it")
            return Unread(why) if value is None else value
    except LimitReached:
        raise
    except ServiceError as error:
        return Unread(str(error).rstrip("."))
    return None
