"""Our permission-grant policy: made whole, drift of any condition seen, others' never touched."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from emulator import Emulator, Fault
from emulator.entra_consent import SET_DEFAULTS
from emulator.entra_login import GRAPH_APP_ID
from emulator.seed_entra import ZOOM_APP_ID
from providers.prior import PriorValuesProvider
from tests.providers.stack import POLICY, Kind, Resource, State, writes
from tests.providers.wire import Process, Props

Refused = Callable[[Callable[[], object]], str]
ID = POLICY.key["policyId"]
ROOT = "policies/permissionGrantPolicies"
TEXTS = {"displayName": "Users may consent", "description": "Managed as code."}
OTHER = {**SET_DEFAULTS, "id": "other", "permissionType": "delegated"}


def policy(emulator: Emulator) -> Any:
    return emulator.world.data["entra"]["permissionGrantPolicies"][ID]


def make_policy(emulator: Emulator, **fields: Any) -> None:
    """Somebody else has made a policy of this id."""
    with emulator.world.lock:
        emulator.world.data["entra"]["permissionGrantPolicies"][ID] = {
            "id": ID,
            "displayName": "Theirs",
            "description": None,
            "includes": [],
            "excludes": [],
            **fields,
        }


def test_create_posts_the_policy_and_its_one_condition_set(
    process: Process, emulator: Emulator
) -> None:
    Resource(process, POLICY).up()
    (made, added) = writes(emulator)
    assert made == ("POST", ROOT, {"id": ID, **TEXTS})
    assert added[:2] == ("POST", f"{ROOT}/{ID}/includes")
    assert (
        added[2].items()
        >= {
            "clientApplicationIds": [ZOOM_APP_ID],
            "resourceApplication": GRAPH_APP_ID,
            "permissionType": "delegated",
            "permissionClassification": "all",
            "clientApplicationsFromVerifiedPublisherOnly": False,
        }.items()
    )
    assert len(added[2]["permissions"]) == 2


DRIFTS: list[tuple[str, Callable[[Any], Any], list[str]]] = [
    ("displayName", lambda p: p.update(displayName="Clicked"), ["PATCH"]),
    ("description", lambda p: p.update(description=None), ["PATCH"]),
    ("includes", lambda p: p["includes"].clear(), ["POST"]),
    ("includes", lambda p: p["includes"].append(OTHER), ["DELETE"]),
    ("excludes", lambda p: p["excludes"].append(OTHER), ["DELETE"]),
    *(
        ("includes", lambda p, n=name, v=value: p["includes"][0].update({n: v}), ["POST", "DELETE"])
        for name, value in {
            "permissionClassification": "low",
            "permissionType": "application",
            "resourceApplication": "any",
            "permissions": ["all"],
            "clientApplicationIds": ["all"],
            "clientApplicationTenantIds": [ZOOM_APP_ID],
            "clientApplicationPublisherIds": ["1234567"],
            "clientApplicationsFromVerifiedPublisherOnly": True,
        }.items()
    ),
]


@pytest.mark.parametrize(("name", "change", "methods"), DRIFTS)
def test_drift_of_every_condition_is_seen_and_healed_with_what_it_takes(
    process: Process,
    emulator: Emulator,
    name: str,
    change: Callable[[Any], Any],
    methods: list[str],
) -> None:
    resource = Resource(process, POLICY)
    resource.up()
    healthy = json.loads(json.dumps(policy(emulator)))
    with emulator.world.lock:
        change(policy(emulator))
    emulator.clear_log()

    assert list(resource.drift()) == [name]
    assert resource.up() == "update"
    assert [method for method, *_ in writes(emulator)] == methods
    for one in (healthy, policy(emulator)):
        for conditions in one["includes"]:
            del conditions["id"]
    assert policy(emulator) == healthy


def test_a_changed_text_is_patched_alone(process: Process, emulator: Emulator) -> None:
    resource = Resource(process, POLICY)
    resource.up()
    emulator.clear_log()
    assert resource.up({**POLICY.declared, "description": "New."}) == "update"
    assert writes(emulator) == [
        ("PATCH", f"{ROOT}/{ID}", {"displayName": "Users may consent", "description": "New."})
    ]


def test_permissions_in_another_order_are_the_same_set(
    process: Process, emulator: Emulator
) -> None:
    resource = Resource(process, POLICY)
    resource.up()
    with emulator.world.lock:
        policy(emulator)["includes"][0]["permissions"].reverse()
    emulator.clear_log()
    assert resource.up() == "same"
    assert writes(emulator) == []


def test_an_id_that_graph_does_not_name_any_more_is_drift_and_not_a_crash(
    process: Process, emulator: Emulator
) -> None:
    resource = Resource(process, POLICY)
    resource.up()
    unnamed = "99999999-9999-4999-8999-999999999999"
    elsewhere = {"resourceApplication": unnamed, "permissions": [unnamed]}
    with emulator.world.lock:
        policy(emulator)["includes"][0].update(elsewhere)
    resource.refresh()  # this state is all that the next read has
    with emulator.world.lock:
        policy(emulator)["includes"][0]["permissions"] = [unnamed.replace("8", "a")]
    assert list(resource.drift()) == ["includes"]
    resource.up()
    assert resource.drift() == {}


def test_sets_that_come_back_after_all_were_gone_are_read(
    process: Process, emulator: Emulator
) -> None:
    resource = Resource(process, POLICY)
    resource.up()
    with emulator.world.lock:
        policy(emulator)["includes"].clear()
    resource.refresh()
    with emulator.world.lock:
        policy(emulator)["includes"].append({**OTHER, "permissions": [ZOOM_APP_ID]})
    assert list(resource.drift()) == ["includes"]


def test_a_policy_of_somebody_else_is_refused_and_left_as_it_is(
    process: Process, emulator: Emulator, refused: Refused
) -> None:
    make_policy(emulator, includes=[OTHER])
    text = refused(lambda: Resource(process, POLICY).up())
    assert text.startswith(f"ForeignObject: Entra: permission-grant policy {ID} is there with")
    assert "nothing was written" in text
    assert "fleet adopt" in text
    assert writes(emulator) == []


def test_what_a_killed_run_left_half_made_is_finished(process: Process, emulator: Emulator) -> None:
    resource = Resource(process, POLICY)
    resource._record(POLICY.declared)  # absent, so what is there later is ours
    make_policy(emulator, **TEXTS)
    assert resource.up() == "create"
    assert [path for _, path, _ in writes(emulator)] == [f"{ROOT}/{ID}/includes"]


@pytest.mark.parametrize(
    "policy_id", ["microsoft-user-default-low", "MicroSoft-x", "a/b", "", ".."]
)
def test_an_id_that_is_not_ours_to_take_is_refused_without_its_neighbours_values(
    process: Process, emulator: Emulator, policy_id: str
) -> None:
    provider = Resource(process, POLICY).provider
    with pytest.raises(Exception, match="policyId") as caught:
        provider.check({**POLICY.declared, "policyId": policy_id, "prior": "CANARY"})
    assert "CANARY" not in str(caught.value)
    assert emulator.log == []


def test_a_permission_that_does_not_exist_is_refused_before_any_write(
    process: Process, emulator: Emulator, refused: Refused
) -> None:
    one = {**POLICY.declared["includes"][0], "permissions": ["Calendar.ReadWrite"]}
    text = refused(lambda: Resource(process, POLICY).up({**POLICY.declared, "includes": [one]}))
    assert "no delegated permission Calendar.ReadWrite (did you mean Calendars.ReadWrite" in text
    assert writes(emulator) == []


def test_a_definite_404_is_absent_and_made_again(process: Process, emulator: Emulator) -> None:
    resource = Resource(process, POLICY)
    resource.up()
    with emulator.world.lock:
        del emulator.world.data["entra"]["permissionGrantPolicies"][ID]
    resource.refresh()
    assert resource.state is None
    assert resource.up() == "create"


@pytest.mark.parametrize("status", [403, 404])
def test_an_answer_of_something_in_between_is_neither_absence_nor_a_missing_permission(
    process: Process, emulator: Emulator, status: int
) -> None:
    resource = Resource(process, POLICY)
    resource.up()
    html = Fault(
        "entra", "*", r"\$batch|Policies", raw="<h1>Blocked</h1>", raw_status=status, times=2
    )
    emulator.faults.add(html)
    resource.refresh()
    assert resource.state is not None
    assert f"HTTP {status} without an error of Graph's" in resource.state.outs["unknown"]


def test_another_id_is_another_policy(process: Process, emulator: Emulator) -> None:
    before = emulator.world.dump()
    resource = Resource(process, POLICY)
    resource.up()
    resource.kind = Kind(POLICY.of, {"policyId": "zoom-other"}, POLICY.declared)
    assert resource.up() == "replace"
    assert ID not in emulator.world.data["entra"]["permissionGrantPolicies"]
    assert "zoom-other" in emulator.world.data["entra"]["permissionGrantPolicies"]
    resource.destroy()
    assert emulator.world.dump() == before


class TestAdopted:
    """A policy with our id that was taken over with its values, as `fleet adopt` does."""

    @staticmethod
    def adopt(process: Process) -> Resource:
        resource = Resource(process, POLICY)
        resource._record(POLICY.declared)
        live: Props = {
            **POLICY.key,
            "displayName": "Theirs",
            "description": "",
            "includes": [{k: v for k, v in OTHER.items() if k != "id"}],
            "excludes": [],
            "prior": resource.prior,
            "onDestroy": "restore",
        }
        resource.state = State(ID, live, live)
        return resource

    @staticmethod
    def without_set_ids(emulator: Emulator) -> Props:
        """The whole state; a set made again gets another id from Graph."""
        state = emulator.snapshot()
        for one in state["entra"]["permissionGrantPolicies"][ID]["includes"]:
            del one["id"]
        return state

    def test_up_shows_both_sides_and_destroy_restores_theirs(
        self, process: Process, emulator: Emulator, start: Callable[[], Process]
    ) -> None:
        make_policy(emulator, includes=[OTHER])
        before = self.without_set_ids(emulator)
        resource = self.adopt(process)
        assert set(resource.drift()) == {"displayName", "description", "includes"}
        assert resource.up() == "update"
        assert resource.drift() == {}
        resource.run_in(start())
        resource.destroy()
        assert self.without_set_ids(emulator) == before

    @pytest.mark.parametrize("refresh", [True, False])
    def test_destroy_keeps_what_somebody_changed_since(
        self, process: Process, emulator: Emulator, start: Callable[[], Process], refresh: bool
    ) -> None:
        make_policy(emulator, includes=[OTHER])
        resource = self.adopt(process)
        resource.up()
        with emulator.world.lock:
            policy(emulator)["displayName"] = "Changed since"
        kept = emulator.world.dump()
        resource.run_in(start())
        resource.destroy(refresh=refresh)
        assert emulator.world.dump() == kept

    def test_destroy_before_any_up_writes_nothing(
        self, start: Callable[[], Process], emulator: Emulator
    ) -> None:
        make_policy(emulator, includes=[OTHER])
        resource = self.adopt(start())
        resource.destroy()
        assert writes(emulator) == []


def test_a_record_is_kept_by_its_own_resource(process: Process, emulator: Emulator) -> None:
    make_policy(emulator, includes=[OTHER])
    provider = process.of(PriorValuesProvider)
    props = provider.check({"of": POLICY.of, **POLICY.key, "values": None})
    id_, outs = provider.create(props)
    assert id_ == "prior/entra:PermissionGrantPolicy"
    assert json.loads(outs["values"])["displayName"] == "Theirs"
    with emulator.world.lock:
        policy(emulator)["displayName"] = "Later"
    emulator.clear_log()

    assert provider.read(id_, outs) == (id_, outs, props)
    assert provider.update(id_, outs, props)["values"] == outs["values"]
    provider.delete(id_, outs)
    assert emulator.log == []
    other = provider.update(id_, outs, {**props, "policyId": "another"})
    assert other["values"] == "null"
