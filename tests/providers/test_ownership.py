"""What is somebody else's stays theirs: another tenant's, another person's, Zoom's own."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from functools import partial
from pathlib import Path

import pytest

from emulator import Emulator, Fault
from emulator.seed_entra import ZOOM_APP_ID
from providers.entra.user_consent_settings import UserConsentSettingsProvider
from providers.prior import KINDS
from tests import logins
from tests.providers.conftest import Start
from tests.providers.stack import (
    ASSIGNMENT,
    GRANT,
    POLICY,
    SETTINGS,
    Kind,
    Resource,
    together,
)
from tests.providers.wire import Failed, Process

OTHER_TENANT = "99999999-9999-9999-9999-999999999999"


@pytest.mark.parametrize(
    ("kind", "elsewhere", "variable"),
    [
        (SETTINGS, {"ZOOM_ACCOUNT_ID": "another-account"}, "ZOOM_ACCOUNT_ID"),
        (GRANT, {"ARM_TENANT_ID": OTHER_TENANT}, "ARM_TENANT_ID"),
    ],
    ids=["zoom", "entra"],
)
def test_a_stack_is_not_carried_out_in_a_shell_with_others_credentials(
    process: Process,
    emulator: Emulator,
    start: Start,
    kind: Kind,
    elsewhere: dict[str, str],
    variable: str,
) -> None:
    resource = Resource(process, kind)
    resource.up()
    assert resource.state is not None
    emulator.clear_log()
    provider = start(None, **elsewhere).of(KINDS[kind.of])
    state = resource.state
    for act in (
        lambda: provider.read(state.id, state.outs),
        lambda: provider.update(state.id, state.outs, state.inputs),
        lambda: provider.delete(state.id, state.outs),
    ):
        with pytest.raises(Failed, match=f"nothing was read or written. Check {variable}"):
            act()
    assert emulator.log == []


def test_a_token_of_another_tenant_is_refused_to_every_thread(
    emulator: Emulator, start: Start
) -> None:
    payload = urlsafe_b64encode(json.dumps({"tid": OTHER_TENANT}).encode()).decode().rstrip("=")
    answer = {"access_token": f"e30.{payload}.x", "expires_in": 3599, "token_type": "Bearer"}
    emulator.faults.add(Fault(service="login", status=200, json=answer, times=None))
    process = start()
    said: list[str] = []

    def up(kind: Kind) -> None:
        with pytest.raises(Failed) as caught:
            Resource(process, kind).up()
        said.append(str(caught.value))

    together(*(partial(up, kind) for kind in (GRANT, POLICY, ASSIGNMENT)))
    assert len(said) == 3
    assert all(f"the token is for tenant {OTHER_TENANT}" in text for text in said)
    assert not [entry for entry in emulator.log if entry["service"] == "entra"]


def test_nothing_is_recorded_before_zooms_principal_is_there(
    process: Process, emulator: Emulator
) -> None:
    principals = emulator.world.data["entra"]["servicePrincipals"]
    zoom = next(key for key, one in principals.items() if one["appId"] == ZOOM_APP_ID)
    with emulator.world.lock:
        kept = principals.pop(zoom)
    resource = Resource(process, GRANT)
    with pytest.raises(Failed, match="Zoom adds it when the calendar is first authorized"):
        resource.up()
    assert resource.record is None

    # The person authorizes: Zoom makes its principal and the grant. It stays Zoom's.
    with emulator.world.lock:
        principals[zoom] = kept
        emulator.world.data["entra"]["oauth2PermissionGrants"]["by-zoom"] = {
            "id": "by-zoom",
            "clientId": zoom,
            "consentType": "AllPrincipals",
            "principalId": None,
            "resourceId": next(
                key for key, one in principals.items() if one["displayName"] == "Microsoft Graph"
            ),
            "scope": "Calendars.ReadWrite Contacts.ReadWrite",
        }
    before = emulator.snapshot()
    resource.up()
    resource.destroy()
    assert emulator.snapshot() == before


def test_a_record_undoes_nothing_that_its_resource_has_given_back(
    process: Process, emulator: Emulator
) -> None:
    resource = Resource(process, SETTINGS)
    resource.up()
    off = {"zoom_rooms": {"list_meetings_with_calendar": False}}
    resource.up(off)
    # What the first `up` set is set again, by a person and not by us.
    with emulator.world.lock:
        rooms = emulator.world.data["zoom"]["settings"]["zoom_rooms"]
        rooms["list_meetings_with_calendar"] = True
    resource.destroy()
    assert rooms["list_meetings_with_calendar"] is True


def test_a_policy_made_by_somebody_after_a_refused_create_is_not_ours(
    process: Process, emulator: Emulator
) -> None:
    emulator.faults.add(Fault(method="POST", path="permissionGrantPolicies$", status=403))
    resource = Resource(process, POLICY)
    with pytest.raises(Failed):
        resource.up()
    assert resource.prior == "null"
    with emulator.world.lock:
        emulator.world.data["entra"]["permissionGrantPolicies"]["zoom-calendar-users"] = {
            "id": "zoom-calendar-users",
            "displayName": "Made by hand",
            "description": "",
            "includes": [],
            "excludes": [],
        }
    before = emulator.snapshot()
    with pytest.raises(Failed, match="is there with other content"):
        resource.up()
    assert emulator.snapshot() == before


def test_without_a_tenants_id_the_token_says_whose_the_state_is(
    emulator: Emulator, start: Start
) -> None:
    login = logins.managed_identity(emulator, Path())
    process = start(None, **login.env, ARM_CLIENT_SECRET="", ARM_TENANT_ID="")
    resource = Resource(process, POLICY)
    resource.up()
    assert resource.state is not None
    state = resource.state
    by_id = start().of(KINDS[POLICY.of])
    assert by_id.read(state.id, state.outs)[1]["owner"] == state.outs["owner"]

    # The same machine, and an identity of another tenant.
    payload = urlsafe_b64encode(json.dumps({"tid": OTHER_TENANT}).encode()).decode().rstrip("=")
    token = {"access_token": f"e30.{payload}.x", "expires_in": 3599, "token_type": "Bearer"}
    emulator.faults.add(Fault(service="imds", status=200, json=token, times=None))
    elsewhere = start(None, **login.env, ARM_CLIENT_SECRET="", ARM_TENANT_ID="")
    emulator.clear_log()
    for act in (elsewhere.of(KINDS[POLICY.of]).read, elsewhere.of(KINDS[POLICY.of]).delete):
        with pytest.raises(Failed, match="of another Entra tenant than the credentials"):
            act(state.id, state.outs)
    assert not [entry for entry in emulator.log if entry["service"] == "entra"]


def test_what_only_reads_is_of_one_tenant_too(
    process: Process, emulator: Emulator, start: Start
) -> None:
    provider = process.of(UserConsentSettingsProvider)
    id_, outs = provider.create(provider.check({}))
    elsewhere = start(None, ARM_TENANT_ID=OTHER_TENANT).of(UserConsentSettingsProvider)
    emulator.clear_log()
    with pytest.raises(Failed, match="nothing was read or written"):
        elsewhere.read(id_, outs)
    assert emulator.log == []
