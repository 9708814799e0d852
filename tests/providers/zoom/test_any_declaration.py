"""Any declaration of published leaves, on any live state, over HTTP: both documents, all shapes."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from emulator import Emulator, zoom_limits
from providers.shared import to_json
from providers.values import canonical, leaf, leaves, project, same_members, set_leaf
from providers.zoom import settings as module
from providers.zoom.settings import AccountLocksProvider, AccountSettingsProvider, sections
from services.settings import Settings
from services.zoom.api import ZoomApi
from tenant.catalogue import LOCKS, SETTINGS, Branch, Form, Leaf, load
from tenant.catalogue_check import check, unsupported
from tests.providers.stack import writes

Tree = dict[str, Any]
PROVIDERS = {SETTINGS: AccountSettingsProvider, LOCKS: AccountLocksProvider}
BYPASS, SHOWN = (f"security.signin_with_sso.sso_bypass_user{end}" for end in ("_ids", "s"))

# Everything that a PATCH takes and that cannot be declared; each says why when it is tried.
REFUSED = {
    SETTINGS: {
        "authentication_option.action",
        "authentication_option.default_option",
        "authentication_option.domains",
        "authentication_option.id",
        "authentication_option.name",
        "authentication_option.type",
        "chat.chat_etiquette_tool.operate",
        "chat.chat_etiquette_tool.policies",
        "chat.send_data_to_third_party_archiving_service.authorized_channel_token",
        "chat.send_data_to_third_party_archiving_service.passcode",
        "in_meeting.allow_users_to_delete_messages_in_meeting_chat",
        "meeting_security.chat_etiquette_tool.operate",
        "meeting_security.chat_etiquette_tool.policies",
        "schedule_meeting.meeting_template.action",
        "schedule_meeting.meeting_template.templates",
        "security.signin_with_sso.operation",
    },
    LOCKS: {"meeting_security.encryption_type", "schedule_meeting.personal_meeting"},
}


def writable(kind: str) -> dict[str, Leaf]:
    """Every leaf that a PATCH of any shape takes, by path; entries of lists are part of theirs."""
    every = (one for shape in load().shapes(kind) for one in shape.leaves)
    return {one.path: one for one in every if one.writable and "[" not in one.path}


def declarable(kind: str) -> list[str]:
    return [path for path in writable(kind) if path not in REFUSED[kind]]


class Values:
    """Any value that is published for a leaf, and anything that may be live."""

    def __init__(self, random: Random, users: list[Tree]) -> None:
        self.random, self.users = random, users

    def of(self, kind: str, path: str) -> Any:
        """A value to declare at a path."""
        if path == BYPASS:
            return [user["id"] for user in self._some(self.users)]
        above, _, name = path.rpartition(".")
        branch = load().find(kind, above) if above else load().tree(kind)
        assert isinstance(branch, Branch)
        node = branch[name]
        assert isinstance(node, Leaf)
        return self._value(node.value, branch.get(f"{name}[]"), read=False)

    def below(self, branch: Branch, *, read: bool) -> Tree:
        """All of a branch: as GET shows it, or what an entry may be declared with."""
        made: Tree = {}
        for name, node in branch.items():
            if "[" in name:
                continue
            if isinstance(node, Branch):
                made[name] = self.below(node, read=read)
            elif node.path == SHOWN:
                made[name] = [{k: user[k] for k in ("id", "email")} for user in self.users[:1]]
            elif node.readable and (read or node.writable):
                # GET's forms are wider, but what is there was set; only another type counts.
                other = read and node.get is not None and node.get.type != node.value.type
                form = node.get if other and node.get else node.value
                made[name] = self._value(form, branch.get(f"{name}[]"), read=read)
        return made

    def _value(self, form: Form, entries: Leaf | Branch | None, *, read: bool) -> Any:
        if form.enum:
            return self.random.choice(form.enum)
        if form.type == "boolean":
            return self.random.random() < 0.5
        if form.type == "string":
            low = form.min_length or 0
            return "".join(self.random.choices("abc", k=self.random.randint(low, low + 4)))
        if form.type == "array":
            count = self.random.randint(0, 3)
            if isinstance(entries, Branch):
                return [self.below(entries, read=read) for _ in range(count)]
            assert entries is not None
            return [self._value(entries.value, None, read=read) for _ in range(count)]
        low = form.minimum or 0
        return self.random.randint(low, form.maximum or low + 9)

    def _some(self, items: list[Any]) -> list[Any]:
        return self.random.sample(items, self.random.randint(0, len(items)))


class Account:
    """An emulated account with something random live in all its settings and locks."""

    def __init__(self, emulator: Emulator, kind: str, values: Values, nested: str) -> None:
        self.emulator, self.kind = emulator, kind
        self.data["nested"] = nested
        for name, shape in load().documents.items():
            if name in self.data:
                self.data[name] = values.below(shape.tree, read=True)
        self.before = self.live()
        emulator.clear_log()

    @property
    def data(self) -> Tree:
        data: Tree = self.emulator.world.data["zoom"]
        return data

    def live(self) -> Tree:
        """All shapes of the kind, leaf by leaf."""
        every: Tree = {}
        for name, shape in load().documents.items():
            if name in self.data and shape in load().shapes(self.kind):
                tree = copy.deepcopy(self.data[name])
                every |= {f"{name} {path}": value for path, value in leaves(tree)}
        return every

    def declared_values(self, declared: Tree) -> Tree:
        """What is live of a declaration, in its own form."""
        tree: Tree = {}
        for path, _ in leaves(declared):
            set_leaf(tree, path, self.now(path))
        return tree

    def now(self, path: str) -> Any:
        """What is live at a path, in the form that is declared."""
        shape = load().shape_of(self.kind, path.partition(".")[0])
        name = next(n for n, one in load().documents.items() if one is shape)
        if path == BYPASS:
            return [one["id"] for one in leaf(self.data[name], SHOWN)]
        return _only_written(self.kind, path, leaf(self.data[name], path))

    def others(self, declared: Tree, state: Tree) -> Tree:
        """The leaves of a state that are not declared."""
        ours = {SHOWN if path == BYPASS else path for path, _ in leaves(declared)}
        return {key: value for key, value in state.items() if key.partition(" ")[2] not in ours}


def _only_written(kind: str, path: str, now: Any) -> Any:
    """A list's entries without what only GET has."""
    above, _, name = path.rpartition(".")
    branch = load().find(kind, above) if above else None
    entries = branch.get(f"{name}[]") if isinstance(branch, Branch) else None
    if not isinstance(entries, Branch) or not isinstance(now, list):
        return now
    shown = [n for n, one in entries.items() if isinstance(one, Leaf) and not one.writable]
    return [{k: v for k, v in one.items() if k not in shown} for one in now]


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    """One for all examples, without a limit by the second; the provider's client talks HTTP."""
    with Emulator() as running, pytest.MonkeyPatch.context() as patched:
        fast = dict.fromkeys(zoom_limits._PER_SECOND["business"], 10**6)
        patched.setitem(zoom_limits._PER_SECOND, "business", fast)
        api = ZoomApi(Settings(environ=running.env))
        patched.setattr(module, "zoom", lambda: api)
        patched.setattr("providers.shared.VERIFY_DELAYS", (0.0, 0.0))
        yield running


def live_through(emulator: Emulator, kind: str, seed: int, share: float, nested: str) -> set[str]:
    """Declares a share of all leaves, runs twice, destroys; returns the paths that changed."""
    values = Values(Random(seed), emulator.world.data["zoom"]["users"])
    account = Account(emulator, kind, values, nested)
    paths = [path for path in declarable(kind) if values.random.random() < share]
    declared: Tree = {}
    for path in paths or declarable(kind)[:1]:
        set_leaf(declared, path, values.of(kind, path))
        for _ in range(50 if share == 1.0 else 0):  # until it differs from what is live
            if not _same(leaf(declared, path), account.now(path)):
                break
            set_leaf(declared, path, values.of(kind, path))
    found = leaves(account.declared_values(declared))
    changed = {path for path, now in found if not _same(leaf(declared, path), now)}
    check(declared, kind, "f")  # it is one that a file may hold

    provider = PROVIDERS[kind]()
    prior = to_json(provider.prior({"account": "me", "leaves": [p for p, _ in leaves(declared)]}))
    props = {"account": "me", "prior": prior, **declared}
    provider.create(props)
    assert project(declared, account.declared_values(declared)) == declared
    assert account.others(declared, account.live()) == account.others(declared, account.before)
    asked = {entry["query"].get("option") for entry in emulator.log if entry["method"] == "GET"}
    needed = {load().shape_of(kind, section).option for section in declared}
    assert asked == needed
    sent = writes(emulator)
    assert len(sent) == len({load().shape_of(kind, p.partition(".")[0]).option for p in changed})

    for path, value in (one for _, _, body in sent for one in leaves(body)):
        assert path in writable(kind), f"{path} is only read, and was sent"
        assert not load().annotation(path).refused, f"an action edits {path}, and it was sent"
        assert _only_written(kind, path, value) == value, path

    again = provider.create(props)
    provider.update("x", again.outs or {}, props)
    assert provider.diff("x", again.outs or {}, props).changes is False
    read = provider.read("x", again.outs or {})
    assert sections(canonical(read.inputs)) == declared
    assert writes(emulator) == sent

    provider.delete("x", read.outs or {})
    assert account.others(declared, account.live()) == account.others(declared, account.before)
    restored = account.declared_values(declared)
    for path, value in leaves(restored):
        assert _same(value, json.loads(prior)[path]), path
    return changed


def _same(one: Any, other: Any) -> bool:
    both = isinstance(one, list) and isinstance(other, list)
    return same_members(one, other) if both else bool(one == other)


@settings(max_examples=25, deadline=None)  # a busy machine is no failure
@example(kind=SETTINGS, seed=1050, share=0.3, nested="merge")  # two entries of a list are the same
@given(
    kind=st.sampled_from([SETTINGS, LOCKS]),
    seed=st.integers(0, 2**32),
    share=st.sampled_from([0.005, 0.02, 0.3]),
    nested=st.sampled_from(["merge", "replace"]),
)
def test_only_declared_leaves_change_and_a_second_run_changes_nothing(
    emulator: Emulator, kind: str, seed: int, share: float, nested: str
) -> None:
    live_through(emulator, kind, seed, share, nested)


@pytest.mark.parametrize("kind", [SETTINGS, LOCKS])
def test_every_leaf_of_every_shape_is_set_and_given_back(emulator: Emulator, kind: str) -> None:
    changed: set[str] = set()
    for seed, nested in enumerate(("merge", "replace")):
        changed |= live_through(emulator, kind, seed, 1.0, nested)
    assert set(declarable(kind)) == changed


@pytest.mark.parametrize("kind", [SETTINGS, LOCKS])
def test_what_a_patch_takes_and_nobody_can_declare_is_this_and_no_more(kind: str) -> None:
    refused = {path for path, one in writable(kind).items() if unsupported(one, path)}
    above = {path for path in writable(kind) if load().annotation(path.split(".")[0]).refused}
    assert refused | above == REFUSED[kind]
