"""The control interface, the log, the snapshot, the state file and the command line."""

from __future__ import annotations

import json
import os
import shlex
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from emulator import Emulator, Fault

from .conftest import Graph, Zoom

Control = Callable[..., requests.Response]


@pytest.fixture
def control(emulator: Emulator) -> Control:
    def call(method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
        url = emulator.control_url + path
        return requests.request(method, url, json=body, headers=headers, timeout=10)

    return call


def test_the_state_is_read_replaced_and_patched(control: Control, emulator: Emulator) -> None:
    first = control("GET", "/state").json()
    assert first == emulator.snapshot()
    patch = [
        {"op": "set", "path": "/zoom/portal/users_can_consent", "value": False},
        {"op": "add", "path": "/zoom/no_effect/-", "value": "in_meeting.chat"},
        {"op": "remove", "path": "/zoom/trusted_domains/0"},
        {"op": "set", "path": "/zoom/portal/a~1b", "value": 1},
    ]

    assert control("PATCH", "/state", patch).status_code == 204

    zoom = emulator.world.data["zoom"]
    assert zoom["portal"]["users_can_consent"] is False
    assert zoom["portal"]["a/b"] == 1
    assert zoom["no_effect"] == ["in_meeting.chat"]
    assert zoom["trusted_domains"] == ["northwind.com"]
    assert control("PUT", "/state", first).status_code == 204
    assert emulator.snapshot() == first


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "/zoom/plan", "value": "pro"},
        {"op": "set", "path": "", "value": 1},
        {"op": "set", "path": "/nothing/here", "value": 1},
        {"op": "remove", "path": "/zoom/nothing"},
        {"op": "set", "path": "/zoom/trusted_domains/9", "value": 1},
        {"op": "set", "path": "/zoom/plan"},
        "nonsense",
    ],
)
def test_a_patch_is_applied_whole_or_not_at_all(
    control: Control, emulator: Emulator, operation: Any
) -> None:
    before = emulator.snapshot()
    good = {"op": "set", "path": "/zoom/plan", "value": "free"}

    response = control("PATCH", "/state", [good, operation])

    assert response.status_code == 400
    assert response.json()["error"]
    assert emulator.snapshot() == before


def test_faults_are_added_counted_and_released(
    control: Control, graph: Graph, emulator: Emulator
) -> None:
    asked = {"service": "entra", "path": "/domains", "status": 503}
    assert control("POST", "/faults", asked).json()["hits"] == 0

    assert graph("GET", "/domains").status_code == 503
    [fault] = control("GET", "/faults").json()
    assert (fault["hits"], fault["reached"], fault["status"]) == (1, True, 503)
    assert control("POST", "/faults/release").status_code == 204
    assert control("DELETE", "/faults").status_code == 204
    assert control("GET", "/faults").json() == []


@pytest.mark.parametrize("body", [None, [], {"nonsense": 1}, {"status": 500, "delay": 1}])
def test_a_fault_that_makes_no_sense_is_refused_there_too(control: Control, body: Any) -> None:
    assert control("POST", "/faults", body).status_code == 400


def test_roles_scopes_and_env(
    control: Control, emulator: Emulator, graph: Graph, zoom: Zoom
) -> None:
    assert control("PUT", "/roles", ["Domain.Read.All"]).status_code == 204
    assert control("PUT", "/scopes", {"scopes": ["account:read:admin"]}).status_code == 204
    assert control("PUT", "/roles", ["Nothing.Read"]).status_code == 400
    assert control("PUT", "/scopes", "all").status_code == 400

    graph.login()
    assert graph("GET", "/users").status_code == 403
    assert zoom.token().json()["scope"] == "account:read:admin"
    env = control("GET", "/env").json()
    assert env == emulator.env | {"EMULATOR_CONTROL_URL": emulator.control_url}


def test_a_browser_has_no_business_here(control: Control) -> None:
    assert control("GET", "/state", Host="attacker.example").status_code == 403
    assert control("GET", "/state", Origin="null").status_code == 403
    assert control("GET", "/nothing").status_code == 404


def test_the_log_tells_every_request_in_order(
    control: Control, emulator: Emulator, graph: Graph, zoom: Zoom
) -> None:
    emulator.clear_log()
    graph.get("/users", params={"$select": "id"})
    zoom.patch({"integration": {"kubi": True}})
    zoom.patch({"integration": {"kubi": True}})
    entries = emulator.log

    assert [entry["service"] for entry in entries] == ["entra", "zoom", "zoom"]
    assert entries[0]["path"] == "/v1.0/users"
    assert entries[0]["query"] == {"$select": "id"}
    assert entries[0]["user_agent"] == "emulator-tests/1"
    assert entries[1]["body"] == {"integration": {"kubi": True}}
    assert [entry["write"] for entry in entries] == [False, True, False]
    assert [entry["status"] for entry in entries] == [200, 204, 204]
    assert entries[0]["n"] < entries[1]["n"]
    assert entries[0]["at"] <= entries[1]["at"]
    assert control("GET", "/log").json() == entries
    assert control("DELETE", "/log").status_code == 204
    assert emulator.log == []


def test_no_secret_is_in_the_log_or_in_the_state(
    emulator: Emulator, graph: Graph, zoom: Zoom
) -> None:
    zoom.token(form=True)
    zoom.token(secret="canary-wrong-secret")
    app = graph("POST", "/applications", json={"displayName": "new"}).json()
    asked = {"passwordCredential": {"displayName": "ci"}}
    made = graph("POST", f"/applications/{app['id']}/addPassword", json=asked).json()
    graph.token(client_secret="", client_assertion="canary.wrong.assertion")
    shown = json.dumps([emulator.log, emulator.snapshot()])

    for secret in (
        emulator.env["ARM_CLIENT_SECRET"],
        emulator.env["ZOOM_CLIENT_SECRET"],
        made["secretText"],
        "canary",
        str(graph.session.headers["Authorization"]).split()[1],
        str(zoom.session.headers["Authorization"]).split()[1],
    ):
        assert secret not in shown
    assert any(entry["service"] == "login" for entry in emulator.log)


def test_equal_tenants_have_equal_snapshots() -> None:
    with Emulator() as first, Emulator() as second:
        assert json.dumps(first.snapshot()) == json.dumps(second.snapshot())
        assert first.env["ARM_CLIENT_SECRET"] == second.env["ARM_CLIENT_SECRET"]
        assert first.control_url != second.control_url


def test_another_tenant_has_other_ids_and_secrets(emulator: Emulator) -> None:
    with Emulator("22222222-2222-2222-2222-222222222222") as other:
        for name in ("ARM_TENANT_ID", "ARM_CLIENT_ID", "ARM_CLIENT_SECRET", "ZOOM_ACCOUNT_ID"):
            assert other.env[name] != emulator.env[name]


def test_a_snapshot_is_a_copy(emulator: Emulator) -> None:
    emulator.snapshot()["zoom"]["plan"] = "free"

    assert emulator.world.data["zoom"]["plan"] == "business"


def test_reading_changes_nothing(emulator: Emulator, graph: Graph, zoom: Zoom) -> None:
    before = emulator.snapshot()
    graph.get("/applications")
    graph.get("/policies/permissionGrantPolicies")
    zoom.settings()
    graph.login()

    assert emulator.snapshot() == before


def test_what_is_made_and_deleted_leaves_no_trace(emulator: Emulator, graph: Graph) -> None:
    before = emulator.snapshot()
    app = graph("POST", "/applications", json={"displayName": "new"}).json()
    graph("POST", f"/applications/{app['id']}/addPassword", json={})
    graph("POST", "/servicePrincipals", json={"appId": app["appId"]})
    graph("POST", "/policies/permissionGrantPolicies", json={"id": "mine"})
    assert emulator.snapshot() != before

    graph("DELETE", f"/applications/{app['id']}")
    graph("DELETE", "/policies/permissionGrantPolicies/mine")

    assert emulator.snapshot() == before


@pytest.mark.parametrize("seed", ["contoso", "empty-consent", "no-zoom"])
def test_every_seed_starts(seed: str) -> None:
    with Emulator(seed=seed) as emulator:
        entra = emulator.snapshot()["entra"]

    assigned = str(entra["authorizationPolicy"]["defaultUserRolePermissions"])
    assert ("ForSelf" in assigned) is (seed != "empty-consent")
    names = [p["displayName"] for p in entra["servicePrincipals"].values()]
    assert ("Zoom" in names) is (seed != "no-zoom")


def test_an_unknown_seed_is_refused() -> None:
    with pytest.raises(ValueError, match="contoso"):
        Emulator(seed="fabrikam")


def test_a_state_file_carries_the_state_over_a_restart(
    tmp_path: Path, zoom_of: Callable[[Emulator], Zoom]
) -> None:
    file = tmp_path / "state.json"
    with Emulator("33333333-3333-3333-3333-333333333333", state_file=file) as first:
        assert zoom_of(first).patch({"integration": {"kubi": True}}).status_code == 204
        saved = first.snapshot()
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert json.loads(file.read_text()) == saved
    with Emulator(state_file=file) as second:
        assert second.snapshot() == saved
        assert second.tenant_id == "33333333-3333-3333-3333-333333333333"
        assert zoom_of(second).settings()["integration"]["kubi"] is True


@pytest.fixture
def zoom_of(zoom: Zoom) -> Callable[[Emulator], Zoom]:
    def login(emulator: Emulator) -> Zoom:
        client = type(zoom)(emulator)
        client.login()
        return client

    return login


def test_stopping_lets_go_of_whoever_is_held(emulator: Emulator, graph: Graph) -> None:
    fault = emulator.faults.add(Fault(path="/domains", hold=True))
    caller = threading.Thread(target=lambda: graph("GET", "/domains"))
    caller.start()
    assert fault.reached.wait(5)
    start = time.monotonic()
    emulator.stop()
    caller.join(5)

    assert not caller.is_alive()
    assert time.monotonic() - start < 2


def test_the_command_prints_its_environment_serves_and_stops(tmp_path: Path) -> None:
    env_file = tmp_path / "env"
    command = [sys.executable, "-m", "emulator", "--env-file", str(env_file)]
    command += ["--state", str(tmp_path / "state.json"), "--seed", "no-zoom"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line.rstrip("\n"))
            if line.startswith("#"):
                break
        exports = dict(shlex.split(line)[1].split("=", 1) for line in lines[:-1])
        state = requests.get(f"{exports['EMULATOR_CONTROL_URL']}/state", timeout=10)
        start = time.monotonic()
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(5) == 0

    assert time.monotonic() - start < 2
    assert state.status_code == 200
    assert exports["ARM_USE_CLI"] == "false"
    assert env_file.read_text().splitlines() == lines[:-1]
    assert stat.S_IMODE(env_file.stat().st_mode) == 0o600
    assert not Path(exports["SSL_CERT_FILE"]).exists(), "the private folder is gone"
