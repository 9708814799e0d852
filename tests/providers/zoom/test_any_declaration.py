"""For any declared part of the catalogue and any live state, over both documents."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.shared import to_json
from providers.values import leaf, leaves, project, same_members, set_leaf
from providers.zoom import settings as module
from providers.zoom.settings import AccountLocksProvider, AccountSettingsProvider
from tenant.catalogue import LOCKS, SETTINGS, Branch, Form, Leaf, load
from tenant.catalogue_check import check, unsupported

Tree = dict[str, Any]
few = settings(max_examples=60, deadline=None)  # a busy machine is no failure
PROVIDERS = {SETTINGS: AccountSettingsProvider, LOCKS: AccountLocksProvider}


def values(form: Form, entries: Leaf | Branch | None = None) -> st.SearchStrategy[Any]:
    """Any value that is published for a leaf."""
    if form.enum:
        return st.sampled_from(form.enum)
    match form.type:
        case "boolean":
            return st.booleans()
        case "string":
            low, high = form.min_length or 0, min(form.max_length or 5, 5)
            return st.text("abc", min_size=low, max_size=max(low, high))
        case "array":
            entry = st.text("abc", min_size=1, max_size=3)
            if isinstance(entries, Leaf):
                entry = values(entries.value)
            if isinstance(entries, Branch):
                return st.lists(whole(entries), max_size=min(form.max_items or 3, 3))
            return st.lists(entry, max_size=min(form.max_items or 3, 3), unique=True)
    low = 0 if form.minimum is None else form.minimum
    high = low + 9 if form.maximum is None else form.maximum
    return st.integers(int(low), int(high))


def whole(branch: Branch) -> st.SearchStrategy[Tree]:
    """Everything that GET shows below a name."""
    return st.fixed_dictionaries(
        {
            name: whole(node)
            if isinstance(node, Branch)
            else values(node.get or node.value, branch.get(f"{name}[]"))
            for name, node in branch.items()
            if "[" not in name and (isinstance(node, Branch) or node.readable)
        }
    )


@cache
def declarable(document: str) -> list[tuple[str, Branch, str]]:
    """Every leaf that may be declared: its path, the branch it is in, its name there."""
    found = []
    known = load().documents[document]
    for one in known.leaves:
        if "[" in one.path:
            continue
        above, _, name = one.path.rpartition(".")
        branch = known.find(above)
        assert isinstance(branch, Branch)
        if unsupported(document, branch, name) is None:
            found.append((one.path, branch, name))
    return found


@st.composite
def cases(draw: st.DrawFn) -> tuple[str, Tree, Tree]:
    """A document, what is live in it, and a declaration of some of its leaves."""
    document = draw(st.sampled_from([SETTINGS, LOCKS]))
    chosen = draw(
        st.lists(st.sampled_from(declarable(document)), min_size=1, max_size=5, unique_by=str)
    )
    live: Tree = {}
    declared: Tree = {}
    for path, branch, name in chosen:
        section, setting = path.split(".")[:2]
        known = load().documents[document].tree[section]
        assert isinstance(known, Branch)
        if setting not in live.get(section, {}):
            node = known[setting]
            drawn = (
                draw(whole(node))
                if isinstance(node, Branch)
                else draw(values(node.value, known.get(f"{setting}[]")))
            )
            live.setdefault(section, {})[setting] = drawn
        one = branch[name]
        assert isinstance(one, Leaf)
        set_leaf(declared, path, draw(values(one.value, branch.get(f"{name}[]"))))
    return document, live, declared


class Zoom:
    """Takes only what PATCH is published to take; a nested setting is merged, or replaced whole."""

    def __init__(self, document: str, live: Tree, *, merges: bool) -> None:
        self.document, self.live, self.merges = document, live, merges
        self.bodies: list[Tree] = []

    def read(self, account: str, kind: str, purpose: str = "") -> Tree:
        assert (account, kind) == ("me", self.document)
        return copy.deepcopy(self.live)

    def change(self, account: str, kind: str, body: Tree) -> None:
        assert (account, kind) == ("me", self.document)
        self.bodies.append(copy.deepcopy(body))
        known = load().documents[self.document]
        for path, _ in leaves(body):
            one = known.find(path)
            assert one is None or (isinstance(one, Leaf) and one.writable), path
        for section, changes in body.items():
            for name, value in changes.items():
                node = known.find(f"{section}.{name}")
                now = self.live[section][name]
                self.live[section][name] = self._merged(node, now, value, f"{section}.{name}")

    def _merged(self, node: Any, now: Any, new: Any, path: str) -> Any:
        if not isinstance(node, Branch):
            return new
        merged = {}
        for name, one in node.items():
            if "[" in name or (isinstance(one, Leaf) and not one.readable):
                continue
            here = f"{path}.{name}"
            if isinstance(one, Leaf) and not one.writable:
                merged[name] = now[name]  # in nobody's body, so it stays
                counterpart = load().annotation(here).counterpart.rpartition(".")[2]
                if load().annotation(load().annotation(here).counterpart).entry_field:
                    ids = new.get(counterpart)
                    if ids is not None or not self.merges:
                        merged[name] = [{"id": i, "email": i} for i in ids or ()]
            elif name in new:
                merged[name] = self._merged(one, now[name], new[name], here)
                if isinstance(node.get(f"{name}[]"), Branch):
                    merged[name] = _with_read_only(node[f"{name}[]"], now[name], new[name])
            elif self.merges:
                merged[name] = now[name]
            else:
                raise AssertionError(f"{here} would be lost where Zoom replaces")
        return merged


def _with_read_only(entries: Any, now: list[Tree], new: list[Tree]) -> list[Tree]:
    """Entries as GET shows them: with what only it has, of the entry that is the same else."""
    shown = [n for n, one in entries.items() if isinstance(one, Leaf) and not one.writable]
    if not shown:
        return new
    rest = [{k: v for k, v in one.items() if k not in shown} for one in now]
    return [now[rest.index(one)] if one in rest else one for one in new]


def ids_of(live: Tree) -> Tree:
    """`live` in the form that is declared."""
    seen = copy.deepcopy(live)
    shown = leaf(seen, "security.signin_with_sso.sso_bypass_users")
    if shown is not None:
        users = [one["id"] for one in shown]
        set_leaf(seen, "security.signin_with_sso.sso_bypass_user_ids", users)
    return seen


def same(one: Any, other: Any) -> bool:
    both = isinstance(one, list) and isinstance(other, list)
    return same_members(one, other) if both else bool(one == other)


@few
@given(case=cases(), merges=st.booleans())
def test_only_declared_leaves_change_and_a_second_run_changes_nothing(
    case: tuple[str, Tree, Tree], merges: bool
) -> None:
    document, live, declared = case
    check(declared, document, "f")  # the declaration is one that a file may hold
    zoom = Zoom(document, copy.deepcopy(live), merges=merges)
    provider = PROVIDERS[document]()
    paths = [path for path, _ in leaves(declared)]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(module, "zoom", lambda: zoom)
        patched.setattr("providers.shared.VERIFY_DELAYS", (0.0, 0.0))
        prior = to_json(provider.prior({"account": "me", "leaves": paths}))
        props = {"account": "me", "prior": prior, **declared}
        made = provider.create(props)
        after = ids_of(zoom.live)
        assert project(declared, after) == declared
        for path, value in leaves(ids_of(live)):
            if leaf(declared, path, ...) is ... and "sso_bypass_users" not in path:
                assert leaf(after, path) == value, path

        sent = len(zoom.bodies)
        assert sent <= 1
        again = provider.create(props)
        provider.update("x", again.outs or {}, props)
        assert provider.diff("x", again.outs or {}, props).changes is False
        assert len(zoom.bodies) == sent

        provider.delete("x", provider.read("x", made.outs or {}).outs or {})
        for path, value in leaves(ids_of(live)):
            if "sso_bypass_users" not in path:
                assert same(leaf(ids_of(zoom.live), path), value), path


def test_nearly_the_whole_catalogue_may_be_declared() -> None:
    known = [one for one in load().documents[SETTINGS].leaves if "[" not in one.path]
    assert len(declarable(SETTINGS)) > 0.9 * sum(one.writable for one in known)
