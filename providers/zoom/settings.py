"""Zoom's account settings and locks: only the declared leaves, in the smallest PATCH."""

import difflib
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

import pulumi
from pulumi.dynamic import Resource

from providers.clients import zoom
from providers.shared import Props, SharedProvider, recorded, to_json, written
from providers.values import leaf, leaves, project, set_leaf
from providers.zoom.forms import as_written
from services.errors import Refused, ServiceError, WriteHadNoEffect
from tenant.catalogue import LOCKS, SETTINGS, Document, load
from tenant.catalogue_check import lock_of

_OUTPUTS = {"unknown": None, "written": None}

# Every other property is a section by Zoom's published name.
_OWN = ("account", "onDestroy", "owner", "prior", "unknown", "written")


def sections(props: Props) -> Props:
    """The declared tree: section, then setting."""
    return {name: value for name, value in props.items() if name not in _OWN}


class AccountDocumentProvider(SharedProvider):
    """What settings and locks share: sections under one address of the account.

    Each section is in one of the document's shapes; only the shapes of declared ones are asked for.
    """

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
        found = project(declared, self._document(props, declared))
        return {**found, **{name: {} for name in declared if name not in found}}

    def outs(self, props: Props, live: Props) -> Props:
        return {**props, "written": to_json(sections(props))}

    def write(self, props: Props, live: Props) -> None:
        declared = sections(props)
        body = self._document(props, declared)
        _refuse_unknown(declared, body, self.document)
        self._change(props, smallest_patch(declared, body))

    def restore(self, props: Props, live: Props) -> bool:
        priors, made = recorded(props) or {}, written(props)
        body = self._document(props, made)
        target: Props = {}
        for path, ours in leaves(made):
            before = priors.get(path)
            now = leaf(body, path)
            ours_still = before is not None and project(ours, now) == ours
            if ours_still and project(before, now) != before:
                set_leaf(target, path, before)
        self._change(props, smallest_patch(target, body))
        return bool(target)

    def prior(self, props: Props) -> Any:
        tree = _tree_of(props["leaves"])
        body = self._document(props, tree)
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

    def _document(self, props: Props, tree: Props) -> Props:
        """What is live, in the form of PATCH, in the shapes that the tree's sections are in."""
        return as_written(read_shapes(props["account"], self.document, tree), self.document)

    def _change(self, props: Props, patch: Props) -> None:
        for shape, part in by_shape(self.document, patch):
            option = shape.option if "PATCH" in shape.option_in else None
            zoom().change(props["account"], self.document, part, option)


class AccountSettingsProvider(AccountDocumentProvider):
    """`GET|PATCH /accounts/{account}/settings`, with the `option` of each shape."""

    document = SETTINGS

    def why_it_stays(self, account: str, paths: list[str]) -> str:
        locks = {path: lock for path in paths if (lock := lock_of(path))}
        if not locks:
            return "Zoom publishes no lock for it: likely a master account, or the account's plan."
        try:
            live = read_shapes(account, LOCKS, _tree_of(locks.values()), "explain")
        except ServiceError as error:
            return f"Whether it is locked is unknown ({str(error).rstrip('.')})."
        held = [path for path, lock in locks.items() if leaf(live, lock) is True]
        free = [path for path, lock in locks.items() if leaf(live, lock) is False]
        rest = [path for path in paths if path not in (*held, *free)]
        said = []
        if held:
            said.append(f"Locked at account level: {', '.join(held)}.")
        if free:
            said.append(
                f"Not locked in this account: {', '.join(free)}; so a master account holds it, or "
                "it is not in the account's plan."
            )
        if rest:
            said.append(
                f"Zoom shows no lock of {', '.join(rest)}: likely a master account, or the "
                "account's plan."
            )
        return " ".join(said)


class AccountLocksProvider(AccountDocumentProvider):
    """`GET|PATCH /accounts/{account}/lock_settings`; `option` is published for GET only."""

    document = LOCKS


def _tree_of(paths: Iterable[str]) -> Props:
    tree: Props = {}
    for path in paths:
        set_leaf(tree, path, True)
    return tree


def by_shape(document: str, tree: Props) -> list[tuple[Document, Props]]:
    """The tree's sections by the shape that each is in, the plain shape first."""
    catalogue = load()
    shape_of = {section: catalogue.shape_of(document, section) for section in tree}
    parts = [
        (shape, {section: below for section, below in tree.items() if shape_of[section] is shape})
        for shape in catalogue.shapes(document)
    ]
    return [(shape, part) for shape, part in parts if part]


def read_shapes(account: str, document: str, tree: Props, purpose: str = "") -> Props:
    """The shapes of the tree's sections, as GET returns them: one request for each."""
    body: Props = {}
    for shape, _ in by_shape(document, tree):
        body.update(zoom().read(account, document, purpose, shape.option))
    return body


def smallest_patch(declared: Props, live: Props) -> Props:
    """The PATCH body: only settings that differ, each whole; `live` has the form of PATCH.

    Whether Zoom merges within a nested setting is not documented, so its live siblings travel
    along.
    """
    body: Props = {}
    for path, value in _settings(declared):
        now = leaf(live, path)
        if project(value, now) != value:
            set_leaf(body, path, _merged(value, now))
    return body


def _settings(declared: Props) -> Iterator[tuple[str, Any]]:
    """Path and value of every setting; some have no section."""
    for section, below in declared.items():
        if isinstance(below, dict):
            yield from ((f"{section}.{name}", value) for name, value in below.items())
        else:
            yield section, below


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
