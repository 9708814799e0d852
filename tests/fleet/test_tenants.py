from pathlib import Path

import pytest

from fleet import pulumi
from fleet.portal import _settings
from fleet.tenants import declared_by, settings_of, tenant_names
from tenant.errors import DeclarationError


@pytest.fixture
def stacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(pulumi, "ROOT", tmp_path)
    folder = tmp_path / "stacks"
    folder.mkdir()
    return folder


def test_a_tenant_is_whoever_has_a_file(stacks: Path) -> None:
    for name in ("Pulumi.fabrikam.yaml", "Pulumi.contoso.yaml", "Pulumi..yaml", "example.yaml"):
        (stacks / name).touch()
    assert tenant_names() == ["contoso", "fabrikam"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "No such file or directory"),
        (b"\xff\xfe\x00", "is not UTF-8 text"),
        (b"config: {}", "zoom-calendar:tenant"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_in_one_line(
    stacks: Path, content: bytes | None, said: str
) -> None:
    if content is not None:
        (stacks / "Pulumi.contoso.yaml").write_bytes(content)
    with pytest.raises(DeclarationError) as caught:
        declared_by("contoso")
    line = str(caught.value)
    assert line.startswith("stacks/Pulumi.contoso.yaml: ")
    assert said in line
    assert "\n" not in line


def test_a_person_signs_in_to_the_portal_without_pulumi_and_nothing_else_goes_without(
    stacks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(stacks))
    monkeypatch.setenv("ZOOM_PORTAL_URL", "https://portal.test")
    assert _settings("contoso").get("ZOOM_PORTAL_URL") == "https://portal.test"
    with pytest.raises(pulumi.PulumiFailed, match="no pulumi on PATH"):
        settings_of("contoso")
