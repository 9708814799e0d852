"""The tenant-wide grant of Zoom's application: our scopes in it, and only those."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from emulator import Emulator, Fault
from emulator.entra_grants import grant_id
from emulator.seed_entra import ZOOM_APP_ID
from providers.entra.delegated_grant import DelegatedGrantProvider
from tests.providers.stack import GRANT, Kind, Resource, writes
from tests.providers.wire import Failed, Process

Refused = Callable[[Callable[[], object]], str]
OURS = "Calendars.ReadWrite Contacts.ReadWrite"


def ids(emulator: Emulator) -> tuple[str, str]:
    """The object ids of Zoom's principal and of Microsoft Graph's."""
    by_app = {
        p["appId"]: key for key, p in emulator.world.data["entra"]["servicePrincipals"].items()
    }
    return by_app[GRANT.key["clientId"]], by_app[GRANT.key["resourceClientId"]]


def grant(emulator: Emulator) -> Any:
    """Zoom's tenant-wide grant as it is live, or None."""
    client, resource = ids(emulator)
    for one in emulator.world.data["entra"]["oauth2PermissionGrants"].values():
        if (one["clientId"], one["resourceId"]) == (client, resource) and not one["principalId"]:
            return one
    return None


def make_grant(emulator: Emulator, scope: str) -> None:
    """Zoom, or another administrator, has made the grant already."""
    client, resource = ids(emulator)
    one = {
        "clientId": client,
        "consentType": "AllPrincipals",
        "principalId": None,
        "resourceId": resource,
        "scope": scope,
    }
    key = grant_id(one)
    with emulator.world.lock:
        emulator.world.data["entra"]["oauth2PermissionGrants"][key] = {**one, "id": key}


def test_create_posts_one_grant_of_exactly_our_scopes(process: Process, emulator: Emulator) -> None:
    Resource(process, GRANT).up()
    client, resource = ids(emulator)
    assert writes(emulator) == [
        (
            "POST",
            "oauth2PermissionGrants",
            {
                "clientId": client,
                "consentType": "AllPrincipals",
                "resourceId": resource,
                "scope": OURS,
            },
        )
    ]


def test_what_one_user_consented_to_is_not_the_company_s_grant(
    process: Process, emulator: Emulator
) -> None:
    before = emulator.snapshot()["entra"]["oauth2PermissionGrants"]
    Resource(process, GRANT).up()
    after = emulator.snapshot()["entra"]["oauth2PermissionGrants"]
    assert {key: after[key] for key in before} == before


def test_others_scopes_stay_where_they_are(process: Process, emulator: Emulator) -> None:
    make_grant(emulator, "openid  User.Read Contacts.ReadWrite")
    resource = Resource(process, GRANT)
    resource.up()
    ((method, _, body),) = writes(emulator)
    assert (method, body) == (
        "PATCH",
        {"scope": "openid  User.Read Contacts.ReadWrite Calendars.ReadWrite"},
    )


@pytest.mark.parametrize("before", ["openid  User.Read", "Contacts.ReadWrite openid", ""])
def test_destroy_puts_a_grant_of_others_back_to_the_byte(
    process: Process, emulator: Emulator, before: str
) -> None:
    make_grant(emulator, before)
    whole = emulator.world.dump()
    resource = Resource(process, GRANT)
    resource.up()
    resource.destroy()
    assert emulator.world.dump() == whole


def test_destroy_keeps_scopes_that_others_added_since(process: Process, emulator: Emulator) -> None:
    make_grant(emulator, "openid")
    resource = Resource(process, GRANT)
    resource.up()
    grant(emulator)["scope"] += " Mail.Read"
    resource.destroy()
    assert grant(emulator)["scope"] == "openid Mail.Read"


def test_destroy_keeps_a_grant_of_ours_that_others_use_by_now(
    process: Process, emulator: Emulator
) -> None:
    resource = Resource(process, GRANT)
    resource.up()
    grant(emulator)["scope"] += " Mail.Read"
    resource.destroy()
    assert grant(emulator)["scope"] == "Mail.Read"


@pytest.mark.parametrize("scope", GRANT.declared["scopes"])
def test_drift_of_every_scope_is_seen_and_healed_alone(
    process: Process, emulator: Emulator, scope: str
) -> None:
    resource = Resource(process, GRANT)
    resource.up()
    (left,) = set(OURS.split()) - {scope}
    grant(emulator)["scope"] = f"{left} openid"
    emulator.clear_log()

    assert resource.drift() == {"scopes": ([left], OURS.split())}
    assert resource.up() == "update"
    ((method, _, body),) = writes(emulator)
    assert (method, body) == ("PATCH", {"scope": f"{left} openid {scope}"})


def test_a_deleted_grant_is_drift_of_its_scopes_and_made_again(
    process: Process, emulator: Emulator
) -> None:
    resource = Resource(process, GRANT)
    resource.up()
    emulator.world.data["entra"]["oauth2PermissionGrants"].pop(grant(emulator)["id"])
    emulator.clear_log()
    assert resource.drift() == {"scopes": ([], OURS.split())}
    resource.up()
    assert [method for method, *_ in writes(emulator)] == ["POST"]
    assert grant(emulator)["scope"] == OURS


def test_a_scope_not_declared_any_more_is_removed_after_the_new_one_is_there(
    process: Process, emulator: Emulator
) -> None:
    resource = Resource(process, GRANT)
    resource.up({"scopes": ["Calendars.ReadWrite"]})
    emulator.clear_log()
    resource.up({"scopes": ["Contacts.ReadWrite"]})
    assert [body for *_, body in writes(emulator)] == [
        {"scope": "Calendars.ReadWrite Contacts.ReadWrite"},
        {"scope": "Contacts.ReadWrite"},
    ]


def test_a_scope_not_declared_any_more_stays_where_it_was_there_before_us(
    process: Process, emulator: Emulator
) -> None:
    make_grant(emulator, "Calendars.ReadWrite")
    resource = Resource(process, GRANT)
    resource.up()
    resource.up({"scopes": ["Contacts.ReadWrite"]})
    assert grant(emulator)["scope"] == OURS


def test_scopes_in_another_order_are_the_same_scopes(process: Process, emulator: Emulator) -> None:
    resource = Resource(process, GRANT)
    resource.up()
    make_grant(emulator, "Contacts.ReadWrite Calendars.ReadWrite")
    emulator.clear_log()
    assert resource.up({"scopes": ["Contacts.ReadWrite", "Calendars.ReadWrite"]}) == "same"
    assert writes(emulator) == []


def test_a_permission_that_does_not_exist_is_refused_before_any_write(
    process: Process, emulator: Emulator, refused: Refused
) -> None:
    text = refused(lambda: Resource(process, GRANT).up({"scopes": ["Calendars.ReadWrit"]}))
    assert "no delegated permission Calendars.ReadWrit (did you mean Calendars.ReadWrite" in text
    assert "nothing was written" in text
    assert writes(emulator) == []


def test_an_application_that_nobody_connected_is_refused_with_what_to_do(
    process: Process, emulator: Emulator, refused: Refused
) -> None:
    kind = Kind(GRANT.of, {**GRANT.key, "clientId": str(uuid.uuid4())}, GRANT.declared)
    text = refused(lambda: Resource(process, kind).up())
    assert "Room Management > Calendar Integration" in text
    assert "nothing was written" in text
    assert writes(emulator) == []


def test_an_application_removed_and_connected_again_is_found_again(
    process: Process, emulator: Emulator
) -> None:
    resource = Resource(process, GRANT)
    resource.up()
    entra = emulator.world.data["entra"]
    client, _ = ids(emulator)
    new = str(uuid.uuid4())
    with emulator.world.lock:
        principal = entra["servicePrincipals"].pop(client)
        entra["servicePrincipals"][new] = {**principal, "id": new}
        for key in [
            k for k, one in entra["oauth2PermissionGrants"].items() if one["clientId"] == client
        ]:
            del entra["oauth2PermissionGrants"][key]

    assert resource.drift() == {"scopes": ([], OURS.split())}
    assert resource.up() == "update"
    assert grant(emulator)["clientId"] == new
    assert resource.drift() == {}


def test_a_hostile_client_id_stays_one_literal_of_the_filter(
    process: Process, emulator: Emulator, refused: Refused
) -> None:
    hostile = f"{ZOOM_APP_ID}' or appId ne '&$top=1#"
    kind = Kind(GRANT.of, {**GRANT.key, "clientId": hostile}, GRANT.declared)
    refused(lambda: Resource(process, kind).up())
    filters = [entry["query"].get("$filter", "") for entry in emulator.log]
    quoted = hostile.replace("'", "''")
    assert f"appId in ('{quoted}', '{GRANT.key['resourceClientId']}')" in filters
    assert writes(emulator) == []


def test_the_next_page_on_another_host_is_not_asked_for(
    process: Process, emulator: Emulator, refused: Refused
) -> None:
    resource = Resource(process, GRANT)
    resource.up()
    elsewhere = emulator.env["ZOOM_API_URL"] + "/accounts/me/settings"
    page = {"value": [], "@odata.nextLink": elsewhere}
    emulator.faults.add(Fault("entra", "GET", "oauth2PermissionGrants", status=200, json=page))
    emulator.clear_log()
    resource.refresh()
    assert resource.state is not None
    assert "the next page is on another host; stopped" in resource.state.outs["unknown"]
    assert [entry["service"] for entry in emulator.log] == ["entra"]


def test_the_record_is_the_scope_as_it_was(process: Process, emulator: Emulator) -> None:
    absent = Resource(process, GRANT)
    absent.up()
    assert json.loads(absent.prior) is None
    make_grant(emulator, " openid ")
    there = Resource(process, GRANT)
    there.up()
    assert json.loads(there.prior) == " openid "


def test_a_scope_that_somebody_granted_before_we_declared_it_survives_destroy(
    process: Process, emulator: Emulator
) -> None:
    resource = Resource(process, GRANT)
    resource.up()
    grant(emulator)["scope"] += " Mail.Read"
    resource.kind = Kind(GRANT.of, GRANT.key, {"scopes": [*OURS.split(), "Mail.Read"]})
    assert resource.up({"scopes": [*OURS.split(), "Mail.Read"]}) == "update"
    resource.destroy()
    assert grant(emulator)["scope"] == "Mail.Read"


def test_a_newly_declared_scope_that_nobody_had_is_ours(
    process: Process, emulator: Emulator
) -> None:
    make_grant(emulator, "openid")
    whole = emulator.world.dump()
    resource = Resource(process, GRANT)
    resource.up()
    resource.up({"scopes": [*OURS.split(), "Mail.Read"]})
    resource.destroy()
    assert emulator.world.dump() == whole


def test_a_record_of_an_earlier_version_takes_nothing_of_ours_for_theirs(
    process: Process, emulator: Emulator
) -> None:
    """It has no parts; the scopes that are live are those that the same state declared."""
    whole = emulator.world.dump()
    resource = Resource(process, GRANT)
    resource.up()
    assert resource.record is not None
    for props in (resource.record.inputs, resource.record.outs):
        del props["leaves"]
    resource.up()
    resource.destroy()
    assert emulator.world.dump() == whole


def test_create_reads_once_looks_up_once_and_reads_back(
    process: Process, emulator: Emulator
) -> None:
    resource = Resource(process, GRANT)
    resource._record(GRANT.declared)
    emulator.clear_log()
    resource.up()
    asked = [f"{e['method']} {e['path'].removeprefix('/v1.0/')}" for e in emulator.log]
    reads = ["GET oauth2PermissionGrants"]
    assert asked == [
        "GET servicePrincipals",  # whether the new names are published
        "GET servicePrincipals",
        *reads,  # what is there
        *reads,  # right before the write
        "POST oauth2PermissionGrants",
        *reads,  # what came of it
    ]


def test_surplus_is_told_and_stays(process: Process, emulator: Emulator) -> None:
    make_grant(emulator, "openid Mail.Read")
    resource = Resource(process, GRANT)
    resource.up()
    resource.refresh()
    assert resource.state is not None
    assert resource.state.outs["surplus"] == "Mail.Read openid"
    assert resource.drift() == {}


EXCLUSIVE = Kind(GRANT.of, GRANT.key, {**GRANT.declared, "exclusive": True})


@pytest.mark.parametrize("before", ["openid  User.Read", "Contacts.ReadWrite openid"])
def test_exclusive_takes_the_surplus_and_destroy_puts_it_back(
    process: Process, emulator: Emulator, before: str
) -> None:
    make_grant(emulator, before)
    whole = emulator.world.dump()
    resource = Resource(process, EXCLUSIVE)
    resource.up()
    assert sorted(grant(emulator)["scope"].split()) == OURS.split()
    grant(emulator)["scope"] += " Mail.Read"
    assert resource.drift() == {"scopes": ([*OURS.split(), "Mail.Read"], OURS.split())}
    resource.up()
    resource.destroy()
    assert emulator.world.dump() == whole


def test_what_exclusive_took_comes_back_also_after_it_was_undeclared(
    process: Process, emulator: Emulator
) -> None:
    make_grant(emulator, "openid User.Read")
    whole = emulator.world.dump()
    resource = Resource(process, EXCLUSIVE)
    resource.up()
    resource.kind = GRANT
    assert resource.up() == "update"
    assert sorted(grant(emulator)["scope"].split()) == OURS.split()
    resource.destroy()
    assert emulator.world.dump() == whole


def test_what_others_granted_since_is_recorded_before_exclusive_takes_it(
    process: Process, emulator: Emulator
) -> None:
    resource = Resource(process, GRANT)
    resource.up()
    grant(emulator)["scope"] += " Mail.Read"
    resource.kind = EXCLUSIVE
    assert resource.up() == "update"
    assert grant(emulator)["scope"] == OURS
    resource.destroy()
    assert grant(emulator)["scope"] == "Mail.Read"


def test_a_scope_of_ours_that_is_dropped_with_exclusive_does_not_become_theirs(
    process: Process, emulator: Emulator
) -> None:
    whole = emulator.world.dump()
    resource = Resource(process, GRANT)
    resource.up()
    resource.kind = Kind(GRANT.of, GRANT.key, {"scopes": ["Mail.Read"], "exclusive": True})
    resource.up()
    assert grant(emulator)["scope"] == "Mail.Read"
    resource.destroy()
    assert emulator.world.dump() == whole


def test_a_name_that_is_not_published_fails_the_preview_with_the_nearest(
    process: Process, emulator: Emulator
) -> None:
    provider = process.of(DelegatedGrantProvider)
    misspelt = {**GRANT.key, "scopes": ["Calendars.ReadWrit"]}
    with pytest.raises(Failed, match=r"did you mean Calendars\.ReadWrite"):
        provider.check(misspelt)
    assert writes(emulator) == []


def test_what_others_granted_since_survives_exclusive_and_its_end(
    process: Process, emulator: Emulator
) -> None:
    make_grant(emulator, "openid")
    resource = Resource(process, EXCLUSIVE)
    resource.up()
    assert set(grant(emulator)["scope"].split()) == set(OURS.split())
    grant(emulator)["scope"] += " Mail.Read"
    resource.refresh()
    resource.destroy()
    assert set(grant(emulator)["scope"].split()) == {"openid", "Mail.Read"}


def test_what_others_granted_since_stays_where_exclusive_is_declared_no_more(
    process: Process, emulator: Emulator
) -> None:
    resource = Resource(process, EXCLUSIVE)
    resource.up()
    grant(emulator)["scope"] += " Mail.Read"
    resource.up(GRANT.declared)
    assert "Mail.Read" in grant(emulator)["scope"].split()


def test_our_scope_does_not_become_theirs_by_a_record_that_forgot_it(
    process: Process, emulator: Emulator
) -> None:
    """A run whose record was updated and whose write failed, and the file as it was before."""
    whole = emulator.world.dump()
    resource = Resource(process, GRANT)
    resource.up()
    resource._record({"scopes": ["Calendars.ReadWrite"]})
    resource.up()
    resource.destroy()
    assert emulator.world.dump() == whole


def test_what_exclusive_will_take_is_told_by_the_preview(
    process: Process, emulator: Emulator
) -> None:
    make_grant(emulator, f"{OURS} Mail.Send")
    resource = Resource(process, GRANT)
    resource.up()
    resource.drift(EXCLUSIVE.declared)
    assert process.has_told("takes away what others granted: Mail.Send")
