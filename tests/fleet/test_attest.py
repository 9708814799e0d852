"""An attestation gets into a tenant's file, and nothing else there changes."""

import datetime
import hashlib
from pathlib import Path

import pytest
from click.testing import CliRunner

import fleet.__main__ as command
from fleet import pulumi
from fleet.attest import NotAttested, attest_file, with_attestation
from tenant.declaration import parse_file

ROOT = Path(__file__).parents[2]
EVIDENCE = "sha256:" + "a" * 64
ENTRY = {
    "value": False,
    "who": "bob@contoso.com",
    "when": datetime.date(2026, 11, 23),
    "until": datetime.date(2027, 2, 21),
    "evidence": EVIDENCE,
}
FILE = """\
# Contoso, reviewed by ada
config:
  zoom-calendar:tenant:
    name: 'Contoso'   # quoted
    domains: [ contoso.com ]
    consent: { by: admin, permissions: [ A.B ] }
    application: {source: zoom}
    zoom:
      calendar:
        integration: true
        integrateOnSignIn: true # beside
        %s
      # about settings

      settings:
          zoom_rooms: {list_meetings_with_calendar: true}   # odd indent
encryptionsalt: v1:abc=
"""
PLACES = [
    "# nothing yet",
    "attestations: required",
    "attestations: {}",
    "attestations:\n          required: true # we must",
    "attestations:\n          # first\n          integrate_calendar_on_sign_in: "
    "{value: true, who: a, when: 2026-01-01, until: 2026-02-02} # flow",
    "attestations:\n          users_can_consent:\n            value: true # seen\n"
    "            who: ada\n            when: 2026-01-01\n            until: 2026-02-02",
]


def lines_of(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


@pytest.mark.parametrize("place", PLACES)
def test_every_line_and_comment_stays_in_its_order(place: str) -> None:
    before = FILE % place
    after = with_attestation(before, "users_can_consent", ENTRY)
    said = parse_file(after, "f").zoom.calendar.attestations.users_can_consent  # type: ignore[union-attr]
    assert (said.who, said.value, said.evidence) == ("bob@contoso.com", False, EVIDENCE)  # type: ignore[union-attr]
    values = ("attestations: ", "value: true", "who: ada", "when: 2026-01", "until: 2026-02")
    kept = [
        line for line in before.splitlines() if line.strip() and not line.strip().startswith(values)
    ]
    rest = iter(after.splitlines())
    for line in kept:  # each is there, as it was, after the one before it
        assert line in rest, line
    for comment in ("# beside", "# about settings", "# odd indent", "# quoted", "# Contoso"):
        assert after.count(comment) == 1
    assert after.index("users_can_consent") < after.index("# about settings")


@pytest.mark.parametrize("place", PLACES)
def test_what_was_required_stays_required(place: str) -> None:
    after = with_attestation(FILE % place, "users_can_consent", ENTRY)
    calendar = parse_file(after, "f").zoom.calendar
    assert calendar.attestations.required is ("required" in place)  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["example.yaml", "Pulumi.contoso.yaml"])
def test_in_the_files_we_ship_only_lines_of_the_attestation_differ(name: str) -> None:
    before = (ROOT / "stacks" / name).read_text()
    after = with_attestation(before, "integrate_calendar_on_sign_in", {**ENTRY, "value": True})
    added = [line for line in after.splitlines() if line not in before.splitlines()]
    assert [line for line in before.splitlines() if line not in after.splitlines()] == []
    assert 6 <= len(added) + 1 <= 8


def test_an_attestation_can_be_renewed_as_often_as_wanted() -> None:
    once = with_attestation(FILE % PLACES[0], "users_can_consent", ENTRY)
    later = {**ENTRY, "until": datetime.date(2027, 5, 1)}
    twice = with_attestation(once, "users_can_consent", later)
    changed = [(a, b) for a, b in zip(once.splitlines(), twice.splitlines(), strict=True) if a != b]
    assert [b.strip() for _, b in changed] == ["until: 2027-05-01"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "Pulumi.contoso.yaml"
    path.write_text(FILE % PLACES[0])
    (tmp_path / "seen.png").write_bytes(b"a picture")
    return path


def test_who_when_until_and_the_evidences_hash_are_written(file: Path) -> None:
    evidence = file.with_name("seen.png")
    line = attest_file(file, "users_can_consent", False, evidence, "ada@contoso.com", 90)
    said = parse_file(file.read_text(), "f").zoom.calendar.attestations.users_can_consent  # type: ignore[union-attr]
    today = datetime.date.today()
    assert said.when == today  # type: ignore[union-attr]
    assert said.until == today + datetime.timedelta(days=90)  # type: ignore[union-attr]
    assert said.evidence == f"sha256:{hashlib.sha256(b'a picture').hexdigest()}"  # type: ignore[union-attr]
    assert "a picture" not in file.read_text()
    assert "only its hash is in the file" in line


def test_line_ends_of_another_system_stay(file: Path) -> None:
    file.write_bytes((FILE % PLACES[0]).replace("\n", "\r\n").encode())
    attest_file(file, "users_can_consent", False, file.with_name("seen.png"), "ada", 1)
    data = file.read_bytes()
    assert data.count(b"\n") == data.count(b"\r\n") > 0


@pytest.mark.parametrize(
    ("old", "new", "setting", "value", "why"),
    [
        ("", "", "users_can_consent", True, "is declared off, and you saw it on"),
        ("by: admin", "by: user", "admin_consents_for_company", True, "is not declared"),
        (
            "settings:",
            "paths: {users_can_consent: a.b}\n      settings:",
            "users_can_consent",
            False,
            "it is read, not attested",
        ),
    ],
)
def test_what_would_count_for_nothing_is_refused(
    file: Path, old: str, new: str, setting: str, value: bool, why: str
) -> None:
    text = file.read_text().replace(old, new, 1) if old else file.read_text()
    file.write_text(text)
    with pytest.raises(NotAttested, match=why):
        attest_file(file, setting, value, file.with_name("seen.png"), "ada", 90)
    assert file.read_text() == text


def test_empty_evidence_is_none(file: Path) -> None:
    empty = file.with_name("empty.png")
    empty.touch()
    with pytest.raises(NotAttested, match="no evidence"):
        attest_file(file, "users_can_consent", False, empty, "ada", 90)


def test_the_command_writes_and_says_what_is_next(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stacks = file.parent / "stacks"
    stacks.mkdir()
    moved = file.rename(stacks / file.name)
    monkeypatch.setattr(pulumi, "ROOT", file.parent)
    evidence = str(file.with_name("seen.png"))
    asked = [
        "attest",
        "contoso",
        "users_can_consent",
        "off",
        "--evidence",
        evidence,
        "--who",
        "ada",
    ]
    result = CliRunner().invoke(command.main, asked)
    ends = datetime.date.today() + datetime.timedelta(days=90)
    told = "Next: commit the file, then `python -m fleet preview contoso`; attest again before it"
    assert result.exit_code == 0
    assert f"{told} runs out on {ends}." in result.output
    assert "who: ada" in moved.read_text()
    wrong = CliRunner().invoke(command.main, [*asked[:2], "something", *asked[3:]])
    assert wrong.exit_code == 2
