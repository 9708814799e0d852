"""Whether credentials, plan and domains are as the declaration needs them, found out by each run.

Nothing is written. What was found is an output that the component warns of, and no drift.
"""

import pulumi
from pulumi.dynamic import CheckResult, CreateResult, Resource, UpdateResult

from providers.clients import graph, zoom
from providers.shared import Props, SharedProvider, to_json
from providers.values import canonical, has_unknown
from services.preflight import read_facts
from tenant.preflight import Wanted, rows


class PreflightProvider(SharedProvider):
    """Reads on create, on every refresh, and where the declaration changes."""

    side = "zoom"
    output_only = ("unknown", "open")
    identity = ("account",)

    def object_id(self, props: Props) -> str:
        return f"{props['account']}/preflight"

    def live(self, props: Props) -> Props:
        return {**self._inputs(props), "open": to_json(open_rows(props))}

    def create(self, props: Props) -> CreateResult:
        declared = canonical(props)
        return CreateResult(self.object_id(declared), {**props, **self.live(declared)})

    def check(self, _olds: Props, news: Props) -> CheckResult:
        result = super().check(_olds, news)
        props = canonical(news)
        changed = self._inputs(canonical(_olds)) != self._inputs(props)
        if changed and not has_unknown(props):
            # What is created or updated has no outputs in a preview that could be warned of.
            for line in open_rows(props):
                print(f"preflight: {line}", flush=True)
        return result

    def update(self, _id: str, _olds: Props, _news: Props) -> UpdateResult:
        return UpdateResult({**_news, **self.live(canonical(_news))})

    def delete(self, _id: str, _props: Props) -> None:
        """Nothing was written, so there is nothing to put back."""


def open_rows(props: Props) -> list[str]:
    """One line for each thing that is not ok, or not known."""
    what = Wanted(
        props["account"], tuple(props["domains"]), bool(props["settings"]), bool(props["locks"])
    )
    found = rows(what, read_facts(what, zoom(), graph))
    return [row.line for row in found if row.standing != "ok"]


class Preflight(Resource, module="zoom", name="Preflight"):
    """`open` is JSON text: the lines of what is not ok, or not known."""

    open: pulumi.Output[str | None]

    def __init__(self, name: str, props: Props, opts: pulumi.ResourceOptions | None = None):
        super().__init__(PreflightProvider(), name, {"open": None, **props}, opts)
