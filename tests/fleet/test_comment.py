import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fleet.github import LONGEST, MARKER, PullRequest
from services.errors import (
    CredentialsRejected,
    Forbidden,
    MissingCredentials,
    NotFound,
    Refused,
    ServiceError,
    Unavailable,
)
from tests.fleet.fake_github import NUMBER, REPOSITORY, TOKEN, FakeGitHub


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    with FakeGitHub() as fake:
        yield fake


@pytest.fixture
def environment(github: FakeGitHub, tmp_path: Path) -> dict[str, str]:
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"action": "opened", "pull_request": {"number": NUMBER}}))
    return {
        "GITHUB_TOKEN": TOKEN,
        "GITHUB_REPOSITORY": REPOSITORY,
        "GITHUB_API_URL": github.url,
        "GITHUB_EVENT_PATH": str(event),
    }


def test_the_first_report_makes_a_comment(github: FakeGitHub, environment: dict[str, str]) -> None:
    address = PullRequest(environment).comment("hello")
    assert [c["body"] for c in github.comments] == [f"{MARKER}\nhello"]
    assert address == github.comments[0]["html_url"]


def test_the_next_report_updates_the_same_comment(
    github: FakeGitHub, environment: dict[str, str]
) -> None:
    PullRequest(environment).comment("first")
    PullRequest(environment).comment("second")
    assert [c["body"] for c in github.comments] == [f"{MARKER}\nsecond"]


def test_our_comment_is_found_behind_pages_of_others(
    github: FakeGitHub, environment: dict[str, str]
) -> None:
    for number in range(230):
        github.add(f"comment {number}", "somebody")
    ours = github.add(f"{MARKER}\nold")
    PullRequest(environment).comment("new")
    assert ours["body"] == f"{MARKER}\nnew"
    assert len(github.comments) == 231


@pytest.mark.parametrize("count", [0, 99, 100, 101])
def test_paging_ends_with_the_comments(
    github: FakeGitHub, environment: dict[str, str], count: int
) -> None:
    for number in range(count):
        github.add(f"comment {number}", "somebody")
    PullRequest(environment).comment("new")
    assert sum(method == "GET" for method, _ in github.requests) == count // 100 + 1


def test_a_comment_of_somebody_else_with_our_marker_is_left_alone(
    github: FakeGitHub, environment: dict[str, str]
) -> None:
    theirs = github.add(f"{MARKER}\nlooks like ours", "mallory")
    PullRequest(environment).comment("new")
    assert theirs["body"] == f"{MARKER}\nlooks like ours"
    assert len(github.comments) == 2


def test_a_comment_of_ours_that_only_quotes_the_marker_is_left_alone(
    github: FakeGitHub, environment: dict[str, str]
) -> None:
    quoting = github.add(f"another workflow quotes {MARKER}")
    PullRequest(environment).comment("new")
    assert quoting["body"] == f"another workflow quotes {MARKER}"


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"GITHUB_TOKEN": "ghs_wrong_token_for_this"}, CredentialsRejected, "GITHUB_TOKEN"),
        ({"GITHUB_REPOSITORY": "contoso/other"}, NotFound, "GITHUB_REPOSITORY"),
    ],
)
def test_a_wrong_variable_is_named(
    environment: dict[str, str], change: dict[str, str], error: type[ServiceError], says: str
) -> None:
    with pytest.raises(error, match=says) as caught:
        PullRequest({**environment, **change}).comment("hello")
    assert "\n" not in str(caught.value)
    assert "ghs_" not in str(caught.value)


def test_a_token_that_may_not_write_is_told_which_permission_it_needs(
    github: FakeGitHub, environment: dict[str, str]
) -> None:
    github.permissions = {"contents": "read"}
    with pytest.raises(Forbidden, match="pull-requests: write"):
        PullRequest(environment).comment("hello")
    assert not github.comments


@pytest.mark.parametrize("name", ["GITHUB_TOKEN", "GITHUB_REPOSITORY", "GITHUB_EVENT_PATH"])
def test_a_missing_variable_is_named(environment: dict[str, str], name: str) -> None:
    with pytest.raises(MissingCredentials, match=name):
        PullRequest({**environment, name: ""})


@pytest.mark.parametrize("text", ['{"issue": {"number": 7}}', "[]", "{", '{"pull_request": null}'])
def test_an_event_that_is_no_pull_request_is_refused(
    environment: dict[str, str], text: str
) -> None:
    Path(environment["GITHUB_EVENT_PATH"]).write_text(text)
    with pytest.raises(MissingCredentials, match="pull_request"):
        PullRequest(environment)


def test_a_report_that_is_too_long_is_refused_before_anything_is_sent(
    github: FakeGitHub, environment: dict[str, str]
) -> None:
    with pytest.raises(Refused, match=str(LONGEST)):
        PullRequest(environment).comment("x" * LONGEST)
    assert not github.requests


def test_an_answer_that_is_no_list_of_comments_is_an_error(
    github: FakeGitHub, environment: dict[str, str]
) -> None:
    github.broken = (200, {"comments": []})
    with pytest.raises(Unavailable, match="not a list"):
        PullRequest(environment).comment("hello")


def test_the_command_prints_one_line_and_no_token(
    github: FakeGitHub, environment: dict[str, str], tmp_path: Path
) -> None:
    report = tmp_path / "report.md"
    report.write_text("hello")
    command = [sys.executable, "-m", "fleet", "comment", "--file", str(report)]

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, env={**os.environ, **environment}, capture_output=True, text=True, check=False
        )

    done = run()
    assert (done.returncode, done.stderr) == (0, "")
    assert github.comments[0]["html_url"] in done.stdout
    github.broken = (403, {"message": f"no, {TOKEN}\nsecond line"})
    failed = run()
    assert failed.returncode == 1
    assert len(failed.stderr.splitlines()) == 1
    assert TOKEN not in failed.stdout + failed.stderr
