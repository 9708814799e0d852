"""What a tenant is made of: the same declaration on both sides, in the right order."""

from __future__ import annotations

import datetime
import json
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pulumi
import pytest
from pulumi.runtime import mocks

from components import application
from tenant import declaration, desired
from tenant.errors import DeclarationError
from tenant.model import ZOOM_CALENDAR_CLIENT_ID

GRAPH_SCOPES = {"Calendars.ReadWrite": "scope-1", "Contacts.ReadWrite": "scope-2"}
BASE: dict[str, Any] = {
    "name": "Contoso",
    "domains": ["contoso.com"],
    "consent": {"by": "admin", "permissions": ["Contacts.ReadWrite", "Calendars.ReadWrite"]},
    "application": {"source": "zoom"},
    "zoom": {
        "calendar": {"integration": True, "integrateOnSignIn": True},
        "settings": {"zoom_rooms": {"list_meetings_with_calendar": True}},
        "locks": {"schedule_meeting": {"host_video": True}},
    },
}


@dataclass
class Engine(mocks.Mocks):
    """Notes what is declared; a record says what it records, as the engine would say later."""

    made: dict[str, mocks.MockResourceArgs] = field(default_factory=dict)
    logged: list[str] = field(default_factory=list)
    depends: dict[str, set[str]] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)
    unknown: str | None = None

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        assert args.name not in self.made, f"{args.name} is declared twice"
        self.made[args.name] = args
        outs = dict(args.inputs)
        if args.typ.endswith(":PriorValues"):
            outs["values"] = f"prior of {args.inputs['of']}"
        if args.typ.startswith("azuread:"):
            outs |= {"objectId": f"object of {args.name}", "clientId": "made-by-entra"}
        if self.unknown and args.typ.endswith(":AccountSettings"):
            outs["unknown"] = self.unknown
        return f"id of {args.name}", outs

    def call(self, args: mocks.MockCallArgs) -> Any:
        assert args.token == "azuread:index/getServicePrincipal:getServicePrincipal"
        return {
            "objectId": "object of graph",
            "oauth2PermissionScopeIds": GRAPH_SCOPES,
            "appRoleIds": {"Mail.Read": "role-1"},
        }

    def inputs(self, name: str) -> dict[str, Any]:
        """The declared properties, without the provider's own text and what is null."""
        found = self.made[name].inputs.items()
        return {k: v for k, v in found if v is not None and not k.startswith("__")}

    def types(self) -> dict[str, str]:
        return {name: args.typ for name, args in self.made.items()}


class Monitor(mocks.MockMonitor):
    """Notes also what the mocks do not tell: parents and dependencies."""

    mocks: Engine

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802
        self.mocks.depends[request.name] = {_name(urn) for urn in request.dependencies}
        self.mocks.parents[request.name] = _name(request.parent)
        return super().RegisterResource(request)  # type: ignore[no-untyped-call]


def _name(urn: str) -> str:
    return urn.rsplit("::", 1)[-1]


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    engine = Engine()
    monkeypatch.setattr(pulumi.log, "warn", lambda text, *_: engine.logged.append(text))
    monkeypatch.setattr(pulumi.log, "info", lambda text, *_: None)
    mocks.set_mocks(engine, "zoom-calendar", "contoso", preview=False, monitor=Monitor(engine))
    return engine


def build(*changes: dict[str, Any]) -> list[str]:
    """Declares the base with `changes` merged in, to the end; returns what a person has to do."""
    value = json.loads(json.dumps(BASE))
    for change in changes:
        value = merged(value, change)
    declared = declaration.parse(value, "stacks/Pulumi.contoso.yaml")
    steps: list[str] = []

    @pulumi.runtime.test  # type: ignore[untyped-decorator]
    def run() -> Any:
        from components.tenant import Tenant

        return Tenant(declared).zoom.steps.apply(steps.extend)

    run()
    return steps


def merged(value: Any, change: Any) -> Any:
    if isinstance(value, dict) and isinstance(change, dict):
        left = {k: v for k, v in {**value, **change}.items() if v is not None}
        return {k: merged(value.get(k), v) for k, v in left.items()}
    return change


BY_USER = {"consent": {"by": "user"}}
REGISTERED = {
    "application": {"source": "registered", "owners": ["2" * 8 + "-2222" * 3 + "-" + "2" * 12]}
}
PREPARED = {"consent": {"userPolicy": "least-privilege"}}

BUILT_IN = {"consent": {"userPolicy": "verified-publishers"}}
LEFT = {"consent": {"by": "user", "userPolicy": "leave"}}
ENSURED = {"application": {"ensurePrincipal": True}}
WITH_ROLES = {
    "consent": {"applicationPermissions": [{"name": "Mail.Read", "reason": "UPN is not the mail"}]}
}
FEDERATED = {
    "application": {
        "federatedCredentials": [
            {"name": "ci", "issuer": "https://ci.example", "subject": "repo:contoso/tenants"}
        ]
    }
}

ALWAYS = {
    "tenant": "zoom-calendar:index:Tenant",
    "application": "zoom-calendar:index:Application",
    "zoom": "zoom-calendar:index:ZoomAccount",
    "zoom-settings-before": "pulumi-python:dynamic/shared:PriorValues",
    "zoom-settings": "pulumi-python:dynamic/zoom:AccountSettings",
    "zoom-locks-before": "pulumi-python:dynamic/shared:PriorValues",
    "zoom-locks": "pulumi-python:dynamic/zoom:AccountLocks",
    "zoom-calendar-integration-before": "pulumi-python:dynamic/shared:PriorValues",
    "zoom-calendar-integration": "pulumi-python:dynamic/zoom:CalendarIntegration",
    "zoom-preflight": "pulumi-python:dynamic/zoom:Preflight",
}
USER = {
    "user-consent": "zoom-calendar:index:UserConsent",
    "user-consent-settings": "pulumi-python:dynamic/entra:UserConsentSettings",
    "user-consent-policy-before": "pulumi-python:dynamic/shared:PriorValues",
    "user-consent-policy": "pulumi-python:dynamic/entra:PermissionGrantPolicy",
    "user-consent-assignment-before": "pulumi-python:dynamic/shared:PriorValues",
    "user-consent-assignment": "pulumi-python:dynamic/entra:PolicyAssignment",
}
SEEN = {name: USER[name] for name in ("user-consent", "user-consent-settings")}
BY_BUILT_IN = {name: of for name, of in USER.items() if "policy" not in name}
ENSURED_PRINCIPAL = {
    "zoom-principal-before": "pulumi-python:dynamic/shared:PriorValues",
    "zoom-principal": "pulumi-python:dynamic/entra:EnsuredPrincipal",
}
ROLES = {
    "app-roles-before": "pulumi-python:dynamic/shared:PriorValues",
    "app-roles": "pulumi-python:dynamic/entra:AppRoleAssignments",
}
OWN_MORE = {
    "app-role-Mail.Read": "azuread:index/appRoleAssignment:AppRoleAssignment",
    "federated-ci": "azuread:index/applicationFederatedIdentityCredential:"
    "ApplicationFederatedIdentityCredential",
}
ADMIN = {
    "admin-grant": "zoom-calendar:index:AdminGrant",
    "grant-before": "pulumi-python:dynamic/shared:PriorValues",
    "grant": "pulumi-python:dynamic/entra:DelegatedGrant",
}
OWN = {
    "registration": "azuread:index/application:Application",
    "principal": "azuread:index/servicePrincipal:ServicePrincipal",
}
OWN_GRANT = {
    "admin-grant": "zoom-calendar:index:AdminGrant",
    "grant": "azuread:index/servicePrincipalDelegatedPermissionGrant:"
    "ServicePrincipalDelegatedPermissionGrant",
}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([], ALWAYS | ADMIN),
        ([PREPARED], ALWAYS | ADMIN | USER),
        ([BY_USER], ALWAYS | USER),
        ([REGISTERED], ALWAYS | OWN | OWN_GRANT),
        ([REGISTERED, BY_USER], ALWAYS | OWN | USER),
        ([REGISTERED, PREPARED], ALWAYS | OWN | OWN_GRANT | USER),
        ([BUILT_IN], ALWAYS | ADMIN | BY_BUILT_IN),
        ([LEFT], ALWAYS | SEEN),
        ([ENSURED, WITH_ROLES], ALWAYS | ENSURED_PRINCIPAL | ADMIN | ROLES),
        ([REGISTERED, FEDERATED, WITH_ROLES], ALWAYS | OWN | OWN_GRANT | OWN_MORE),
    ],
)
def test_each_way_to_consent_has_exactly_its_resources(
    engine: Engine, changes: list[dict[str, Any]], expected: dict[str, str]
) -> None:
    """Names and types are state ABI: another name is another resource in every tenant."""
    build(*changes)
    assert engine.types() == expected


@pytest.mark.parametrize("by", ["admin", "user"])
def test_who_consents_is_declared_once_and_drives_both_sides(engine: Engine, by: str) -> None:
    build({"consent": {"by": by}})
    calendar = engine.inputs("zoom-calendar-integration")
    assert calendar["users_can_consent"] is (by == "user")
    assert calendar.get("admin_consents_for_company") is (True if by == "admin" else None)
    assert ("grant" in engine.made) is (by == "admin")
    assert ("user-consent-assignment" in engine.made) is (by == "user")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("usersCanConsent", False),
        ("users_can_consent", False),
        ("adminConsentsForCompany", True),
        ("admin_consents_for_company", True),
    ],
)
def test_no_file_can_declare_one_side_of_consent_apart(key: str, value: bool) -> None:
    whole = merged(BASE, {"zoom": {"calendar": {key: value}}})
    with pytest.raises(DeclarationError, match=r"consent\.by|is not a key here"):
        declaration.parse(whole, "x.yaml")


def test_the_grant_has_the_declared_permissions_in_one_order(engine: Engine) -> None:
    build()
    assert engine.inputs("grant") == {
        "clientId": ZOOM_CALENDAR_CLIENT_ID,
        "resourceClientId": desired.MICROSOFT_GRAPH,
        "scopes": ["Calendars.ReadWrite", "Contacts.ReadWrite"],
        "prior": "prior of entra:DelegatedGrant",
        "onDestroy": "restore",
    }


def test_users_may_consent_to_this_application_and_nothing_else(engine: Engine) -> None:
    build(BY_USER)
    policy = engine.inputs("user-consent-policy")
    assert policy["excludes"] == []
    assert policy["includes"] == [
        {
            "clientApplicationIds": [ZOOM_CALENDAR_CLIENT_ID],
            "resourceApplication": desired.MICROSOFT_GRAPH,
            "permissionType": "delegated",
            "permissions": ["Calendars.ReadWrite", "Contacts.ReadWrite"],
        }
    ]
    assert engine.inputs("user-consent-assignment") == {
        "policyId": desired.POLICY_ID,
        "assigned": True,
        "prior": "prior of entra:PolicyAssignment",
        "onDestroy": "restore",
    }


def test_a_registration_of_our_own_is_never_made_twice(engine: Engine) -> None:
    build(REGISTERED)
    registration = engine.inputs("registration")
    assert registration["preventDuplicateNames"] is True
    assert registration["displayName"] == "Zoom calendar"
    assert registration["signInAudience"] == "AzureADMyOrg"
    (access,) = registration["requiredResourceAccesses"]
    assert access["resourceAppId"] == desired.MICROSOFT_GRAPH
    assert access["resourceAccesses"] == [
        {"id": "scope-1", "type": "Scope"},
        {"id": "scope-2", "type": "Scope"},
    ]
    assert engine.inputs("principal")["clientId"] == "made-by-entra"
    assert engine.inputs("grant") == {
        "servicePrincipalObjectId": "object of principal",
        "resourceServicePrincipalObjectId": "object of graph",
        "claimValues": ["Calendars.ReadWrite", "Contacts.ReadWrite"],
    }


def test_only_adopting_may_find_a_registration_of_the_same_name(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZOOM_CALENDAR_ADOPTING", "1")
    build(REGISTERED)
    assert engine.inputs("registration")["preventDuplicateNames"] is False


def test_users_consent_to_the_registration_that_entra_made(engine: Engine) -> None:
    build(REGISTERED, BY_USER)
    (only,) = engine.inputs("user-consent-policy")["includes"]
    assert only["clientApplicationIds"] == ["made-by-entra"]


def test_a_permission_that_graph_has_not_is_one_line() -> None:
    class Known:
        """An output whose value is there at once."""

        def apply(self, use: Any) -> Any:
            return use(GRAPH_SCOPES)

    principal = SimpleNamespace(oauth2_permission_scope_ids=Known())
    assert application._scope_id(principal, "Calendars.ReadWrite") == "scope-1"  # type: ignore[comparison-overlap]
    with pytest.raises(pulumi.RunError, match=r"no delegated permission 'Calendar\.ReadWrite'"):
        application._scope_id(principal, "Calendar.ReadWrite")


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("zoom-settings", {"account": "me", "leaves": ["zoom_rooms.list_meetings_with_calendar"]}),
        ("zoom-locks", {"account": "me", "leaves": ["schedule_meeting.host_video"]}),
        (
            "grant",
            {
                "clientId": ZOOM_CALENDAR_CLIENT_ID,
                "resourceClientId": desired.MICROSOFT_GRAPH,
                "leaves": ["Calendars.ReadWrite", "Contacts.ReadWrite"],
            },
        ),
        ("user-consent-policy", {"policyId": desired.POLICY_ID}),
        ("user-consent-assignment", {"policyId": desired.POLICY_ID}),
    ],
)
def test_whatever_writes_carries_the_record_of_its_own_object(
    engine: Engine, name: str, key: dict[str, Any]
) -> None:
    build(PREPARED)
    record, resource = engine.inputs(f"{name}-before"), engine.inputs(name)
    kind = engine.types()[name].removeprefix("pulumi-python:dynamic/")
    declared = json.loads(record.pop("declared"))
    assert record == {"of": kind, **key, "onDestroy": "restore"}
    assert declared == {k: v for k, v in resource.items() if k in declared}
    assert declared.keys() == resource.keys() - key.keys() - {"prior", "onDestroy"}
    assert resource["prior"] == f"prior of {kind}"
    assert {k: v for k, v in key.items() if k != "leaves"}.items() <= resource.items()


def test_on_destroy_reaches_whatever_writes(engine: Engine) -> None:
    build(PREPARED, {"onDestroy": "leave"})
    carried = {name: engine.inputs(name).get("onDestroy") for name in engine.made}
    assert {name for name, value in carried.items() if value == "leave"} == {
        "zoom-settings",
        "zoom-locks",
        "zoom-calendar-integration",
        "grant",
        "user-consent-policy",
        "user-consent-assignment",
        "zoom-settings-before",
        "zoom-locks-before",
        "zoom-calendar-integration-before",
        "grant-before",
        "user-consent-policy-before",
        "user-consent-assignment-before",
    }


def test_what_writes_waits_for_its_record_and_the_assignment_for_its_policy(
    engine: Engine,
) -> None:
    build(PREPARED)
    for name in (
        "zoom-settings",
        "zoom-locks",
        "zoom-calendar-integration",
        "grant",
        "user-consent-policy",
        "user-consent-assignment",
    ):
        assert engine.depends[name] == {f"{name}-before"}
    # The record too: after a kill it is what undoes the assignment, before the policy goes.
    waits = {"user-consent-policy", "user-consent-settings"}
    assert engine.depends["user-consent-assignment-before"] == waits


def test_every_resource_sits_under_its_component(engine: Engine) -> None:
    build(PREPARED)
    under = {
        "tenant": ["application", "user-consent", "admin-grant", "zoom"],
        "admin-grant": ["grant-before", "grant"],
        "user-consent": [name for name in USER if name != "user-consent"],
        "zoom": [name for name in ALWAYS if name.startswith("zoom-")],
    }
    for parent, names in under.items():
        assert {name for name in engine.made if engine.parents[name] == parent} == set(names)


def test_what_a_person_has_to_click_is_one_warning_with_numbered_steps(engine: Engine) -> None:
    told = build()
    (text,) = engine.logged
    head, *steps = text.splitlines()
    assert head == (
        "4 of 4 settings need a person in Zoom's portal, who then attests to them in the "
        "tenant's file:"
    )
    assert steps == told
    assert [step.split(". ", 1)[0] for step in steps] == ["1", "2", "3", "4"]
    for step, words in zip(
        steps,
        (
            "Calendar and Contact Integration",
            "Automatically integrate user's calendar upon login",
            "Office 365 admin can set up the integration",
            "I'm the admin and I'm consenting on behalf of the company",
        ),
        strict=True,
    ):
        assert words in step
        assert "(nobody has attested to it)" in step


def test_what_is_attested_asks_nothing_of_anybody(engine: Engine) -> None:
    today = datetime.date.today()
    word = {"value": True, "who": "ada@contoso.com", "when": str(today), "until": str(today)}
    attested = {
        "calendar_and_contacts_integration": word,
        "integrate_calendar_on_sign_in": word,
        "users_can_consent": word,
    }
    assert build(BY_USER, {"zoom": {"calendar": {"attestations": attested}}}) == []
    assert engine.logged == []


def test_an_attestation_of_the_other_side_contradicts_and_asks_again(engine: Engine) -> None:
    today = datetime.date.today()
    word = {"value": True, "who": "ada@contoso.com", "when": str(today), "until": str(today)}
    build({"zoom": {"calendar": {"attestations": {"users_can_consent": word}}}})
    (text,) = engine.logged
    assert "4 of 4 settings need a person" in text
    assert f"(ada@contoso.com attested on on {today})" in text


def test_what_is_unknown_is_a_warning_that_names_it(engine: Engine) -> None:
    engine.unknown = "2026-11-23T05:00:00+00:00: Zoom: HTTP 503"
    build()
    assert (
        "zoom-settings is unknown, not compared and not written since "
        "2026-11-23T05:00:00+00:00: Zoom: HTTP 503"
    ) in engine.logged


def test_where_nothing_is_declared_nothing_of_zoom_is_managed(engine: Engine) -> None:
    """The documents stay, empty: the last setting that leaves the file is only managed no more."""
    build({"zoom": {"settings": None, "locks": None, "calendar": None}})
    zoom = {name for name in engine.made if name.startswith("zoom")}
    documents = {"zoom-settings", "zoom-settings-before", "zoom-locks", "zoom-locks-before"}
    assert zoom == {"zoom", "zoom-preflight", *documents}
    for name in ("zoom-settings", "zoom-locks"):
        assert set(engine.inputs(name)) == {"account", "prior", "onDestroy"}
        assert engine.inputs(f"{name}-before")["leaves"] == []
    assert engine.logged == []
