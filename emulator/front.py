"""The way of a request: faults first, then the service, then what it changed, then the log."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .faults import Fault, Faults
from .journal import Journal
from .server import Answer
from .wire import Json, Request, Response
from .world import World


@dataclass(frozen=True)
class Service:
    """One service: how it answers over a state, and its own shape of errors."""

    handle: Callable[[Request, dict[str, Json]], Response]
    error: Callable[[Request, int], Response]
    expired: Callable[[Request], Response]
    batch: Callable[[Request, Answer], Response | None] = lambda request, answer: None


class Front:
    """What stands before the services: every request passes here once, batch items too."""

    def __init__(
        self, world: World, faults: Faults, journal: Journal, services: Mapping[str, Service]
    ) -> None:
        self._world = world
        self._faults = faults
        self._journal = journal
        self._services = services

    def serve(self, request: Request) -> Response:
        """Answer a request from the network and note it in the log."""
        at = time.monotonic()
        request.n = self._journal.number()
        response = self._answer(request, self._faults.take(request))
        self._journal.add(request, response, at)
        return response

    def serve_item(self, request: Request) -> Response:
        """Answer one item of a batch: faults strike it by its own path."""
        return self._answer(request, self._faults.take(request, inner=True))

    def _answer(self, request: Request, fault: Fault | None) -> Response:
        if fault is None:
            return self._handle(request)
        if fault.hold == "before":
            fault.wait()
        if fault.delay is not None:
            time.sleep(fault.delay)
        return self._instead(request, fault) or self._with(request, fault)

    def _instead(self, request: Request, fault: Fault) -> Response | None:
        """The answer of a fault that keeps the request from its service."""
        service = self._services[request.service]
        if fault.reset == "before":
            return Response(reset=True)
        if fault.drop_item:
            return Response(dropped=True)
        if fault.raw is not None:
            raw = fault.raw.encode()
            return Response(fault.raw_status, raw, dict(fault.headers), fault.content_type)
        if fault.expire_token:
            self._world.tokens.expire(request.service)
            return service.expired(request)
        if fault.status is None:
            return None
        response = service.error(request, fault.status)
        if fault.json is not None:
            response.body = fault.json
        response.headers |= fault.headers
        return response

    def _with(self, request: Request, fault: Fault) -> Response:
        """The answer of the service, spoilt before or after by the fault."""
        if fault.no_effect:
            return self._handle(request, self._world.snapshot())
        if fault.stale is not None or fault.reads is not None:
            with self._world.lock:
                return self._handle(request, json.loads(self._world.before_last_write))
        response = self._handle(request)
        if fault.hold == "after":
            # What is on its way already does not change with the state.
            response.body = copy.deepcopy(response.body)
            fault.wait()
        response.reset = fault.reset == "after"
        response.truncate = fault.truncate
        return response

    def _handle(self, request: Request, data: dict[str, Json] | None = None) -> Response:
        """Ask the service. Over a copy of the state nothing is kept."""
        service = self._services[request.service]
        # A batch holds no lock of its own: one held item must not hold up every other client.
        batch = service.batch(request, self.serve_item)
        if batch is not None:
            return batch
        with self._world.lock:
            if data is not None:
                return service.handle(request, data)
            if request.method == "GET":
                return service.handle(request, self._world.data)
            return self._write(request, service)

    def _write(self, request: Request, service: Service) -> Response:
        before = self._world.dump()
        response = service.handle(request, self._world.data)
        if self._world.dump() == before:
            return response
        if response.status >= 400:
            # A refused request changes nothing, wherever its handler noticed.
            self._world.data.update(json.loads(before))
            return response
        request.wrote = True
        self._world.before_last_write = before
        self._world.save()
        return response
