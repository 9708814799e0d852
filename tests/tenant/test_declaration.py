"""A tenant's file is taken as it is meant, or refused with one line."""

import datetime
import json
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from tenant.declaration import parse, parse_file
from tenant.errors import DeclarationError
from tenant.schema import file_schema
from tenant.stack_keys import ADDRESSES, AZUREAD_KEYS, CREDENTIALS

ROOT = Path(__file__).parents[2]
FILE = "stacks/Pulumi.contoso.yaml"
GOOD = """
config:
  azuread:tenantId: 11111111-1111-1111-1111-111111111111
  zoom-calendar:tenant:
    name: Contoso
    domains: [contoso.com]
    consent: {by: admin, permissions: [Calendars.ReadWrite, Contacts.ReadWrite]}
    application: {source: zoom}
    zoom:
      calendar: {integration: true, integrateOnSignIn: true}
      settings: {zoom_rooms: {list_meetings_with_calendar: true}}
"""
CI = "{name: ci, issuer: https://ci.example, subject: main}"
OWNER = "22222222-2222-2222-2222-222222222222"


def test_a_good_file_becomes_a_tenant() -> None:
    tenant = parse_file(GOOD, FILE)
    assert tenant.consent.by == "admin"
    assert tenant.zoom.account == "me"
    assert tenant.on_destroy == "restore"
    assert tenant.consent.effective_user_policy == "leave"


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("by: admin", "by: both", "consent.by: given 'both'; allowed: admin, user"),
        ("by: admin, ", "", "consent.by: is missing; allowed: admin, user"),
        ("by: admin", "by: admin, by: user", "line 7: key 'by' is given twice; keep one"),
        ("name: Contoso", "nmae: Contoso", "nmae: is not a key here (did you mean name?)"),
        ("name: Contoso", "name: 5", "name: given 5; allowed: text"),
        ("[contoso.com]", "contoso.com", "domains: given 'contoso.com'; allowed: a list"),
        ("[contoso.com]", "[]", "domains: given []; allowed: a list with at least one entry"),
        ("[contoso.com]", "[contoso com]", "domains[0]: given 'contoso com'; allowed: A DNS"),
        ("[contoso.com]", "[a.com, A.com]", "domains: names 'a.com' twice; keep one"),
        ("source: zoom", f"source: zoom, owners: [{OWNER}]", "application.owners: is only for"),
        ("source: zoom", "source: zoom, notes: hi", "application.notes: is only for source reg"),
        (
            "source: zoom",
            "source: zoom, clientId: x",
            "application.clientId: given 'x'; allowed: A",
        ),
        (
            "source: zoom",
            f"source: registered, clientId: {OWNER}",
            "application.clientId: is only for source zoom",
        ),
        (
            "source: zoom",
            "source: registered, redirectUris: ['http://evil.example/']",
            "application.redirectUris[0]: given 'http://evil.example/'; allowed: https://",
        ),
        ("{source: zoom}", "zoom", "application: given 'zoom'; allowed: a mapping with the keys"),
        ("integration: true,", "integration: maybe,", "zoom.calendar.integration: given 'maybe'"),
        ("integration: true,", "integration: yes,", "zoom.calendar.integration: given 'yes'"),
        ("integration: true,", "integration: On,", "zoom.calendar.integration: given 'On'"),
        ("name: Contoso", "name: 0x1F", "name: given 31; allowed: text"),
        ("integration: true,", "integration: false,", "zoom.calendar.integrateOnSignIn: given"),
        (
            "integration: true, i",
            "integration: true, users_can_consent: true, i",
            "zoom.calendar.users_can_consent: is never declared by itself",
        ),
        ("calendar: {", "calendar: {channel: guess, ", "zoom.calendar.channel: given 'guess'"),
        (
            "zoom_rooms: {list_meetings_with_calendar: true}",
            "zoom_rooms: true",
            "zoom.settings.zoom_rooms: given True; allowed: a mapping",
        ),
        ("{list_meetings_with_calendar: true}", "{}", "zoom.settings.zoom_rooms: is empty"),
        ("_calendar: true", "_calendar: null", "zoom_rooms.list_meetings_with_calendar: has no"),
        (
            "zoom_rooms",
            "zoom-rooms",
            "zoom.settings.zoom-rooms: is not a setting that Zoom publishes (did you mean "
            "zoom_rooms.list_meetings_with_calendar?)",
        ),
        (
            "zoom_rooms: {list_meetings_with_calendar: true}",
            "meeting_authentication: 3",
            "zoom.settings.meeting_authentication: given 3; allowed: true or false",
        ),
        (
            "settings: {zoom_rooms: {list_meetings_with_calendar: true}}",
            "locks: {schedule_meeting: {host_video: true, chat: true}}",
            "zoom.locks.schedule_meeting.chat: is not a lock that Zoom publishes",
        ),
        ("zoom-calendar:tenant", "zoom-calendar:tenat", "did you mean zoom-calendar:tenant?"),
        ("config:", "confg:", "config: is missing"),
        ("by: admin", "by: &a admin, userPolicy: *a", "line 7: alias *a; write the value out"),
        (
            "by: admin",
            "by: user, userPolicy: any-app",
            "consent.userPolicy: given 'any-app' without acknowledge: any-app. It lets every user "
            "consent to any application, against CIS Microsoft 365 Foundations",
        ),
        ("by: admin", "by: user, userPolicy: all", "consent.userPolicy: given 'all'; allowed: "),
        ("by: admin", "by: user, acknowledge: any-app", "consent.acknowledge: is only for userPol"),
        ("by: admin", "by: user, acknowledge: true", "consent.acknowledge: given True; allowed: a"),
        ("by: admin", "by: user, exclusive: true", "consent.exclusive: is only for by: admin"),
        (
            "by: admin",
            "by: user, applicationPermissions: [{name: Mail.Read}]",
            "consent.applicationPermissions: is only for by: admin",
        ),
        (
            "by: admin",
            "by: admin, applicationPermissions: [Mail.Read]",
            "consent.applicationPermissions[0]: given 'Mail.Read'; allowed: a mapping",
        ),
        (
            "by: admin",
            "by: admin, applicationPermissions: [{name: Mail.Read}, {name: mail.read}]",
            "consent.applicationPermissions: names 'Mail.Read' twice; keep one",
        ),
        (
            "source: zoom",
            "source: zoom, clientId: 0D38933A-0bbd-41ca-9ebd-28c4b5ba7cb7",
            "application.clientId: given '0D38933A-0bbd-41ca-9ebd-28c4b5ba7cb7', which is "
            'Microsoft\'s own "Office365 Zoom"',
        ),
        (
            "source: zoom",
            "source: zoom, clientId: 247d18fc-f848-4de0-8330-333d3a5c0e3f",
            "which is the gallery template",
        ),
        (
            "source: zoom",
            "source: registered, ensurePrincipal: true",
            "application.ensurePrincipal: is only for source zoom",
        ),
        (
            "source: zoom",
            f"source: zoom, federatedCredentials: [{CI}]",
            "application.federatedCredentials: is only for source registered",
        ),
        (
            "source: zoom",
            f"source: registered, federatedCredentials: [{CI}, {CI}]",
            "application.federatedCredentials: names 'ci' twice; keep one",
        ),
        (
            "source: zoom",
            f"source: registered, federatedCredentials: [{CI.replace('https', 'http')}]",
            "application.federatedCredentials[0].issuer: given 'http://ci.example'; allowed: The h",
        ),
        ("name: Contoso", "name: Contoso\n    1: x", "line 6: key 1 is not text"),
        ("name: Contoso", "name: [", "line "),
        (
            "name: Contoso",
            "name: 2026-02-30",
            "line 5: given '2026-02-30', which is no valid date; put text in quotes",
        ),
        ("name: Contoso", f"name: {'9' * 5000}", "which is no valid int"),
        ("name: Contoso", "name: !!timestamp x", "line 5: given 'x', which is no valid date"),
        ("name: Contoso", "name: !!bool x", "line 5: given 'x', which is no valid bool"),
        ("name: Contoso", "name: a\0b", f"{FILE}: is no YAML: unacceptable character #x0000"),
        ("name: Contoso", "name: \ud800", f"{FILE}: is no YAML: "),
        (
            "calendar: {",
            "calendar: {attestations: {users_can_consent: "
            "{value: true, who: ada, when: 2026-11-20, until: 2026-11-19}}, ",
            "zoom.calendar.attestations.users_can_consent.until: given 2026-11-19, so it never "
            "counts; allowed: 2026-11-20 (when) or later",
        ),
        (
            "calendar: {",
            "account: sub-1\n      calendar: {channel: portal, ",
            "zoom.calendar.channel: given 'portal' with zoom.account 'sub-1', and the portal does "
            "not say whose it is; allowed: attested, or zoom.account me",
        ),
    ],
)
def test_what_is_wrong_is_said_in_one_line_that_names_file_and_key(
    old: str, new: str, line: str
) -> None:
    assert old in GOOD
    with pytest.raises(DeclarationError) as caught:
        parse_file(GOOD.replace(old, new, 1), FILE)
    text = str(caught.value)
    assert text.startswith(f"{FILE}: ")
    assert line in text
    assert "\n" not in text


def test_credentials_and_addresses_may_stand_beside_the_tenant() -> None:
    for name in (*CREDENTIALS, *ADDRESSES):
        parse_file(f"{GOOD}  zoom-calendar:{name}: given\n", "f")
    with pytest.raises(DeclarationError, match="zoom-calendar:ZOOM_PORTAL_STAT"):
        parse_file(f"{GOOD}  zoom-calendar:ZOOM_PORTAL_STAT: given\n", "f")


@pytest.mark.parametrize(
    ("key", "allowed"),
    [
        ("azuread:tenantid", "azuread:tenantId"),
        ("azuread:tenant_id", "azuread:tenantId"),
        ("azure-ad:tenantId", "azuread:tenantId"),
        ("azuread:clientSecretPath", "azuread:clientSecretFilePath or azuread:clientSecret"),
        ("zoom-calender:tenant", "zoom-calendar:tenant"),
        ("zoom_calendar:ZOOM_ACOUNT_ID", "zoom-calendar:ZOOM_ACCOUNT_ID"),
        ("ZOOM_ACCOUNT_ID", "zoom-calendar:ZOOM_ACCOUNT_ID"),
        ("tenantId", "azuread:tenantId"),
    ],
)
def test_a_key_beside_the_tenants_that_is_nearly_ours_is_refused(key: str, allowed: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        parse_file(f"{GOOD}  {key}: s3cret\n", FILE)
    told = f"{FILE}: config.{key}: is not a key that anything here reads; allowed: {allowed}"
    assert str(caught.value) == told


@pytest.mark.parametrize(
    "key",
    [
        *("azure:clientId", "azure-native:tenantId", "azuredevops:clientId", "aws:region"),
        *("azuread:microsoftGraphEndpoint", "azuread:version", "pulumi:tags", "zoom:tenant"),
        *(f"azuread:{name}" for name in AZUREAD_KEYS if name != "tenantId"),
    ],
)
def test_a_key_of_somebody_else_is_theirs(key: str) -> None:
    parse_file(f"{GOOD}  {key}: anything\n", FILE)


def test_a_time_of_day_is_text_as_the_engine_has_it() -> None:
    assert parse_file(GOOD.replace("name: Contoso", "name: 12:30"), FILE).name == "12:30"


def test_an_attestation_may_count_for_the_day_of_the_look_only() -> None:
    said = "{value: true, who: ada, when: 2026-11-20, until: 2026-11-20}"
    attested = f"calendar: {{attestations: {{users_can_consent: {said}}}, "
    parse_file(GOOD.replace("calendar: {", attested), FILE)


def test_a_sub_account_may_be_attested_to() -> None:
    parse_file(GOOD.replace("calendar: {", "account: sub-1\n      calendar: {"), FILE)


def test_user_consent_means_our_policy_without_saying_so() -> None:
    tenant = parse_file(GOOD.replace("by: admin", "by: user"), FILE)
    assert tenant.consent.user_policy is UNSET
    assert tenant.consent.effective_user_policy == "least-privilege"


def test_dates_are_the_same_from_yaml_and_from_the_engine() -> None:
    said = {"value": True, "who": "ada", "when": "2026-11-20T00:00:00Z", "until": "2027-01-01"}
    value = yaml.safe_load(GOOD)["config"]["zoom-calendar:tenant"]
    value["zoom"]["calendar"]["attestations"] = {"users_can_consent": said}
    from_engine = parse(value, FILE)
    said.update(when=datetime.date(2026, 11, 20), until=datetime.date(2027, 1, 1))
    assert parse(value, FILE) == from_engine
    said.update(when="2026-11-20 00:00:00 +0000 UTC", until="2027-01-01T00:00:00Z")
    assert parse(value, FILE) == from_engine


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["name", "consent", "by", "zoom", "x"]), inner)
        ),
        max_leaves=12,
    )
)
def test_any_value_is_either_a_tenant_or_one_clear_line(value: object) -> None:
    with pytest.raises(DeclarationError) as caught:
        parse(value, FILE)
    assert str(caught.value).startswith(f"{FILE}: ")


def test_the_committed_schema_is_that_of_the_model() -> None:
    committed = json.loads((ROOT / "stacks/schema.json").read_text())
    assert committed == json.loads(json.dumps(file_schema())), "run `make docs`"


@pytest.mark.parametrize("name", ["minimal.yaml", "example.yaml", "Pulumi.contoso.yaml"])
def test_the_files_we_ship_hold_against_model_and_schema(name: str) -> None:
    text = (ROOT / "stacks" / name).read_text()
    parse_file(text, name)
    plain = json.loads(json.dumps(yaml.safe_load(text), default=str))
    jsonschema.validate(plain, file_schema())


def test_the_example_explains_every_key() -> None:
    text = (ROOT / "stacks/example.yaml").read_text()
    for definition in file_schema()["$defs"].values():
        for key in definition.get("properties", {}):
            assert key in text, f"{key} is not in stacks/example.yaml"


def test_the_schema_refuses_what_the_model_refuses() -> None:
    bad = yaml.safe_load(GOOD.replace("by: admin", "by: both"))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(bad, file_schema())
