"""The workflows' steps as they stand, on real git and engine, and emulated services."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest

from emulator import Emulator
from fleet.github import MARKER
from tests.fleet.fake_github import NUMBER, TOKEN, FakeGitHub
from tests.project.runner import ROOT, Context, Step, clean_environment, run_job

pytestmark = pytest.mark.engine

CODE = ["__main__.py", "Pulumi.yaml", "Makefile", ".gitignore", ".github", "components", "engine"]
CODE += ["fleet", "providers", "requirements", "services", "tenant"]
CONTOSO = (ROOT / "demo" / "contoso.yaml").read_text(encoding="utf-8")
# An application of its own: the one tenant here that azuread itself signs in for.
FABRIKAM = """\
config:
  zoom-calendar:tenant:
    name: Fabrikam
    domains: [fabrikam.com]
    consent:
      by: admin
      permissions: [Calendars.Read]
    application:
      source: registered
      displayName: Fabrikam calendar
    zoom: {}
"""


class Company:
    """A company's repository, its two services, and GitHub."""

    def __init__(self, folder: Path, emulator: Emulator, github: FakeGitHub) -> None:
        self.folder, self.emulator, self.github = folder / "checkout", emulator, github
        self._temp, self._state = folder / "runner", folder / "state"
        for path in (self.folder / "stacks", self._temp, self._state):
            path.mkdir(parents=True)
        for name in CODE:
            source = ROOT / name
            ignored = shutil.ignore_patterns("__pycache__")
            if source.is_dir():
                shutil.copytree(source, self.folder / name, ignore=ignored)
            else:
                shutil.copy(source, self.folder / name)
        self._passphrase = token_hex(8)
        self._trust(github.subject)
        self.git("init", "--quiet", "--initial-branch=main")
        self.commit()

    # ---- what people do --------------------------------------------------------------------

    def apply(self, tenant: str, text: str) -> None:
        """The tenant's file on the main branch, and `pulumi up` by an administrator."""
        file = self.declare(tenant, text)
        self._pulumi("stack", "select", "--create", tenant)
        self.commit()
        assert "encryptionsalt" in file.read_text()
        self._pulumi("up", "--yes", "--skip-preview", "--stack", tenant)

    def declare(self, tenant: str, text: str) -> Path:
        """Writes the tenant's file; its salt stays."""
        file = self.folder / "stacks" / f"Pulumi.{tenant}.yaml"
        old = file.read_text() if file.exists() else ""
        salt = [line for line in old.splitlines() if line.startswith("encryptionsalt:")]
        file.write_text(text + "".join(f"{line}\n" for line in salt))
        return file

    def propose(self, tenant: str, text: str) -> None:
        """A pull request: HEAD is its merge with the main branch, as GitHub checks it out."""
        self.git("checkout", "--quiet", "-B", "topic", "main")
        self.declare(tenant, text)
        self.commit()
        self.git("checkout", "--quiet", "--detach", "main")
        self.git("merge", "--quiet", "--no-ff", "--message", "merge", "topic")

    def click(self, path: str, value: Any) -> None:
        """Somebody changes something in a portal."""
        *parents, last = path.split("/")
        with self.emulator.world.lock:
            node = self.emulator.world.data
            for key in parents:
                node = node[key]
            node[last] = value

    # ---- what GitHub does ------------------------------------------------------------------

    def job(self, file: str, name: str, **changed: str) -> list[Step]:
        """Runs a job on what is checked out, with what docs/ci.md says to set up.

        `changed` replaces single variables and secrets.
        """
        env = self.emulator.env
        event = self._temp / "event.json"
        event.write_text(json.dumps({"pull_request": {"number": NUMBER}}))
        (self._temp / "summary.md").unlink(missing_ok=True)
        names = ("ARM_CLIENT_ID", "ARM_TENANT_ID", "ZOOM_ACCOUNT_ID", "ZOOM_CLIENT_ID")
        machine = ("ARM_METADATA_HOSTNAME", "SSL_CERT_FILE", "ZOOM_API_URL", "ZOOM_OAUTH_URL")
        variables = {n: env[n] for n in names} | {"PULUMI_BACKEND_URL": f"file://{self._state}"}
        secrets = {
            "ZOOM_CLIENT_SECRET": env["ZOOM_CLIENT_SECRET"],
            "PULUMI_CONFIG_PASSPHRASE": self._passphrase,
        }
        context = Context(
            github=self.github,
            folder=self.folder,
            temp=self._temp,
            vars={n: changed.get(n, value) for n, value in variables.items()},
            secrets={n: changed.get(n, value) for n, value in secrets.items()},
            machine={n: env[n] for n in machine},
            event=event,
        )
        return run_job(file, name, context)

    @property
    def summary(self) -> str:
        """What the last job wrote to its page."""
        return (self._temp / "summary.md").read_text()

    def comments(self) -> list[str]:
        """Our comments on the pull request."""
        bodies = [str(comment["body"]) for comment in self.github.comments]
        return [body for body in bodies if body.startswith(MARKER)]

    # ---- the machinery ---------------------------------------------------------------------

    def _trust(self, subject: str) -> None:
        """The federated credential that docs/ci.md asks for; Entra knows GitHub's key."""
        self.github.sign = self.emulator.world.builds.token
        app_id = self.emulator.env["ARM_CLIENT_ID"]
        applications = self.emulator.world.data["entra"]["applications"].values()
        (app,) = [app for app in applications if app["appId"] == app_id]
        app["federatedIdentityCredentials"].append(
            {
                "id": "33333333-3333-3333-3333-333333333333",
                "name": "tenants-read",
                "issuer": "https://token.actions.githubusercontent.com",
                "subject": subject,
                "audiences": ["api://AzureADTokenExchange"],
            }
        )

    def _pulumi(self, *arguments: str) -> None:
        environment = {
            **clean_environment(),
            **self.emulator.env,
            "PULUMI_BACKEND_URL": f"file://{self._state}",
            "PULUMI_CONFIG_PASSPHRASE": self._passphrase,
        }
        command = ["pulumi", *arguments, "--non-interactive", "--color", "never"]
        self._run(command, environment)

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "a change")

    def git(self, *arguments: str) -> None:
        nothing = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        author = ["-c", "user.name=Ada", "-c", "user.email=ada@contoso.com"]
        self._run(["git", *author, *arguments], {**clean_environment(), **nothing})

    def _run(self, command: list[str], environment: dict[str, str]) -> None:
        done = subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def _ready() -> None:
    """What a job downloads is there before it trusts nothing but the emulators."""
    command = ["make", "setup"]
    subprocess.run(command, cwd=ROOT, env=clean_environment(), check=True, capture_output=True)


@pytest.fixture
def company(tmp_path: Path, _ready: None) -> Iterator[Company]:
    with ExitStack() as stack:
        yield Company(tmp_path, stack.enter_context(Emulator()), stack.enter_context(FakeGitHub()))


def preview(company: Company, **changed: str) -> list[Step]:
    return company.job("pull-request.yml", "preview", **changed)


def drift(company: Company, **changed: str) -> Step:
    *before, last = company.job("drift.yml", "drift", **changed)
    assert all(step.code == 0 for step in before), before
    assert last.name == "Compare"
    return last


def codes(steps: list[Step]) -> dict[str, int]:
    return {step.name: step.code for step in steps}


ALL_WELL = {"Make Pulumi ready": 0, "Preview": 0, "Comment": 0}
ROOM_SETTING = "zoom/settings/zoom_rooms/list_meetings_with_calendar"


def test_a_pull_request_is_previewed_in_one_comment_that_is_updated(company: Company) -> None:
    company.apply("contoso", CONTOSO)
    company.declare("northwind", CONTOSO)  # untouched below, and it would fail: it has no stack
    company.commit()
    before = company.emulator.snapshot()
    for number in range(130):
        company.github.add(f"{MARKER} {number}", "somebody")

    company.propose("contoso", CONTOSO.replace("by: admin", "by: user"))
    assert codes(company.job("pull-request.yml", "validate")) == {"Check every tenant's file": 0}
    steps = preview(company)
    assert codes(steps) == ALL_WELL, steps
    first = company.github.comments[-1]["body"]
    assert "- delete `grant`" in first
    assert "`users_can_consent`: declared before `false` → `true`" in first
    assert "northwind" not in first

    company.propose("contoso", CONTOSO.replace("calendar: true }", "calendar: false }"))
    assert codes(preview(company)) == ALL_WELL
    assert len(company.github.comments) == 131
    second = company.github.comments[-1]["body"]
    assert "`zoom_rooms.list_meetings_with_calendar`: `true` → `false`" in second
    assert "grant" not in second
    assert company.emulator.snapshot() == before


@pytest.mark.full
def test_a_tenant_that_was_never_applied_is_previewed_and_leaves_nothing(company: Company) -> None:
    company.propose("contoso", CONTOSO)
    before = company.emulator.snapshot()
    assert codes(preview(company)) == ALL_WELL
    (comment,) = company.comments()
    assert "never applied: nothing live was compared" in comment
    assert "- create `user-consent-policy`" in comment
    assert company.emulator.snapshot() == before
    company.git("diff", "--exit-code")  # the file has no salt that nobody committed


def test_a_file_that_cannot_be_used_stops_the_pull_request_and_is_named(company: Company) -> None:
    company.propose("contoso", CONTOSO.replace("by: admin", "by: nobody"))
    (validated,) = company.job("pull-request.yml", "validate")
    assert validated.code == 2
    assert "stacks/Pulumi.contoso.yaml: consent.by" in validated.out
    assert codes(preview(company)) == {**ALL_WELL, "Preview": 2}
    assert "stacks/Pulumi.contoso.yaml: consent.by" in company.comments()[0]


def test_a_preview_that_fails_says_why_once_and_without_secrets(company: Company) -> None:
    company.apply("contoso", CONTOSO)
    company.propose("contoso", CONTOSO.replace("by: admin", "by: user"))
    steps = preview(company, ZOOM_CLIENT_SECRET="planted-wrong-secret")
    assert codes(steps) == {**ALL_WELL, "Preview": 1}
    (comment,) = company.comments()
    assert comment.count("Invalid client_id or client_secret") == 1
    shown = comment + "".join(step.out for step in steps)
    assert "Traceback" not in shown
    assert "planted-wrong-secret" not in shown
    assert TOKEN not in shown


@pytest.mark.full
def test_a_job_of_another_environment_cannot_sign_in(company: Company) -> None:
    company.apply("contoso", CONTOSO)
    company.propose("contoso", CONTOSO.replace("by: admin", "by: user"))
    company.github.subject = company.github.subject.replace("tenants-read", "other")
    assert codes(preview(company)) == {**ALL_WELL, "Preview": 1}
    assert "AADSTS70021" in company.comments()[0]


def test_drift_fails_the_job_and_names_tenant_and_property(company: Company) -> None:
    company.apply("contoso", CONTOSO)
    clean = drift(company)
    assert clean.code == 0, clean.out
    assert "1 tenant: 1 as declared." in clean.out
    assert "::error" not in clean.out

    company.click(ROOM_SETTING, False)
    drifted = drift(company)
    assert drifted.code == 7
    change = "zoom_rooms.list_meetings_with_calendar: false → true"
    assert f"::error title=contoso::update zoom-settings: {change}\n" in drifted.out
    assert "`zoom_rooms.list_meetings_with_calendar`: `false` → `true`" in company.summary


def test_what_cannot_be_read_is_unknown_and_no_drift(company: Company) -> None:
    company.apply("contoso", CONTOSO)
    company.click(ROOM_SETTING, False)
    company.emulator.set_zoom_scopes([])
    unread = drift(company)
    assert unread.code == 0, unread.out
    assert "1 resource unknown" in unread.out
    assert "::warning title=contoso%3A not compared::zoom-settings since " in unread.out
    assert "account:read:settings:admin" in company.summary


@pytest.mark.full
def test_what_the_job_does_not_have_comes_from_the_tenants_file(company: Company) -> None:
    company.apply("contoso", CONTOSO)
    lines = f"  azuread:tenantId: {company.emulator.tenant_id}\n"
    lines += f"  zoom-calendar:ZOOM_CLIENT_ID: {company.emulator.env['ZOOM_CLIENT_ID']}\n"
    company.declare("contoso", CONTOSO.replace("config:\n", f"config:\n{lines}"))
    found = drift(company, ARM_TENANT_ID="", ZOOM_CLIENT_ID="")
    assert found.code == 0, found.out


@pytest.mark.full
def test_drift_of_one_tenant_and_failure_of_another_are_both_reported(company: Company) -> None:
    company.apply("contoso", CONTOSO)
    company.click(ROOM_SETTING, False)
    bad = company.declare("fabrikam", FABRIKAM)
    bad.write_text(bad.read_text() + "encryptionsalt: v1:AAAA:v1:AAAA:AAAA\n")
    done = drift(company)
    assert done.code == 1
    assert "::error title=contoso::update zoom-settings" in done.out
    assert "::error title=fabrikam::" in done.out
    assert "2 tenants: 1 differing from live, 1 not previewed." in company.summary


@pytest.mark.full
@pytest.mark.skipif(sys.platform == "darwin", reason="Go trusts no SSL_CERT_FILE on macOS")
def test_azuread_signs_in_by_federation_too(company: Company) -> None:
    company.apply("fabrikam", FABRIKAM)
    clean = drift(company)
    assert clean.code == 0, clean.out
    applications = company.emulator.snapshot()["entra"]["applications"]
    (id_,) = [i for i, app in applications.items() if app["displayName"] == "Fabrikam calendar"]
    company.click(f"entra/applications/{id_}/signInAudience", "AzureADMultipleOrgs")
    drifted = drift(company)
    assert drifted.code == 7, drifted.out
    assert '"AzureADMultipleOrgs" → "AzureADMyOrg"' in drifted.out
