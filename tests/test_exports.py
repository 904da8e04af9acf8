"""Every file that leaves the application is noted: no page offers one without saying so."""

import ast
from pathlib import Path

import pytest

PAGES = Path(__file__).parent.parent / "pages"
OFFERS = {"twin", "download_button"}  # components.show.twin, and Streamlit's own


def silent(source: str) -> list[int]:
    """The lines that offer a file and do not say what happens when it is taken."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", getattr(node.func, "id", "")) in OFFERS
        and not {keyword.arg for keyword in node.keywords} & {"on_download", "on_click"}
    ]


@pytest.mark.parametrize("page", sorted(PAGES.rglob("*.py")), ids=lambda path: path.stem)
def test_no_page_offers_a_file_without_noting_it(page: Path) -> None:
    assert silent(page.read_text(encoding="utf-8")) == []


def test_the_check_finds_what_it_is_for() -> None:
    assert silent("twin(table, key='x')\nst.download_button('x', on_click=note)\n") == [1]
