"""The article's settings, which only Zoom's portal has.

channel attested: declared here, set by a person; nothing is read or written. The resource is there
so that a change of who consents shows in the reviewed diff on Zoom's side too.

channel portal: read and set in the portal with a signed-in browser. What cannot be read is unknown:
it stays as it was in state, is no drift, is not written, and does not stop the run.
"""

import datetime
from typing import Any

import pulumi
from pulumi.dynamic import CheckResult, DiffResult, ReadResult, Resource, UpdateResult

from providers.clients import portal
from providers.engine import refuse_without_engine
from providers.shared import Props, SharedProvider, deleted_here, recorded, to_json, written
from providers.values import canonical, has_unknown
from services.errors import SignedOut, Unreadable
from services.zoom.portal import PARENT, Reading
from services.zoom.portal_state import sign_in_anew

_OWN = (
    *("account", "channel", "onDestroy", "owner", "prior"),
    *("tenant", "unknown", "unread", "written"),
)


class CalendarIntegrationProvider(SharedProvider):
    """Keeps what is declared; with the portal channel also makes the portal show it."""

    side = "zoom"
    identity = ("account",)
    output_only = ("unknown", "unread", "written")
    records_late = True

    def object_id(self, props: Props) -> str:
        return f"{props['account']}/calendar"

    def live(self, props: Props) -> Props:
        """What the portal shows; {} for what a person attests to. Raises Unreadable."""
        if props["channel"] != "portal":
            return {}
        reading = _read(props, _names(props))
        if reading.unread and not reading.values:
            raise Unreadable(next(iter(reading.unread.values())), sent=False)
        return dict(reading.values)

    def prior(self, props: Props) -> Any:
        """What is there by setting; None where that is not known, to be recorded later.

        {} for what a person attests to, which has no parts to record, without a browser.
        """
        if not props["leaves"]:
            return {}
        reading = _read(props, props["leaves"])
        return {name: reading.values.get(name) for name in props["leaves"]}

    # ---- Pulumi's interface, where unknown is no failure -------------------------------------

    def look_before_create(self, props: Props) -> Props:
        """Nothing can be foreign; what cannot be read is found by `_converge`, and no failure."""
        return {}

    def check(self, _olds: Props, news: Props) -> CheckResult:
        result = super().check(_olds, news)
        props = canonical(news)
        if not _olds and props["channel"] == "portal":
            # The first preview reads nothing, and `up` should not be where a person learns this.
            try:
                _portal(props).refuse_unusable()
            except SignedOut as error:
                print(f"preflight: Zoom: portal: {error}", flush=True)
        return result

    def diff(self, _id: str, _olds: Props, _news: Props) -> DiffResult:
        # A record that could be made only now is no drift: the next write takes it along.
        if not has_unknown(_news) and "prior" in _olds:
            _news = {**_news, "prior": _olds["prior"]}
        return super().diff(_id, _olds, _news)

    def update(self, _id: str, _olds: Props, _news: Props) -> UpdateResult:
        olds, news = canonical(_olds), canonical(_news)
        self.refuse_other_owner(olds)
        internal = {name: value for name, value in _news.items() if name.startswith("__")}
        return UpdateResult({**self._converge(news, ours_before=written(olds)), **internal})

    def read(self, id_: str, props: Props) -> ReadResult:
        known = canonical(props)
        if known["channel"] != "portal":
            return super().read(id_, props)
        self.refuse_other_owner(known)
        reading = _read(known, _names(known))
        outs = {**known, **reading.values, **_marks(reading.unread, known)}
        internal = {name: value for name, value in props.items() if name.startswith("__")}
        inputs = {**self._inputs(outs), **internal}
        return ReadResult(id_, outs={**outs, **internal}, inputs=inputs)

    def delete(self, _id: str, _props: Props) -> None:
        props = canonical(_props)
        deleted_here[type(self).__name__, self.object_id(props)] = props
        before = recorded(props) or {}
        if any(before.get(name) not in (None, ours) for name, ours in written(props).items()):
            super().delete(_id, _props)  # else there is nothing to give back, signed in or not

    # ---- shared steps ------------------------------------------------------------------------

    def _converge(
        self, props: Props, live: Props | None = None, ours_before: Props | None = None
    ) -> Props:
        """Sets what differs and was recorded before; the portal is reloaded and compared then."""
        if props["channel"] != "portal":
            return self.state(props, {})
        names = _names(props)
        reading = _read(props, names)
        before = recorded(props) or {}
        change = {}
        for name, value in reading.values.items():
            if value is props[name]:
                continue
            if before.get(name) is None:
                reading.unread[name] = "shown only now: the next `pulumi up` records and sets it"
            else:
                change[name] = props[name]
        if change:
            refuse_without_engine()
            _portal(props).write(_in_order(change))
        ours = {name: props[name] for name in names if name not in reading.unread}
        return {
            **self.state(props, {}),
            **_marks(reading.unread, props),
            "written": to_json({**(ours_before or {}), **ours}),
        }

    def restore(self, props: Props, live: Props) -> bool:
        before, target = recorded(props) or {}, {}
        for name, ours in written(props).items():
            if before.get(name) in (None, ours):
                continue
            if name not in live:
                raise Unreadable(
                    f"Zoom's portal: {name} cannot be read, so it is not put back: "
                    f"{sign_in_anew(props['tenant'])}, or declare onDestroy: leave"
                )
            if live[name] is ours:
                target[name] = before[name]
        if target:
            _portal(props).write(_in_order(target))
        return bool(target)


def _names(props: Props) -> list[str]:
    return [name for name in props if name not in _OWN and not name.startswith("__")]


def _in_order(values: dict[str, bool]) -> dict[str, bool]:
    """The integration first where it is turned on, and last where it is turned off."""
    first = [name for name, value in values.items() if name == PARENT and value]
    last = [name for name, value in values.items() if name == PARENT and not value]
    others = [name for name in values if name != PARENT]
    return {name: values[name] for name in (*first, *others, *last)}


def _portal(props: Props) -> Any:
    return portal(props["tenant"])


def _read(props: Props, names: list[str]) -> Reading:
    """What the portal shows; where nothing can be read the reason stands for every setting."""
    try:
        reading: Reading = _portal(props).read(names)
    except Unreadable as error:
        return Reading(unread=dict.fromkeys(names, str(error)))
    return reading


def _marks(unread: dict[str, str], known: Props) -> Props:
    """The outputs that say what is unknown, why, and since when; `known` has the last ones."""
    if not unread:
        return {"unread": {}, "unknown": None}
    since = str(known.get("unknown") or "").partition(": ")[0]
    since = since or datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    reasons = set(unread.values())
    text = reasons.pop() if len(reasons) == 1 else "; ".join(f"{k}: {v}" for k, v in unread.items())
    return {"unread": unread, "unknown": f"{since}: {text}"}


class CalendarIntegration(Resource, module="zoom", name="CalendarIntegration"):
    """What the portal should show, by this project's names for the settings."""

    KIND = "zoom:CalendarIntegration"
    # With the portal channel only: what could not be read, by setting and as one text.
    unread: pulumi.Output[dict[str, str] | None]
    unknown: pulumi.Output[str | None]
    written: pulumi.Output[str | None]

    def __init__(self, name: str, props: Props, opts: pulumi.ResourceOptions | None = None):
        if props["channel"] == "portal":
            props = {"unread": None, "unknown": None, "written": None, **props}
        super().__init__(CalendarIntegrationProvider(), name, props, opts)
