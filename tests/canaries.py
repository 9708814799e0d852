"""Secrets that must be told nobody: those that are given, and all that a service was ever sent."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import quote_plus

import pytest

from emulator import Emulator, Fault
from emulator.wire import Request

_FORM = ("client_secret", "client_assertion")
Answer = Callable[[Request, str], Fault | None]


def overhear(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, answer: Answer | None = None
) -> set[str]:
    """Every secret that the emulator is sent from now on.

    `answer` is given each request that carries one, with the secret, and may answer in its place.
    """
    heard: set[str] = set()
    take = emulator.faults.take

    def note(request: Request, *, inner: bool = False) -> Fault | None:
        scheme, _, credential = request.headers.get("Authorization").partition(" ")
        found = {credential} if scheme in ("Basic", "Bearer") else set()
        if request.is_form:
            found |= {request.form[name] for name in _FORM if name in request.form}
        heard.update(found)
        instead = answer(request, " and ".join(sorted(found))) if answer and found else None
        return instead or take(request, inner=inner)

    monkeypatch.setattr(emulator.faults, "take", note)
    return heard


def echo(request: Request, secret: str, turn: int) -> Fault:
    """A refusal that repeats what it was sent: in an error's fields, as a form or a page has it."""
    if turn % 2:
        page = f"<html><body>Blocked by the proxy: {html.escape(secret)} {secret}</body></html>"
        return Fault(raw=page, raw_status=403)
    written = (secret, quote_plus(secret), html.escape(secret), f"{'x' * 165} {secret}")
    text = f"AADSTS7000215: {written[turn // 2 % len(written)]} was rejected ({request.text})"
    body = {
        "error": {"code": "Echo", "message": text, "innerError": {"request-id": secret}},
        "code": 300,
        "message": text,
    }
    if request.service in ("login", "imds", "zoom-oauth"):
        body = {"error": "invalid_client", "error_description": text, "reason": text}
    return Fault(status=400, json=body, headers={"request-id": secret})


SIZE = 24


def pieces(secret: str) -> Iterator[str]:
    """Parts that are long enough to be of use to whoever reads them, and to be nothing else: a
    token has the names of permissions in it, and so have our providers in a state."""
    yield from (secret[at : at + SIZE] for at in range(0, max(len(secret) - SIZE, 0) + 1, 8))


def assert_untold(told: str, secrets: Iterable[str], where: str = "the output") -> None:
    """No part of a secret is in what was told, in any form that it may be written in."""
    for secret in secrets:
        for form in (secret, quote_plus(secret), html.escape(secret), json.dumps(secret)[1:-1]):
            for piece in pieces(form):
                assert piece not in told, f"{piece!r} of a secret is in {where}"
