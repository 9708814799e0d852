"""What each run finds out and nobody declares: whether credentials, plan and domains are as the
declaration needs them, and what Entra lets users consent to, for the comparison with Zoom.

Nothing is written. What was found are outputs that the components tell of, and no drift.
"""

import dataclasses
from typing import Any

import pulumi
from pulumi.dynamic import CheckFailure, CheckResult, CreateResult, Resource, UpdateResult

from providers.clients import graph, portal, zoom
from providers.shared import Props, SharedProvider, to_json
from providers.values import canonical, has_unknown
from services.entra.consent import (
    known_from_text,
    known_to_text,
    policy_path,
    read_consent,
    roles_path,
)
from services.errors import ServiceError
from services.preflight import DOMAINS, read_facts
from services.zoom.consent import read_asks
from tenant.consent_policies import Unread
from tenant.effective import answer_of, answer_unread, effective
from tenant.matching import Where
from tenant.preflight import Facts, Wanted, rejected, rows


class PreflightProvider(SharedProvider):
    """Reads on create, on every refresh, and where the declaration changes."""

    side = "zoom"
    output_only = ("unknown", "open", "consent", "known")
    identity = ("account",)

    def object_id(self, props: Props) -> str:
        return f"{props['account']}/preflight"

    def live(self, props: Props) -> Props:
        consent, known = read_both_sides(props)
        return {
            **self._inputs(props),
            "open": to_json(open_rows(*found(props))),
            "consent": to_json(consent),
            "known": known,
        }

    def create(self, props: Props) -> CreateResult:
        declared = canonical(props)
        return CreateResult(self.object_id(declared), {**props, **self.live(declared)})

    def check(self, _olds: Props, news: Props) -> CheckResult:
        result = super().check(_olds, news)
        props = canonical(news)
        changed = self._inputs(canonical(_olds)) != self._inputs(props)
        if changed and not has_unknown(props):
            # What is created or updated has no outputs in a preview that could be told of.
            consent, _ = read_both_sides(props)
            what, facts = found(props)
            # An `up` would be refused, too, once it had begun. Without a stack nobody has said so.
            if refused := rejected(what, facts):
                return CheckResult(result.inputs, [CheckFailure("", text) for text in refused])
            print(f"consent: as it is now, {answer_of(consent['answer']).why}", flush=True)
            for line in open_rows(what, facts):
                print(f"preflight: {line}", flush=True)
        return result

    def update(self, _id: str, _olds: Props, _news: Props) -> UpdateResult:
        return UpdateResult({**_news, **self.live(canonical(_news))})

    def delete(self, _id: str, _props: Props) -> None:
        """Nothing was written, so there is nothing to put back."""


def found(props: Props) -> tuple[Wanted, Facts]:
    """What has to hold, and what was read of it."""
    what = Wanted(
        props["account"],
        tuple(props["domains"]),
        bool(props["settings"]),
        bool(props["locks"]),
        props.get("principal") or "",
    )
    return what, read_facts(what, zoom(), graph)


def open_rows(what: Wanted, facts: Facts) -> list[str]:
    """One line for each thing that is not ok, or not known."""
    return [row.line for row in rows(what, facts) if row.standing != "ok"]


def read_both_sides(props: Props) -> tuple[dict[str, Any], str]:
    """Entra's answer and Zoom's setting as plain JSON, and what later runs need not read again."""
    permissions, known_text = props["permissions"], props.get("known")
    earlier = known_from_text(known_text)
    principal = earlier.principal_id if props.get("appRoles") else ""
    try:
        # What this run reads of Entra besides travels along, whoever comes first.
        facts, known = read_consent(
            graph(),
            props["clientId"],
            permissions,
            earlier,
            ahead=[
                DOMAINS,
                *map(policy_path, props["policies"]),
                *([roles_path(principal)] if principal else []),
            ],
        )
        answer, known_text = effective(facts), known_to_text(known, permissions)
    except ServiceError as error:  # no client could be made: credentials, the cloud's metadata
        answer = answer_unread(str(error).rstrip("."))
    where = Where(props["asks"]["path"], tuple(props["asks"]["names"]))
    live = read_asks(
        where,
        lambda: zoom().read(props["account"], "settings", "matching"),
        lambda: portal(props["asks"]["tenant"]),
    )
    why = live.why if isinstance(live, Unread) else None
    asks = {"value": live if isinstance(live, bool) else None, "why": why}
    return {"answer": dataclasses.asdict(answer), "asks": asks}, known_text or ""


class Preflight(Resource, module="zoom", name="Preflight"):
    """`open` is JSON text: the lines of what is not ok, or not known. `consent` is JSON text:
    Entra's answer, and Zoom's setting where a service reads it."""

    open: pulumi.Output[str | None]
    consent: pulumi.Output[str | None]

    def __init__(self, name: str, props: Props, opts: pulumi.ResourceOptions | None = None):
        nothing = {"open": None, "consent": None, "known": None}
        super().__init__(PreflightProvider(), name, {**nothing, **props}, opts)
