"""What holds for every resource: create, read, diff, update and delete of a part of an object."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from emulator import Emulator
from providers.prior import KINDS
from tests.providers.stack import (
    ALL,
    ASSIGNMENT,
    GRANT,
    LOCKS,
    POLICY,
    SETTINGS,
    Kind,
    Resource,
    together,
    writes,
)
from tests.providers.wire import COMPARE, SAME, UNKNOWN, Process

every = pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.of)
Refused = Callable[[Callable[[], object]], str]


@every
def test_a_second_run_writes_nothing_and_sees_no_change(
    process: Process, emulator: Emulator, kind: Kind
) -> None:
    resource = Resource(process, kind)
    assert resource.up() == "create"
    assert writes(emulator)
    emulator.clear_log()

    assert resource.drift() == {}
    assert resource.up() == "same"
    assert writes(emulator) == []


@every
def test_create_of_what_is_right_already_writes_nothing(
    process: Process, emulator: Emulator, kind: Kind
) -> None:
    Resource(process, kind).up()
    emulator.clear_log()

    again = Resource(process, kind)
    assert again.up() == "create"
    assert writes(emulator) == []
    assert again.drift() == {}


@every
def test_read_returns_outputs_and_the_inputs_that_check_made(
    process: Process, emulator: Emulator, kind: Kind
) -> None:
    resource = Resource(process, kind)
    resource.up()
    assert resource.state is not None
    id_, outs, inputs = resource.provider.read(resource.state.id, resource.state.outs)

    checked = {name: value for name, value in resource.state.inputs.items() if value is not None}
    assert id_ == resource.state.id
    assert inputs == checked
    assert outs.items() >= checked.items()


def test_destroy_gives_everything_back_to_the_byte(process: Process, emulator: Emulator) -> None:
    before = emulator.world.dump()
    resources = [Resource(process, kind) for kind in ALL]
    for resource in resources:
        whole = emulator.world.dump()
        resource.up()
        assert emulator.world.dump() != whole

    together(*(resource.destroy for resource in resources))
    assert emulator.world.dump() == before


def test_destroy_of_what_was_there_before_us_writes_nothing(
    process: Process, emulator: Emulator
) -> None:
    together(*(Resource(process, kind).up for kind in ALL))
    before = emulator.world.dump()
    resources = [Resource(process, kind) for kind in ALL]
    together(*(resource.up for resource in resources))
    emulator.clear_log()

    together(*(resource.destroy for resource in resources))
    assert writes(emulator) == []
    assert emulator.world.dump() == before


@every
def test_destroy_with_leave_sends_nothing_at_all(
    process: Process, emulator: Emulator, kind: Kind
) -> None:
    resource = Resource(process, kind, on_destroy="leave")
    resource.up()
    emulator.clear_log()

    resource.destroy(refresh=False)
    assert emulator.log == []


@every
def test_values_known_only_later_pass_check_and_diff_untouched(
    process: Process, emulator: Emulator, kind: Kind
) -> None:
    provider = process.of(KINDS[kind.of])
    whole = {**kind.key, **kind.declared, "prior": UNKNOWN, "onDestroy": "restore"}
    checked = provider.check(whole)
    assert checked["prior"] == UNKNOWN
    diff = provider.diff("x", {**whole, "prior": "null"}, checked)
    assert (diff.changes, list(diff.replaces)) == (COMPARE, [])

    for name in (*kind.key, *kind.declared):
        if name != "policyId":  # a constant of ours
            assert provider.check({**whole, name: UNKNOWN})[name] == UNKNOWN
    assert writes(emulator) == []


@every
def test_a_diff_of_equal_values_is_false_whatever_their_form(process: Process, kind: Kind) -> None:
    provider = process.of(KINDS[kind.of])
    news = provider.check({**kind.key, **kind.declared, "prior": "{}", "onDestroy": "restore"})
    facts = dict.fromkeys(KINDS[kind.of].output_only, "a fact for later runs")
    assert provider.diff("x", {**news, **facts, "nothing": None}, news).changes == SAME
    assert provider.diff("x", {**news, **facts}, {**news, "nothing": None}).changes == SAME


@every
def test_another_identity_is_another_object(process: Process, kind: Kind) -> None:
    provider = process.of(KINDS[kind.of])
    olds = provider.check({**kind.key, **kind.declared, "onDestroy": "restore"})
    # An assignment changes its policy in place: one write for both entries.
    for name in kind.key if kind is not ASSIGNMENT else ():
        diff = provider.diff("x", olds, {**olds, name: "another"})
        assert (diff.changes, list(diff.replaces)) == (COMPARE, [name])


@every
def test_a_change_of_on_destroy_alone_is_an_update_that_sends_no_write(
    process: Process, emulator: Emulator, kind: Kind
) -> None:
    resource = Resource(process, kind)
    resource.up()
    emulator.clear_log()

    resource.on_destroy = "leave"
    assert resource.up() == "update"
    assert writes(emulator) == []


@every
def test_what_was_there_before_is_recorded_before_the_first_write_and_kept(
    process: Process, emulator: Emulator, kind: Kind
) -> None:
    resource = Resource(process, kind)
    resource._record(kind.declared)
    recorded = resource.prior
    assert writes(emulator) == []

    resource.up()
    resource.refresh()
    resource.up()
    assert resource.prior == recorded
    assert resource.state is not None
    assert resource.state.outs["prior"] == recorded


@every
def test_what_another_run_created_under_another_name_is_not_given_back(
    process: Process, emulator: Emulator, kind: Kind
) -> None:
    old = Resource(process, kind)
    old.up()
    renamed = Resource(process, kind)
    renamed.up()  # a rename without an alias: created again, over what is ours already
    ours = emulator.world.dump()

    old.destroy()
    assert emulator.world.dump() == ours


def test_an_orphan_of_a_killed_engine_writes_nothing(
    start: Callable[[], Process], emulator: Emulator, refused: Refused
) -> None:
    process = start()
    ours = Resource(process, LOCKS)
    ours.up()
    emulator.clear_log()
    process.end_engine()

    said = "the Pulumi engine ended; nothing more is written"
    for kind in (SETTINGS, GRANT, POLICY, ASSIGNMENT):
        assert said in refused(Resource(process, kind).up)
    assert said in refused(ours.destroy)
    assert writes(emulator) == []


def test_a_float_of_the_engine_reaches_zoom_as_a_whole_number(
    process: Process, emulator: Emulator
) -> None:
    Resource(process, SETTINGS).up()
    ((_, _, body),) = writes(emulator)
    assert repr(body["other_options"]["meeting_qos_and_mos"]) == "2"


@pytest.mark.parametrize("kind", [GRANT, POLICY, ASSIGNMENT], ids=lambda kind: kind.of)
def test_a_small_page_hides_nothing(process: Process, emulator: Emulator, kind: Kind) -> None:
    emulator.page_size = 1
    before = emulator.world.dump()
    resource = Resource(process, kind)
    resource.up()
    assert resource.drift() == {}
    resource.destroy()
    assert emulator.world.dump() == before
