"""Properties of values, and of what is written, for any declaration and anything that is live."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from pulumi.output import Unknown

from providers.values import canonical, has_unknown, leaf, leaves, project, same_members, set_leaf
from providers.zoom.settings import _merged, smallest_patch

Tree = dict[str, Any]
few = settings(max_examples=40, deadline=None)  # a busy machine is no failure

names = st.sampled_from(["a", "b", "c", "enable", "domains"])
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
documents = st.dictionaries(
    st.sampled_from(["r", "s"]),
    st.dictionaries(st.sampled_from(["x", "y", "z"]), values, min_size=1, max_size=3),
    min_size=1,
    max_size=2,
)


@st.composite
def live_and_declared(draw: st.DrawFn) -> tuple[Tree, Tree]:
    """A live document, and a declaration of some of its leaves, some with other values."""
    live = draw(documents)
    paths = list(leaves(live))
    chosen = draw(st.lists(st.sampled_from(paths), unique_by=lambda pair: pair[0])) if paths else []
    declared: Tree = {}
    for path, value in chosen:
        set_leaf(declared, path, draw(st.one_of(st.just(value), scalars, lists)))
    return live, declared


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
@given(st.lists(st.dictionaries(names, scalars, max_size=3), max_size=4), st.randoms())
def test_members_are_the_same_in_any_order_and_with_keys_in_any_order(
    one: list[Tree], random: Any
) -> None:
    other = [dict(random.sample(list(item.items()), len(item))) for item in one]
    random.shuffle(other)
    assert same_members(one, other)
    assert project(one, other) is one
    assert not same_members(one, [*other, {"another": "one"}])
