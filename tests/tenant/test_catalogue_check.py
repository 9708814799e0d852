"""A tenant's settings and locks are held against the catalogue, by us and by editors alike."""

from functools import cache
from typing import Any

import jsonschema
import pytest
import yaml

from tenant.catalogue import LOCKS, SETTINGS, Branch, Form, Leaf, load
from tenant.catalogue_check import allowed, check, unsupported
from tenant.catalogue_schema import document_schema
from tenant.errors import DeclarationError


@cache
def editors_check(document: str) -> jsonschema.Draft202012Validator:
    """What an editor does with the JSON Schema of settings or locks."""
    return jsonschema.Draft202012Validator(document_schema(document))


@pytest.mark.parametrize(
    "declared",
    [
        "zoom_rooms: {list_meetings_with_calendar: true}",
        "security: {signin_with_sso: {enable: true, domains: [contoso.com]}}",
        "security: {password_requirement: {minimum_password_length: 0}}",
        "in_meeting: {dscp_audio: 63, data_center_regions: [EU, DE], entry_exit_chime: none}",
        "schedule_meeting: {meeting_password_requirement: {length: 8}, jbh_time: 10}",
        "in_meeting: {virtual_background_settings: {files: [{id: a, is_default: true, size: 1}]}}",
        "audio_conferencing: {toll_call: {numbers: [{code: '1', number: '5'}]}}",
        "meeting_security: {waiting_room: true, chat_etiquette_tool: {enable: true}}",
        "{meeting_authentication: true, allow_authentication_exception: false}",
        "recording_authentication: true",
    ],
)
def test_what_zoom_takes_and_shows_may_be_declared_in_part(declared: str) -> None:
    value = yaml.safe_load(declared)
    check(value, SETTINGS, "f")
    editors_check(SETTINGS).validate(value)


@pytest.mark.parametrize(
    ("declared", "line"),
    [
        ("zoom_room: {ultrasonic: true}", "zoom_room: is not a setting that Zoom publishes (did "
         "you mean zoom_rooms.ultrasonic?)"),
        ("in_meeting: {p2p_connection: true}", "did you mean in_meeting.p2p_connetion"),
        ("in_meeting: {host_video: true}", "did you mean schedule_meeting.host_video?)"),
        ("xyzzy: {a: 1}", "xyzzy: is not a setting that Zoom publishes; its sections are allow_"),
        ("'zoom_rooms[]': {a: 1}", "zoom_rooms[]: is not a setting that Zoom publishes"),
        ("in_meeting: {webinar_chat: true}", "given True (did you mean {enable: true}?); allowed"),
        ("in_meeting: {chat: 'yes'}", "in_meeting.chat: given 'yes'; allowed: true or false"),
        ("in_meeting: {dscp_audio: 64}", "given 64; allowed: a whole number from 1 to 63"),
        ("in_meeting: {dscp_audio: true}", "given True; allowed: a whole number from 1 to 63"),
        ("recording: {auto_delete_cmr_days: 31}", "given 31; allowed: 30, 60, 90, 120"),
        ("recording: {auto_recording: no}", "given False; allowed: local, cloud, none"),
        ("recording: {recording_password_requirement: {length: 11}}", "a whole number up to 10"),
        ("in_meeting: {data_center_regions: US}", "data_center_regions: given 'US'; allowed: a li"),
        ("in_meeting: {data_center_regions: [US, X]}", "data_center_regions[1]: given 'X'; allow"),
        ("in_meeting: {virtual_background_settings: {files: [x]}}", "[0]: given 'x'; allowed: a"),
        ("in_meeting: {virtual_background_settings: {files: [{nam: x}]}}", "files[0].nam: is not a "
         "field here (did you mean name?)"),
        ("security: {signin_with_sso: {domains: [1]}}", "domains[0]: given 1; allowed: text"),
        ("chat: {chat_etiquette_tool: {policies: []}}", "policies: is a list that Zoom edits ent"),
        ("meeting_security: {chat_etiquette_tool: {policies: []}}", "edit it in Zoom's portal, be"),
        ("schedule_meeting: {meeting_template: {templates: []}}", "an action (update, delete)"),
        ("security: {signin_with_sso: {sso_bypass_users: []}}", "sso_bypass_users: is only read: "
         "Zoom's PATCH takes security.signin_with_sso.sso_bypass_user_ids instead: declare th"),
        ("telephony: {telephony_regions: {allowed_values: [US]}}", "is only read: Zoom's PATCH "
         "takes no form of it"),
        ("in_meeting: {allow_users_to_delete_messages_in_meeting_chat: true}", "is only written: "
         "Zoom's GET has no form of it (it shows in_meeting.webinar_chat.allow_users_to_delete"),
        ("security: {signin_with_sso: {sso_bypass_user_ids: a}}", "given 'a'; allowed: a list"),
        ("audio_conferencing: {toll_call: {numbers: [{country_name: USA}]}}", "numbers[0].country_"
         "name: is only read: Zoom's PATCH takes no form of it"),
        ("meeting_security: {waiting_rom: true}", "did you mean meeting_security.waiting_room"),
        ("meeting_security: true", "given True; allowed: a mapping with the keys auto_security"),
        ("meeting_security: {block_user_domain_list: [a.b]}", "text from 5 to 30 characters"),
        ("meeting_authentication: 1", "given 1; allowed: true or false"),
        ("recording_authentication: {enable: true}", "given {'enable': True}; allowed: true or f"),
        ("authentication_options: []", "is a list that Zoom edits entry by entry with an action"),
        ("authentication_option: {action: add}", "where the account's settings ask for authentica"),
        ("in_session: {dscp_audio: 1}", "is only in Video SDK accounts, which have no users with"),
    ],
)  # fmt: skip
def test_a_setting_that_cannot_be_kept_is_refused_in_one_line(declared: str, line: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        check(yaml.safe_load(declared), SETTINGS, "stacks/f.yaml")
    text = str(caught.value)
    assert text.startswith("stacks/f.yaml: zoom.settings.")
    assert line in text
    assert "\n" not in text
    assert not editors_check(SETTINGS).is_valid(yaml.safe_load(declared))


def test_a_credential_among_the_settings_is_refused_without_being_shown() -> None:
    archiving = {"send_data_to_third_party_archiving_service": {"passcode": "hunter2"}}
    with pytest.raises(DeclarationError, match="holds a credential") as caught:
        check({"chat": archiving}, SETTINGS, "f")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("declared", "line"),
    [
        ("schedule_meeting: {host_video: 1}", "host_video: given 1; allowed: true or false"),
        ("schedule_meeting: {host_vido: true}", "did you mean schedule_meeting.host_video or"),
        ("in_meeting: {webinar_chat: {enable: true}}", "true or false (one lock holds the whole"),
        ("in_meeting: {p2p_connetion: true}", "is a setting that Zoom publishes no lock for"),
        ("in_meeting: {entry_exit_chime: true}", "given True; allowed: text"),
        (
            "meeting_security: {encryption_type: e2ee}",
            "is a boolean in Zoom's GET and a string in "
            "its PATCH, so it could not be verified; set it in Zoom's portal",
        ),
        ("in_meeting: {meeting_reactions: true}", "is only read: Zoom's PATCH takes no form of it"),
        ("schedule_meeting: {personal_meeting: true}", "is only written: Zoom's GET has no form"),
        ("meeting_security: {waiting_room: 1}", "waiting_room: given 1; allowed: true or false"),
        ("zoom_rooms: {ultrasonic: true}", "zoom_rooms: is not a lock that Zoom publishes; its s"),
    ],
)
def test_a_lock_that_cannot_be_kept_is_refused_in_one_line(declared: str, line: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        check(yaml.safe_load(declared), LOCKS, "f")
    assert str(caught.value).startswith("f: zoom.locks.")
    assert line in str(caught.value)
    assert not editors_check(LOCKS).is_valid(yaml.safe_load(declared))


@pytest.mark.parametrize("document", [SETTINGS, LOCKS])
def test_editors_are_offered_exactly_what_may_be_declared(document: str) -> None:
    offered = set(_offered(document_schema(document), ""))
    supported = set(_supported(load().tree(document)))
    assert offered == supported
    assert len(offered) > (350 if document == SETTINGS else 120)


def _offered(schema: Any, path: str) -> list[str]:
    assert schema["additionalProperties"] is False
    found = []
    for name, below in schema["properties"].items():
        here = f"{path}.{name}" if path else name
        if "properties" in below:
            found += _offered(below, here)
        else:
            assert below["description"].rstrip(".")
            found.append(here)
    return found


def _supported(branch: Branch) -> list[str]:
    found = []
    for name, node in branch.items():
        if isinstance(node, Leaf) and "[" not in name and not unsupported(node, node.path):
            found.append(node.path)
        elif isinstance(node, Branch) and "[" not in name:
            found += _supported(node)
    return found


def test_what_a_leaf_needs_is_in_its_description() -> None:
    properties = document_schema(SETTINGS)["properties"]
    archive = properties["recording"]["properties"]["archive"]["properties"]["enable"]
    assert "Plan: Archiving, which Zoom's support grants." in archive["description"]
    host_video = properties["schedule_meeting"]["properties"]["host_video"]
    assert host_video == {"description": "Host video. Can be locked.", "type": "boolean"}
    assert properties["in_meeting"]["properties"]["attendee_on_hold"]["deprecated"] is True


@pytest.mark.parametrize(
    ("form", "words"),
    [
        (Form(type="string", min_length=5, max_length=30), "text from 5 to 30 characters"),
        (Form(type="array", max_items=20), "a list of at most 20 entries"),
        (Form(type="integer", minimum=1), "a whole number of at least 1"),
        (Form(type="number"), "a number"),
    ],
)
def test_what_is_allowed_is_said_in_words(form: Form, words: str) -> None:
    assert allowed(form) == words
