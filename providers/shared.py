"""The discipline of every resource here: part of an object that others share.

A subclass says how to read its part, how to write it and how to give it back; this class makes
create, read, diff, update and delete of that. See docs/decisions/ for why each is as it is.
"""

import datetime
import json
import time
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Literal

from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    ResourceProvider,
    UpdateResult,
)

from providers.clients import owner, use_settings
from providers.engine import enter_provider_process, refuse_without_engine
from providers.values import canonical, has_unknown
from services.errors import (
    Conflict,
    NotFound,
    Refused,
    ServiceError,
    Unavailable,
    Unreadable,
    WriteHadNoEffect,
)
from services.settings import Settings

Props = dict[str, Any]

# Seconds between the reads that wait for a write to show: a service may answer from a stale copy.
VERIFY_DELAYS: Sequence[float] = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)

# The same, where what shows may as well be what is: a refusal, or what others made.
DOUBT_DELAYS = VERIFY_DELAYS[:5]

# Seconds before a write that may have been done, or came too early, is looked at again.
REPEAT_DELAYS: Sequence[float] = (0.5, 2.0, 5.0)

_OWNERS = {
    "entra": ("Entra tenant", "ARM_TENANT_ID or azuread:tenantId"),
    "zoom": ("Zoom account", "ZOOM_ACCOUNT_ID"),
}

# What this process created, with what was there before. A resource that was renamed without an
# alias is created under its new name, over what its old self had set, and then deleted under the
# old one: that delete must not restore, and is known by its other prior values.
_created_here: dict[str, Any] = {}

# What this process deleted, by (class name, id), as its state was: where that is what was to be
# written, its record has nothing more to undo.
deleted_here: dict[tuple[str, str], Props] = {}


class SharedProvider(ResourceProvider):
    """Base of the providers. Subclasses hold no state: they are pickled by reference."""

    serialize_as_secret_always = False

    # Whose object it is: the Entra tenant's or the Zoom account's.
    side: ClassVar[Literal["entra", "zoom"]] = "entra"
    # Property names that are facts for later runs and not declared: never part of a diff.
    output_only: tuple[str, ...] = ("unknown",)
    # Declared properties whose change needs another object.
    identity: tuple[str, ...] = ()
    # Whether a definite 404 means that the object can be made again.
    can_be_absent = False
    # Whether `prior` may leave a part out (None) that a later run can still record.
    records_late = False

    # ---- what a subclass provides ----------------------------------------------------------

    def object_id(self, props: Props) -> str:
        """The id in state: constant for the object, such as me/settings."""
        raise NotImplementedError

    def validated(self, props: Props) -> Props:
        """`props` in canonical form. Raises ValueError with one line for a person."""
        return props

    def live(self, props: Props) -> Props:
        """The live values of our part, as properties. Raises ServiceError."""
        raise NotImplementedError

    def write(self, props: Props, live: Props) -> None:
        """Makes the live part equal to `props`, writing only what differs from `live`."""
        raise NotImplementedError

    def restore(self, props: Props, live: Props) -> bool:
        """Puts back what was there before us, where the live value is still ours.

        Returns whether anything had to be written: it is asked again until nothing has.
        """
        raise NotImplementedError

    def prior(self, props: Props) -> Any:
        """What is there now, as plain JSON, to be put back by `restore` one day."""
        raise NotImplementedError

    def more_prior(self, known: Any, props: Props, parts: list[str]) -> Any:
        """The record `known` of `parts`, as one of `props["leaves"]`: new ones as they are now."""
        new = [path for path in props["leaves"] if path not in parts]
        added = self.prior({**props, "leaves": new}) if new else {}
        return {path: {**known, **added}[path] for path in props["leaves"]}

    def prepared(self, props: Props) -> Props:
        """`props` with what every request of a write needs, looked up once. Raises ServiceError."""
        return props

    def refuse_foreign(self, props: Props, live: Props) -> None:
        """Raises ForeignObject where the object is somebody else's (only asked on create)."""

    # ---- Pulumi's interface ----------------------------------------------------------------

    def configure(self, req: ConfigureRequest) -> None:
        enter_provider_process()
        use_settings(Settings(req.config.get))

    def check(self, _olds: Props, news: Props) -> CheckResult:
        props = canonical(news)
        try:
            checked = self.validated(props)
        except ValueError as error:
            # An empty property name: the engine prints the value of the one that is named.
            return CheckResult(props, [CheckFailure("", str(error))])
        return CheckResult({**checked, **_internal(news)}, [])

    def diff(self, _id: str, _olds: Props, _news: Props) -> DiffResult:
        olds, news = self._inputs(canonical(_olds)), self._inputs(canonical(_news))
        if not has_unknown(news) and olds == news:
            return DiffResult(changes=False)
        replaces = [name for name in self.identity if olds.get(name) != news.get(name)]
        # None: the engine compares by itself, property by property.
        return DiffResult(changes=None, replaces=replaces)

    def create(self, props: Props) -> CreateResult:
        declared = self.prepared(canonical(props))
        live = self.look_before_create(declared)
        id_ = self.object_id(declared)
        outs = self._converge(declared, live)
        _created_here[id_] = declared.get("prior")
        return CreateResult(id_, {**outs, **_internal(props)})

    def update(self, _id: str, _olds: Props, _news: Props) -> UpdateResult:
        self.refuse_other_owner(canonical(_olds))
        news = self.prepared(canonical(_news))
        id_ = self.object_id(news)
        if id_ in _created_here:
            _created_here[id_] = news.get("prior")
        return UpdateResult({**self._converge(news), **_internal(_news)})

    def read(self, id_: str, props: Props) -> ReadResult:
        known = canonical(props)
        self.refuse_other_owner(known)
        try:
            live = {**known, **self.live(known)}
            live.pop("unknown", None)
        except Unreadable as error:
            since = str(known.get("unknown", "")).partition(": ")[0] or _now()
            live = {**known, "unknown": f"{since}: {error}"}
        except NotFound:
            if not self.can_be_absent:
                raise
            return ReadResult("", {})
        internal = _internal(props)
        inputs = {**self._inputs(live), **internal}
        return ReadResult(id_, outs={**live, **internal}, inputs=inputs)

    def delete(self, _id: str, _props: Props) -> None:
        props = canonical(_props)
        id_, prior = self.object_id(props), props.get("prior")
        deleted_here[type(self).__name__, id_] = props
        if props.get("onDestroy") == "leave" or _created_here.get(id_, prior) != prior:
            return

        self.refuse_other_owner(props)
        self.repeat_until_done(props, lambda live: bool(live) and self.restore(props, live))

    # ---- shared steps ----------------------------------------------------------------------

    def look_before_create(self, props: Props) -> Props:
        """The live part. Raises ForeignObject, and ServiceError where that cannot be told."""
        live = self.live_or_absent(props)
        self.refuse_foreign(props, live)
        return live

    def live_or_absent(self, props: Props) -> Props:
        """The live part, or {} where the object may be absent and is."""
        try:
            return self.live(props)
        except NotFound:
            if not self.can_be_absent:
                raise
            return {}

    def outs(self, props: Props, live: Props) -> Props:
        """What goes into state after a write: the declaration, and facts of `live` for later."""
        return {**props}

    def _converge(self, props: Props, live: Props | None = None) -> Props:
        """Read, compare, write, read back; again where a write may have been done or was raced.

        live: what was read just now, where something was.
        """
        trouble: ServiceError | None = None
        for delay in (0.0, *REPEAT_DELAYS):
            time.sleep(delay)
            if live is None or delay:
                live = self.live_or_absent(props)
            if self.is_as_declared(props, live):
                break
            refuse_without_engine()
            try:
                self.write(props, live)
            except (Conflict, NotFound, Unavailable) as error:
                # NotFound: what was just made is not everywhere yet.
                if not error.sent:
                    raise
                trouble = error
                continue
            live = self._read_back(props)
            break
        else:
            assert trouble is not None
            raise trouble
        return self.state(props, live)

    def state(self, props: Props, live: Props) -> Props:
        """`outs`, and whose object it is."""
        return {**self.outs(props, live), **self.owner()}

    def owner(self) -> Props:
        """The property that says whose object it is; {} where the settings name nobody."""
        whose = owner(self.side)
        return {"owner": whose} if whose else {}

    def refuse_other_owner(self, props: Props) -> None:
        """Raises Refused where the state is another tenant's or account's than the credentials."""
        known, now = props.get("owner"), owner(self.side)
        if known and now and known != now:
            whose, variable = _OWNERS[self.side]
            raise Refused(
                f"the state of this stack is of another {whose} than the credentials: nothing was "
                f"read or written. Check {variable}."
            )

    def repeat_until_done(self, props: Props, step: Callable[[Props], bool]) -> None:
        """Calls `step` with the live part until it says that nothing had to be written.

        In between it waits until the write shows: what a stale copy still has is no reason to
        write again, over what others changed meanwhile.
        """
        trouble: ServiceError | None = None
        before: Props | None = None
        live: Props = {}
        for delay in VERIFY_DELAYS:
            try:
                if before is None:
                    time.sleep(delay)
                    before = live = self.live_or_absent(props)
                refuse_without_engine()
                if not step(live):
                    return
                live = self._changed_from(before, props)
            except (Conflict, Unavailable) as error:
                if not error.sent:
                    raise
                trouble, before = error, None
        raise trouble or self._not_given_back()

    def shows(self, check: Callable[[], bool]) -> bool:
        """Whether `check` comes true while a stale copy may answer."""
        for delay in DOUBT_DELAYS:
            time.sleep(delay)
            if check():
                return True
        return False

    def once_there(self, read: Callable[[], Props]) -> Props:
        """What `read` returns, once it finds what was just made: not every copy has it at once."""
        for delay in VERIFY_DELAYS[1:]:
            try:
                return read()
            except NotFound:
                time.sleep(delay)
        return read()

    def _changed_from(self, before: Props, props: Props) -> Props:
        for delay in VERIFY_DELAYS:
            time.sleep(delay)
            live = self.live_or_absent(props)
            if live != before:
                return live
        raise self._not_given_back()

    def _not_given_back(self) -> WriteHadNoEffect:
        return WriteHadNoEffect(
            f"{type(self).__name__.removesuffix('Provider')}: what was given back was accepted "
            "and does not show. Look at it in the portal, then run again."
        )

    def is_as_declared(self, props: Props, live: Props) -> bool:
        """Whether the live part needs no write."""
        there = bool(live) or not self.can_be_absent
        return there and all(props.get(name) == value for name, value in live.items())

    def _read_back(self, props: Props) -> Props:
        live: Props = {}
        for delay in VERIFY_DELAYS:
            time.sleep(delay)
            live = self.live_or_absent(props)
            if self.is_as_declared(props, live):
                return live
        raise self.no_effect(props, live)

    def no_effect(self, props: Props, live: Props) -> WriteHadNoEffect:
        """The error that names what stayed as it was."""
        differing = ", ".join(n for n, v in live.items() if props.get(n) != v) or "everything"
        return WriteHadNoEffect(f"the write was accepted and {differing} did not change")

    def _inputs(self, props: Props) -> Props:
        return {
            name: value
            for name, value in props.items()
            if name not in (*self.output_only, "owner") and not name.startswith("__")
        }


def recorded(props: Props) -> Any:
    """What was there before us, as PriorValues recorded it; None where nothing is recorded."""
    text = props.get("prior")
    return json.loads(text) if isinstance(text, str) and text else None


def written(props: Props) -> Props:
    """What we last made the object, as state has it; {} where we never did.

    The other outputs follow what is live at every refresh, and destroy refreshes first: only
    this still says which values are ours.
    """
    text = props.get("written")
    return dict(json.loads(text)) if isinstance(text, str) and text else {}


def to_json(value: Any) -> str:
    """One canonical text for a value: state keeps floats, nulls and order apart only in text."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _internal(props: Props) -> Props:
    return {name: value for name, value in props.items() if name.startswith("__")}


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
