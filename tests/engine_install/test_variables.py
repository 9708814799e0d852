"""`make env`: what a shell gets, whose backend, and the passphrase."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.install import MARKER, PLUGIN, Plugin, ensure_engine, ensure_plugin
from engine.places import Places
from engine.variables import exports, passphrase_file, variables
from tests.engine_install.conftest import Told, User

NASTY = "a b'c\"d$(touch x)`e`\\n;%*\t~"


SHELLS = [shell for shell in ("sh", "bash", "dash", "zsh") if shutil.which(shell)]


@pytest.mark.parametrize("shell", SHELLS)
def test_any_value_survives_the_shell(shell: str, tmp_path: Path) -> None:
    values = {"ONE": NASTY, "TWO": "", "THREE": "line\nline"}
    script = 'eval "$1"; printf "%s|%s|%s" "$ONE" "$TWO" "$THREE"'
    done = subprocess.run(
        [shell, "-c", script, shell, exports(values)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "|".join(values.values())
    assert list(tmp_path.iterdir()) == []


def test_a_built_engine_brings_its_home_its_plugin_and_its_backend(user: User, told: Told) -> None:
    where = user.where()
    values = variables(where, "runtime", told)
    engine = ensure_engine(where, told)
    assert values["PATH"].split(":")[0] == str(engine.folder)
    assert values["PATH"].endswith(user.environ["PATH"])
    assert values["PULUMI_HOME"] == str(where.pulumi_home)
    assert values["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] == "true"
    assert values["PULUMI_BACKEND_URL"] == f"file://{user.home}/.local/share/zoom-calendar/state"
    assert Path(values["PULUMI_CONFIG_PASSPHRASE_FILE"]).is_file()
    assert (where.pulumi_home / "plugins/resource-azuread-v6.11.1" / PLUGIN.name).is_file()


def test_evaluated_twice_it_stays_the_same(user: User, told: Told) -> None:
    first = variables(user.where(), "runtime", told)
    assert variables(user.where(**first), "runtime", told) == first


def test_the_users_own_engine_and_plugin_keep_their_home(user: User, told: Told) -> None:
    user.pulumi("v3.260.0")
    plugin = user.home / ".pulumi" / "plugins" / "resource-azuread-v6.11.1"
    user.program(PLUGIN.name, "#!/bin/sh\n", plugin)
    values = variables(user.where(), "runtime", told)
    assert not {"PULUMI_HOME", "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"} & set(values)
    assert user.go_calls() == []


def test_a_pulumi_home_that_is_set_gets_the_plugin(user: User, told: Told) -> None:
    home = user.home / "my pulumi"
    values = variables(user.where(PULUMI_HOME=str(home)), "runtime", told)
    assert values["PULUMI_HOME"] == str(home)
    assert (home / "plugins" / "resource-azuread-v6.11.1" / PLUGIN.name).is_file()


def test_a_users_login_keeps_its_home_and_its_backend(user: User, told: Told) -> None:
    _log_in(user.home / ".pulumi", "https://pulumi.example.com")
    values = variables(user.where(), "runtime", told)
    assert values["PULUMI_HOME"] == str(user.home / ".pulumi")
    assert not {"PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE_FILE"} & set(values)


@pytest.mark.parametrize(
    "theirs", [{"PULUMI_BACKEND_URL": "s3://bucket"}, {"PULUMI_ACCESS_TOKEN": "token"}]
)
def test_a_users_backend_is_left_alone(user: User, told: Told, theirs: dict[str, str]) -> None:
    values = variables(user.where(**theirs), "runtime", told)
    assert not {"PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE_FILE"} & set(values)
    assert not user.where().passphrase_file.exists()


@pytest.mark.parametrize(
    "theirs", [{"PULUMI_CONFIG_PASSPHRASE": ""}, {"PULUMI_CONFIG_PASSPHRASE_FILE": "/their/file"}]
)
def test_a_users_passphrase_is_left_alone(user: User, told: Told, theirs: dict[str, str]) -> None:
    values = variables(user.where(**theirs), "runtime", told)
    assert "PULUMI_BACKEND_URL" in values
    assert "PULUMI_CONFIG_PASSPHRASE_FILE" not in values


def test_a_run_that_brings_its_own_backend_touches_nobodys(user: User, told: Told) -> None:
    values = variables(user.where(), "runtime", told, backend=False)
    assert not {"PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE_FILE"} & set(values)
    assert not user.where().state.exists()
    assert not user.where().passphrase_file.exists()


def test_a_data_folder_with_odd_letters_makes_a_valid_address(user: User) -> None:
    where = user.where(XDG_DATA_HOME="/a b%20c#d")
    assert where.state_url == "file:///a%20b%2520c%23d/zoom-calendar/state"


def test_the_passphrase_is_made_once_and_private(user: User, mode: Callable[[Path], int]) -> None:
    where = user.where()
    made: list[str] = []
    threads = [
        threading.Thread(target=lambda: made.append(passphrase_file(where).read_text()))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8
    assert len(set(made)) == 1
    assert len(made[0].strip()) >= 32
    assert mode(where.passphrase_file) == 0o600
    assert mode(where.data) == 0o700
    assert [path.name for path in where.data.iterdir()] == ["passphrase"]


def test_the_backends_folder_is_private(
    user: User, told: Told, mode: Callable[[Path], int]
) -> None:
    variables(user.where(), "runtime", told)
    assert mode(user.where().state) == 0o700


def test_a_plugin_built_from_other_sources_is_replaced(user: User, told: Told) -> None:
    where = user.where()
    plugin = _plugin(where, told)
    folder = plugin.home / "plugins" / "resource-azuread-v6.11.1"
    before = (folder / MARKER).read_text()
    (user.clone / "engine" / PLUGIN.folder / "main.go").write_text("package other\n")
    assert _plugin(where, told) == plugin
    assert (folder / MARKER).read_text() != before
    assert not list(folder.parent.glob(".placing-*"))


def test_an_official_plugin_is_never_replaced(user: User, told: Told) -> None:
    where = user.where()
    official = where.pulumi_home / "plugins" / "resource-azuread-v6.11.1"
    user.program(PLUGIN.name, "official", official)
    assert not _plugin(where, told).built
    assert (official / PLUGIN.name).read_text() == "official"


def test_an_interrupted_plugin_install_does_not_count(user: User, told: Told) -> None:
    where = user.where()
    official = where.pulumi_home / "plugins" / "resource-azuread-v6.11.1"
    user.program(PLUGIN.name, "half", official)
    partial = official.with_name(f"{official.name}.partial")
    partial.touch()
    assert _plugin(where, told).built
    assert not partial.exists()


def test_a_reachable_plugin_is_installed_by_pulumi_itself(
    user: User, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.download.plugin_reachable", lambda name, version: True)
    target = ".pulumi/plugins/resource-azuread-v6.11.1"
    user.pulumi("v3.260.0")
    user.program(
        "pulumi",
        '#!/bin/sh\n[ "$1" = plugin ] || { echo v3.260.0; exit; }\n'
        f'mkdir -p "$HOME/{target}"; cd "$HOME/{target}"\n'
        f'echo "$@" > {PLUGIN.name}; chmod +x {PLUGIN.name}\n',
    )
    plugin = _plugin(user.where(), told)
    assert (plugin.home, plugin.built) == (user.home / ".pulumi", False)
    assert (user.home / target / PLUGIN.name).read_text() == (
        "plugin install resource azuread 6.11.1\n"
    )


def test_a_plugin_that_cannot_be_installed_is_built(
    user: User, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.download.plugin_reachable", lambda name, version: True)
    user.pulumi("v3.260.0")
    user.program("pulumi", "#!/bin/sh\n[ $1 = version ] && echo v3.260.0\n")
    plugin = _plugin(user.where(), told)
    assert plugin.built
    assert plugin.home == user.where().pulumi_home
    assert "building it instead" in told.text


def _plugin(where: Places, told: Told) -> Plugin:
    return ensure_plugin(where, ensure_engine(where, told), told)


def _log_in(home: Path, backend: str) -> None:
    home.mkdir(parents=True)
    (home / "credentials.json").write_text(json.dumps({"current": backend}))
