"""The catalogue is made from Zoom's description, and a difference between the two is shown."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tenant import catalogue_build
from tenant.catalogue import FILE, SETTINGS, load
from tenant.catalogue_build import DIFFERENT, VARIABLE, documents, main, render, source

ROOT = Path(__file__).parents[2]
DESCRIPTION = Path(
    os.environ.get(VARIABLE) or ROOT.parent / "shared/specs/zoom-accounts-openapi.json"
)
needs_description = pytest.mark.skipif(
    not DESCRIPTION.is_file(), reason=f"Zoom's description is not here; name it in {VARIABLE}"
)

BOOLEAN: dict[str, Any] = {"type": "boolean"}


def objects(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def a_description() -> dict[str, Any]:
    """A description of the smallest kind: two shapes of settings, one of locks."""
    chime = {"type": "string", "enum": ["host", "all"]}
    meeting = objects(host_video=BOOLEAN, chime=chime)
    users = {"type": "array", "items": objects(id={"type": "string"})}
    get = {
        "oneOf": [
            objects(schedule_meeting=meeting, security=objects(users=users)),
            objects(meeting_security=objects(waiting_room=BOOLEAN)),
        ]
    }
    patch = {
        "oneOf": [
            objects(schedule_meeting=meeting, security=objects(user_ids={"type": "string"})),
            objects(meeting_security=objects(waiting_room=BOOLEAN)),
        ]
    }
    locks = objects(schedule_meeting=objects(host_video=BOOLEAN))
    option = {"name": "option", "in": "query", "schema": {"enum": ["meeting_security"]}}
    return {
        "info": {"title": "Accounts", "version": "2"},
        "paths": {
            "/accounts/{accountId}/settings": _operations(get, patch, [option]),
            "/accounts/{accountId}/lock_settings": _operations(locks, locks, []),
        },
    }


def _operations(get: Any, patch: Any, parameters: list[Any]) -> dict[str, Any]:
    def content(schema: Any) -> dict[str, Any]:
        return {"content": {"application/json": {"schema": schema}}}

    return {
        "get": {"parameters": parameters, "responses": {"200": content(get)}},
        "patch": {"parameters": parameters, "requestBody": content(patch)},
    }


def meeting_of(description: dict[str, Any]) -> dict[str, Any]:
    """The properties of schedule_meeting, the same in GET and PATCH."""
    get = description["paths"]["/accounts/{accountId}/settings"]["get"]["responses"]["200"]
    shapes = get["content"]["application/json"]["schema"]["oneOf"]
    properties: dict[str, Any] = shapes[0]["properties"]["schedule_meeting"]["properties"]
    return properties


@needs_description
def test_the_catalogue_is_what_zooms_description_says() -> None:
    data = DESCRIPTION.read_bytes()
    made = documents(json.loads(data))
    rows = catalogue_build.differences(load().documents, made)
    assert not rows, f"Zoom added or removed:\n{catalogue_build.table(rows)}"
    if source({}, data).sha256 == load().about.description.sha256:
        text = render(json.loads(FILE.read_text()), source(json.loads(data), data), made)
        assert text == FILE.read_text(), "run python -m tenant.catalogue_build --from FILE"


def run_build(folder: Path, *arguments: str, **changes: Callable[[Any], None]) -> int:
    description = a_description()
    for change in changes.values():
        change(description)
    (folder / "description.json").write_text(json.dumps(description))
    catalogue = folder / "catalogue.json"
    if not catalogue.exists():
        by_hand: dict[str, Any] = {"plans": {}, "portal": [], "annotations": {}, "documents": {}}
        catalogue.write_text(json.dumps(by_hand))
    return main(["--from", str(folder / "description.json"), *arguments], catalogue)


def test_regenerating_twice_changes_nothing_and_the_check_agrees(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_build(tmp_path) == 0
    first = (tmp_path / "catalogue.json").read_text()
    capsys.readouterr()
    assert run_build(tmp_path) == 0
    assert (tmp_path / "catalogue.json").read_text() == first
    assert run_build(tmp_path, "--check") == 0
    assert capsys.readouterr().out == ""


def test_what_is_written_by_hand_survives_regenerating(tmp_path: Path) -> None:
    run_build(tmp_path)
    file = tmp_path / "catalogue.json"
    value = json.loads(file.read_text())
    by_hand: dict[str, Any] = {
        "plans": {"settings": "Paid."},
        "portal": [{"name": "x"}],
        "annotations": {"schedule_meeting.host_video": {"note": "Ünïcode."}},
    }
    file.write_text(json.dumps({**value, **by_hand}))
    assert run_build(tmp_path) == 0
    after = json.loads(file.read_text())
    assert {key: after[key] for key in by_hand} == by_hand
    assert after["documents"] == value["documents"]


def test_the_check_shows_what_zoom_added_removed_and_changed_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_build(tmp_path)
    before = (tmp_path / "catalogue.json").read_text()
    capsys.readouterr()

    def change(description: Any) -> None:
        meeting = meeting_of(description)
        meeting["participant_video"] = BOOLEAN
        del meeting["host_video"]
        meeting["chime"] = {"type": "string", "enum": ["host", "none"]}

    assert run_build(tmp_path, "--check", change=change) == DIFFERENT
    rows = [line.split(maxsplit=3) for line in capsys.readouterr().out.splitlines()]
    path = "schedule_meeting"
    assert rows == [
        ["what", "document", "path", "how"],
        ["changed", SETTINGS, f"{path}.chime", "string enum host|all -> string enum host|none"],
        ["removed", SETTINGS, f"{path}.host_video", "boolean, lockable"],
        ["added", SETTINGS, f"{path}.participant_video", "boolean"],
    ]
    assert (tmp_path / "catalogue.json").read_text() == before


def test_an_annotation_of_what_zoom_removed_is_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_build(tmp_path)
    file = tmp_path / "catalogue.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "annotations": {"a.gone": {}}}))
    run_build(tmp_path)
    assert "annotated, but in no document: a.gone" in capsys.readouterr().err


def _no_patch(description: Any) -> None:
    del description["paths"]["/accounts/{accountId}/settings"]["patch"]


def _composed(description: Any) -> None:
    meeting_of(description)["host_video"] = {"anyOf": [BOOLEAN]}


def _other_shape(description: Any) -> None:
    _operations_of(description).append(objects(surprise=BOOLEAN))


def _odd_type(description: Any) -> None:
    meeting_of(description)["host_video"] = {"type": "double"}


def _operations_of(description: Any) -> list[Any]:
    patch = description["paths"]["/accounts/{accountId}/settings"]["patch"]["requestBody"]
    shapes: list[Any] = patch["content"]["application/json"]["schema"]["oneOf"]
    return shapes


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_no_patch, "no GET and PATCH of /accounts/{accountId}/settings"),
        (_composed, "schedule_meeting.host_video is composed of others"),
        (_other_shape, "a shape that is not known here, with surprise"),
        (_odd_type, "schedule_meeting.host_video has a form that is not known here"),
    ],
)
def test_a_description_that_is_not_understood_is_refused_and_nothing_is_written(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    change: Callable[[Any], None],
    said: str,
) -> None:
    run_build(tmp_path)
    before = (tmp_path / "catalogue.json").read_text()
    assert run_build(tmp_path, change=change) == 2
    assert said in capsys.readouterr().err
    assert (tmp_path / "catalogue.json").read_text() == before
