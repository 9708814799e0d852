"""The settings that only Zoom's portal has: declared, diffed, and never sent anywhere."""

from __future__ import annotations

from emulator import Emulator
from providers.zoom.calendar import CalendarIntegrationProvider
from tests.providers.wire import COMPARE, SAME, Process

DECLARED = {
    "account": "me",
    "channel": "attested",
    "calendar_and_contacts_integration": True,
    "integrate_calendar_on_sign_in": True,
    "users_can_consent": False,
}


def test_its_whole_life_sends_nothing(process: Process, emulator: Emulator) -> None:
    provider = process.of(CalendarIntegrationProvider)
    checked = provider.check(DECLARED)
    id_, outs = provider.create(checked)
    assert id_ == "me/calendar"
    inputs_and_outs = provider.read(id_, outs)
    assert inputs_and_outs == (id_, {**DECLARED, "owner": outs["owner"]}, DECLARED)

    assert provider.diff(id_, outs, checked).changes == SAME
    news = provider.check({**DECLARED, "users_can_consent": True}, checked)
    diff = provider.diff(id_, outs, news)
    assert (diff.changes, list(diff.replaces)) == (COMPARE, [])
    assert provider.update(id_, outs, news) == {**news, "owner": outs["owner"]}
    provider.delete(id_, news)
    assert emulator.log == []


def test_another_account_is_another_resource(process: Process) -> None:
    provider = process.of(CalendarIntegrationProvider)
    diff = provider.diff("me/calendar", DECLARED, {**DECLARED, "account": "another"})
    assert list(diff.replaces) == ["account"]
