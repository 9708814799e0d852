"""A project folder of its own beside the real code, so that no run touches the user's stacks,
credentials or Pulumi home."""

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# What a user may have set for their own tenants and stacks: none of it counts here.
_USERS = ("ARM_", "ZOOM_", "PULUMI_", "ACTIONS_ID_TOKEN_", "SYSTEM_")
CODE = ("__main__.py", "Pulumi.yaml", "components", "fleet", "providers", "services", "tenant")


@dataclass(frozen=True)
class Run:
    """How one command went."""

    code: int
    out: str
    seconds: float


class Workspace:
    """The project's code by link, with its own stacks/, backend and passphrase, in `folder`."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        for name in CODE:
            (folder / name).symlink_to(ROOT / name)
        (folder / "stacks").mkdir()
        (folder / "state").mkdir()
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(_USERS)},
            **environment,
            "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": secrets.token_hex(8),
            "PULUMI_HOME": str(_home(folder, environment)),
            # The emulators are on this machine, whatever proxy the user has.
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
        }

    def stack_file(self, tenant: str) -> Path:
        """The tenant's file in this workspace."""
        return self.folder / "stacks" / f"Pulumi.{tenant}.yaml"

    def declare(self, tenant: str, text: str) -> None:
        """Writes the tenant's file, and makes its stack if there is none yet."""
        file = self.stack_file(tenant)
        new = not file.exists()
        salt = "" if new else _salt(file.read_text(encoding="utf-8"))
        file.write_text(text + salt, encoding="utf-8")
        if new:
            self.run("pulumi", "stack", "select", "--create", tenant)

    def pulumi(self, *arguments: str, tenant: str) -> Run:
        """`pulumi ARGUMENTS` on the tenant's stack, without colour or questions."""
        return self.run(
            "pulumi", *arguments, "--stack", tenant, "--non-interactive", "--color", "never"
        )

    def fleet(self, *arguments: str) -> Run:
        """`python -m fleet ARGUMENTS`, as a user would."""
        return self.run(sys.executable, "-m", "fleet", *arguments)

    def run(self, *command: str) -> Run:
        """Any command in this workspace; stderr follows stdout in `out`."""
        start = time.monotonic()
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            check=False,
        )
        return Run(done.returncode, done.stdout, time.monotonic() - start)


def _home(folder: Path, environment: Mapping[str, str]) -> Path:
    """A Pulumi home for the engine's logs and choices, with the plugins of the real one."""
    real = environment.get("PULUMI_HOME") or os.environ.get("PULUMI_HOME")
    plugins = (Path(real) if real else Path.home() / ".pulumi") / "plugins"
    plugins.mkdir(parents=True, exist_ok=True)
    home = folder / "home"
    home.mkdir()
    (home / "plugins").symlink_to(plugins)
    return home


def _salt(text: str) -> str:
    return "".join(f"{line}\n" for line in text.splitlines() if line.startswith("encryptionsalt:"))
