"""What travels between the HTTP plumbing and the services: a request and its answer."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, unquote_plus

Json = Any


class Headers:
    """Request headers, found in any case."""

    def __init__(self, items: Iterable[tuple[str, str]] = ()) -> None:
        self._values = {name.lower(): value for name, value in items}

    def get(self, name: str, default: str = "") -> str:
        return self._values.get(name.lower(), default)

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._values


class NotJson(ValueError):
    """The body of a request is not what its service can parse."""


@dataclass
class Request:
    """One HTTP request, or one item of a `$batch`, as a service sees it."""

    service: str
    method: str
    target: str
    headers: Headers
    body: bytes
    base: str
    n: int = 0
    wrote: bool = False
    items: list[dict[str, Json]] = field(default_factory=list)
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def path(self) -> str:
        """The decoded path: what faults match on and the log shows."""
        return unquote(self.target.partition("?")[0])

    @property
    def segments(self) -> list[str]:
        """The path's parts, decoded after the split: an encoded slash stays inside its part."""
        return [unquote(part) for part in self.target.partition("?")[0].split("/") if part]

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.target.partition("?")[2], keep_blank_values=True))

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.text, keep_blank_values=True))

    @property
    def is_form(self) -> bool:
        return "x-www-form-urlencoded" in self.headers.get("Content-Type", "")

    def json(self) -> Json:
        """The body as JSON; raises NotJson for anything else."""
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise NotJson(str(error)) from None

    def parsed_body(self) -> Json:
        """The body for the log: JSON, a form, or text; None when there is none."""
        if not self.body:
            return None
        if self.is_form:
            return self.form
        try:
            return self.json()
        except NotJson:
            return unquote_plus(self.text)


@dataclass
class Response:
    """One answer. `body` None sends no body and no Content-Type; `bytes` are sent as they are.

    `reset` breaks the connection without an answer, `truncate` sends half of the body under the
    full Content-Length, `dropped` leaves an item out of a `$batch` answer.
    """

    status: int = 200
    body: Json = None
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    reset: bool = False
    truncate: bool = False
    dropped: bool = False

    def payload(self) -> bytes:
        if self.body is None:
            return b""
        if isinstance(self.body, bytes):
            return self.body
        return json.dumps(self.body, ensure_ascii=False).encode()
