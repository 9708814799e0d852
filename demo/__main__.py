"""One tenant's life, told step by step; ends with 1 if any step is not as told.

KEEP=1 leaves the emulators running and prints how to go on by hand.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console

import engine
from demo.emulators import Emulators
from demo.person import sign_in_to_zoom
from demo.workspace import Run, Workspace
from fleet.plan import Change, changes_of
from fleet.report import difference
from services.settings import Settings
from services.zoom.browser import installed
from services.zoom.portal_person import sign_in

TENANT = "contoso"
POLICY_ENTRY = "ManagePermissionGrantsForSelf.zoom-calendar-users"
DECLARATION = (Path(__file__).parent / "contoso.yaml").read_text(encoding="utf-8")

PORTAL = DECLARATION.replace(
    "integrateOnSignIn: true", "integrateOnSignIn: true\n        channel: portal"
)


def own_application(declaration: str) -> str:
    """The same tenant with an application of its own, and users who consent."""
    return declaration.replace("by: admin", "by: user").replace(
        "source: zoom",
        "source: registered\n      redirectUris: [https://zoom.us/office365/oauth]",
    )


CHANNEL = {
    True: "           A Chromium is here: the article's settings go through Zoom's portal.",
    False: "           No Chromium and Playwright here: a person attests to the portal's settings.",
}
BY_PERSON = "4 settings that only Zoom's portal has wait for a person; every preview lists them"
BY_BROWSER = "3 settings that only Zoom's portal has were set there by a browser, and read back"

console = Console(highlight=False)


class NotAsTold(Exception):
    """A step ended otherwise than the story says."""


class Demo:
    """The story; each method is a step of it."""

    def __init__(self, emulators: Emulators, workspace: Workspace, *, browser: bool) -> None:
        self.emulators, self.workspace, self.browser = emulators, workspace, browser
        self.declaration = PORTAL if browser else DECLARATION
        self.before: Any = emulators.state()

    def tell(self) -> None:
        """The whole story, in order."""
        with step("Contoso's file: the administrator consents, Zoom must not ask its users") as say:
            self.workspace.declare(TENANT, self.declaration)
            say("stacks/Pulumi.contoso.yaml: consent.by: admin, application.source: zoom")
        if self.browser:
            with step("A person signs in to Zoom's portal, once", "fleet portal login contoso"):
                known = Settings(environ=self.workspace.environment)
                sign_in(known, TENANT, person=sign_in_to_zoom, headless=True, wait=60)
        with step("Adopt what is there already, without a write", "fleet adopt contoso"):
            self.expect(0, self.workspace.fleet("adopt", TENANT))
            same(self.emulators.state(), self.before, "adopting changed a service")
        with step("What would `up` change? Live against declared", "pulumi preview") as say:
            changes = self.preview(7)
            say(*map(show, changes))
        with step("Apply it", "pulumi up") as say:
            self.expect(0, self.workspace.pulumi("up", "--yes", tenant=TENANT))
            self.check_applied()
            say(BY_BROWSER if self.browser else BY_PERSON)
        with step("Nothing differs any more", "pulumi preview --expect-no-changes"):
            self.preview(0)
        with step("Somebody clicks in both portals") as say:
            say(*self.click_around())
        with step("Drift, property by property, on both sides", "pulumi preview, exit 7") as say:
            changes = self.preview(7)
            say(*map(show, changes))
            self.check_drift(changes)
        with step("Heal it", "pulumi up"):
            self.expect(0, self.workspace.pulumi("up", "--yes", tenant=TENANT))
            self.check_applied()
            self.preview(0)
        with step("Let users consent instead: one line changes, both sides follow") as say:
            self.workspace.declare(TENANT, self.declaration.replace("by: admin", "by: user"))
            changes = self.preview(7)
            say(*map(show, changes))
            self.check_switch(changes)
            self.expect(0, self.workspace.pulumi("up", "--yes", tenant=TENANT))
            self.preview(0)
        with step("An application of its own instead of Zoom's, through azuread") as say:
            self.workspace.declare(TENANT, own_application(self.declaration))
            say(*map(show, self.preview(7)))
            self.expect(0, self.workspace.pulumi("up", "--yes", tenant=TENANT))
            self.preview(0)
        with step(
            "Take it all back", "pulumi destroy; azuread waits 20 s for each deletion"
        ) as say:
            self.expect(0, self.workspace.pulumi("destroy", "--yes", tenant=TENANT))
            same(self.emulators.state(), self.before, "destroy left something changed")
            size = len(json.dumps(self.before))
            say(f"Entra and Zoom are byte for byte as before ({size:,} bytes compared)")

    # ---- checks ----------------------------------------------------------------------------

    def preview(self, code: int) -> list[Change]:
        """The reviewer's preview; its changes. Raises NotAsTold where it ends otherwise."""
        run = self.workspace.pulumi(
            "preview", "--refresh", "--expect-no-changes", "--json", tenant=TENANT
        )
        self.expect(code, run)
        start, end = run.out.index("{"), run.out.rindex("}")
        return changes_of(json.loads(run.out[start : end + 1]))

    def expect(self, code: int, run: Run) -> None:
        """The command ended as the story says."""
        if run.code != code:
            tail = "\n".join(run.out.splitlines()[-25:])
            raise NotAsTold(f"exit code {run.code} instead of {code}:\n{tail}")

    def check_applied(self) -> None:
        """Entra and Zoom are what Contoso declares."""
        state = self.emulators.state()
        entries = _entries(state)
        told(POLICY_ENTRY in entries, f"our entry is not in {entries}")
        others = [entry for entry in entries if entry != POLICY_ENTRY]
        told(others == _entries(self.before), "another entry of the authorization policy changed")
        scopes = set(_zoom_grant(state)["scope"].split())
        told({"Calendars.ReadWrite", "Contacts.ReadWrite"} <= scopes, f"the grant has {scopes}")
        told(_room_setting(state) is True, "list_meetings_with_calendar is off")
        if self.browser:
            shown = _at(state, PORTAL_PATH)
            told(shown["integrate_calendar_on_sign_in"] is True, f"the portal shows {shown}")
            told(shown["users_can_consent"] is False, f"the portal shows {shown}")

    def click_around(self) -> list[str]:
        """What three people do by hand."""
        state = self.emulators.state()
        at, _ = _find_zoom_grant(state)
        left = _zoom_grant(state)["scope"].replace("Contacts.ReadWrite", "").split()
        entries = [entry for entry in _entries(state) if entry != POLICY_ENTRY]
        self.emulators.edit(
            {"op": "set", "path": f"{ENTRIES_PATH}", "value": entries},
            {"op": "set", "path": f"{GRANTS_PATH}/{at}/scope", "value": " ".join(left)},
            {"op": "set", "path": ROOM_SETTING_PATH, "value": False},
        )
        if self.browser:
            path = f"{PORTAL_PATH}/integrate_calendar_on_sign_in"
            self.emulators.edit({"op": "set", "path": path, "value": False})
        return [
            "Entra: our entry is removed from the authorization policy",
            "Entra: Contacts.ReadWrite is removed from the grant",
            "Zoom:  list_meetings_with_calendar is switched off",
            *(["Zoom:  users are no longer asked to integrate at sign-in"] if self.browser else []),
        ]

    def check_drift(self, changes: list[Change]) -> None:
        """Exactly what was clicked."""
        seen = {(change.resource, change.property.split("[")[0]) for change in changes}
        clicked = {
            ("user-consent-assignment", "assigned"),
            ("grant", "scopes"),
            ("zoom-settings", "zoom_rooms.list_meetings_with_calendar"),
        }
        if self.browser:
            clicked.add(("zoom-calendar-integration", "integrate_calendar_on_sign_in"))
        told(seen == clicked, f"seen is {sorted(seen)}")

    def check_switch(self, changes: list[Change]) -> None:
        """Entra's grant goes and Zoom's switch turns, in one diff."""
        seen = {(change.resource, change.property, change.operation) for change in changes}
        told(("grant", "", "delete") in seen, f"the grant is not deleted in {sorted(seen)}")
        zoom = ("zoom-calendar-integration", "users_can_consent", "update")
        told(zoom in seen, f"Zoom's setting does not change in {sorted(seen)}")


# ---- where things are in the emulators' state --------------------------------------------------

ENTRIES_PATH = (
    "/entra/authorizationPolicy/defaultUserRolePermissions/permissionGrantPoliciesAssigned"
)
GRANTS_PATH = "/entra/oauth2PermissionGrants"
PORTAL_PATH = "/zoom/portal"
ROOM_SETTING_PATH = "/zoom/settings/zoom_rooms/list_meetings_with_calendar"


def _at(state: Any, path: str) -> Any:
    for key in path.strip("/").split("/"):
        state = state[key]
    return state


def _entries(state: Any) -> list[str]:
    entries: list[str] = _at(state, ENTRIES_PATH)
    return entries


def _room_setting(state: Any) -> Any:
    return _at(state, ROOM_SETTING_PATH)


def _find_zoom_grant(state: Any) -> tuple[Any, Any]:
    grants = _at(state, GRANTS_PATH)
    pairs: Iterator[tuple[Any, Any]] = iter(
        grants.items() if isinstance(grants, dict) else enumerate(grants)
    )
    for at, grant in pairs:
        if grant["consentType"] == "AllPrincipals" and "Calendars.ReadWrite" in grant["scope"]:
            return at, grant
    raise NotAsTold("Zoom's application has no tenant-wide grant")


def _zoom_grant(state: Any) -> Any:
    return _find_zoom_grant(state)[1]


# ---- telling -----------------------------------------------------------------------------------


def told(holds: bool, otherwise: str) -> None:
    """The story goes on only if it `holds`."""
    if not holds:
        raise NotAsTold(otherwise)


def same(now: Any, before: Any, otherwise: str) -> None:
    """Two whole states are equal, to the byte."""
    told(json.dumps(now, sort_keys=True) == json.dumps(before, sort_keys=True), otherwise)


def show(change: Change) -> str:
    """One change on one line: live on the left, declared on the right."""
    if change.operation != "update":
        return f"{change.operation:7} {change.resource}"
    return f"update  {change.resource}: {change.property}: {difference(change)}"


@contextmanager
def step(title: str, command: str = "") -> Iterator[Callable[..., None]]:
    """Prints the step when it has ended well, with its time and what it says."""
    start, lines = time.monotonic(), list[str]()
    with console.status(f"{title} …"):
        yield lambda *said: lines.extend(said)
    shown = f" [dim]({command})[/dim]" if command else ""
    console.print(f"[green]✓[/green] {time.monotonic() - start:5.1f} s  {title}{shown}")
    for line in lines:
        console.print(f"           {line}", style="dim", markup=False, soft_wrap=True)


def main() -> int:
    """Runs the story. Returns the exit code."""
    start, keep = time.monotonic(), os.environ.get("KEEP", "") not in ("", "0")
    with tempfile.TemporaryDirectory(prefix="zoom-calendar-demo-") as folder:
        with step("The Pulumi engine, the azuread provider and Python are ready"):
            environment = engine.environment(backend=False)
        with step("An Entra and a Zoom on this machine"):
            emulators = Emulators()
        try:
            os.environ["XDG_DATA_HOME"] = str(Path(folder) / "data")  # the signed-in state is there
            workspace = Workspace(Path(folder), {**environment, **emulators.env})
            browser = installed()
            console.print(CHANNEL[browser], style="dim", soft_wrap=True)
            Demo(emulators, workspace, browser=browser).tell()
        except NotAsTold as problem:
            console.print(f"[red]✗[/red] not as told: {problem}", markup=True)
            return 1
        finally:
            if not keep:
                emulators.stop()
    console.print(f"All as told, in {time.monotonic() - start:.0f} s.")
    if keep:
        console.print(f"\nThe emulators go on as process {emulators.pid}. To play by hand:\n")
        console.print('eval "$(make -s env)"', style="bold")
        for name, value in emulators.env.items():
            console.print(f"export {name}={value}", markup=False, soft_wrap=True)
        console.print(f"pulumi stack select --create {TENANT} && pulumi up", style="bold")
        console.print(f"kill {emulators.pid}    # when done")
    return 0


if __name__ == "__main__":
    sys.exit(main())
