"""What each run finds out and nobody declares: whether credentials, plan and domains are as the
declaration needs them, and what Entra lets users consent to, now and once the declaration is
applied, for the comparison with Zoom.

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
from tenant.effective import Answer, answer_unread, effective
from tenant.matching import Where
from tenant.preflight import Facts, Wanted, rejected, rows
from tenant.projection import NOTHING, Declared, projected


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
        return CreateResult(self.object_id(canonical(props)), self._made(props))

    def check(self, _olds: Props, news: Props) -> CheckResult:
        result = super().check(_olds, news)
        olds, props = self._inputs(canonical(_olds)), self._inputs(canonical(news))
        if olds == props:
            return result
        # The id of a registration that is yet to be made; all else is in the file.
        asked = {**props, "clientId": ""} if has_unknown(props["clientId"]) else props
        consent, _ = read_both_sides(asked, olds)
        what, facts = found(asked)
        # An `up` would be refused, too, once it had begun. Without a stack nobody has said so.
        if refused := rejected(what, facts):
            return CheckResult(result.inputs, [CheckFailure("", text) for text in refused])
        for line in open_rows(what, facts):
            print(f"preflight: {line}", flush=True)
        # In a preview the inputs of what is created or updated are all the outputs it has.
        return CheckResult({**result.inputs, "consent": to_json(consent)}, [])

    def update(self, _id: str, _olds: Props, _news: Props) -> UpdateResult:
        return UpdateResult(self._made(_news))

    def _made(self, props: Props) -> Props:
        """The outputs; consent as `check` read it, before this run's writes."""
        live = self.live(canonical(props))
        return {**props, **live, "consent": props.get("consent") or live["consent"]}

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


def read_both_sides(props: Props, olds: Props | None = None) -> tuple[dict[str, Any], str]:
    """Entra's answers and Zoom's setting as plain JSON, and what later runs need not read again.

    olds: what was asked for at the last `up`, {} where there was none; None where it is the same.
    """
    permissions, known_text = props["permissions"], props.get("known")
    olds = props if olds is None else olds
    moved = olds.get("clientId", props["clientId"]) != props["clientId"]
    roles = [roles_path(props["clientId"])] if props.get("appRoles") else []
    try:
        declared = _declared(props)
        # What this run reads of Entra besides travels along, whoever comes first.
        facts, known = read_consent(
            graph(),
            props["clientId"],
            permissions,
            known_from_text(known_text),
            policy=declared.policy if declared else "",
            ahead=[DOMAINS, *map(policy_path, props["policies"]), *roles],
        )
        now, known_text = effective(facts), known_to_text(known, permissions)
        after = now
        if declared is not None:
            after = effective(projected(facts, declared, _declared(olds), moved=moved))
    except ServiceError as error:  # no client could be made: credentials, the cloud's metadata
        now = after = answer_unread(str(error).rstrip("."))
    where = Where(props["asks"]["path"], tuple(props["asks"]["names"]))
    live = read_asks(
        where,
        lambda: zoom().read(props["account"], "settings", "matching"),
        lambda: portal(props["asks"]["tenant"]),
    )
    why = live.why if isinstance(live, Unread) else None
    asks = {"value": live if isinstance(live, bool) else None, "why": why}
    told = {"now": _plain(now), "after": _plain(after), "asks": asks, "moved": moved}
    return told, known_text or ""


def _declared(props: Props) -> Declared | None:
    """What is asked of consent; None where the state is of a version that did not keep it."""
    if not props:
        return NOTHING
    try:
        return Declared(**props["declared"])
    except (KeyError, TypeError):
        return None


def _plain(answer: Answer) -> dict[str, Any]:
    """Without the single findings: the doctor has those."""
    body = dataclasses.asdict(answer)
    del body["findings"]
    return body


class Preflight(Resource, module="zoom", name="Preflight"):
    """`open` is JSON text: the lines of what is not ok, or not known. `consent` is JSON text:
    Entra's answers, and Zoom's setting where a service reads it."""

    open: pulumi.Output[str | None]
    consent: pulumi.Output[str | None]

    def __init__(self, name: str, props: Props, opts: pulumi.ResourceOptions | None = None):
        nothing = {"open": None, "consent": None, "known": None}
        super().__init__(PreflightProvider(), name, {**nothing, **props}, opts)
