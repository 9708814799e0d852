"""The portal channel on the real engine, with a real Chromium in the provider's process."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import engine
from demo.workspace import ROOT, Run, Workspace
from emulator import Emulator
from emulator.portal_pages import options
from fleet.plan import Change, changes_of
from providers.values import set_leaf
from tests.engine_zoom.observed import Life, expect
from tests.portal_person import CONSENT, INTEGRATION, NAMES, SIGN_IN, signed_in

pytestmark = [pytest.mark.engine, pytest.mark.browser]

DECLARATION = """
config:
  zoom-calendar:tenant:
    name: Contoso
    domains: [contoso.com]
    consent: {by: admin, permissions: [Calendars.ReadWrite]}
    application: {source: zoom}
    zoom:
      calendar: {integration: true, integrateOnSignIn: true, channel: portal}
"""
PATHS = {name: f"mail_calendar.{name}" for name in NAMES}  # such as Zoom might publish one day
DECLARED = {INTEGRATION: True, SIGN_IN: True, CONSENT: False}


class Tenant:
    """Contoso in a workspace of its own."""

    def __init__(self, emulator: Emulator, folder: Path) -> None:
        self.emulator = emulator
        folder.mkdir()
        data = {"XDG_DATA_HOME": str(folder.parent / "data"), "ZOOM_PORTAL_TIMEOUT": "10"}
        # The engine's own places are found before the data folder is another one.
        environment = {**_engine_environment(), **emulator.env, **data}
        self.workspace = Workspace(folder, environment)
        self.workspace.declare("contoso", DECLARATION)

    def declare(self, old: str, new: str) -> None:
        """The same file with one thing other."""
        assert old in DECLARATION
        self.workspace.declare("contoso", DECLARATION.replace(old, new))

    def sign_in(self) -> None:
        signed_in(self.emulator)

    def up(self) -> Run:
        return self.workspace.pulumi("up", "--yes", "--skip-preview", tenant="contoso")

    def preview(self) -> tuple[int, list[Change], str]:
        run = self.workspace.pulumi(
            "preview", "--refresh", "--expect-no-changes", "--json", tenant="contoso"
        )
        start, end = run.out.index("{"), run.out.rindex("}")
        document = json.loads(run.out[start : end + 1])
        said = "\n".join(str(one["message"]) for one in document.get("diagnostics") or ())
        return run.code, changes_of(document), said

    @property
    def live(self) -> dict[str, Any]:
        portal = self.emulator.world.data["zoom"]["portal"]
        return {name: portal[name] for name in NAMES}


_environment: dict[str, str] = {}


def _engine_environment() -> dict[str, str]:
    if not _environment:
        _environment.update(engine.environment(backend=False))
    return _environment


@pytest.fixture
def tenant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tenant]:
    _engine_environment()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    with Emulator() as emulator:
        yield Tenant(emulator, tmp_path / "project")
    assert _browsers_of(tmp_path) == [], "a browser outlived its run"


def _files_of(folder: Path) -> list[Path]:
    """What a run left in `folder`, without the code and the plugins, and the signed-in state."""
    return [
        Path(place) / name
        for place, _, names in os.walk(folder)
        for name in names
        if (Path(place).name, name) != ("portal", "contoso.json")
    ]


def _browsers_of(folder: Path) -> list[str]:
    """Processes that were started with this test's data folder and are browsers."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
            mine = str(folder).encode() in (process / "environ").read_bytes()
        except OSError:
            continue
        if mine and b"chrom" in command:
            found.append(command.decode(errors="replace")[:80])
    return found


def test_over_the_portal_all_is_set_verified_healed_and_given_back(tenant: Tenant) -> None:
    tenant.sign_in()
    before = tenant.emulator.snapshot()
    portal = tenant.emulator.world.data["zoom"]["portal"]
    life = Life(tenant, DECLARED, lambda: tenant.live, portal.update)
    expect("portal", life.observe())
    assert "3 verified" in life.said
    (told,) = life.warnings
    assert "1 of 4 settings need a person" in told
    assert tenant.emulator.snapshot() == before


@pytest.mark.full
def test_a_setting_that_leaves_the_portal_for_another_channel_keeps_what_it_is(
    tenant: Tenant,
) -> None:
    """To a path, to a person, all three to paths: only destroy gives back what was before."""
    tenant.sign_in()
    zoom = tenant.emulator.world.data["zoom"]
    for name, path in PATHS.items():
        set_leaf(zoom["settings"], path, DECLARED[name])
    portal = zoom["portal"]
    portal.update({name: not value for name, value in DECLARED.items()})
    before = tenant.live
    assert tenant.up().code == 0
    assert tenant.live == DECLARED

    portal_again = ("channel: portal", "channel: portal")
    for old, new in (
        ("zoom:\n", f"zoom:\n      paths: {json.dumps({CONSENT: PATHS[CONSENT]})}\n"),
        ("channel: portal", "channel: attested"),
        portal_again,
        ("zoom:\n", f"zoom:\n      paths: {json.dumps(PATHS)}\n"),
    ):
        tenant.declare(old, new)
        done = tenant.up()
        assert done.code == 0, done.out
        assert tenant.live == DECLARED, new
    assert tenant.preview()[:2] == (0, [])

    portal.update(before)
    tenant.declare(*portal_again)
    assert tenant.up().code == 0
    assert tenant.live == DECLARED
    assert tenant.workspace.pulumi("destroy", "--yes", "--skip-preview", tenant="contoso").code == 0
    assert tenant.live == before


@pytest.mark.full
def test_a_portal_that_can_be_read_again_and_is_as_declared_is_no_drift(tenant: Tenant) -> None:
    tenant.emulator.world.data["zoom"]["portal"].update(DECLARED)
    assert tenant.up().code == 0
    tenant.sign_in()
    code, changes, said = tenant.preview()
    assert (code, changes) == (0, []), said
    assert "3 verified" in said
    tenant.emulator.world.data["zoom"]["portal"][SIGN_IN] = False
    assert tenant.preview()[0] == 7
    assert tenant.up().code == 0
    assert tenant.live == DECLARED


def test_without_a_state_the_rest_goes_on_and_nothing_is_drift(tenant: Tenant) -> None:
    before = tenant.live
    done = tenant.up()
    assert done.code == 0, done.out
    assert tenant.live == before
    assert "nobody is signed in to Zoom's portal" in done.out
    grants = tenant.emulator.snapshot()["entra"]["oauth2PermissionGrants"].values()
    assert any("Calendars" in g["scope"] for g in grants if g["consentType"] == "AllPrincipals")

    code, changes, said = tenant.preview()
    assert (code, changes) == (0, [])
    assert "zoom-calendar-integration is unknown, not compared and not written" in said
    assert "4 of 4 settings need a person" in said


def test_a_refusal_fails_the_run_with_one_line_and_changes_nothing(tenant: Tenant) -> None:
    tenant.sign_in()
    tenant.emulator.world.data["zoom"]["portal_page"] = options() | {"locked": [CONSENT]}
    before = tenant.live
    done = tenant.up()
    assert done.code != 0
    assert tenant.live == before
    assert '"Who can set up the integration" is locked' in done.out
    assert "unlock it by hand first" in done.out
    assert "Traceback" not in done.out
    assert str(ROOT) not in done.out
    (session,) = tenant.emulator.world.tokens.portal
    kept = [done.out.encode(), *map(Path.read_bytes, _files_of(tenant.workspace.folder.parent))]
    assert len(kept) > 5  # the stack's state, the engine's logs, a screenshot, an outline
    assert not [text for text in kept if session.encode() in text]
