"""The signed-in state: who may read it, where it may be, and one browser per account."""

import json
from pathlib import Path

import pytest

from services.errors import SignedOut
from services.redact import redact
from services.settings import Settings
from services.zoom.portal_state import (
    MARK,
    alone,
    data_folder,
    load_state,
    save_state,
    state_file,
    whose,
)

COOKIE = {
    "name": "session",
    "value": "a-very-secret-value",
    "domain": "zoom.us",
    "path": "/",
    "expires": -1,
    "httpOnly": True,
    "secure": True,
    "sameSite": "Lax",
}
STATE = {"cookies": [COOKIE], "origins": []}


def settings(**environ: str) -> Settings:
    return Settings(environ=environ)


def test_the_state_is_in_the_users_data_folder_unless_it_is_named(data_home: Path) -> None:
    assert state_file(settings(), "contoso") == data_home / "contoso.json"
    named = settings(ZOOM_PORTAL_STATE="/run/secrets/zoom.json")
    assert state_file(named, "contoso") == Path("/run/secrets/zoom.json")


def test_the_state_is_for_its_owner_only_and_never_shown(data_home: Path) -> None:
    file = data_home / "contoso.json"
    save_state(file, STATE)
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert load_state(file, settings(), "contoso") == STATE
    assert "a-very-secret-value" not in redact("cookie a-very-secret-value")


def test_a_state_that_others_can_read_is_refused_with_the_remedy(data_home: Path) -> None:
    file = data_home / "contoso.json"
    save_state(file, STATE)
    file.chmod(0o640)
    with pytest.raises(SignedOut, match=f"chmod 600 {file}"):
        load_state(file, settings(), "contoso")


def test_a_state_is_never_written_into_a_repository(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    with pytest.raises(SignedOut, match="in a git repository"):
        save_state(tmp_path / "deep" / "state.json", STATE)
    assert not (tmp_path / "deep").exists()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "nobody is signed in to Zoom's portal"),
        ("not json", "is no browser's state"),
        ("[]", "is no browser's state"),
        (json.dumps({"cookies": [{}], "origins": []}), "is no browser's state"),
        (json.dumps({"cookies": [COOKIE]}), "is no browser's state"),
        (json.dumps({**STATE, MARK: {"account": 1}}), "is no browser's state"),
    ],
)
def test_without_a_usable_state_it_says_how_to_get_one(
    tmp_path: Path, text: str | None, says: str
) -> None:
    file = tmp_path / "state.json"
    if text is not None:
        file.write_text(text)
        file.chmod(0o600)
    with pytest.raises(SignedOut, match=rf"{says}.*portal login contoso") as caught:
        load_state(file, settings(), "contoso")
    assert not caught.value.sent


def test_a_second_browser_on_the_account_waits_and_then_gives_up(data_home: Path) -> None:
    with alone(settings(), data_home / "contoso.json"):
        with pytest.raises(SignedOut, match="another run has a browser"):
            with alone(settings(), data_home / "contoso.json", wait=0.2):
                pytest.fail("two browsers on one account")
        with alone(settings(), data_home / "fabrikam.json", wait=0):
            pass
    with alone(settings(), data_home / "contoso.json", wait=0):
        pass


def test_two_state_files_of_one_account_are_one_account(data_home: Path) -> None:
    account = settings(ZOOM_ACCOUNT_ID="abc")
    with alone(account, data_home / "one.json"):
        with pytest.raises(SignedOut, match="another run"):
            with alone(account, data_home / "other.json", wait=0):
                pytest.fail("two browsers on one account")
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in data_folder().glob("*.lock"))


@pytest.mark.parametrize(
    ("then", "now", "theirs"),
    [
        (("contoso", "abc"), ("contoso", "abc"), False),
        (("contoso", "abc"), ("contoso-emea", "abc"), False),  # the stack got another name
        (("contoso", "abc"), ("contoso", "xyz"), True),
        (("contoso", ""), ("contoso", "abc"), False),
        (("contoso", "abc"), ("contoso", ""), False),
        (("contoso", "abc"), ("fabrikam", ""), True),
        (("contoso", ""), ("fabrikam", ""), True),
    ],
)
def test_a_state_of_another_tenant_is_refused(
    tmp_path: Path, then: tuple[str, str], now: tuple[str, str], theirs: bool
) -> None:
    file = tmp_path / "state.json"
    save_state(file, {**STATE, **whose(settings(ZOOM_ACCOUNT_ID=then[1]), then[0])})
    assert "abc" not in file.read_text().partition(MARK)[2]
    if not theirs:
        assert load_state(file, settings(ZOOM_ACCOUNT_ID=now[1]), now[0])["cookies"] == [COOKIE]
        return
    with pytest.raises(SignedOut, match="is signed in for tenant contoso, and this is") as caught:
        load_state(file, settings(ZOOM_ACCOUNT_ID=now[1]), now[0])
    assert "Name another file in ZOOM_PORTAL_STATE" in str(caught.value)
