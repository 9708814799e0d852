"""What the workflows may do, read from their files; test_workflow_runs.py runs them."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.project.runner import WORKFLOWS, workflow

NAMES = sorted(file.name for file in WORKFLOWS.iterdir())
SAME_REPOSITORY = "github.event.pull_request.head.repo.full_name == github.repository"


def jobs() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for name in NAMES:
        for job, declared in workflow(name)["jobs"].items():
            yield name, job, declared


def steps() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, job, declared in jobs():
        for step in declared["steps"]:
            yield f"{name}, {job}", step


def uses_credentials(job: dict[str, Any]) -> bool:
    return any(
        (
            "secrets." in str(job),
            "github.token" in str(job),
            "environment" in job,
            "write" in dict(job["permissions"]).values(),
        )
    )


def test_these_are_the_workflows() -> None:
    assert NAMES == ["drift.yml", "pull-request.yml", "test.yml"]


def test_every_action_is_pinned_by_commit_with_its_version_beside_it() -> None:
    for name in NAMES:
        lines = (WORKFLOWS / name).read_text(encoding="utf-8").splitlines()
        for line in (line for line in lines if "uses:" in line):
            assert re.search(r"uses: actions/\w+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), line


def test_one_action_has_one_pin() -> None:
    pins = {step["uses"] for _, step in steps() if "uses" in step}
    assert len(pins) == len({pin.split("@")[0] for pin in pins})


@pytest.mark.parametrize("name", NAMES)
def test_a_workflow_itself_has_no_permission(name: str) -> None:
    assert workflow(name)["permissions"] == {}


def test_a_job_has_the_least_permissions() -> None:
    given = {f"{name}, {job}": declared["permissions"] for name, job, declared in jobs()}
    read = {"contents": "read"}
    assert given == {
        "drift.yml, drift": {**read, "id-token": "write"},
        "pull-request.yml, validate": read,
        "pull-request.yml, preview": {**read, "id-token": "write", "pull-requests": "write"},
        "test.yml, test": read,
    }


@pytest.mark.parametrize("name", NAMES)
def test_no_workflow_runs_a_forks_code_with_our_rights(name: str) -> None:
    triggers = set(workflow(name)["on"])
    assert triggers <= {"pull_request", "push", "schedule", "workflow_dispatch"}


def test_a_forks_pull_request_meets_no_credential() -> None:
    for name, job, declared in jobs():
        if "pull_request" in workflow(name)["on"] and uses_credentials(declared):
            assert declared["if"] == SAME_REPOSITORY, (name, job)


def test_files_are_validated_for_forks_too() -> None:
    validate = workflow("pull-request.yml")["jobs"]["validate"]
    assert "if" not in validate
    assert not uses_credentials(validate)


def test_no_step_interpolates_into_a_script() -> None:
    for where, step in steps():
        assert "${{" not in step.get("run", ""), where


def test_a_step_runs_what_this_repository_has_and_nothing_else() -> None:
    own = r"make \w+|sh engine/python -m engine run (--no-engine )?-- python -m fleet [^;&|`$()]+"
    for where, step in steps():
        script = step.get("run", "make test").replace('"$RUNNER_TEMP', '"').strip()
        script = script.replace('"$GITHUB_STEP_SUMMARY"', "summary")
        assert re.fullmatch(own, script), (where, script)


def test_no_checkout_leaves_its_token_behind() -> None:
    for where, step in steps():
        if "actions/checkout" in step.get("uses", ""):
            assert step["with"]["persist-credentials"] is False, where


def test_secrets_are_given_to_single_steps_and_not_while_tools_are_downloaded() -> None:
    for name, job, declared in jobs():
        assert "env" not in declared, (name, job)
        assert "env" not in workflow(name), name
    for where, step in steps():
        if step.get("run", "").startswith("make ") or "uses" in step:
            assert "env" not in step, where


def test_a_review_and_the_drift_check_have_the_same_credentials() -> None:
    def credentials(file: str, job: str) -> tuple[Any, Any]:
        declared = workflow(file)["jobs"][job]
        (step,) = [s for s in declared["steps"] if "ARM_CLIENT_ID" in s.get("env", {})]
        return declared["environment"], step["env"]

    assert credentials("pull-request.yml", "preview") == credentials("drift.yml", "drift")


def test_every_job_ends_some_day() -> None:
    for name, job, declared in jobs():
        assert declared["timeout-minutes"] <= 180, (name, job)
