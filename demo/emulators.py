"""The emulators as a process of their own, and what a person would do in their portals."""

import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from demo.workspace import ROOT


class Emulators:
    """`python -m emulator` as a child; `env` is what to export to talk to it."""

    def __init__(self) -> None:
        with tempfile.TemporaryDirectory(prefix="zoom-calendar-emulator-") as folder:
            file = Path(folder) / "env"
            self._process = subprocess.Popen(
                [sys.executable, "-m", "emulator", "--env-file", str(file)],
                cwd=ROOT,
                # Of their own: whoever reads the demo's output would wait for their end too.
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C ends the story first, then these
            )
            deadline = time.monotonic() + 30
            while not (file.exists() and "EMULATOR_CONTROL_URL" in file.read_text()):
                if self._process.poll() is not None or time.monotonic() > deadline:
                    self.stop()
                    raise RuntimeError("the emulators did not start: try `python -m emulator`")
                time.sleep(0.05)
            self.env = _exports(file.read_text(encoding="utf-8"))
        self.pid = self._process.pid

    def state(self) -> Any:
        """Everything both services hold."""
        return self._call("GET", "/state")

    def edit(self, *operations: dict[str, Any]) -> None:
        """Changes made behind everybody's back, as a person in a portal makes them."""
        self._call("PATCH", "/state", list(operations))

    def log(self) -> list[dict[str, Any]]:
        """Every request since the log was cleared."""
        entries: list[dict[str, Any]] = self._call("GET", "/log")
        return entries

    def clear_log(self) -> None:
        """Forgets the requests so far."""
        self._call("DELETE", "/log")

    def stop(self) -> None:
        """Ends the child and waits for it."""
        if self._process.poll() is None:
            os.kill(self._process.pid, signal.SIGTERM)
            self._process.wait(timeout=10)

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(  # noqa: S310 (loopback, made by us)
            self.env["EMULATOR_CONTROL_URL"] + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
            method=method,
        )
        # On this machine, whatever proxy the user has.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if text else None


def _exports(text: str) -> dict[str, str]:
    pairs = (
        shlex.split(line)[1].partition("=") for line in text.splitlines() if line[:7] == "export "
    )
    return {name: value for name, _, value in pairs}
