"""Zoom's account settings and locks: only the declared leaves, in the smallest PATCH."""

import difflib
from typing import Any, ClassVar

import pulumi
from pulumi.dynamic import Resource

from providers.clients import zoom
from providers.shared import Props, SharedProvider, recorded, to_json, written
from providers.values import leaf, leaves, project, set_leaf
from providers.zoom.forms import as_written, writable
from services.errors import Refused, ServiceError, WriteHadNoEffect
from tenant.catalogue import LOCKS, SETTINGS
from tenant.catalogue_check import lock_of

_OUTPUTS = {"unknown": None, "written": None}

# Every other property is a section by Zoom's published name.
_OWN = ("account", "onDestroy", "owner", "prior", "unknown", "written")


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
        if not declared:  # managed no more, or not yet: nobody's business
            return {}
        body = self._document(props)
        found = project(declared, body)
        return {**found, **{name: {} for name in declared if name not in found}}

    def outs(self, props: Props, live: Props) -> Props:
        return {**props, "written": to_json(sections(props))}

    def write(self, props: Props, live: Props) -> None:
        body = self._document(props)
        _refuse_unknown(sections(props), body, self.document)
        patch = smallest_patch(sections(props), body, self.document)
        zoom().change(props["account"], self.document, patch)

    def restore(self, props: Props, live: Props) -> bool:
        priors = recorded(props) or {}
        body = self._document(props)
        target: Props = {}
        for path, ours in leaves(written(props)):
            before = priors.get(path)
            now = leaf(body, path)
            ours_still = before is not None and project(ours, now) == ours
            if ours_still and project(before, now) != before:
                set_leaf(target, path, before)
        if target:
            patch = smallest_patch(target, body, self.document)
            zoom().change(props["account"], self.document, patch)
        return bool(target)

    def prior(self, props: Props) -> Any:
        if not props["leaves"]:
            return {}
        body = self._document(props)
        tree: Props = {}
        for path in props["leaves"]:
            set_leaf(tree, path, True)
        _refuse_unknown(tree, body, self.document)
        return {path: leaf(body, path) for path in props["leaves"]}

    def no_effect(self, props: Props, live: Props) -> WriteHadNoEffect:
        stayed = {
            path: f"{path} (wanted {value!r}, is {leaf(live, path)!r})"
            for path, value in leaves(sections(props))
            if project(value, leaf(live, path)) != value
        }
        return WriteHadNoEffect(
            f"Zoom: PATCH {self.document} of account {props['account']} was answered with success "
            f"and did not change {', '.join(stayed.values())}. "
            f"{self.why_it_stays(props['account'], list(stayed))} Look at the setting in Zoom's "
            "portal, or remove it from the tenant's file."
        )

    def why_it_stays(self, account: str, paths: list[str]) -> str:
        """One sentence or two on what holds the settings at `paths`."""
        return "Likely locked by a master account, or not in the account's plan."

    def _document(self, props: Props) -> Props:
        return as_written(zoom().read(props["account"], self.document), self.document)


class AccountSettingsProvider(AccountDocumentProvider):
    """`GET|PATCH /accounts/{account}/settings`."""

    document = SETTINGS

    def why_it_stays(self, account: str, paths: list[str]) -> str:
        locks = {path: lock for path in paths if (lock := lock_of(path))}
        if not locks:
            return "Zoom publishes no lock for it: likely a master account, or the account's plan."
        try:
            live = zoom().read(account, LOCKS, "explain")
        except ServiceError as error:
            return f"Whether it is locked is unknown ({str(error).rstrip('.')})."
        held = [path for path, lock in locks.items() if leaf(live, lock) is True]
        free = [path for path in paths if path not in held]
        said = []
        if held:
            said.append(f"Locked at account level: {', '.join(held)}.")
        if free:
            said.append(
                f"Not locked in this account: {', '.join(free)}; so a master account holds it, or "
                "it is not in the account's plan."
            )
        return " ".join(said)


class AccountLocksProvider(AccountDocumentProvider):
    """`GET|PATCH /accounts/{account}/lock_settings`."""

    document = LOCKS


def smallest_patch(declared: Props, live: Props, document: str = SETTINGS) -> Props:
    """The PATCH body: only settings that differ, each whole.

    Whether Zoom merges within a nested setting is not documented, so its live siblings travel
    along, without those that are only ever read.
    """
    body: Props = {}
    for section, settings in declared.items():
        for name, value in settings.items():
            now = leaf(live, f"{section}.{name}")
            if project(value, now) != value:
                whole = writable(_merged(value, now), document, f"{section}.{name}")
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
    written: pulumi.Output[str | None]

    def __init__(self, name: str, props: Props, opts: pulumi.ResourceOptions | None = None):
        super().__init__(AccountSettingsProvider(), name, {**_OUTPUTS, **props}, opts)


class AccountLocks(Resource, module="zoom", name="AccountLocks"):
    """The declared leaves of an account's lock settings; each section is a property."""

    KIND = "zoom:AccountLocks"
    unknown: pulumi.Output[str | None]
    written: pulumi.Output[str | None]

    def __init__(self, name: str, props: Props, opts: pulumi.ResourceOptions | None = None):
        super().__init__(AccountLocksProvider(), name, {**_OUTPUTS, **props}, opts)
