"""`python -m fleet preflight`: one tenant's preflight as a table."""

import dataclasses
import json

from rich.table import Table
from rich.text import Text

from fleet.report import clean
from fleet.tenants import settings_of
from providers.clients import graph, use_settings, zoom
from services.preflight import read_facts
from tenant.model import Tenant
from tenant.preflight import Row, Standing, rows, wanted

_COLOURS: dict[Standing, str] = {"ok": "green", "not ok": "red", "unknown": "yellow"}


def preflight_of(tenant: str, declared: Tenant) -> list[Row]:
    """The rows of one tenant, as its file declares it. Reads Entra and Zoom.

    Raises PulumiFailed and LimitReached.
    """
    use_settings(settings_of(tenant))
    what = wanted(declared)
    return rows(what, read_facts(what, zoom(), graph))


def as_table(found: list[Row]) -> Table:
    """For a terminal."""
    table = Table("", "what must hold", "found", "fix", box=None)
    for row in found:
        standing = Text(row.standing, style=_COLOURS[row.standing])
        table.add_row(standing, row.name, clean(row.found), clean(row.fix))
    return table


def as_plain(found: list[Row]) -> str:
    """For a pipe and a log: a line for each row."""
    width = max(len(row.name) for row in found)
    lines = [
        f"{row.standing:7}  {row.name:{width}}  {clean(row.found)}"
        + (f". Fix: {clean(row.fix)}" if row.fix else "")
        for row in found
    ]
    return "\n".join([*lines, ""])


def as_json(tenant: str, found: list[Row]) -> str:
    """For machines."""
    document = {"tenant": tenant, "rows": [dataclasses.asdict(row) for row in found]}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
