"""Properties of values, and of what is written, for any declaration and anything that is live."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pulumi.output import Unknown

from providers.shared import to_json
from providers.values import canonical, has_unknown, leaf, leaves, project, same_members, set_leaf
from providers.zoom import settings as module
from providers.zoom.settings import (
    AccountSettingsProvider,
    _merged,
    sections,
    smallest_patch,
)

Tree = dict[str, Any]
_READ_ONLY = ("security.signin_with_sso.sso_bypass_users",)
few = settings(max_examples=40, deadline=None)  # a busy machine is no failure

names = st.sampled_from(["a", "b", "c", "enable", "domains", "sso_bypass_users"])
scalars = st.one_of(
    st.booleans(), st.integers(2, 9), st.floats(2, 9).filter(lambda x: x % 1), st.text(max_size=3)
)
lists = st.lists(st.one_of(scalars, st.dictionaries(names, scalars, max_size=2)), max_size=3)
values = st.recursive(
    st.one_of(scalars, lists),
    lambda inner: st.dictionaries(names, inner, min_size=1, max_size=3),
    max_leaves=5,
)
wire = st.recursive(
    st.one_of(st.none(), st.booleans(), st.floats(-9, 9), st.integers(-9, 9), st.text(max_size=3)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["a", "b", "__provider"]), inner, max_size=3),
    ),
    max_leaves=8,
)
# The names of a section and of a setting that has a part which is only read.
documents = st.dictionaries(
    st.sampled_from(["security", "rooms"]),
    st.dictionaries(st.sampled_from(["signin_with_sso", "x", "y"]), values, min_size=1, max_size=3),
    min_size=1,
    max_size=2,
)


@st.composite
def live_and_declared(draw: st.DrawFn) -> tuple[Tree, Tree]:
    """A live document, and a declaration of some of its leaves, some with other values."""
    live = draw(documents)
    paths = [
        (path, value)
        for path, value in leaves(live)
        if not any(path.startswith(read_only) for read_only in _READ_ONLY)
    ]
    chosen = draw(st.lists(st.sampled_from(paths), unique_by=lambda pair: pair[0])) if paths else []
    declared: Tree = {}
    for path, value in chosen:
        set_leaf(declared, path, draw(st.one_of(st.just(value), scalars, lists)))
    return live, declared


class Zoom:
    """A Zoom that merges a nested setting, or replaces it whole: its documentation is silent."""

    def __init__(self, live: Tree, *, merges: bool) -> None:
        self.live, self.merges = live, merges
        self.bodies: list[Tree] = []

    def read(self, account: str, kind: str, purpose: str = "") -> Tree:
        assert (account, kind) == ("me", "settings")
        return copy.deepcopy(self.live)

    def change(self, account: str, kind: str, body: Tree) -> None:
        assert (account, kind) == ("me", "settings")
        self.bodies.append(copy.deepcopy(body))
        for section, changes in body.items():
            for name, value in changes.items():
                now = self.live[section][name]
                if not self.merges and isinstance(value, dict):
                    # What is only read is not in anybody's body, and stays.
                    kept = {k: v for k, v in now.items() if f"{section}.{name}.{k}" in _READ_ONLY}
                    self.live[section][name] = {**kept, **value}
                else:
                    self.live[section][name] = _merged(value, now)


@few
@given(wire)
def test_a_canonical_value_is_its_own_canonical_form(value: Any) -> None:
    once = canonical(value)
    assert canonical(once) == once
    assert repr(canonical(once)) == repr(once)


@few
@given(wire)
def test_a_canonical_value_has_no_whole_float_no_null_member_and_no_internal_key(
    value: Any,
) -> None:
    def check(item: Any) -> None:
        if isinstance(item, dict):
            assert None not in item.values()
            assert not any(key.startswith("__") for key in item)
            for inner in item.values():
                check(inner)
        elif isinstance(item, list):
            for inner in item:
                check(inner)
        else:
            assert not (isinstance(item, float) and item.is_integer())

    check(canonical(value))


def test_a_value_not_known_yet_stays_itself_at_any_depth() -> None:
    unknown = Unknown()  # type: ignore[no-untyped-call]
    tree = canonical({"a": [1.0, {"b": unknown}]})
    assert tree == {"a": [1, {"b": unknown}]}
    assert has_unknown(tree)
    assert not has_unknown(canonical({"a": [1.0, {"b": "c"}]}))


@few
@given(live_and_declared())
def test_what_is_declared_is_what_is_read_after_it_was_merged(pair: tuple[Tree, Tree]) -> None:
    live, declared = pair
    assert project(declared, _merged(declared, live)) == declared


@few
@given(live_and_declared())
def test_only_declared_keys_are_ever_read(pair: tuple[Tree, Tree]) -> None:
    live, declared = pair
    found = {path for path, _ in leaves(project(declared, live))}
    assert all(leaf(live, path, ...) is not ... for path in found)
    for path in found:
        head = [p for p, _ in leaves(declared) if path == p or path.startswith(f"{p}.")]
        assert head, f"{path} is not declared"


@few
@given(live_and_declared())
def test_a_patch_has_exactly_the_settings_that_differ(pair: tuple[Tree, Tree]) -> None:
    live, declared = pair
    body = smallest_patch(declared, live)
    differing = {
        f"{section}.{name}"
        for section, settings in declared.items()
        for name, value in settings.items()
        if project(value, live[section][name]) != value
    }
    assert {f"{s}.{n}" for s, settings in body.items() for n in settings} == differing
    assert smallest_patch(declared, _merged(declared, live)) == {}


@few
@given(live_and_declared())
def test_what_is_only_read_is_never_sent(pair: tuple[Tree, Tree]) -> None:
    live, declared = pair
    body = smallest_patch(declared, live)
    assert all(leaf(body, path, ...) is ... for path in _READ_ONLY)


@few
@given(pair=live_and_declared(), merges=st.booleans())
def test_only_declared_leaves_change_and_a_second_run_writes_nothing(
    pair: tuple[Tree, Tree], merges: bool
) -> None:
    live, declared = pair
    zoom = Zoom(copy.deepcopy(live), merges=merges)
    provider = AccountSettingsProvider()
    props = {"account": "me", "prior": "{}", **declared}
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(module, "zoom", lambda: zoom)
        patched.setattr("providers.shared.VERIFY_DELAYS", (0.0,))
        provider.create(props)
        assert project(declared, zoom.live) == declared
        for path, value in leaves(live):
            if leaf(declared, path, ...) is ... and _parent_is_kept(declared, path):
                assert leaf(zoom.live, path) == value

        sent = len(zoom.bodies)
        assert sent <= 1
        again = provider.create(props)
        provider.update("me/settings", again.outs or {}, props)
        assert len(zoom.bodies) == sent
        assert provider.diff("x", again.outs or {}, props).changes is False
        read = provider.read("me/settings", again.outs or {})
        assert sections(canonical(read.inputs)) == canonical(declared)


@few
@given(pair=live_and_declared(), merges=st.booleans())
def test_destroy_restores_every_leaf_that_was_declared(
    pair: tuple[Tree, Tree], merges: bool
) -> None:
    live, declared = pair
    # Values of another shape cannot be put back leaf by leaf, and Zoom's settings keep theirs.
    declared = {
        section: kept
        for section, settings in declared.items()
        if (kept := {n: v for n, v in settings.items() if type(v) is type(live[section][n])})
    }
    paths = [path for path, _ in leaves(declared)]
    if any(type(leaf(live, path)) is not type(leaf(declared, path)) for path in paths):
        return
    zoom = Zoom(copy.deepcopy(live), merges=merges)
    provider = AccountSettingsProvider()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(module, "zoom", lambda: zoom)
        patched.setattr("providers.shared.VERIFY_DELAYS", (0.0, 0.0))
        prior = provider.prior({"account": "me", "leaves": paths})
        props = {"account": "me", "prior": to_json(prior), **declared}
        made = provider.create(props)
        provider.delete("me/settings", provider.read("me/settings", made.outs or {}).outs or {})
    assert zoom.live == live


@few
@given(st.lists(st.dictionaries(names, scalars, max_size=3), max_size=4), st.randoms())
def test_members_are_the_same_in_any_order_and_with_keys_in_any_order(
    one: list[Tree], random: Any
) -> None:
    other = [dict(random.sample(list(item.items()), len(item))) for item in one]
    random.shuffle(other)
    assert same_members(one, other)
    assert project(one, other) is one
    assert not same_members(one, [*other, {"another": "one"}])


def _parent_is_kept(declared: Tree, path: str) -> bool:
    """Whether no leaf is declared in the place of a mapping that `path` goes through."""
    parts = path.split(".")
    above = (leaf(declared, ".".join(parts[:n]), ...) for n in range(1, len(parts)))
    return all(value is ... or isinstance(value, dict) for value in above)
