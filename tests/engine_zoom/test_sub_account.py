"""On the real engine: a sub-account by its id, in every shape, and one that does not exist."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator import Emulator
from tests.engine_zoom.test_channels import REVIEW, TENANT, Tenant, text

pytestmark = pytest.mark.engine

SCOPES = [
    "account:read:settings:master",
    "account:update:settings:master",
    "account:read:lock_settings:master",
    "account:update:lock_settings:master",
    "account:read:managed_domains:master",
]
DECLARED: dict[str, Any] = {
    "paths": {},
    "calendar": {"integration": True, "integrateOnSignIn": True},
    "settings": {
        "zoom_rooms": {"list_meetings_with_calendar": True},
        "meeting_security": {"waiting_room": False},
        "meeting_authentication": True,
    },
    "locks": {"schedule_meeting": {"host_video": True}, "meeting_security": {"waiting_room": True}},
}


@pytest.fixture
def tenant(tmp_path: Path) -> Iterator[Tenant]:
    with Emulator() as emulator:
        emulator.set_zoom_scopes(SCOPES)
        yield Tenant(emulator, tmp_path / "project")


def test_a_sub_account_is_set_clean_healed_and_given_back(tenant: Tenant) -> None:
    ((sub, account),) = tenant.zoom["sub_accounts"].items()
    tenant.workspace.declare(TENANT, text(**DECLARED, account=sub))
    tenant.up()
    assert account["settings"]["zoom_rooms"]["list_meetings_with_calendar"] is True
    security = account["settings?meeting_security"]["meeting_security"]
    assert security["waiting_room"] is False
    assert account["settings?meeting_authentication"]["meeting_authentication"] is True
    locks = account["lock_settings?meeting_security"]["meeting_security"]
    assert locks["waiting_room"] is True
    assert tenant.zoom["settings?meeting_authentication"]["meeting_authentication"] is False

    tenant.emulator.clear_log()
    out = tenant.pulumi(*REVIEW)
    assert "warning: preflight" not in out, out
    sent = [one for one in tenant.emulator.log if one["service"] == "zoom"]
    assert {one["path"].split("/")[3] for one in sent} == {sub}
    assert sorted(
        f"{one['path'].rpartition('/')[2]} {one['query'].get('option', '')}" for one in sent
    ) == [
        "lock_settings ",
        "lock_settings meeting_security",
        "managed_domains ",
        "settings ",
        "settings meeting_authentication",
        "settings meeting_security",
    ]

    security["waiting_room"] = True
    account["settings?meeting_authentication"]["meeting_authentication"] = False
    locks["waiting_room"] = False
    out = tenant.pulumi(*REVIEW, code=7)
    assert "waiting_room" in out
    assert "meeting_authentication" in out
    tenant.up()
    assert (security["waiting_room"], locks["waiting_room"]) == (False, True)
    tenant.pulumi(*REVIEW)

    less = {"zoom_rooms": {"list_meetings_with_calendar": True}}
    tenant.workspace.declare(TENANT, text(**{**DECLARED, "settings": less}, account=sub))
    report = tenant.fleet("preview", TENANT)
    assert "meeting_authentication: declared no more: stays true" in report
    tenant.workspace.declare(TENANT, text(**DECLARED, account=sub))

    tenant.pulumi("destroy", "--yes", "--skip-preview")
    assert tenant.emulator.world.dump() == tenant.before


@pytest.mark.full
def test_an_account_that_does_not_exist_and_scopes_that_are_missing_are_named(
    tenant: Tenant,
) -> None:
    before = tenant.emulator.snapshot()["zoom"]["sub_accounts"]
    tenant.workspace.declare(TENANT, text(**DECLARED, account="nobody"))
    out = tenant.pulumi("up", "--yes", "--skip-preview", code=1)
    # Both fail at once; the engine may stop before it has asked for the other.
    named = (
        r"GET (settings of account nobody: HTTP 404|lock_settings of account nobody: HTTP 400) 2001"
    )
    assert re.search(named, out)
    assert "Check zoom.account in the tenant's file" in out

    (sub,) = tenant.zoom["sub_accounts"]
    tenant.workspace.declare(TENANT, text(**DECLARED, account=sub))
    tenant.emulator.set_zoom_scopes(["account:read:settings:admin", "account:write:admin"])
    rows = json.loads(tenant.fleet("preflight", TENANT, "--format", "json", code=3))["rows"]
    found = {row["name"]: row["found"] for row in rows}
    assert "account:read:settings:master (classic: account:master)" in found["Zoom: scopes to read"]
    for kind in ("settings", "lock_settings"):
        assert f"account:update:{kind}:master" in found["Zoom: scopes to write"]
    out = tenant.pulumi("up", "--yes", "--skip-preview", code=1)
    assert "Missing scope: account:read:settings:master" in out
    assert tenant.emulator.snapshot()["zoom"]["sub_accounts"] == before
