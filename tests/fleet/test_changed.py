import os
import subprocess
from pathlib import Path

import pytest

from fleet.changed import GitFailed, Touched, tenant_of, touched_since

TENANTS = ["contoso", "fabrikam"]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    for tenant in TENANTS:
        write(tmp_path, f"stacks/Pulumi.{tenant}.yaml", f"# {tenant}\n" * 20)
    write(tmp_path, "__main__.py", "first\n")
    commit(tmp_path)
    return tmp_path


def git(folder: Path, *arguments: str) -> None:
    environment = {
        **{name: text for name, text in os.environ.items() if not name.startswith("GIT_")},
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
    }
    author = ["-c", "user.name=Ada", "-c", "user.email=ada@contoso.com"]
    subprocess.run(["git", *author, *arguments], cwd=folder, env=environment, check=True)


def commit(folder: Path) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "a change")


def write(folder: Path, path: str, text: str = "changed\n") -> None:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_text(text)


@pytest.mark.parametrize(
    ("path", "touched"),
    [
        ("stacks/Pulumi.contoso.yaml", ("contoso",)),
        ("stacks/schema.json", ()),
        ("stacks/example.yaml", ()),
        ("stacks/old/Pulumi.contoso.yaml", ()),
        ("docs/ci.md", ()),
        ("tests/fleet/test_x.py", ()),
        (".github/workflows/drift.yml", ()),
        ("README.md", ()),
        ("__main__.py", ("contoso", "fabrikam")),
        ("Pulumi.yaml", ("contoso", "fabrikam")),
        ("providers/README.md", ("contoso", "fabrikam")),
        ("requirements/runtime.txt", ("contoso", "fabrikam")),
        ("a folder/that is new.py", ("contoso", "fabrikam")),
        ("docs.py", ("contoso", "fabrikam")),
    ],
)
def test_a_path_touches(repository: Path, path: str, touched: tuple[str, ...]) -> None:
    write(repository, path)
    commit(repository)
    assert touched_since("HEAD^1", repository, TENANTS) == Touched(touched)


def test_nothing_is_touched_without_a_change(repository: Path) -> None:
    assert touched_since("HEAD", repository, TENANTS) == Touched(())


def test_what_only_the_base_branch_changed_is_not_touched(repository: Path) -> None:
    git(repository, "checkout", "--quiet", "-b", "topic")
    write(repository, "stacks/Pulumi.contoso.yaml")
    commit(repository)
    git(repository, "checkout", "--quiet", "main")
    write(repository, "__main__.py")
    commit(repository)
    git(repository, "checkout", "--quiet", "topic")
    assert touched_since("main", repository, TENANTS) == Touched(("contoso",))
    # What GitHub checks out for a pull request: the merge, on top of the base branch.
    git(repository, "checkout", "--quiet", "main")
    git(repository, "merge", "--quiet", "--no-ff", "--message", "merge", "topic")
    assert touched_since("HEAD^1", repository, TENANTS) == Touched(("contoso",))


def test_a_renamed_file_is_one_tenant_gone_and_another_touched(repository: Path) -> None:
    git(repository, "mv", "stacks/Pulumi.contoso.yaml", "stacks/Pulumi.northwind.yaml")
    commit(repository)
    touched = touched_since("HEAD^1", repository, ["fabrikam", "northwind"])
    assert touched == Touched(("northwind",), ("contoso",))


def test_a_project_in_a_folder_of_the_repository_sees_only_itself(repository: Path) -> None:
    write(repository, "other/app.py")
    write(repository, "project/stacks/Pulumi.contoso.yaml")
    commit(repository)
    assert touched_since("HEAD^1", repository / "project", TENANTS) == Touched(("contoso",))


@pytest.mark.parametrize("revision", ["no-such-branch", "--output=x"])
def test_a_revision_git_does_not_know_is_one_line(repository: Path, revision: str) -> None:
    with pytest.raises(GitFailed) as caught:
        touched_since(revision, repository, TENANTS)
    assert revision in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("file", "tenant"),
    [
        ("stacks/Pulumi.contoso.yaml", "contoso"),
        ("stacks/Pulumi.contoso.eu.yaml", "contoso.eu"),
        ("stacks/Pulumi.yaml", None),
        ("stacks/Pulumi..yaml", None),
        ("stacks/example.yaml", None),
        ("Pulumi.contoso.yaml", None),
    ],
)
def test_the_tenant_of_a_file(file: str, tenant: str | None) -> None:
    assert tenant_of(Path(file)) == tenant
