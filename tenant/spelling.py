"""Misspelt names: which of the known ones may be meant."""

import difflib
import re
from collections.abc import Collection

# Letters in common, of 1, from which on a name is another with a slip: "calender" and "calendar"
# have 0.88, but "azure" and "azuread", two namespaces of Pulumi's, 0.83.
_A_SLIP = 0.85
# How much nearer than the next one a name has to be so that nothing else can be meant.
_CLEARLY = 0.05


def did_you_mean(name: str, known: Collection[str], at_most: int = 3) -> str:
    """A hint to follow `name`, with those of `known` that are near; '' where none is."""
    near = difflib.get_close_matches(name, known, n=at_most)
    return f" (did you mean {' or '.join(near)}?)" if near else ""


def slips(name: str, known: Collection[str]) -> list[str]:
    """Those of `known` that `name` may be with a slip, the nearest first; [] for another name.

    Case, dashes and underscores are slips, too.
    """
    return [one for ratio, one in _by_nearness(name, known) if ratio >= _A_SLIP]


def meant(name: str, known: Collection[str]) -> str | None:
    """The one of `known` that `name` is with a slip; None where none or more than one may be."""
    (best, one), (second, _) = (*_by_nearness(name, known)[:2], (0.0, ""), (0.0, ""))[:2]
    return one if best >= _A_SLIP and best - second >= _CLEARLY else None


def _by_nearness(name: str, known: Collection[str]) -> list[tuple[float, str]]:
    matcher = difflib.SequenceMatcher(autojunk=False)
    matcher.set_seq2(_bare(name))
    found = []
    for one in known:
        matcher.set_seq1(_bare(one))
        found.append((matcher.ratio(), one))
    return sorted(found, key=lambda pair: (-pair[0], pair[1]))


def _bare(name: str) -> str:
    return re.sub(r"[-_]", "", name).casefold()
