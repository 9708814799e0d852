import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import fleet.__main__ as command_line
from fleet import pulumi
from fleet.plan import Change, Plan, Unknown

DECLARED = Path(command_line.__file__).parent.parent / "demo" / "contoso.yaml"
DRIFT = (Change("grant", "update", "scopes", ["a"], ["a", "b"]),)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with the tenants contoso and fabrikam, which are as declared."""
    monkeypatch.setattr(pulumi, "ROOT", tmp_path)
    monkeypatch.setattr(command_line, "plan", Plan)
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    (tmp_path / "stacks").mkdir()
    for tenant in ("contoso", "fabrikam"):
        declare(tmp_path, tenant, DECLARED.read_text())
    return tmp_path


def declare(project: Path, tenant: str, text: str) -> None:
    (project / "stacks" / f"Pulumi.{tenant}.yaml").write_text(text)


def plans(monkeypatch: pytest.MonkeyPatch, **by_tenant: Plan) -> None:
    monkeypatch.setattr(command_line, "plan", lambda name: by_tenant.get(name, Plan(name)))


def fleet(*arguments: str) -> Result:
    return CliRunner().invoke(command_line.main, arguments)


def test_files_in_order_are_counted(project: Path) -> None:
    done = fleet("validate")
    assert (done.exit_code, done.stdout) == (0, "2 files are in order\n")


def test_rules_that_a_file_breaks_are_warnings(project: Path) -> None:
    registered = "source: registered\n      redirectUris: ['http://localhost/back']"
    declare(project, "fabrikam", DECLARED.read_text().replace("source: zoom", registered))
    done = fleet("validate")
    assert done.exit_code == 0
    assert done.stderr.startswith("warning: stacks/Pulumi.fabrikam.yaml: redirect-uri-https: ")


def test_a_variable_that_is_nearly_ours_is_a_warning(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ZOOM_ACCOUNT_ID", raising=False)
    monkeypatch.setenv("ZOOM_ACOUNT_ID", "s3cret")
    done = fleet("validate")
    assert (done.exit_code, "s3cret" in done.stderr) == (0, False)
    assert "warning: the environment has ZOOM_ACOUNT_ID" in done.stderr
    assert "ZOOM_ACCOUNT_ID is not set" in done.stderr


def test_every_file_that_cannot_be_used_is_named(project: Path) -> None:
    declare(project, "fabrikam", DECLARED.read_text().replace("by: admin", "by: nobody"))
    (project / "stacks" / "Pulumi.binary.yaml").write_bytes(b"\xff\xfe\x00")
    done = fleet("validate", "contoso", "fabrikam", "binary", "missing")
    assert done.exit_code == 2
    named = [line.split(":")[0] for line in done.stderr.splitlines()]
    assert named == [f"stacks/Pulumi.{name}.yaml" for name in ("fabrikam", "binary", "missing")]
    assert "consent.by" in done.stderr


def test_drift_reads_all_tenants_unless_some_are_named(project: Path) -> None:
    assert "2 tenants: 2 as declared." in fleet("drift").stdout
    assert "1 tenant: 1 as declared." in fleet("drift", "contoso").stdout


def test_drift_ends_with_7_and_a_preview_with_0(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plans(monkeypatch, contoso=Plan("contoso", DRIFT))
    assert fleet("drift").exit_code == 7
    assert fleet("preview", "contoso").exit_code == 0


def test_a_failure_outweighs_drift_and_both_are_shown(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = Plan("fabrikam", error="no answer")
    plans(monkeypatch, contoso=Plan("contoso", DRIFT), fabrikam=failed)
    done = fleet("drift")
    assert done.exit_code == 1
    assert "grant: scopes" in done.stdout
    assert "no answer" in done.stdout


def test_what_is_unknown_is_no_drift(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plans(monkeypatch, contoso=Plan("contoso", unknown=(Unknown("grant", "no permission"),)))
    done = fleet("drift")
    assert done.exit_code == 0
    assert "1 resource unknown" in done.stdout
    assert "no permission" in done.stdout


def test_one_bad_file_hides_no_other_tenant(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    declare(project, "contoso", "config: {}")
    plans(monkeypatch, fabrikam=Plan("fabrikam", DRIFT))
    done = fleet("drift")
    assert done.exit_code == 2
    assert "stacks/Pulumi.contoso.yaml" in done.stdout
    assert "grant: scopes" in done.stdout


def test_the_report_goes_to_the_file_and_the_text_to_the_log(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plans(monkeypatch, contoso=Plan("contoso", DRIFT))
    file = tmp_path / "report"
    done = fleet("preview", "contoso", "--format", "json", "--output", str(file))
    assert json.loads(file.read_text())["tenants"][0]["tenant"] == "contoso"
    assert done.stdout.startswith("≠ contoso: 1 change\n")
    assert json.loads(fleet("preview", "contoso", "--format", "json").stdout)["code"] == 0


def test_a_file_that_cannot_be_written_is_an_error_and_the_text_is_not_lost(
    project: Path, tmp_path: Path
) -> None:
    done = fleet("drift", "--output", str(tmp_path / "no" / "folder"))
    assert done.exit_code == 1
    assert "No such file" in done.stderr
    assert "2 tenants: 2 as declared." in done.stdout


def test_a_github_job_gets_annotations(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plans(monkeypatch, contoso=Plan("contoso", DRIFT))
    assert "::error" not in fleet("drift").stderr
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    done = fleet("drift", "--format", "json")
    assert '::error title=contoso::update grant: scopes: + "b"\n' in done.stderr
    assert json.loads(done.stdout)["code"] == 7


def test_progress_in_a_pipe_is_a_plain_line_per_tenant(project: Path) -> None:
    done = fleet("drift")
    assert done.stderr == "Reading contoso (1 of 2)\nReading fabrikam (2 of 2)\n"


def test_a_preview_asks_which_tenants(project: Path) -> None:
    done = fleet("preview")
    assert done.exit_code == 2
    assert "--changed-since" in done.stderr


def test_a_revision_that_git_does_not_know_is_a_wrong_argument(project: Path) -> None:
    done = fleet("preview", "--changed-since", "no-such-revision")
    assert done.exit_code == 2
    assert "Traceback" not in done.stderr
