"""On the real engine: each channel's settings are set, previewed clean, healed and given back."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import engine
from demo.workspace import Run, Workspace
from emulator import Emulator
from providers.values import leaf, set_leaf
from tests.engine_zoom.observed import LOCK, PUBLISHED, Life, Values, expect
from tests.portal_person import CONSENT, INTEGRATION, SIGN_IN

pytestmark = pytest.mark.engine

TENANT = "contoso"
PATH = "mail_calendar.users_can_consent"  # such as Zoom might publish one day
REVIEW = ("preview", "--refresh", "--diff", "--suppress-outputs", "--expect-no-changes")
ADMIN = "admin_consents_for_company"
ATTESTED = (INTEGRATION, SIGN_IN, ADMIN)
ON = {INTEGRATION: True, SIGN_IN: True, CONSENT: False}  # what the file declares
# Such as Zoom might publish one day, for each of the article's settings that is one.
PATHS = {CONSENT: PATH, INTEGRATION: "mail_calendar.integration", SIGN_IN: "mail_calendar.sign_in"}


def text(**zoom: Any) -> str:
    calendar = {"integration": True, "integrateOnSignIn": True, "attestations": _words()}
    declared = {
        "name": "Contoso",
        "domains": ["contoso.com"],
        "consent": {"by": "admin", "permissions": ["Calendars.ReadWrite", "Contacts.ReadWrite"]},
        "application": {"source": "zoom"},
        "zoom": {
            "calendar": calendar,
            "paths": {CONSENT: PATH},
            "settings": {
                "zoom_rooms": {"list_meetings_with_calendar": True},
                "in_meeting": {"file_transfer": False},
            },
            "locks": {"schedule_meeting": {"host_video": True}},
            **zoom,
        },
    }
    return yaml.safe_dump({"config": {"zoom-calendar:tenant": declared}}, sort_keys=False)


def _words() -> dict[str, Any]:
    today = datetime.date.today
    return {
        name: {"value": True, "who": "ada@contoso.com", "when": today(), "until": today()}
        for name in ATTESTED
    }


class Tenant:
    """A stack, its file and the services behind it."""

    def __init__(self, emulator: Emulator, folder: Path) -> None:
        folder.mkdir()
        self.emulator = emulator
        set_leaf(self.zoom["settings"], PATH, True)
        self.before = emulator.world.dump()
        environment = {**engine.environment(backend=False), **emulator.env}
        self.workspace = Workspace(folder, environment)

    @property
    def zoom(self) -> dict[str, Any]:
        state: dict[str, Any] = self.emulator.world.data["zoom"]
        return state

    def pulumi(self, *arguments: str, code: int = 0) -> str:
        return self.ended(self.workspace.pulumi(*arguments, tenant=TENANT), code)

    def fleet(self, *arguments: str, code: int = 0) -> str:
        return self.ended(self.workspace.fleet(*arguments), code)

    def up(self) -> str:
        return self.pulumi("up", "--yes", "--skip-preview")

    def requests(self) -> list[str]:
        """What was asked of Zoom since the log was cleared, with the body of what writes."""
        return sorted(
            f"{one['method']} {one['path'].rpartition('/')[2]}"
            for one in self.emulator.log
            if one["service"].startswith("zoom")
        )

    @staticmethod
    def ended(run: Run, code: int) -> str:
        assert run.code == code, run.out[-3000:]
        assert "Traceback" not in run.out
        return run.out


@pytest.fixture
def tenant(tmp_path: Path) -> Iterator[Tenant]:
    with Emulator() as emulator:
        yield Tenant(emulator, tmp_path / "project")


def test_over_the_api_all_is_set_verified_healed_and_given_back(tenant: Tenant) -> None:
    """The article's settings by a path, a published setting, and a lock."""
    zoom = tenant.zoom
    places = {name: (zoom["settings"], path) for name, path in PATHS.items()}
    places[PUBLISHED] = (zoom["settings"], PUBLISHED)
    places[LOCK] = (zoom["lock_settings"], "schedule_meeting.host_video")
    declared = {**ON, PUBLISHED: False, LOCK: True}

    def live() -> Values:
        return {name: leaf(*place) for name, place in places.items()}

    def person_sets(values: Values) -> None:
        for name, value in values.items():
            set_leaf(*places[name], value)

    person_sets({name: not value for name, value in declared.items()})
    before = tenant.emulator.world.dump()
    tenant.workspace.declare(TENANT, text(paths=PATHS))
    life = Life(tenant, declared, live, person_sets)
    expect("api", life.observe({path: name for name, (_, path) in places.items()}))
    assert "Calendar settings: 3 verified, 1 attested, 0 expired, 0 unknown" in life.said
    assert life.warnings == []
    assert life.asked == ["GET lock_settings", "GET managed_domains", "GET settings", "POST token"]
    assert tenant.emulator.world.dump() == before


@pytest.mark.full
def test_what_leaves_the_file_is_said_to_stay_and_stays(tenant: Tenant) -> None:
    tenant.workspace.declare(TENANT, text())
    tenant.up()
    rooms = {"zoom_rooms": {"list_meetings_with_calendar": True}}
    tenant.workspace.declare(TENANT, text(settings=rooms))
    assert "- file_transfer" in tenant.pulumi(*REVIEW, code=7)
    report = tenant.fleet("preview", TENANT)
    assert "in_meeting: declared no more: stays" in report
    tenant.workspace.declare(TENANT, text(settings={}, paths={}, locks={}))
    tenant.emulator.clear_log()
    tenant.up()
    assert not [one for one in tenant.requests() if one.startswith("PATCH")]
    assert leaf(tenant.zoom["settings"], "in_meeting.file_transfer") is False
    assert leaf(tenant.zoom["settings"], PATH) is False
    tenant.emulator.clear_log()
    tenant.pulumi("destroy", "--yes", "--skip-preview")
    assert not [one for one in tenant.requests() if one.startswith("PATCH")]


def test_what_a_person_attests_to_is_neither_set_nor_read_and_can_be_required(
    tenant: Tenant,
) -> None:
    """Required: a preview fails with the steps and a code of its own."""
    calendar = {"integration": True, "integrateOnSignIn": True, "attestations": "required"}
    tenant.workspace.declare(TENANT, text(calendar=calendar, paths={}))
    out = tenant.workspace.pulumi("preview", tenant=TENANT)
    assert out.code not in (0, 7)
    assert "attestations are required, and 4 of 4 settings have none that counts" in out.out
    report = json.loads(
        tenant.workspace.fleet("drift", TENANT, "--format", "json").out.partition("\n")[2]
    )
    assert (report["code"], len(report["tenants"][0]["needs_a_person"])) == (5, 4)

    evidence = tenant.workspace.folder / "seen.png"
    evidence.write_bytes(b"seen")
    declared = {**ON, ADMIN: True}
    for name, value in declared.items():
        told = ("--evidence", str(evidence), "--who", "ada")
        tenant.fleet("attest", TENANT, name, "on" if value else "off", *told)

    portal = tenant.zoom["portal"]
    fields = {name: "admin_consented" if name == ADMIN else name for name in declared}

    def live() -> Values:
        return {name: portal[field] for name, field in fields.items()}

    def person_sets(values: Values) -> None:
        portal.update({fields[name]: value for name, value in values.items()})

    life = Life(tenant, declared, live, person_sets)
    expect("attested", life.observe())
    assert "Calendar settings: 0 verified, 4 attested, 0 expired, 0 unknown" in life.said
    assert live() == declared


def test_the_preflight_command_needs_no_stack_and_names_each_fix(tenant: Tenant) -> None:
    tenant.workspace.stack_file(TENANT).write_text(text())
    assert tenant.fleet("preflight", TENANT).count("ok  ") == 10
    tenant.zoom["settings"]["security"]["signin_with_sso"]["enable"] = False
    tenant.emulator.set_zoom_scopes(["account:read:settings:admin"])
    rows = json.loads(tenant.fleet("preflight", TENANT, "--format", "json", code=3))["rows"]
    standing = {row["name"]: row["standing"] for row in rows}
    assert standing["Zoom: scopes to read"] == standing["Zoom: single sign-on"] == "not ok"
    assert standing["Zoom: domains managed"] == "unknown"
    assert all(row["fix"] for row in rows if row["standing"] == "not ok")
    tenant.workspace.stack_file(TENANT).write_text(text().replace("by: admin", "by: x"))
    tenant.fleet("preflight", TENANT, code=2)


@pytest.mark.full
def test_adopting_takes_the_preflight_and_empty_documents_too(tenant: Tenant) -> None:
    tenant.workspace.declare(TENANT, text(settings={}, locks={}))
    tenant.emulator.clear_log()
    tenant.fleet("adopt", TENANT)
    assert not [one for one in tenant.requests() if one.startswith("PATCH")]
    out = tenant.pulumi("preview", "--refresh", "--suppress-outputs")
    assert "zoom-preflight create" not in out
    assert "zoom-locks create" not in out
