"""Zoom's published applications in Entra, and what is easily taken for one: zoom_apps.json."""

from functools import cache
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

FILE = Path(__file__).with_name("zoom_apps.json")


class Published(Struct, frozen=True, rename="camel", forbid_unknown_fields=True, kw_only=True):
    """One of Zoom's applications: what for, with which kind of permissions, and who says so."""

    client_id: str
    name: str
    use: str
    permissions: Literal["delegated", "application"]
    default: bool = False
    source: str
    grade: Literal["A", "B", "C"]


class Mistaken(Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """A client id that is not Zoom's, and what it is."""

    client_id: str
    what: str
    source: str
    grade: Literal["A", "B", "C"]


class ZoomApps(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    comment: str
    applications: tuple[Published, ...]
    mistaken: tuple[Mistaken, ...]


@cache
def load() -> ZoomApps:
    """The file's content, read once."""
    return msgspec.json.decode(FILE.read_bytes(), type=ZoomApps)


def default_client_id() -> str:
    """The client id of the calendar integration's application."""
    return next(app.client_id for app in load().applications if app.default)


def mistaken_for(client_id: str) -> str | None:
    """What a client id is that cannot be Zoom's; None where nothing speaks against it."""
    known = {one.client_id: one.what for one in load().mistaken}
    return known.get(client_id.lower())
