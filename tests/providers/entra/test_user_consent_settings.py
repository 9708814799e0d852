"""What users may consent to, as it is: read in one request, unknown where it may not be read."""

from __future__ import annotations

import json
from typing import Any

from emulator import Emulator
from providers.entra.user_consent_settings import UserConsentSettingsProvider
from tests.providers.conftest import Lacking
from tests.providers.entra.test_policy_assignment import entries
from tests.providers.stack import writes
from tests.providers.wire import Process, Props

RECOMMENDED = "microsoft-user-default-recommended"


def created(process: Process) -> tuple[str, Props]:
    provider = process.of(UserConsentSettingsProvider)
    found: tuple[str, Any] = provider.create(provider.check({}))
    return found


def test_it_is_read_by_one_request_and_never_written(process: Process, emulator: Emulator) -> None:
    id_, outs = created(process)
    provider = process.of(UserConsentSettingsProvider)
    emulator.clear_log()
    _, outs, inputs = provider.read(id_, outs)
    assert [entry["path"] for entry in emulator.log] == ["/v1.0/$batch"]
    assert inputs == {}
    provider.delete(id_, outs)
    assert writes(emulator) == []


def test_all_policies_of_users_are_told_and_those_of_before_stay_on_record(
    process: Process, emulator: Emulator
) -> None:
    id_, outs = created(process)
    entries(emulator).append("managepermissiongrantsforself.contoso-tier-1")
    _, outs, _ = process.of(UserConsentSettingsProvider).read(id_, outs)
    assert json.loads(outs["found"]) == [RECOMMENDED]
    (_, first), (key, words) = json.loads(outs["assigned"])
    assert first == "whatever Microsoft's managed default allows at the time"
    assert key == "contoso-tier-1"
    assert words == (
        "any application of a verified publisher, for any delegated permission classified as low"
    )


def test_without_the_policies_words_their_ids_are_still_told(
    process: Process, emulator: Emulator, lacking: Lacking
) -> None:
    entries(emulator).append("ManagePermissionGrantsForSelf.contoso-tier-1")
    lacking("Policy.Read.PermissionGrant", "Policy.ReadWrite.PermissionGrant")
    _, outs = created(process)
    assert [key for key, _ in json.loads(outs["assigned"])] == [RECOMMENDED, "contoso-tier-1"]
    assert "which could not be read" in outs["assigned"]


def test_what_may_not_be_read_is_unknown_and_no_failure(
    process: Process, emulator: Emulator, lacking: Lacking
) -> None:
    lacking("Policy.Read.All", "Policy.ReadWrite.Authorization")
    _, outs = created(process)
    assert "Policy.Read.All" in outs["unknown"]
    assert not {"assigned", "found"} & outs.keys()  # what was there before is not known
    lacking()
    _, outs, _ = process.of(UserConsentSettingsProvider).read("x", outs)
    assert "unknown" not in outs
    assert json.loads(outs["assigned"])
