"""What the documents say is checked against what there is."""

import re
from dataclasses import fields
from pathlib import Path

import pytest
from typer.testing import CliRunner

from db.settings import Settings
from manage import command_line

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", document.read_text(encoding="utf-8"))
    gone = [link for link in links if "://" not in link and not (document.parent / link).exists()]
    assert gone == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_test_that_is_named_exists(document: Path) -> None:
    written = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").glob("*.py"))
    named = set(re.findall(r"\btest_[a-z0-9_]+\b(?!\.py)", document.read_text(encoding="utf-8")))
    files = {path.stem for path in (ROOT / "tests").glob("test_*.py")}
    assert [name for name in named - files if f"def {name}(" not in written] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_that_is_named_exists(document: Path) -> None:
    named = set(
        re.findall(
            r"manage\.py ((?:[a-z-]+)"
            r"(?: (?:oulad|list|add|disable|reset|status|rotate|verify|fit))?)",
            document.read_text(),
        )
    )
    for command in named:
        result = CliRunner().invoke(command_line(), [*command.split(), "--help"])
        assert result.exit_code == 0, command


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {
        target
        for document in DOCUMENTS
        for target in re.findall(r"(?:^|`)make ([a-z-]+)", document.read_text(), re.MULTILINE)
    }
    assert named - targets == set()


def test_the_operators_page_lists_every_setting() -> None:
    modules = ("settings.py", "database_urls.py")
    read = "".join((ROOT / "db" / name).read_text(encoding="utf-8") for name in modules)
    variables = set(
        re.findall(
            r'"((?:CHALKLINE_[A-Z_]+)|PORT|DATABASE_URL|DATABASE_OWNER_URL|PG_BINDIR)"', read
        )
    )
    listed = set(
        re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / "docs" / "operator.md").read_text(), re.MULTILINE)
    )
    assert listed == variables
    assert len(fields(Settings)) == len(variables)
