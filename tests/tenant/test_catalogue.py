"""The catalogue: what Zoom publishes, what is known besides, and that it is cheap to load."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from emulator import zoom_schema
from tenant import catalogue_build
from tenant.calendar import article_settings
from tenant.catalogue import FILE, LOCKS, SETTINGS, Form, Leaf, load
from tenant.model import Attestations

ROOT = Path(__file__).parents[2]


def test_every_shape_is_there_and_says_what_it_needs() -> None:
    assert {name: one.option or one.account for name, one in load().documents.items()} == {
        "lock_settings": None,
        "lock_settings?meeting_security": "meeting_security",
        "settings": None,
        "settings?meeting_authentication": "meeting_authentication",
        "settings?meeting_security": "meeting_security",
        "settings?recording_authentication": "recording_authentication",
        "settings?video_sdk": "Video SDK",
    }


@pytest.mark.parametrize(
    ("document", "only_get", "only_patch"),
    [
        (SETTINGS, "security.signin_with_sso.sso_bypass_users", "sso_bypass_user_ids"),
        (SETTINGS, "chat.chat_etiquette_tool.policy_max_count", "operate"),
        (SETTINGS, "schedule_meeting.meeting_template.templates[].name", "action"),
        (SETTINGS, "smart_recognition.personalized_audio_isolation", ""),
        ("settings?meeting_authentication", "authentication_options", "authentication_option.id"),
        (LOCKS, "in_meeting.manual_captions", "schedule_meeting.personal_meeting"),
    ],
)
def test_what_only_one_direction_has_is_marked_so(
    document: str, only_get: str, only_patch: str
) -> None:
    marks = {
        leaf.path: (leaf.readable, leaf.writable) for leaf in load().documents[document].leaves
    }
    assert marks[only_get] == (True, False)
    assert (False, True) in [mark for path, mark in marks.items() if path.endswith(only_patch)]


def test_a_form_that_differs_between_get_and_patch_is_kept_in_both() -> None:
    leaf = (
        load().documents["lock_settings?meeting_security"].find("meeting_security.encryption_type")
    )
    assert isinstance(leaf, Leaf)
    assert leaf.value == Form(type="string", enum=("enhanced_encryption", "e2ee"))
    assert leaf.get == Form(type="boolean")


def test_a_setting_is_lockable_exactly_where_a_lock_of_true_or_false_is_written() -> None:
    locks = {leaf.path for leaf in load().documents[LOCKS].leaves if leaf.writable}
    for leaf in load().documents[SETTINGS].leaves:
        setting = ".".join(leaf.path.split("[")[0].split(".")[:2])
        text = setting in ("in_meeting.entry_exit_chime", "schedule_meeting.enforce_login_domains")
        assert leaf.lockable == (setting in locks and not text), leaf.path


def test_what_is_written_by_hand_names_what_is_there() -> None:
    catalogue = load()
    by_hand = json.loads(FILE.read_text())
    assert catalogue_build.annotated_in_vain(by_hand, catalogue.documents) == []
    assert set(catalogue.plans) == {SETTINGS, LOCKS}
    locks = catalogue.documents[LOCKS]
    for one in catalogue.annotations.values():
        assert not one.lock or locks.find(one.lock) is not None
        assert not one.counterpart or any(
            document.find(one.counterpart) for document in catalogue.documents.values()
        )


def test_the_articles_settings_have_their_labels_then_and_now_and_a_source_for_each() -> None:
    article = [one for one in load().portal if one.article]
    assert [one.name for one in article] == [
        name for name in Attestations.__struct_fields__ if name != "required"
    ]
    assert [one.name for one in article_settings()] == [one.name for one in article]
    for one in load().portal:
        assert all(label.label and label.page and label.source for label in one.labels)
        assert {label.source for label in one.labels} <= set(one.sources)
        assert "attested" in one.channels
        assert one.values or (one.on and one.off)
    assert {one.labels[0].era for one in article} == {"2020"}
    assert [one.name for one in article if one.labels[-1].era != "now"] == [
        "admin_consents_for_company"  # no newer label of the same step is known
    ]


def test_the_file_has_one_sorted_leaf_per_line() -> None:
    lines = FILE.read_text().splitlines()
    paths = [json.loads(line.rstrip(","))["path"] for line in lines if line.startswith('{"path"')]
    every = [leaf.path for document in load().documents.values() for leaf in document.leaves]
    assert paths == every
    for document in load().documents.values():
        own = [leaf.path for leaf in document.leaves]
        assert own == sorted(set(own))


@pytest.mark.parametrize("document", zoom_schema.SHAPES)
def test_the_emulated_account_has_exactly_what_is_published(document: str) -> None:
    known = {leaf.path: leaf for leaf in load().documents[document].leaves}
    emulated = zoom_schema.SHAPES[document]
    assert set(emulated) == set(known)
    for path, theirs in emulated.items():
        leaf = known[path]
        assert (leaf.readable, leaf.writable) == (theirs.readable, theirs.writable), path
        also = load().annotation(path).also
        if leaf.value.enum or also:
            every = {str(one) for one in (*leaf.value.enum, *also)}
            assert every <= set(theirs.kind.split("|")), path


@pytest.mark.parametrize(
    ("kind", "in_two"),
    [(SETTINGS, {"authentication_option", "authentication_options"}), (LOCKS, set())],
)
def test_a_section_tells_its_shape_but_for_what_is_refused(kind: str, in_two: set[str]) -> None:
    catalogue = load()
    sections = Counter(name for shape in catalogue.shapes(kind) for name in shape.tree)
    assert {name for name, n in sections.items() if n > 1 and "[" not in name} == in_two
    assert all(catalogue.annotation(name).refused for name in in_two)
    assert set(catalogue.tree(kind)) == set(sections)
    assert catalogue.shape_of(kind, "nobody_knows") is catalogue.documents[kind]


def test_the_file_is_small_and_read_only_when_it_is_needed() -> None:
    assert FILE.stat().st_size < 150_000
    assert (ROOT / "stacks/schema.json").stat().st_size < 400_000
    program = (
        "import tenant.catalogue, tenant.declaration as d, yaml; "
        "d.parse(yaml.safe_load('{name: C, domains: [c.com], consent: {by: admin, permissions: "
        "[A.B]}, application: {source: zoom}, zoom: {}}'), 'f'); "
        "assert tenant.catalogue.load.cache_info().misses == 0"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)


def test_a_catalogue_with_a_part_that_is_not_known_is_refused() -> None:
    value = json.loads(FILE.read_text())
    value["annotations"]["in_meeting"] = {"nots": "misspelt"}
    with pytest.raises(msgspec.ValidationError, match="nots"):
        msgspec.convert(value, type(load()))


# Threads change places at every step, and all of them are the first to load.
LOAD_TOGETHER = """
import sys, threading
from tenant import catalogue
sys.setswitchinterval(1e-6)
barrier = threading.Barrier(4)
def load():
    barrier.wait()
    catalogue.load()
threads = [threading.Thread(target=load) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""


def test_threads_may_load_it_together() -> None:
    """The providers' reads do; without a decoder made beforehand every fourth process crashes."""
    for _ in range(12):
        subprocess.run([sys.executable, "-c", LOAD_TOGETHER], cwd=ROOT, check=True)
