"""Measures a no-change drift preview of tenants against an empty program's, in one run.

Interleaved runs, medians; the emulators answer at once, so these are our costs and not a service's.
"""

import collections
import statistics
import sys
import tempfile
from pathlib import Path

import click
from rich import box
from rich.console import Console
from rich.table import Table

import engine
from bench.measure import Cost, peak_memory, run
from demo.emulators import Emulators
from demo.workspace import Workspace

PREVIEW = ["pulumi", "preview", "--refresh", "--expect-no-changes", "--non-interactive"]
EMPTY = "empty program"
CONTOSO = (Path(__file__).parent.parent / "demo" / "contoso.yaml").read_text(encoding="utf-8")
TENANTS = {
    "admin": CONTOSO,
    "user": CONTOSO.replace("by: admin", "by: user"),
    "registered": CONTOSO.replace("source: zoom", "source: registered").replace(
        "      userPolicy: least-privilege\n", ""
    ),
}
OURS = "zoom-calendar"  # the user agent of our own providers


@click.command()
@click.option("--runs", default=7, show_default=True, help="Interleaved runs of each.")
@click.option("--tenant", "chosen", multiple=True, type=click.Choice(list(TENANTS)))
def main(runs: int, chosen: tuple[str, ...]) -> None:
    """Print wall and CPU time, memory and requests of a drift preview."""
    console = Console() if sys.stdout.isatty() else Console(width=160)
    emulators = Emulators()
    try:
        with tempfile.TemporaryDirectory(prefix="zoom-calendar-bench-") as folder:
            _measure(console, emulators, Path(folder), runs, chosen or tuple(TENANTS))
    finally:
        emulators.stop()


def _measure(
    console: Console, emulators: Emulators, folder: Path, runs: int, tenants: tuple[str, ...]
) -> None:
    environment = {**engine.environment(backend=False), **emulators.env}
    head = ("preview of", "wall s", "ratio", "CPU s", "ratio", "peak MB", "our requests")
    table = Table(*head, box=box.SIMPLE_HEAD)
    for name in tenants:
        with console.status(f"{name}: up"):
            workspace, empty = _workspaces(folder / name, environment)
            workspace.declare(name, TENANTS[name])
            _must(workspace, "up", name)
            _must(empty, "up", "empty")
        costs: dict[str, list[Cost]] = collections.defaultdict(list)
        pairs = {EMPTY: (empty, "empty"), name: (workspace, name)}
        for at in range(runs + 1):
            with console.status(f"{name}: run {at} of {runs}"):
                for label, (space, stack) in pairs.items():
                    command = [*PREVIEW, "--stack", stack]
                    cost = run(command, space.folder, space.environment, 0)
                    if at:  # the first of each only warms up
                        costs[label].append(cost)
        emulators.clear_log()
        peaks = {
            label: peak_memory([*PREVIEW, "--stack", stack], space.folder, space.environment)
            for label, (space, stack) in pairs.items()
        }
        requests = collections.Counter(
            entry["service"] for entry in emulators.log() if OURS in entry["user_agent"]
        )
        for label in pairs:
            shown = requests if label == name else collections.Counter()
            table.add_row(*_row(label, costs, peaks, shown))
        with console.status(f"{name}: destroy"):
            _must(workspace, "destroy", name)
    console.print(table)
    console.print(f"Medians of {runs} interleaved runs, with the lowest and highest.")


def _row(
    label: str,
    costs: dict[str, list[Cost]],
    peaks: dict[str, int | None],
    requests: "collections.Counter[str]",
) -> list[str]:
    base = costs[EMPTY]
    row = [label]
    for kind in ("wall", "cpu"):
        values = [getattr(cost, kind) for cost in costs[label]]
        middle = statistics.median(values)
        ratio = middle / statistics.median(getattr(cost, kind) for cost in base)
        row += [f"{middle:.2f} [{min(values):.2f}-{max(values):.2f}]", f"{ratio:.2f}"]
    row.append(str(peaks[label] or "-"))
    each = ", ".join(f"{service} {count}" for service, count in sorted(requests.items()))
    row.append(f"{requests.total()} ({each})" if requests else "0")
    return row


def _workspaces(folder: Path, environment: dict[str, str]) -> tuple[Workspace, Workspace]:
    workspaces = []
    for name in ("tenant", "empty"):
        (folder / name).mkdir(parents=True)
        workspaces.append(Workspace(folder / name, environment))
    _, empty = workspaces
    (empty.folder / "__main__.py").unlink()
    (empty.folder / "__main__.py").write_text("", encoding="utf-8")
    empty.declare("empty", "config: {}\n")
    return workspaces[0], empty


def _must(workspace: Workspace, command: str, tenant: str) -> None:
    done = workspace.pulumi(command, "--yes", tenant=tenant)
    if done.code:
        sys.exit(done.out)


if __name__ == "__main__":
    main()
