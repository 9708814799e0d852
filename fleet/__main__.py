"""`python -m fleet COMMAND`: run with --help for the commands, docs/ci.md for the exit codes."""

import datetime
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from fleet import pulumi
from fleet.attest import CHANNELS, DAYS, NotAttested, attest_file
from fleet.changed import GitFailed, Touched, touched_since
from fleet.github import AUTHOR, PullRequest, annotations
from fleet.plan import Plan, plan
from fleet.portal import portal
from fleet.report import RENDERERS, Report, clean
from fleet.tenants import declared_by, tenant_names
from services.errors import ServiceError
from services.settings import misspelt_variables
from tenant.errors import DeclarationError
from tenant.model import Tenant
from tenant.rules import broken


def _declared(*tenants: str) -> list[Tenant]:
    """What the files declare; ends with 2, and a line for each that cannot be used."""
    files, problems = [], []
    for tenant in tenants:
        try:
            files.append(declared_by(tenant))
        except DeclarationError as error:
            problems.append(str(error))
    for problem in problems:
        click.echo(problem, err=True)
    if problems:
        sys.exit(2)
    return files


@click.group(help="Questions about one tenant or many, around `pulumi`.")
def main() -> None:
    """The command line."""


@main.command()
@click.argument("tenants", nargs=-1)
def validate(tenants: tuple[str, ...]) -> None:
    """Check tenants' files (all of them, if none is named). Exit 2: a file cannot be used.

    Rules of the policy pack that a file breaks are warnings here.
    """
    names = list(tenants) or tenant_names()
    files = _declared(*names)
    for line in misspelt_variables():
        click.echo(f"warning: {line}", err=True)
    for name, declared in zip(names, files, strict=True):
        for rule, line in broken(declared, datetime.date.today()):
            click.echo(f"warning: stacks/Pulumi.{name}.yaml: {rule.name}: {line}", err=True)
    click.echo(f"{len(names)} {'file is' if len(names) == 1 else 'files are'} in order")


def _report_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options of the commands that report."""
    command = click.option(
        "--output",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Put the report into this file; the text is printed all the same.",
    )(command)
    return click.option(
        "--format",
        "form",
        type=click.Choice(list(RENDERERS)),
        default="text",
        show_default=True,
        help="How the report is written.",
    )(command)


@main.command()
@click.argument("tenants", nargs=-1)
@click.option(
    "--changed-since",
    metavar="REV",
    help="Only tenants that the commits REV...HEAD touch: their file, or code that all share.",
)
@_report_options
def preview(
    tenants: tuple[str, ...], changed_since: str | None, form: str, output: Path | None
) -> None:
    """Say what `pulumi up` would change; nothing is written.

    Exit 0: previewed, with changes or without. 1: a preview failed. 2: a file cannot be used.
    5: attestations are required, and one is missing, expired or for another value.
    """
    if not tenants and changed_since is None:
        raise click.UsageError("name the tenants, or give --changed-since")
    touched = Touched(tenants)
    if changed_since is not None:
        try:
            touched = touched_since(changed_since, pulumi.ROOT, tenant_names())
        except GitFailed as error:
            raise click.UsageError(str(error)) from None
        if tenants:
            touched = Touched(tuple(name for name in touched.tenants if name in tenants))
    _finish("preview", touched, form, output)


@main.command()
@click.argument("tenants", nargs=-1)
@_report_options
def drift(tenants: tuple[str, ...], form: str, output: Path | None) -> None:
    """Compare tenants (all, if none is named) with what is live; nothing is written.

    Exit 0: as declared. 7: something differs. 1: a tenant could not be previewed, whatever the
    others are. 2: a file cannot be used. 5: as for preview. What could not be read is unknown, and
    no difference.
    """
    _finish("drift", Touched(tenants or tuple(tenant_names())), form, output)


def _finish(
    kind: Literal["preview", "drift"], touched: Touched, form: str, output: Path | None
) -> None:
    """Previews, reports, and ends with the report's exit code."""
    report = Report(kind, tuple(_plans(touched.tenants)), touched.removed)
    click.echo(RENDERERS[form if output is None else "text"](report), nl=False)
    if os.environ.get("GITHUB_ACTIONS") == "true":
        for command in annotations(report):
            click.echo(command, err=True)  # the runner reads both; stdout is the report alone
    if output is not None:
        try:
            output.write_text(RENDERERS[form](report), encoding="utf-8")
        except OSError as error:
            raise click.ClickException(f"{output}: {error.strerror}") from None
    sys.exit(report.code)


def _plans(tenants: tuple[str, ...]) -> list[Plan]:
    """Each tenant's plan, one after the other, telling on stderr how far it is."""
    console = Console(stderr=True, highlight=False)
    plans = []
    with console.status("") as status:
        for number, tenant in enumerate(tenants, 1):
            line = f"Reading {clean(tenant)} ({number} of {len(tenants)})"
            if console.is_terminal:
                status.update(Text(line))
            else:
                click.echo(line, err=True)
            try:
                declared_by(tenant)
            except DeclarationError as error:
                plans.append(Plan(tenant, error=str(error), invalid=True))
            else:
                plans.append(plan(tenant))
    return plans


@main.command()
@click.option(
    "--file",
    "report",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The report, as `preview --format markdown --output` wrote it.",
)
@click.option(
    "--author", default=AUTHOR, show_default=True, help="Who the comment belongs to in GitHub."
)
def comment(report: Path, author: str) -> None:
    """Put a report into the pull request's one comment, in a GitHub job."""
    try:
        where = PullRequest().comment(report.read_text(encoding="utf-8"), author)
    except ServiceError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"The report is in {where}")


@main.command()
@click.argument("tenant")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How the table is written.",
)
def preflight(tenant: str, form: str) -> None:
    """Check that credentials, plan and domains are as TENANT's file needs them; only reads.

    Exit 0: all ok. 3: something is not ok, or unknown and so not proven. 1: it could not be run.
    2: the file cannot be used.
    """
    from fleet.preflight import as_json, as_plain, as_table, preflight_of

    (declared,) = _declared(tenant)
    try:
        rows = preflight_of(tenant, declared)
    except (pulumi.PulumiFailed, ServiceError) as error:
        raise click.ClickException(str(error)) from None
    console = Console()
    if form == "json":
        click.echo(as_json(tenant, rows), nl=False)
    elif console.is_terminal:
        console.print(as_table(rows))
    else:
        click.echo(as_plain(rows), nl=False)
    sys.exit(0 if all(row.standing == "ok" for row in rows) else 3)


@main.command()
@click.argument("tenant")
@click.option(
    "--error", metavar="TEXT", help="What users see: AADSTS65001, 65001, or a whole page."
)
@click.option("--user", metavar="UPN", help="A user who is refused, by the name in Entra.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown", "json"]),
    default="text",
    show_default=True,
    help="How it is written.",
)
def doctor(tenant: str, error: str | None, user: str | None, form: str) -> None:
    """Say why users of TENANT are refused, and what to do about it; only reads.

    Exit 0: nothing refuses users. 3: a cause was found. 4: it cannot be told, or something may
    refuse them. 1: it could not be run. 2: the file or an argument cannot be used.
    """
    from fleet.doctor import diagnosis_of, show
    from tenant.aadsts import code_in

    number = None if error is None else code_in(error)
    if error is not None and number is None:
        raise click.UsageError(
            "--error: names no error of Entra's (AADSTS and five to seven digits)"
        )
    if user is not None and not user.strip():
        raise click.UsageError("--user: is empty")
    (declared,) = _declared(tenant)
    try:
        found = diagnosis_of(tenant, declared, number, user.strip() if user else None)
    except (pulumi.PulumiFailed, ServiceError) as trouble:
        raise click.ClickException(str(trouble)) from None
    show(tenant, found, form, Console(highlight=False))
    sys.exit(found.exit_code)


@main.command()
@click.argument("tenant")
@click.argument("setting", type=click.Choice(CHANNELS))
@click.argument("value", type=click.Choice(["on", "off", "true", "false"]))
@click.option(
    "--evidence",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A screenshot, for example: its hash is written down, the file stays where it is.",
)
@click.option("--who", help="Who looked. Default: git's user.email.")
@click.option(
    "--days",
    type=click.IntRange(1, 366),
    default=DAYS,
    show_default=True,
    help="How long it counts.",
)
def attest(
    tenant: str, setting: str, value: str, evidence: Path, who: str | None, days: int
) -> None:
    """Write into TENANT's file that you saw SETTING with VALUE in Zoom's portal.

    Exit 0: written. 1: not written, and why. 2: the file cannot be used.
    """
    _declared(tenant)
    file = pulumi.stack_file(tenant)
    try:
        line = attest_file(file, setting, value in ("on", "true"), evidence, who, days)
    except NotAttested as error:
        raise click.ClickException(str(error)) from None
    click.echo(line)


@main.command()
@click.argument("tenant")
def adopt(tenant: str) -> None:
    """Take what is live into TENANT's state, without a write."""
    from fleet.adopt import adopt as adopt_live

    try:
        declared_by(tenant)
    except DeclarationError as error:
        raise click.ClickException(str(error)) from None
    console = Console()
    try:
        with Console(stderr=True).status(f"Reading what {tenant} has in Entra and Zoom"):
            outcomes = adopt_live(tenant)
    except (pulumi.PulumiFailed, ServiceError) as error:
        raise click.ClickException(str(error)) from None
    table = Table("resource", "in the stack's state now", box=None)
    for outcome in outcomes:
        if not outcome.name.endswith("-before"):
            table.add_row(outcome.name, _OUTCOMES[outcome.outcome])
    console.print(table)
    if any(outcome.name == "registration" for outcome in outcomes if outcome.outcome == "adopted"):
        console.print(
            "The registration was there before; it is this stack's now: `pulumi destroy` deletes "
            "it, unless the tenant's file says onDestroy: leave."
        )
    console.print(f"Nothing was written to Entra or Zoom. Next: pulumi preview --diff -s {tenant}")


main.add_command(portal)

_OUTCOMES = {
    "adopted": "yes, with its live values",
    "nothing": "no: none of it is there yet, `up` adds it",
    "absent": "no: there is none yet, `up` creates it",
    "declared only": "no: only a person can read it",
}

if __name__ == "__main__":
    main()
