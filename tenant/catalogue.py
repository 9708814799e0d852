"""What Zoom publishes of an account's settings and locks, and what only its portal has.

The data is tenant/catalogue.json: `documents` is made by tenant/catalogue_build.py from Zoom's
description of its API, everything else is written by hand. It is read at first use, once.
"""

from collections.abc import Iterator
from functools import cache, cached_property
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

FILE = Path(__file__).with_name("catalogue.json")

# The two kinds of documents; each has a plain shape of that name, and others named kind?shape.
SETTINGS = "settings"
LOCKS = "lock_settings"

Type = Literal["boolean", "integer", "number", "string", "array", "object"]

# The limits of a form: JSON Schema's name for each, and ours.
LIMITS = {
    "minimum": "minimum",
    "maximum": "maximum",
    "minLength": "min_length",
    "maxLength": "max_length",
    "maxItems": "max_items",
}


class Form(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a value may be, as published."""

    type: Type
    enum: tuple[str | int, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    min_length: int | None = None
    max_length: int | None = None
    max_items: int | None = None


class Leaf(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One setting or lock. `a.b[].c` is field c of each entry of the list a.b.

    readable, writable: whether GET has it, whether PATCH has it. lockable: whether a lock of true
    or false holds this leaf's setting (`section.setting`, nested leaves with it). value: its form
    in PATCH, or in GET where only that has it. get: its form in GET, where that is another.
    """

    path: str
    readable: bool
    writable: bool
    lockable: bool = False
    deprecated: bool = False
    value: Form
    get: Form | None = None


class Branch(dict[str, "Leaf | Branch"]):
    """The leaves below one name, by the next part of their path; a list's entries under `name[]`"""

    def leaves(self) -> Iterator[Leaf]:
        """Every leaf below, in the file's order."""
        for node in self.values():
            if isinstance(node, Branch):
                yield from node.leaves()
            else:
                yield node


class Document(Struct, frozen=True, dict=True, kw_only=True, omit_defaults=True):
    """One shape of the settings or of the locks: where it is, what a request for it needs.

    option: the value of the query `option`, None where there is none to give; option_in: the
    methods that publish this query. account: the kind of account, where not every one has it.
    """

    channel: Literal["api"]
    address: str
    option: str | None = None
    option_in: tuple[str, ...] = ()
    account: str | None = None
    leaves: tuple[Leaf, ...]

    @cached_property
    def tree(self) -> Branch:
        """The leaves by the parts of their paths."""
        branches = {"": Branch()}
        for leaf in self.leaves:
            above, _, name = leaf.path.rpartition(".")
            branch = branches.get(above)
            if branch is None:
                branch = _grow(branches, above)
            branch[name] = leaf
        return branches[""]

    def find(self, path: str) -> Leaf | Branch | None:
        """What is at a dotted path: a leaf, what leads to leaves, or None."""
        node: Leaf | Branch | None = self.tree
        for part in path.split("."):
            node = node.get(part) if isinstance(node, Branch) else None
        return node


def _grow(branches: dict[str, Branch], path: str) -> Branch:
    """The branch at a path, made with all above it; `branches` holds the known ones by path."""
    if path not in branches:
        above, _, name = path.rpartition(".")
        branches[path] = _grow(branches, above)[name] = Branch()
    return branches[path]


class Annotation(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is known of a leaf, or of all below a name, besides its published form.

    counterpart: the path of the same thing in the other direction, for what only GET or only PATCH
    has. entry_field: of a list that only PATCH has, the field of the counterpart's entries that it
    is made of. lock: the lock that holds it, where that has another path. also: values that are
    taken besides the published ones. secret: it holds a credential. refused: why neither it nor
    anything below it can be declared.
    """

    plan: str = ""
    note: str = ""
    counterpart: str = ""
    entry_field: str = ""
    lock: str = ""
    also: tuple[str | int, ...] = ()
    secret: bool = False
    refused: str = ""
    sources: tuple[str, ...] = ()


class Choices(Struct, frozen=True, forbid_unknown_fields=True):
    """The labels of the two radio buttons that a setting is, where it is no switch."""

    on: str
    off: str


class Label(Struct, frozen=True, forbid_unknown_fields=True):
    """How Zoom's portal called a setting in one era, on which page, and where that is said."""

    era: str
    page: str
    label: str
    source: str
    choices: Choices | None = None


class PortalSetting(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A setting that is in no published API: its labels, oldest first, and what to click.

    channels: how it can be set at all. article: one of the four of Zoom's article. A sibling has
    its values in `values`, where it is not on or off.
    """

    name: str
    article: bool
    channels: tuple[Literal["portal", "attested"], ...]
    labels: tuple[Label, ...]
    on: str = ""
    off: str = ""
    values: tuple[str, ...] = ()
    note: str = ""
    sources: tuple[str, ...]


class Source(Struct, frozen=True, forbid_unknown_fields=True):
    """The description that `documents` was made from."""

    title: str
    version: str
    published: str
    sha256: str


class About(Struct, frozen=True, forbid_unknown_fields=True):
    """What made the file, and from what."""

    made_by: str
    description: Source


class Catalogue(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file. What an account needs is in `plans` by document, in `annotations` by path."""

    about: About
    plans: dict[str, str]
    portal: tuple[PortalSetting, ...]
    annotations: dict[str, Annotation]
    documents: dict[str, Document]

    def annotation(self, path: str) -> Annotation:
        """What is annotated at this very path; an empty annotation where nothing is."""
        return self.annotations.get(path, NOTHING)

    def entry_fields(self, kind: str) -> dict[str, str]:
        """Path to `entry_field`, for the lists of a kind that are read in another form."""
        fields = {path: one.entry_field for path, one in self.annotations.items()}
        return {path: name for path, name in fields.items() if name and self.find(kind, path)}

    def shapes(self, kind: str) -> list[Document]:
        """SETTINGS or LOCKS as every account has them: the plain shape, then those with option."""
        every = self.documents.items()
        behind = [one for name, one in every if name.startswith(f"{kind}?") and not one.account]
        return [self.documents[kind], *behind]

    def shape_of(self, kind: str, section: str) -> Document:
        """The shape that a section is in; the plain one where several have it, or none."""
        shapes = self.shapes(kind)
        return next((one for one in shapes if section in one.tree), shapes[0])

    def tree(self, kind: str) -> Branch:
        """All shapes of a kind as one: the sections tell them apart."""
        merged = Branch()
        for shape in reversed(self.shapes(kind)):
            merged.update(shape.tree)
        return Branch(sorted(merged.items()))

    def find(self, kind: str, path: str) -> Leaf | Branch | None:
        """What is at a dotted path of SETTINGS or LOCKS, in the shape that its section tells."""
        return self.shape_of(kind, path.partition(".")[0]).find(path)

    def annotated(self, path: str) -> list[Annotation]:
        """The annotations of a path and of all above it, the widest first."""
        parts = path.split(".")
        paths = (".".join(parts[:end]) for end in range(1, len(parts) + 1))
        return [self.annotations[one] for one in paths if one in self.annotations]


NOTHING = Annotation()


# Made on import: msgspec 0.22 crashes where two threads are the first to need the same type.
_DECODER = msgspec.json.Decoder(Catalogue)


@cache
def load() -> Catalogue:
    """The catalogue in the file beside this one. Several threads may be the first to ask."""
    return _DECODER.decode(FILE.read_bytes())
