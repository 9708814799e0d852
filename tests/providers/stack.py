"""One resource and the record of what was there before it, over their life in a stack's state."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from emulator import Emulator
from emulator.entra_login import GRAPH_APP_ID
from emulator.seed_entra import ROOMS_APP_ID, ZOOM_APP_ID
from providers.prior import KINDS, PriorValuesProvider
from providers.values import canonical, leaves
from tests.providers.wire import SAME, Process, Props, Provider


@dataclass
class State:
    """What a stack's state holds of one resource."""

    id: str
    inputs: Props
    outs: Props


@dataclass(frozen=True)
class Kind:
    """A declaration of one kind that differs from what is live in a new tenant."""

    of: str
    key: Props
    declared: Props

    @property
    def leaves(self) -> list[str] | None:
        """The parts that the record is made of, as the components name them."""
        if self.of.startswith("zoom:"):
            return sorted(p for p, _ in leaves(self.declared))
        named = self.declared.get("scopes") or self.declared.get("roles")
        return [*named, *(["*"] if self.declared.get("exclusive") else [])] if named else None


SETTINGS = Kind(
    "zoom:AccountSettings",
    {"account": "me"},
    {
        "zoom_rooms": {"list_meetings_with_calendar": True},
        "security": {"signin_with_sso": {"require_sso_for_domains": False}},
        "other_options": {"meeting_qos_and_mos": 2},
    },
)
LOCKS = Kind("zoom:AccountLocks", {"account": "me"}, {"schedule_meeting": {"host_video": True}})
GRANT = Kind(
    "entra:DelegatedGrant",
    {"clientId": ZOOM_APP_ID, "resourceClientId": GRAPH_APP_ID},
    {"scopes": ["Calendars.ReadWrite", "Contacts.ReadWrite"]},
)
POLICY = Kind(
    "entra:PermissionGrantPolicy",
    {"policyId": "zoom-calendar-users"},
    {
        "displayName": "Users may consent",
        "description": "Managed as code.",
        "includes": [
            {
                "clientApplicationIds": [ZOOM_APP_ID],
                "resourceApplication": GRAPH_APP_ID,
                "permissionType": "delegated",
                "permissions": ["Calendars.ReadWrite", "Contacts.ReadWrite"],
            }
        ],
        "excludes": [],
    },
)
# A policy that the tenant has already: an assignment alone is what is tested with it.
ASSIGNMENT = Kind("entra:PolicyAssignment", {"policyId": "contoso-tier-1"}, {"assigned": True})
ROLES = Kind("entra:AppRoleAssignments", GRANT.key, {"roles": ["Calendars.Read", "Mail.Read"]})
# An application that Zoom publishes and nobody in the tenant connected.
PRINCIPAL = Kind("entra:EnsuredPrincipal", {"clientId": ROOMS_APP_ID}, {})
ALL = (SETTINGS, LOCKS, GRANT, ROLES, POLICY, ASSIGNMENT, PRINCIPAL)


@dataclass
class Resource:
    """What `up`, a refresh and `destroy` send for a resource, in the engine's order."""

    process: Process
    kind: Kind
    on_destroy: str = "restore"
    record: State | None = None
    state: State | None = None
    provider: Provider = field(init=False)

    def __post_init__(self) -> None:
        self.run_in(self.process)

    def run_in(self, process: Process) -> None:
        """From now on another process carries it out, as in every later run."""
        self.process = process
        self.provider = process.of(KINDS[self.kind.of])
        self._records = process.of(PriorValuesProvider)

    def up(self, declared: Props | None = None) -> str:
        """Refreshes, records and writes. Returns create, update, same or replace."""
        if self.state is not None:
            self.refresh()
        declared = self.kind.declared if declared is None else declared
        self._record(declared)
        return self._apply(self._news(declared))

    def refresh(self) -> None:
        """What is live into state, as `options: refresh: always` has it before all else."""
        assert self.state is not None
        id_, outs, inputs = self.provider.read(self.state.id, self.state.outs)
        self.state = State(id_, inputs, outs) if id_ else None

    def drift(self, declared: Props | None = None) -> dict[str, tuple[Any, Any]]:
        """Property to (live, declared), for what a preview would show; nothing is written."""
        assert self.state is not None
        id_, outs, live = self.provider.read(self.state.id, self.state.outs)
        assert id_
        news = self.provider.check(
            self._news(self.kind.declared if declared is None else declared), live
        )
        different = {
            name: (canonical(live).get(name), canonical(news).get(name))
            for name in {*canonical(live), *canonical(news)}
            if canonical(live).get(name) != canonical(news).get(name)
        }
        assert (self.provider.diff(id_, outs, news).changes == SAME) is (not different)
        return different

    def destroy(self, *, refresh: bool = True) -> None:
        """Deletes in the order of the dependencies, refreshed first as always."""
        if refresh:
            self.refresh()
        if self.state is not None:
            self.provider.delete(self.state.id, self.state.outs)
        if self.record is not None:
            self._records.delete(self.record.id, self.record.outs)
        self.state = self.record = None

    @property
    def prior(self) -> Any:
        assert self.record is not None
        return self.record.outs["values"]

    def _record(self, declared: Props) -> None:
        kind = Kind(self.kind.of, self.kind.key, declared)
        props = {
            "of": kind.of,
            **kind.key,
            "values": None,
            "declared": json.dumps(declared),
            "onDestroy": self.on_destroy,
        }
        if kind.leaves is not None:
            props["leaves"] = kind.leaves
        old = self.record
        news = self._records.check(props, old.inputs if old else None)
        if old is None:
            id_, outs = self._records.create(news)
            self.record = State(id_, news, outs)
        elif self._records.diff(old.id, old.outs, news).changes != SAME:
            self.record = State(old.id, news, self._records.update(old.id, old.outs, news))

    def _news(self, declared: Props) -> Props:
        nothing = {"unknown": None, "principalId": None, "permissionIds": None}
        own = {"prior": self.prior, "onDestroy": self.on_destroy}
        return {**nothing, **self.kind.key, **declared, **own}

    def _apply(self, news: Props) -> str:
        old = self.state
        checked = self.provider.check(news, old.inputs if old else None)
        if old is None:
            id_, outs = self.provider.create(checked)
            self.state = State(id_, checked, outs)
            return "create"
        diff = self.provider.diff(old.id, old.outs, checked)
        if diff.changes == SAME or canonical(old.inputs) == canonical(checked):
            return "same"
        if diff.replaces:
            id_, outs = self.provider.create(checked)
            self.provider.delete(old.id, old.outs)
            self.state = State(id_, checked, outs)
            return "replace"
        outs = self.provider.update(old.id, old.outs, checked)
        self.state = State(old.id, checked, outs)
        return "update"


def writes(emulator: Emulator) -> list[tuple[str, str, Any]]:
    """Every write that reached a service, refused or not: method, path below its root, body."""
    return [
        (entry["method"], entry["path"].split("/", 2)[2], entry["body"])
        for entry in emulator.log
        if entry["service"] in ("entra", "zoom")
        and entry["method"] != "GET"
        and not entry["path"].endswith("/$batch")
    ]


def tokens(emulator: Emulator) -> list[str]:
    """The services that a token was asked of, in order."""
    return [
        entry["service"]
        for entry in emulator.log
        if entry["method"] == "POST" and entry["path"].endswith("/token")
    ]


def together(*steps: Callable[[], object]) -> None:
    """Runs all at the same time, as the engine does; raises what the first of them raised."""
    with ThreadPoolExecutor(len(steps)) as pool:
        for done in [pool.submit(step) for step in steps]:
            done.result()
