"""Clients of both services, as thin as possible: what comes over the wire is what is tested."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from emulator import Emulator

Object = dict[str, Any]
Refused = Callable[[requests.Response, int, str], str]


class Client:
    """Requests to one service, with a token once `login` was called."""

    def __init__(self, emulator: Emulator, base: str) -> None:
        self.emulator = emulator
        self.base = base
        self.session = requests.Session()
        # Otherwise REQUESTS_CA_BUNDLE of the environment wins over `verify`.
        self.session.trust_env = False
        self.session.verify = emulator.env["SSL_CERT_FILE"]
        self.session.headers["User-Agent"] = "emulator-tests/1"

    def __call__(self, method: str, path: str, **options: Any) -> requests.Response:
        return self.session.request(method, self.base + path, timeout=10, **options)

    def get(self, path: str, **options: Any) -> Any:
        response = self("GET", path, **options)
        assert response.status_code == 200, response.text
        return response.json()

    def bearer(self, token: str) -> None:
        self.session.headers["Authorization"] = f"Bearer {token}"


class Graph(Client):
    """Microsoft Graph v1.0."""

    def __init__(self, emulator: Emulator) -> None:
        self.root = f"https://{emulator.env['ARM_METADATA_HOSTNAME']}"
        super().__init__(emulator, f"{self.root}/v1.0")

    def token(self, tenant: str | None = None, **form: str) -> requests.Response:
        env = self.emulator.env
        whole = {
            "client_id": env["ARM_CLIENT_ID"],
            "client_secret": env["ARM_CLIENT_SECRET"],
            "grant_type": "client_credentials",
            "scope": f"{self.root}/.default",
        } | form
        data = {name: value for name, value in whole.items() if value}
        url = f"{self.root}/{tenant or env['ARM_TENANT_ID']}/oauth2/v2.0/token"
        return self.session.post(url, data=data, timeout=10)

    def login(self, *roles: str) -> None:
        """A new token; with these permissions only, where some are given."""
        if roles:
            self.emulator.grant_roles(roles)
        self.bearer(self.token().json()["access_token"])

    def principal(self, app_id: str) -> str:
        return str(self.get(f"/servicePrincipals(appId='{app_id}')")["id"])


class Zoom(Client):
    """Zoom's REST API."""

    def __init__(self, emulator: Emulator) -> None:
        super().__init__(emulator, emulator.env["ZOOM_API_URL"])

    def token(self, *, form: bool = False, secret: str = "", **values: str) -> requests.Response:
        env = self.emulator.env
        grant = {"grant_type": "account_credentials", "account_id": env["ZOOM_ACCOUNT_ID"]}
        return self.session.post(
            env["ZOOM_OAUTH_URL"],
            **{"data" if form else "params": grant | values},  # type: ignore[arg-type]
            auth=(env["ZOOM_CLIENT_ID"], secret or env["ZOOM_CLIENT_SECRET"]),
            timeout=10,
        )

    def login(self, *scopes: str) -> None:
        if scopes:
            self.emulator.set_zoom_scopes(scopes)
        self.session.headers.pop("Authorization", None)
        self.bearer(self.token().json()["access_token"])

    def settings(self, **query: str) -> Any:
        return self.get("/accounts/me/settings", params=query)

    def patch(self, body: Any, path: str = "settings", **query: str) -> requests.Response:
        return self("PATCH", f"/accounts/me/{path}", json=body, params=query)


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


@pytest.fixture
def graph(emulator: Emulator) -> Graph:
    client = Graph(emulator)
    client.login()
    return client


@pytest.fixture
def zoom(emulator: Emulator) -> Zoom:
    client = Zoom(emulator)
    client.login()
    return client


@pytest.fixture
def refused() -> Refused:
    """Assert an OData error of exactly Graph's shape; its message."""

    def check(response: requests.Response, status: int, code: str) -> str:
        assert response.status_code == status, response.text
        error = response.json()["error"]
        assert set(error) == {"code", "message", "innerError"}
        assert set(error["innerError"]) == {"date", "request-id", "client-request-id"}
        assert error["code"] == code
        assert error["innerError"]["request-id"] == response.headers["request-id"]
        return str(error["message"])

    return check
