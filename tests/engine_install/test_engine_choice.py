"""Which engine is used: the user's own, one made before, the release, or a build."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import download
from engine.errors import BUILD, DISK, NETWORK, EngineError
from engine.install import HOST, engine_on_path, ensure_engine, sufficient
from tests.engine_install.conftest import Told, User


@pytest.mark.parametrize(
    ("version", "enough"),
    [
        ("3.254.0", True),
        ("v3.259.0", True),
        ("3.300.1-alpha.2", True),
        ("3.253.9", False),
        ("2.99.0", False),
        ("4.0.0", False),
        ("", False),
        ("dev", False),
    ],
)
def test_an_engine_of_a_sufficient_version_is_used(version: str, enough: bool) -> None:
    assert sufficient(version) is enough


def test_the_engine_on_path_comes_first_and_needs_nothing(user: User, told: Told) -> None:
    user.pulumi("v3.260.0")
    engine = ensure_engine(user.where(), told)
    assert (engine.source, engine.version, engine.folder) == ("path", "3.260.0", user.bin)
    assert user.go_calls() == []
    assert told.text == ""


def test_an_engine_that_is_too_old_is_not_used_and_it_is_said(user: User, told: Told) -> None:
    user.pulumi("v3.100.0")
    assert ensure_engine(user.where(), told).source == "built"
    assert "pulumi is 3.100.0, not 3.254.0 or newer: not used" in told.text


def test_an_engine_without_its_language_host_is_not_used(user: User) -> None:
    user.pulumi("v3.260.0", host=False)
    found, why_not = engine_on_path(user.where())
    assert found is None
    assert HOST.name in why_not


def test_an_engine_that_fails_is_not_used(user: User) -> None:
    user.program("pulumi", "#!/bin/sh\nexit 1\n")
    found, why_not = engine_on_path(user.where())
    assert found is None
    assert "of no known version" in why_not


def test_what_an_earlier_env_put_on_path_is_not_taken_for_the_users(user: User, told: Told) -> None:
    engine = ensure_engine(user.where(), told)
    assert engine.source == "built"
    again = user.where(PATH=f"{engine.folder}:{user.environ['PATH']}")
    assert engine_on_path(again) == (None, "")
    assert ensure_engine(again, told) == engine


def test_a_built_engine_is_laid_out_as_a_release_is(user: User, told: Told) -> None:
    engine = ensure_engine(user.where(), told)
    assert {path.name for path in engine.folder.iterdir()} == {
        "pulumi",
        "pulumi-language-python",
        "pulumi-language-python-exec",
        "pulumi-resource-pulumi-python",
    }
    assert all(path.stat().st_mode & 0o111 for path in engine.folder.iterdir())


def test_a_build_leaves_the_committed_sums_alone_and_says_the_version(
    user: User, told: Told
) -> None:
    ensure_engine(user.where(), told)
    builds = [call for call in user.go_calls() if call.startswith("build")]
    assert len(builds) == 2
    for call in builds:
        assert "-mod=readonly -trimpath -buildvcs=false" in call
        assert "version.Version=3.259.0" in call


def test_a_second_clone_builds_nothing(user: User, told: Told, tmp_path: Path) -> None:
    first = ensure_engine(user.where(), told)
    calls = user.go_calls()
    (tmp_path / "elsewhere").mkdir()
    user.clone = user.clone.rename(tmp_path / "elsewhere" / "clone")
    (user.bin / "go").unlink()
    assert ensure_engine(user.where(), told) == first
    assert user.go_calls() == calls


def test_a_failed_piece_keeps_the_ones_before_it(user: User, told: Told) -> None:
    host = user.clone / "engine" / HOST.folder
    good = (host / "go.mod").read_text()
    (host / "go.mod").write_text("module x\n")
    with pytest.raises(EngineError, match="requires no"):
        ensure_engine(user.where(), told)
    (host / "go.mod").write_text(good)
    ensure_engine(user.where(), told)
    before = len(user.go_calls())
    (host / "go.sum").write_text("other sums\n")
    ensure_engine(user.where(), told)
    builds = [call for call in user.go_calls()[before:] if call.startswith("build")]
    assert len(builds) == 1
    assert HOST.package in builds[0]


@pytest.mark.parametrize(
    ("output", "code", "advice"),
    [
        ("write /x: no space left on device", DISK, "Free some space"),
        ("dial tcp 192.0.2.1:443: i/o timeout", NETWORK, "GOPROXY"),
        ("note: module requires Go >= 1.30; go.mod requires go >= 1.30", BUILD, "too old"),
        ("syntax error", BUILD, "syntax error"),
    ],
)
def test_a_failed_build_says_what_to_do(
    user: User, told: Told, output: str, code: int, advice: str
) -> None:
    with pytest.raises(EngineError, match=advice) as caught:
        ensure_engine(user.where(FAKE_GO_FAILS=output), told)
    assert caught.value.code == code
    assert output in str(caught.value)
    assert not list((user.where().cache / "engine").glob("*.tmp-*"))


def test_a_go_that_is_too_old_gives_way_to_the_packaged_one(
    user: User, told: Told, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    packaged = user.program("go", (user.bin / "go").read_text(), tmp_path / "packaged")
    monkeypatch.setattr("engine.golang._packaged_go", lambda *_: packaged)
    user.program("go", "#!/bin/sh\necho go version go1.21.0 linux/amd64\n")
    assert ensure_engine(user.where(), told).source == "built"
    assert user.go_calls()


def test_a_release_that_breaks_off_is_built_instead(
    user: User, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> Path:
        raise OSError("connection reset")

    monkeypatch.setattr(download, "published_checksum", lambda version: "0" * 64)
    monkeypatch.setattr(download, "release", broken)
    assert ensure_engine(user.where(), told).source == "built"
    assert "connection reset" in told.text
