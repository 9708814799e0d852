"""Writes an attestation into a tenant's file, whose comments and order stay as they are."""

import copy
import datetime
import difflib
import hashlib
import io
import subprocess
from pathlib import Path
from typing import Any

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from tenant.calendar import article_settings, declared_settings, settings_over
from tenant.declaration import parse_file
from tenant.errors import DeclarationError
from tenant.stack_keys import KEY

DAYS = 90  # how long an attestation counts, unless told
CHANNELS = [setting.name for setting in article_settings()]


class NotAttested(Exception):
    """Nothing was written; the text says why."""


def attest_file(
    file: Path, setting: str, value: bool, evidence: Path, who: str | None, days: int
) -> str:
    """Writes that `setting` was seen as `value` today into `file`; returns one line about it.

    The evidence is read for its hash only. Raises NotAttested; the file is then untouched.
    """
    today = datetime.date.today()
    entry = {
        "value": value,
        "who": who or _git_user(),
        "when": today,
        "until": today + datetime.timedelta(days=days),
        "evidence": f"sha256:{_hash(evidence)}",
    }
    data = file.read_bytes()
    before = data.decode().replace("\r\n", "\n")
    _refuse_pointless(before, file.name, setting, value)
    after = with_attestation(before, setting, entry)
    try:
        parse_file(after, file.name)
    except DeclarationError as error:
        raise NotAttested(str(error)) from None
    file.write_text(after, encoding="utf-8", newline="\r\n" if b"\r\n" in data else "\n")
    tenant = file.name.removeprefix("Pulumi.").removesuffix(".yaml")
    return (
        f"{file.name}: {setting}: {'on' if value else 'off'}, attested by {entry['who']}. Keep "
        f"{evidence.name}: only its hash is in the file. Next: commit the file, then `python -m "
        f"fleet preview {tenant}`; attest again before it runs out on {entry['until']}."
    )


def _refuse_pointless(text: str, name: str, setting: str, value: bool) -> None:
    tenant = parse_file(text, name)
    declared = declared_settings(tenant)
    if setting not in declared:
        why = "consent.by is user" if declared else "zoom.calendar is not declared"
        raise NotAttested(f"{name}: {setting} is not declared ({why}): nothing to attest to")
    if setting in settings_over(tenant, "api"):
        raise NotAttested(f"{name}: {setting} has a path in zoom.paths: it is read, not attested")
    if declared[setting] is not value:
        said, wanted = ("on" if v else "off" for v in (value, declared[setting]))
        raise NotAttested(
            f"{name}: {setting} is declared {wanted}, and you saw it {said}: set it in Zoom's "
            "portal first, or change the declaration"
        )


def _git_user() -> str:
    try:
        done = subprocess.run(
            ["git", "config", "user.email"], capture_output=True, text=True, check=False
        )
    except OSError:
        done = None
    email = done.stdout.strip() if done else ""
    if not email:
        raise NotAttested("git has no user.email: say who looked with --who")
    return email


def _hash(evidence: Path) -> str:
    try:
        data = evidence.read_bytes()
    except OSError as error:
        raise NotAttested(f"{evidence}: {error.strerror}") from None
    if not data:
        raise NotAttested(f"{evidence} is empty, which is no evidence")
    return hashlib.sha256(data).hexdigest()


def with_attestation(text: str, setting: str, entry: dict[str, Any]) -> str:
    """`text` with the entry of `setting` in its place; every other line as it was."""
    editor = YAML()
    editor.preserve_quotes = True
    editor.width = 4096
    editor.indent(mapping=2, sequence=4, offset=2)
    document = editor.load(text)
    below = _take_comment_below(document["config"][KEY]["zoom"]["calendar"], setting)
    added = CommentedMap(entry)
    if below is not None:
        added.ca.items["evidence"] = [None, None, below, None]
    _put(document, setting, added)
    out = io.StringIO()
    editor.dump(document, out)
    wanted = yaml.safe_load(text)
    _put(wanted, setting, entry)
    for written in (_keep_lines(text, out.getvalue()), out.getvalue()):
        if yaml.safe_load(written) == wanted:
            return written
    raise NotAttested("the file cannot be edited without changing more of it: add it by hand")


def _take_comment_below(calendar: Any, setting: str) -> Any:
    """The comment that follows the place where a new entry goes; taken from what is last there.

    ruamel.yaml keeps it with the value above, so that it would come before the new entry.
    """
    attestations = calendar.get("attestations")
    there = isinstance(attestations, CommentedMap) and attestations
    if there and setting in attestations:
        return None
    last = attestations if there else calendar
    if not there and "attestations" in calendar and next(reversed(calendar)) != "attestations":
        return None  # it is replaced where it stands
    key = next(reversed(last))
    while isinstance(last[key], CommentedMap) and last[key] and not last[key].fa.flow_style():
        last = last[key]
        key = next(reversed(last))
    token = (last.ca.items.get(key) or [None] * 4)[2]
    if token is None or "\n" not in token.value.rstrip("\n"):
        return None
    beside, _, below = token.value.partition("\n")
    taken = copy.copy(token)
    token.value, taken.value = f"{beside}\n", f"\n{below}"
    return taken


def _put(document: Any, setting: str, entry: dict[str, Any]) -> None:
    calendar = document["config"][KEY]["zoom"]["calendar"]
    attestations = calendar.get("attestations")
    if not isinstance(attestations, dict):
        kept = {"required": True} if attestations == "required" else {}
        calendar["attestations"] = attestations = CommentedMap(kept)
    said = attestations.get(setting)
    if isinstance(said, dict):  # in place, so that comments beside the old values stay
        said.update(entry)
    else:
        attestations[setting] = entry


def _keep_lines(before: str, after: str) -> str:
    """`after`, with the lines of `before` where the two differ in blanks only."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    one, other = (["".join(line.split()) for line in lines] for lines in (old, new))
    matcher = difflib.SequenceMatcher(None, one, other, autojunk=False)
    lines: list[str] = []
    for tag, start, end, new_start, new_end in matcher.get_opcodes():
        lines += old[start:end] if tag == "equal" else new[new_start:new_end]
    return "".join(lines)
