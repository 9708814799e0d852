"""Zoom's account settings and locks: only the declared leaves, in the smallest PATCH."""

import difflib
from typing import Any, ClassVar

import pulumi
from pulumi.dynamic import Resource

from providers.clients import zoom
from providers.shared import Props, SharedProvider, recorded, to_json, written
from providers.values import leaf, leaves, project, set_leaf
from services.errors import Refused, WriteHadNoEffect

# Every other property is a section by Zoom's published name.
_OWN = ("account", "onDestroy", "owner", "prior", "unknown", "written")

# In GET only (Zoom's Accounts specification, 2026-02): never sent back with their siblings.
_READ_ONLY = (
    "security.signin_with_sso.sso_bypass_users",
    "chat.chat_etiquette_tool.policy_max_count",
    "in_meeting.webinar_chat.allow_users_to_delete_messages_in_meeting_chat",
)


def sections(props: Props) -> Props:
    """The declared tree: section, then setting."""
    return {name: value for name, value in props.items() if name not in _OWN}


class AccountDocumentProvider(SharedProvider):
    """What settings and locks share: a document of sections under one path of the account."""

    document: ClassVar[str]
    side = "zoom"
    identity = ("account",)
    output_only = ("unknown", "written")

    def object_id(self, props: Props) -> str:
        return f"{props['account']}/{self.document}"

    def live(self, props: Props) -> Props:
        declared = sections(props)
        body = zoom().read(props["account"], self.document)
        found = project(declared, body)
        return {**found, **{name: {} for name in declared if name not in found}}

    def outs(self, props: Props, live: Props) -> Props:
        return {**props, "written": to_json(sections(props))}

    def write(self, props: Props, live: Props) -> None:
        body = zoom().read(props["account"], self.document)
        _refuse_unknown(sections(props), body, self.document)
        zoom().change(props["account"], self.document, smallest_patch(sections(props), body))

    def restore(self, props: Props, live: Props) -> bool:
        priors = recorded(props) or {}
        body = zoom().read(props["account"], self.document)
        target: Props = {}
        for path, ours in leaves(written(props)):
            before = priors.get(path)
            now = leaf(body, path)
            if before is not None and project(ours, now) == ours and before != now:
                set_leaf(target, path, before)
        if target:
            zoom().change(props["account"], self.document, smallest_patch(target, body))
        return bool(target)

    def prior(self, props: Props) -> Any:
        body = zoom().read(props["account"], self.document)
        tree: Props = {}
        for path in props["leaves"]:
            set_leaf(tree, path, True)
        _refuse_unknown(tree, body, self.document)
        return {path: leaf(body, path) for path in props["leaves"]}

    def no_effect(self, props: Props, live: Props) -> WriteHadNoEffect:
        stayed = [
            f"{path} (wanted {value!r}, is {leaf(live, path)!r})"
            for path, value in leaves(sections(props))
            if project(value, leaf(live, path)) != value
        ]
        return WriteHadNoEffect(
            f"Zoom: PATCH {self.document} of account {props['account']} was answered with success "
            f"and did not change {', '.join(stayed)}. Likely locked by a master account, or not "
            "in the account's plan: look at the setting in Zoom's portal, or remove it from "
            f"zoom.{'locks' if self.document == 'lock_settings' else 'settings'}."
        )


class AccountSettingsProvider(AccountDocumentProvider):
    """`GET|PATCH /accounts/{account}/settings`."""

    document = "settings"


class AccountLocksProvider(AccountDocumentProvider):
    """`GET|PATCH /accounts/{account}/lock_settings`."""

    document = "lock_settings"


def smallest_patch(declared: Props, live: Props) -> Props:
    """The PATCH body: only settings that differ, each whole.

    Whether Zoom merges within a nested setting is not documented, so its live siblings travel
    along, without those that are only ever read.
    """
    body: Props = {}
    for section, settings in declared.items():
        for name, value in settings.items():
            now = leaf(live, f"{section}.{name}")
            if project(value, now) != value:
                whole = _merged(value, now)
                if isinstance(whole, dict):
                    whole = {
                        key: item
                        for key, item in whole.items()
                        if f"{section}.{name}.{key}" not in _READ_ONLY
                    }
                body.setdefault(section, {})[name] = whole
    return body


def _merged(declared: Any, live: Any) -> Any:
    if not isinstance(declared, dict) or not isinstance(live, dict):
        return declared
    return {**live, **{key: _merged(item, live.get(key)) for key, item in declared.items()}}


def _refuse_unknown(declared: Props, live: Props, document: str) -> None:
    """Zoom answers success to names it does not know, so they are refused before a write."""
    absent = object()
    known = [path for path, _ in leaves(live)]
    for path, _ in leaves(declared):
        if leaf(live, path, absent) is absent:
            near = difflib.get_close_matches(path, known, n=2, cutoff=0.7)
            hint = f" (did you mean {' or '.join(near)}?)" if near else ""
            raise Refused(
                f"Zoom: GET {document} does not return {path}{hint}. It is misspelt, only written "
                "and never read, or not in the account's plan: nothing was written. Correct or "
                "remove it in the tenant's file."
            )


class AccountSettings(Resource, module="zoom", name="AccountSettings"):
    """The declared leaves of an account's settings; each section is a property."""

    KIND = "zoom:AccountSettings"
    unknown: pulumi.Output[str | None]

    def __init__(self, name: str, props: Props, opts: pulumi.ResourceOptions | None = None):
        super().__init__(AccountSettingsProvider(), name, {"unknown": None, **props}, opts)


class AccountLocks(Resource, module="zoom", name="AccountLocks"):
    """The declared leaves of an account's lock settings; each section is a property."""

    KIND = "zoom:AccountLocks"
    unknown: pulumi.Output[str | None]

    def __init__(self, name: str, props: Props, opts: pulumi.ResourceOptions | None = None):
        super().__init__(AccountLocksProvider(), name, {"unknown": None, **props}, opts)
