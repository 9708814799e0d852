"""An Entra and a Zoom on loopback, with one state, one log and one set of faults."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any

from . import entra, entra_ci, entra_credentials, seed_entra, seed_zoom, tls, zoom
from .control import Control
from .faults import Faults
from .front import Front
from .journal import Journal
from .portal import Portal
from .seed_entra import Ids
from .server import Answer, Server
from .wire import Json, Request, Response
from .world import World

DEFAULT_TENANT = "11111111-1111-1111-1111-111111111111"


class Emulator:
    """Starts on `__enter__`, on free ports of 127.0.0.1, and stops on `__exit__`.

    `port` other than 0 asks for that port and the two after it: Entra, Zoom, control. With a
    `state_file` the state is read from it, and written to it after every change.

        with Emulator() as emulator:
            subprocess.run(command, env=os.environ | emulator.env)
            assert emulator.snapshot()["zoom"]["settings"]["integration"]["kubi"]
    """

    def __init__(
        self,
        tenant_id: str = DEFAULT_TENANT,
        seed: str = "contoso",
        port: int = 0,
        state_file: str | Path | None = None,
    ) -> None:
        path = Path(state_file) if state_file is not None else None
        loaded = World.load(path)
        self.tenant_id = loaded["entra"]["tenant_id"] if loaded else tenant_id.lower()
        self.world = World(loaded or seeded(self.tenant_id, seed), path)
        self.faults = Faults()
        self._journal = Journal()
        self._ids = Ids(self.tenant_id)
        self._port = port
        self._servers: list[Server] = []
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> Emulator:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Open the ports and begin to answer."""
        self._folder = tempfile.TemporaryDirectory(prefix="emulator-")
        self._ca_file = Path(self._folder.name) / "ca.pem"
        portal = Portal(self.world, "", seed_entra.ZOOM_APP_ID)
        services = entra.Entra(self.world).services() | zoom.Zoom(self.world, portal).services()
        front = Front(self.world, self.faults, self._journal, services)
        context = tls.server_context(self._ca_file)
        ports = [self._port + i if self._port else 0 for i in range(3)]
        self._entra = self._listen(_classified(entra.classify, front), ports[0], context)
        portal.login_url = self._entra.url
        self._zoom = self._listen(_classified(zoom.classify, front), ports[1])
        self._control = self._listen(Control(self).serve, ports[2])
        self.world.save()

    def stop(self) -> None:
        """Let go of whoever is held, and close the ports."""
        self.faults.clear()
        while self._servers:
            self._servers.pop().stop()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    @property
    def env(self) -> dict[str, str]:
        """What a client of both services needs in its environment."""
        return {
            "ARM_METADATA_HOSTNAME": self._entra.url.removeprefix("https://"),
            "ARM_CLIENT_ID": self._ids.of("app/automation"),
            "ARM_CLIENT_SECRET": self._ids.secret("automation"),
            "ARM_TENANT_ID": self.tenant_id,
            "ARM_USE_CLI": "false",
            "SSL_CERT_FILE": str(self._ca_file),
            "ZOOM_ACCOUNT_ID": self._ids.short("zoom/account"),
            "ZOOM_CLIENT_ID": self._ids.short("zoom/app"),
            "ZOOM_CLIENT_SECRET": self._ids.secret("zoom"),
            "ZOOM_API_URL": f"{self._zoom.url}/v2",
            "ZOOM_OAUTH_URL": f"{self._zoom.url}/oauth/token",
            "ZOOM_PORTAL_URL": self._zoom.url,
        }

    @property
    def job_env(self) -> dict[str, str]:
        """What a job of the build service finds in its environment, by GitHub's names."""
        return {
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{self._entra.url}/{entra_ci.GITHUB_PATH}?api=2.0",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": self.world.builds.request_token,
        }

    @property
    def pipeline_env(self) -> dict[str, str]:
        """The same by the names of Azure DevOps, and the service connection's id."""
        return {
            "SYSTEM_OIDCREQUESTURI": f"{self._entra.url}/{entra_ci.DEVOPS_PATH}",
            "SYSTEM_ACCESSTOKEN": self.world.builds.request_token,
            "ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID": entra_ci.CONNECTION,
        }

    @property
    def metadata_url(self) -> str:
        """Where Azure's instance metadata answers."""
        return self._entra.url

    @property
    def control_url(self) -> str:
        return self._control.url

    def exports(self) -> dict[str, str]:
        """`env`, and where this emulator is controlled."""
        return self.env | {"EMULATOR_CONTROL_URL": self.control_url}

    def snapshot(self) -> dict[str, Json]:
        """A copy of the whole state of both services; equal for equal tenants."""
        return self.world.snapshot()

    @property
    def log(self) -> list[dict[str, Any]]:
        """Every request so far, in the order of arrival, without secrets."""
        return self._journal.entries()

    def clear_log(self) -> None:
        self._journal.clear()

    @property
    def page_size(self) -> int:
        """How many objects a page of Graph holds."""
        return self.world.page_size

    @page_size.setter
    def page_size(self, size: int) -> None:
        self.world.page_size = size

    def grant_roles(self, roles: Iterable[str]) -> None:
        """What the Entra credentials may do: exactly these, in the next token."""
        with self.world.lock:
            principal = self._ids.of(f"principal/{self._ids.of('app/automation')}")
            seed_entra.assign_roles(self.world.data["entra"], principal, list(roles))
            self.world.save()

    def add_certificate(self, der: bytes) -> None:
        """A certificate that the Entra credentials may sign with from now on."""
        with self.world.lock:
            apps = self.world.data["entra"]["applications"].values()
            app = next(app for app in apps if app["appId"] == self._ids.of("app/automation"))
            entra_credentials.register_certificate(self.world.data["entra"], app, der)
            self.world.save()

    def add_managed_identity(self, name: str, roles: Iterable[str]) -> str:
        """An identity of the machine that clients run on; its client id."""
        with self.world.lock:
            client = seed_entra.add_managed_identity(self.world.data["entra"], name, list(roles))
            self.world.save()
        return client

    def set_zoom_scopes(self, scopes: Iterable[str]) -> None:
        """What the Zoom credentials may do: exactly these, in the next token."""
        with self.world.lock:
            for app in self.world.data["zoom"]["apps"].values():
                app["scopes"] = sorted(set(scopes))
            self.world.save()

    def _listen(self, answer: Answer, port: int, context: Any = None) -> Server:
        server = Server(answer, port, context)
        self._servers.append(server)
        server.start()
        return server


def seeded(tenant_id: str, seed: str) -> dict[str, Json]:
    """The first state of a tenant, by the name of its seed."""
    if seed not in seed_entra.VARIANTS:
        raise ValueError(f"seed is one of {', '.join(seed_entra.VARIANTS)}, not {seed!r}")
    state = {"entra": seed_entra.entra(tenant_id), "zoom": seed_zoom.zoom(tenant_id)}
    seed_entra.VARIANTS[seed](state["entra"])
    return state


def _classified(classify: Any, front: Front) -> Answer:
    """Name the service of a request by its port and path before it is answered."""

    def answer(request: Request) -> Response:
        request.service = classify(request)
        return front.serve(request)

    return answer
