"""Zoom's account settings as far as they are emulated: names, types and first values.

A line is `path type value`. Types: bool, int, text, texts (strings), objects, and choices as
`a|b|c` (of integers where all are digits), a range as `1..63`. `get:` before a type marks what only
a GET shows, `patch:` what only a PATCH takes. `-` is false, or the first choice.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from .wire import Json

_MAIN = """
schedule_meeting.host_video                                    bool   false
schedule_meeting.participant_video                             bool   false
schedule_meeting.audio_type                                    both|telephony|voip|thirdParty "both"
schedule_meeting.join_before_host                              bool   true
schedule_meeting.jbh_time                                      0|5|10|15 5
schedule_meeting.personal_meeting                              bool   true
schedule_meeting.use_pmi_for_scheduled_meetings                bool   false
schedule_meeting.use_pmi_for_instant_meetings                  bool   false
schedule_meeting.enforce_login                                 bool   false
schedule_meeting.enforce_login_with_domains                    bool   false
schedule_meeting.enforce_login_domains                         text   ""
schedule_meeting.not_store_meeting_topic                       bool   false
schedule_meeting.force_pmi_jbh_password                        bool   true
schedule_meeting.require_password_for_scheduling_new_meetings  bool   true
schedule_meeting.require_password_for_scheduled_meetings       bool   true
schedule_meeting.require_password_for_instant_meetings         bool   true
schedule_meeting.require_password_for_pmi_meetings             jbh_only|all|none "all"
schedule_meeting.enable_dedicated_group_chat                   bool   true
schedule_meeting.allow_host_to_disable_participant_video       bool   false
schedule_meeting.always_display_zoom_meeting_as_topic.enable   bool   false
schedule_meeting.always_display_zoom_meeting_as_topic.display_topic_for_scheduled_meetings bool -
schedule_meeting.hide_meeting_description.enable               bool   false
schedule_meeting.hide_meeting_description.hide_description_for_scheduled_meetings bool false
schedule_meeting.continuous_meeting_chat.enable                bool   true
schedule_meeting.continuous_meeting_chat.can_add_external_users bool  false
schedule_meeting.continuous_meeting_chat.auto_add_invited_external_users bool false
schedule_meeting.meeting_password_requirement.length           int    6
schedule_meeting.meeting_password_requirement.have_letter      bool   true
schedule_meeting.meeting_password_requirement.have_number      bool   true
schedule_meeting.meeting_password_requirement.have_special_character bool false
schedule_meeting.meeting_password_requirement.only_allow_numeric bool false
schedule_meeting.meeting_password_requirement.consecutive_characters_length 0|4|5|6|7|8 0
in_meeting.chat                                                bool   true
in_meeting.private_chat                                        bool   true
in_meeting.auto_saving_chat                                    bool   false
in_meeting.allow_participants_chat_with                        1|2|3|4 3
in_meeting.allow_users_save_chats                              1|2|3  3
in_meeting.allow_users_to_delete_messages_in_meeting_chat      patch:bool null
in_meeting.entry_exit_chime                                    host|all|none "none"
in_meeting.record_play_own_voice                               bool   false
in_meeting.feedback                                            bool   true
in_meeting.post_meeting_feedback                               bool   true
in_meeting.co_host                                             bool   true
in_meeting.polling                                             bool   true
in_meeting.attendee_on_hold                                    bool   true
in_meeting.show_meeting_control_toolbar                        bool   false
in_meeting.allow_show_zoom_windows                             bool   true
in_meeting.annotation                                          bool   true
in_meeting.whiteboard                                          bool   true
in_meeting.remote_control                                      bool   true
in_meeting.remote_support                                      bool   false
in_meeting.non_verbal_feedback                                 bool   true
in_meeting.breakout_room                                       bool   true
in_meeting.breakout_room_schedule                              bool   true
in_meeting.closed_caption                                      bool   true
in_meeting.e2e_encryption                                      bool   true
in_meeting.far_end_camera_control                              bool   false
in_meeting.group_hd                                            bool   false
in_meeting.virtual_background                                  bool   true
in_meeting.watermark                                           bool   false
in_meeting.alert_guest_join                                    bool   true
in_meeting.auto_answer                                         bool   true
in_meeting.p2p_connetion                                       bool   true
in_meeting.p2p_ports                                           bool   false
in_meeting.ports_range                                         text   ""
in_meeting.sending_default_email_invites                       bool   false
in_meeting.use_html_format_email                               bool   false
in_meeting.dscp_marking                                        bool   false
in_meeting.dscp_audio                                          1..63  56
in_meeting.dscp_video                                          1..63  40
in_meeting.screen_sharing                                      bool   true
in_meeting.file_transfer                                       bool   true
in_meeting.meeting_reactions                                   bool   true
in_meeting.meeting_reactions_emojis                            all|selected "all"
in_meeting.custom_data_center_regions                          bool   true
in_meeting.data_center_regions                                 texts  ["US", "EU"]
in_meeting.unchecked_data_center_regions                       get:texts ["CN"]
in_meeting.webinar_chat.enable                                 bool   true
in_meeting.webinar_chat.allow_attendees_chat_with              1|2|3  2
in_meeting.webinar_chat.allow_users_to_delete_messages_in_meeting_chat get:bool true
in_meeting.language_interpretation.enable                      bool   false
in_meeting.language_interpretation.custom_languages            texts  []
in_meeting.language_interpretation.languages                   get:texts ["English", "German"]
email_notification.alternative_host_reminder                   bool   true
email_notification.cancel_meeting_reminder                     bool   true
email_notification.cloud_recording_available_reminder          bool   true
email_notification.jbh_reminder                                bool   true
email_notification.low_host_count_reminder                     bool   true
email_notification.schedule_for_reminder                       bool   true
recording.local_recording                                      bool   false
recording.cloud_recording                                      bool   true
recording.record_speaker_view                                  bool   true
recording.record_gallery_view                                  bool   false
recording.record_audio_file                                    bool   true
recording.save_chat_text                                       bool   true
recording.show_timestamp                                       bool   false
recording.auto_recording                                       local|cloud|none "none"
recording.cloud_recording_download                             bool   true
recording.cloud_recording_download_host                        bool   true
recording.account_user_access_recording                        bool   false
recording.auto_delete_cmr                                      bool   true
recording.auto_delete_cmr_days                                 30|60|90|120 90
recording.host_delete_cloud_recording                          bool   true
recording.prevent_host_access_recording                        bool   false
recording.recording_disclaimer                                 bool   true
recording.ip_address_access_control.enable                     bool   false
recording.ip_address_access_control.ip_addresses_or_ranges     text   ""
recording.recording_password_requirement.length                int    8
recording.recording_password_requirement.have_letter           bool   true
recording.recording_password_requirement.have_number           bool   true
recording.recording_password_requirement.have_special_character bool  false
recording.recording_password_requirement.only_allow_numeric    bool   false
recording.archive.enable                                       bool   false
recording.archive.type                                         1|2|3  1
telephony.third_party_audio                                    bool   false
telephony.audio_conference_info                                text   ""
telephony.telephony_regions.allowed_values                     get:texts ["US", "EU"]
telephony.telephony_regions.selection_values                   text   "US"
audio_conferencing.personal_audio_conference                   bool   false
audio_conferencing.toll_call.enable                            bool   true
audio_conferencing.toll_call.numbers                           objects []
audio_conferencing.participant_phone_masking.enable            bool   true
audio_conferencing.participant_phone_masking.masking_type \
    mask_default|mask_first_5|mask_except_last_4 -
integration.box                                                bool   false
integration.dropbox                                            bool   false
integration.google_calendar                                    bool   false
integration.google_drive                                       bool   false
integration.kubi                                               bool   false
integration.microsoft_one_drive                                bool   true
mail_calendar.email_calendar_management                        bool   false
mail_calendar.email_management                                 bool   false
mail_calendar.zoom_email_provider                              bool   false
zoom_rooms.auto_start_stop_scheduled_meetings                  bool   true
zoom_rooms.cmr_for_instant_meeting                             bool   false
zoom_rooms.force_private_meeting                               bool   false
zoom_rooms.hide_host_information                               bool   false
zoom_rooms.list_meetings_with_calendar                         bool   false
zoom_rooms.start_airplay_manually                              bool   false
zoom_rooms.ultrasonic                                          bool   true
zoom_rooms.upcoming_meeting_alert                              bool   true
zoom_rooms.weekly_system_restart                               bool   true
zoom_rooms.zr_post_meeting_feedback                            bool   true
security.admin_change_name_pic                                 bool   true
security.admin_change_user_info                                bool   true
security.user_modifiable_info_by_admin                         texts  ["name", "profile_picture"]
security.hide_billing_info                                     bool   false
security.import_photos_from_devices                            bool   true
security.sign_again_period_for_inactivity_on_client            int    0
security.sign_again_period_for_inactivity_on_web               int    30
security.sign_in_with_two_factor_auth                          all|group|role|none "none"
security.sign_in_with_two_factor_auth_groups                   texts  []
security.sign_in_with_two_factor_auth_roles                    texts  []
security.password_requirement.minimum_password_length          8..14  8
security.password_requirement.have_special_character           bool   false
security.password_requirement.consecutive_characters_length    int    0
security.password_requirement.weak_enhance_detection           bool   true
security.signin_with_sso.enable                                bool   true
security.signin_with_sso.require_sso_for_domains               bool   true
security.signin_with_sso.domains                               texts  ["contoso.com"]
security.signin_with_sso.sso_bypass_users                      get:objects []
security.signin_with_sso.sso_bypass_user_ids                   patch:texts null
security.signin_with_sso.operation                             patch:add|remove null
chat.personal_channel                                          bool   true
chat.create_group_chat                                         bool   true
chat.create_public_channels                                    bool   true
chat.create_private_channels                                   bool   true
chat.download_file                                             bool   true
chat.share_links_in_chat                                       bool   true
chat.translate_messages                                        bool   true
chat.allow_users_to_add_contacts.enable                        bool   true
chat.allow_users_to_add_contacts.selected_option               1|2|3|4 1
chat.allow_users_to_add_contacts.user_email_addresses          text   ""
chat.allow_edit_message.enable                                 bool   true
chat.allow_edit_message.time                                   0|5|30|60|1440|10080 0
chat.chat_etiquette_tool.enable                                bool   false
chat.chat_etiquette_tool.policies                              objects []
chat.chat_etiquette_tool.policy_max_count                      get:int 10
chat.chat_etiquette_tool.operate                               patch:create|update|delete null
other_options.allow_auto_active_users                          bool   false
other_options.allow_users_contact_support_via_chat             bool   true
other_options.allow_users_enter_and_share_pronouns             bool   true
other_options.blur_snapshot                                    bool   false
other_options.display_meetings_scheduled_for_others            bool   true
other_options.email_in_attendee_report_for_meeting             bool   true
other_options.meeting_qos_and_mos                              0|1|2|3 0
other_options.show_one_user_meeting_on_dashboard               bool   false
other_options.use_cdn                                          none|default|wangsu "default"
other_options.webinar_registration_options.allow_host_to_enable_join_info bool true
other_options.webinar_registration_options.allow_host_to_enable_social_share_buttons bool true
other_options.webinar_registration_options.enable_custom_questions bool true
profile.recording_storage_location.allowed_values              texts  ["US", "EU"]
profile.recording_storage_location.value                       text   "US"
feature.meeting_capacity                                       int    300
"""
_MEETING_SECURITY = """
meeting_security.auto_security                                 bool   true
meeting_security.block_user_domain                             bool   false
meeting_security.block_user_domain_list                        texts  []
meeting_security.embed_password_in_join_link                   bool   true
meeting_security.encryption_type                               enhanced_encryption|e2ee -
meeting_security.end_to_end_encrypted_meetings                 bool   false
meeting_security.meeting_password                              bool   true
meeting_security.only_authenticated_can_join_from_webclient    bool   false
meeting_security.phone_password                                bool   true
meeting_security.pmi_password                                  bool   true
meeting_security.waiting_room                                  bool   true
meeting_security.waiting_room_settings.participants_to_place_in_waiting_room 0|1|2 0
meeting_security.waiting_room_settings.users_who_can_admit_participants_from_waiting_room 0|1 0
meeting_security.waiting_room_settings.whitelisted_domains_for_waiting_room text ""
meeting_security.webinar_password                              bool   true
"""
# A lock is one boolean, whatever the shape of the setting it locks.
_LOCKS = {
    "audio_conferencing": "toll_call participant_phone_masking personal_audio_conference",
    "chat": "allow_users_to_add_contacts allow_edit_message download_file share_links_in_chat "
    "translate_messages chat_etiquette_tool",
    "email_notification": "alternative_host_reminder cancel_meeting_reminder "
    "cloud_recording_available_reminder jbh_reminder schedule_for_reminder",
    "in_meeting": "alert_guest_join annotation attendee_on_hold auto_answer auto_saving_chat "
    "breakout_room chat closed_caption co_host custom_data_center_regions dscp_marking "
    "e2e_encryption far_end_camera_control feedback file_transfer group_hd "
    "language_interpretation non_verbal_feedback polling post_meeting_feedback private_chat "
    "remote_control remote_support screen_sharing sending_default_email_invites "
    "show_meeting_control_toolbar use_html_format_email virtual_background webinar_chat "
    "whiteboard",
    "other_options": "blur_snapshot webinar_registration_options",
    "recording": "account_user_access_recording auto_delete_cmr auto_recording cloud_recording "
    "cloud_recording_download host_delete_cloud_recording ip_address_access_control "
    "local_recording prevent_host_access_recording recording_authentication archive",
    "schedule_meeting": "audio_type enforce_login enforce_login_with_domains host_video "
    "join_before_host meeting_authentication not_store_meeting_topic participant_video "
    "require_password_for_instant_meetings require_password_for_pmi_meetings "
    "require_password_for_scheduling_new_meetings use_pmi_for_instant_meetings "
    "use_pmi_for_scheduled_meetings continuous_meeting_chat",
    "telephony": "telephony_regions third_party_audio",
    "tsp": "call_out show_international_numbers_link",
}
_MEETING_SECURITY_LOCKS = (
    "auto_security block_user_domain embed_password_in_join_link encryption_type "
    "end_to_end_encrypted_meetings meeting_password only_authenticated_can_join_from_webclient "
    "phone_password pmi_password waiting_room webinar_password"
)


@dataclass(frozen=True)
class Leaf:
    """One setting: its type, its first value, and who may see or send it."""

    kind: str
    first: Json
    readable: bool = True
    writable: bool = True

    def accepts(self, value: Json) -> bool:
        """Whether a PATCH with this value has the right type and range."""
        if self.kind == "bool":
            return isinstance(value, bool)
        if self.kind in ("text", "texts", "objects"):
            return _is_text_kind(self.kind, value)
        if isinstance(value, bool):
            return False
        if self.kind == "int":
            return isinstance(value, int)
        if ".." in self.kind:
            low, _, high = self.kind.partition("..")
            return isinstance(value, int) and int(low) <= value <= int(high)
        choices = self.kind.split("|")
        numbers = all(choice.isdigit() for choice in choices)
        return isinstance(value, int if numbers else str) and str(value) in choices


def _is_text_kind(kind: str, value: Json) -> bool:
    if kind == "text":
        return isinstance(value, str)
    of = str if kind == "texts" else dict
    return isinstance(value, list) and all(isinstance(item, of) for item in value)


def _parse(table: str) -> dict[str, Leaf]:
    leaves = {}
    for line in table.strip().splitlines():
        path, kind, first = line.split(None, 2)
        who, _, bare = kind.rpartition(":")
        if first == "-":
            first = "false" if bare == "bool" else json.dumps(bare.partition("|")[0])
        leaves[path] = Leaf(bare, json.loads(first), who != "patch", who != "get")
    return leaves


def tree(leaves: dict[str, Leaf]) -> dict[str, Json]:
    """The first values of all readable leaves, nested by their paths."""
    root: dict[str, Json] = {}
    for path, leaf in leaves.items():
        if leaf.readable:
            *sections, name = path.split(".")
            place = root
            for section in sections:
                place = place.setdefault(section, {})
            place[name] = json.loads(json.dumps(leaf.first))
    return root


def _lock_leaves(sections: dict[str, str]) -> dict[str, Leaf]:
    return {
        f"{section}.{name}": Leaf("bool", False)
        for section, names in sections.items()
        for name in names.split()
    }


MAIN = _parse(_MAIN)
MEETING_SECURITY = _parse(_MEETING_SECURITY)
LOCKS = _lock_leaves(_LOCKS) | {
    "in_meeting.entry_exit_chime": Leaf("text", ""),
    "in_meeting.meeting_reactions": Leaf("bool", False, writable=False),
    "schedule_meeting.enforce_login_domains": Leaf("text", ""),
    "schedule_meeting.personal_meeting": Leaf("bool", False, readable=False),
}
MEETING_SECURITY_LOCKS = _lock_leaves({"meeting_security": _MEETING_SECURITY_LOCKS})
