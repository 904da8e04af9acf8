"""Documents on paper: a template of ours and data become a tagged PDF; sheets become an XLSX.

Data reaches a template as JSON and is shown as text: a name made of markup stays a name. Nothing is
fetched and nothing is written to disk; the fonts are those that typst brings.
"""

import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import orjson
import pandas as pd
import typst
import xlsxwriter

_HERE: Final = Path(__file__).parent
_LONGEST_SHEET: Final = 31  # characters of a sheet's name in XLSX
_FORBIDDEN: Final = str.maketrans(dict.fromkeys("[]:*?/\\", " "))


def pdf(template: str, data: Mapping[str, Any], *, made_at: datetime) -> bytes:
    """The template `<template>.typ` of this folder, filled with JSON-ready data, as PDF/UA-1.

    A template begins with `#import "house.typ": *` and `#show: house`, which bring the data and
    what all documents have in common. The same data and moment give the same bytes.
    """
    return typst.compile(
        _HERE / f"{template}.typ",
        format="pdf",
        root=_HERE,
        ignore_system_fonts=True,
        sys_inputs={"data": orjson.dumps(data).decode()},
        pdf_standards=["ua-1"],
        timestamp=int(made_at.astimezone(UTC).timestamp()),
    )


def xlsx(sheets: Mapping[str, pd.DataFrame], *, notes: Sequence[str] = ()) -> bytes:
    """Tables as sheets of one workbook, each followed by the notes. Text is never a formula.

    >>> xlsx({"a": pd.DataFrame({"n": [1]})})[:2]
    b'PK'
    """
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as book:
        bold = book.add_format({"bold": True})
        for name, table in sheets.items():
            sheet = book.add_worksheet(name.translate(_FORBIDDEN)[:_LONGEST_SHEET])
            for column, heading in enumerate(table.columns):
                sheet.write_string(0, column, str(heading), bold)
                for row, value in enumerate(table.iloc[:, column], start=1):
                    _cell(sheet, row, column, value)
            sheet.autofit(360)
            for place, note in enumerate(notes):
                sheet.write_string(len(table) + 2 + place, 0, note)
    return out.getvalue()


def _cell(sheet: Any, row: int, column: int, value: Any) -> None:
    """One cell: a number as a number, nothing for a missing one, all else as text."""
    if value is None or value is pd.NA or value != value:
        return
    if isinstance(value, bool) or not isinstance(value, int | float):
        sheet.write_string(row, column, str(value))
    else:
        sheet.write_number(row, column, value)
