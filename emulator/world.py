"""The state of both services, and what only lives in memory: tokens, limits, the audit trail."""

from __future__ import annotations

import json
import os
import secrets
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from .entra_ci import BuildService
from .wire import Json


@dataclass
class Grant:
    """A Zoom access token: whom it was issued to, what it allows, until when."""

    client_id: str
    account_id: str
    scopes: frozenset[str]
    expires: float


@dataclass
class Tokens:
    """The tokens that were issued and still count. In memory only: a restart forgets them."""

    key: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    entra: set[str] = field(default_factory=set)
    zoom: dict[str, Grant] = field(default_factory=dict)
    portal: dict[str, str] = field(default_factory=dict)  # session: whose it is

    def expire(self, service: str) -> None:
        """Every token of a service issued so far is expired from now on."""
        if service == "zoom-portal":
            self.portal.clear()
        elif service.startswith("zoom"):
            for grant in self.zoom.values():
                grant.expires = 0.0
        else:
            self.entra.clear()


class World:
    """The live state. Hold `lock` while editing `data`, as a person in the portal would edit it.

    `data` is plain JSON: {"entra": …, "zoom": …}. Everything a client can read back is in it;
    nothing else is, so two equal snapshots are two equal tenants.
    """

    def __init__(self, data: dict[str, Json], state_file: Path | None = None) -> None:
        self.data = data
        self.lock = threading.RLock()
        self.tokens = Tokens()
        self.builds = BuildService()
        self.page_size = 100
        self.operations: list[dict[str, Json]] = []
        self.before_last_write = self.dump()
        self._state_file = state_file

    def dump(self) -> str:
        """The state as text, the same text for the same state."""
        with self.lock:
            return json.dumps(self.data, sort_keys=True)

    def snapshot(self) -> dict[str, Json]:
        copy: dict[str, Json] = json.loads(self.dump())
        return copy

    def replace(self, data: dict[str, Json]) -> None:
        """Put another state in the place of this one; `data` stays the same object."""
        with self.lock:
            self.data.clear()
            self.data.update(data)
            self.save()

    def save(self) -> None:
        """Write the state file, whole or not at all, readable by its owner only."""
        if self._state_file is None:
            return
        with self.lock:
            handle, name = tempfile.mkstemp(dir=self._state_file.absolute().parent)
            with os.fdopen(handle, "w") as file:
                file.write(self.dump())
            Path(name).replace(self._state_file)

    @staticmethod
    def load(state_file: Path | None) -> dict[str, Json] | None:
        """The saved state, if there is one."""
        if state_file is None or not state_file.exists():
            return None
        data: dict[str, Json] = json.loads(state_file.read_text())
        return data


def timestamp(offset: float = 0.0) -> str:
    """UTC as both services write it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + offset))
