"""Documents: what is printed is tagged, whole, the same each time, and never runs what it holds."""

import io
import zipfile
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pytest

from components import documents

AT = datetime(2026, 3, 20, 12, tzinfo=UTC)
MARKUP = '#panic("run") *bold* $x$ @label <tag> \\ `raw` = not a heading'


def figures(**more: Any) -> dict[str, Any]:
    row = {"group": MARKUP, "said": "93.1", "margin": "±1.6", "learners": "about 400"}
    return {
        "title": "Figures of Lakeside",
        "subtitle": "Week of 16 March 2026",
        "foot": "Chalkline",
        "promise": MARKUP,
        "headlines": [["Attendance", "93.1 %", "±1.6", "cannot tell"]],
        "metrics": [
            {
                "title": "Attendance", "definition": "d", "unit": "%", "low": "80", "high": "100",
                "from": 80, "to": 100, "citation": "c",
                "rows": [row | {"value": 93.1, "low": 91, "high": 95},
                         row | {"value": None, "low": None, "high": None}],
            }
        ],
        "rules": [MARKUP],
        **more,
    }  # fmt: skip


def test_a_document_is_a_tagged_pdf_with_its_language_and_title() -> None:
    made = documents.pdf("figures", figures(), made_at=AT)
    assert made.startswith(b"%PDF-1.7")
    for part in (b"/StructTreeRoot", b"/Lang(en)", b"<pdfuaid:part>1</pdfuaid:part>"):
        assert part in made


def test_the_same_data_gives_the_same_bytes() -> None:
    assert documents.pdf("figures", figures(), made_at=AT) == documents.pdf(
        "figures", figures(), made_at=AT
    )


def test_text_in_the_data_is_shown_and_never_run() -> None:
    """Were it run, it would end the making of the document."""
    assert documents.pdf("figures", figures(title=MARKUP), made_at=AT)


def test_a_workbook_holds_text_that_looks_like_a_formula_as_text() -> None:
    table = pd.DataFrame({"=who": ["=1+1", "@SUM(A1)", "Ana"], "n": [1, 2.5, None]})
    made = documents.xlsx({"a/b": table}, notes=["=cite"])
    with zipfile.ZipFile(io.BytesIO(made)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        assert "<f>" not in sheet
        assert "<v>2.5</v>" in sheet
        shared = book.read("xl/sharedStrings.xml").decode()
    for text in ("=1+1", "@SUM(A1)", "=cite", "=who"):
        assert f">{text}</t>" in shared


@pytest.mark.parametrize("name", ["x" * 60, "a:b*c?d[e]f/g\\h"])
def test_any_name_can_head_a_sheet(name: str) -> None:
    assert documents.xlsx({name: pd.DataFrame({"n": [1]})})
