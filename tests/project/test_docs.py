"""What the documentation says holds: generated files, links, commands and lists."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from fleet.__main__ import main
from services.permissions import as_markdown
from tenant import clicks
from tests.engine_zoom import observed

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("engine/*.md")])


def test_the_permissions_page_is_that_of_the_code() -> None:
    assert (ROOT / "docs/permissions.md").read_text() == as_markdown(), "run `make docs`"


def test_the_page_of_clicks_is_that_of_the_catalogue() -> None:
    assert (ROOT / "docs/clicks.md").read_text() == clicks.as_markdown(), "run `make docs`"


def test_the_table_of_channels_has_a_row_for_each_and_no_other() -> None:
    """What is in the rows is compared where it is observed, on the real engine."""
    assert list(observed.committed()) == observed.all_rows(), "run `make docs`"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
        if not link.startswith("https://"):
            assert (page.parent / link).exists(), f"{link} in {page.name}"


def test_every_decision_is_listed() -> None:
    index = (ROOT / "docs/decisions/README.md").read_text()
    for record in ROOT.glob("docs/decisions/0*.md"):
        assert f"]({record.name})" in index


def test_every_command_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    for name in main.commands:
        assert re.search(rf"fleet [a-z| ]*{name}|{name}`", readme), name


def test_every_command_explains_itself() -> None:
    for name in main.commands:
        result = CliRunner().invoke(main, [name, "--help"])
        assert result.exit_code == 0
        assert len(result.output.splitlines()) > 3


def test_the_makefile_explains_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text()
    phony = set(re.findall(r"^\.PHONY: (.+)$", makefile, re.MULTILINE))
    explained = set(re.findall(r"^([a-z-]+):[^#\n]*## ", makefile, re.MULTILINE))
    assert phony == explained


def test_no_stack_here_is_bound_to_a_passphrase() -> None:
    for file in ROOT.glob("stacks/*.yaml"):
        assert "encryptionsalt" not in file.read_text(), file.name


def test_pins_have_hashes_and_name_no_index() -> None:
    for file in ROOT.glob("requirements/*.txt"):
        text = file.read_text()
        assert "--hash=sha256:" in text
        assert not re.search(r"https?://|--index|--find-links|--extra", text), file.name
