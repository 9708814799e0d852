"""Which tenants a change of the repository touches, as git sees it."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

# What no preview depends on. Anything else is code that all tenants share, also what is new and
# named nowhere: to preview too many is slow, to preview too few would be wrong.
_APART = (
    ".ci/",
    ".github/",
    "bench/",
    "demo/",
    "docs/",
    "emulator/",
    "stacks/",
    "tests/",
    ".gitignore",
    "LICENSE",
)


class GitFailed(Exception):
    """git could not say; the text is its own, on one line."""


@dataclass(frozen=True)
class Touched:
    """Tenants to preview, and tenants whose file is gone."""

    tenants: tuple[str, ...]
    removed: tuple[str, ...] = ()


def touched_since(revision: str, root: Path, tenants: list[str]) -> Touched:
    """Those of `tenants` that REVISION...HEAD touches: all, where it changes code they share."""
    paths = _changed_paths(revision, root)
    own = {path: tenant for path in paths if (tenant := tenant_of(Path(path))) is not None}
    removed = tuple(sorted(set(own.values()) - set(tenants)))
    if any(_is_shared(path) for path in paths):
        return Touched(tuple(tenants), removed)
    return Touched(tuple(name for name in tenants if name in own.values()), removed)


def tenant_of(file: Path) -> str | None:
    """The tenant whose file this is; None for every other file."""
    name = file.name
    if file.parent.name != "stacks" or not (name[:7] == "Pulumi." and name[-5:] == ".yaml"):
        return None
    return name[7:-5] or None


def _is_shared(path: str) -> bool:
    return not path.startswith(_APART) and not ("/" not in path and path.endswith(".md"))


def _changed_paths(revision: str, root: Path) -> list[str]:
    # Without renames a moved tenant is both: the old name removed and the new one touched.
    command = ["git", "diff", "--name-only", "--no-renames", "--relative", "-z"]
    try:
        done = subprocess.run(
            [*command, "--end-of-options", f"{revision}...HEAD", "--"],
            cwd=root,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        raise GitFailed("--changed-since needs git, and there is none on PATH") from None
    if done.returncode:
        raise GitFailed(" ".join(done.stderr.split()))
    return [path for path in done.stdout.split("\0") if path]
