"""The grid on a Streamlit page: it sends the table and hears which cell or header was chosen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import pandas as pd
import streamlit as st

from components.grid.model import ANSWERS, Band, Column, Row, Wording, payload
from components.palette import steps_css

_HERE: Final = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Selection:
    """What was chosen: a learner (`row`), a competency (`column`), or the cell of both."""

    row: str | None
    column: str | None

    @property
    def kind(self) -> Literal["cell", "row", "column"]:
        """Which of the three it is."""
        if self.row is None:
            return "column"
        return "row" if self.column is None else "cell"


def lean(source: str) -> str:
    """A script or style sheet without indentation and comment lines; it travels with every grid.

    >>> lean("a {\\n  // why\\n  b;\\n}")
    'a {\\nb;\\n}'
    """
    lines = (line.strip() for line in source.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith(("//", "/*")))


_grid = st.components.v2.component(
    "chalkline_grid",
    html=(_HERE / "grid.html").read_text(encoding="utf-8"),
    css=lean((_HERE / "grid.css").read_text(encoding="utf-8")) + steps_css(),
    js=lean((_HERE / "grid.js").read_text(encoding="utf-8")),
)


def _nothing() -> None:
    """Streamlit remembers a component's state only when a callback is named."""


def mastery_grid(
    rows: Sequence[Row],
    columns: Sequence[Column],
    cells: pd.DataFrame,
    *,
    key: str,
    caption: str,
    bands: Sequence[Band],
    wording: Wording = ANSWERS,
    on_select: Callable[[], None] = _nothing,
) -> Selection | None:
    """Show the grid and return what is selected, or None; `cells` as in `model.payload`.

    The selection lives in the browser, not in the data, so choosing a cell neither redraws the
    grid nor moves the keyboard's focus. Choosing it again, or Escape, clears it. An id that is
    not in this grid (a crafted message, a learner of the class shown before) selects nothing.
    """
    data = payload(rows, columns, cells, caption=caption, bands=bands, wording=wording)
    result = _grid(key=key, data=data, on_selected_change=on_select)
    return _selection(result.get("selected"), rows, columns)


def _selection(answer: object, rows: Sequence[Row], columns: Sequence[Column]) -> Selection | None:
    """The browser's answer as a selection, believed only where it names what is shown."""
    if not isinstance(answer, list) or len(answer) != 2 or answer == [None, None]:
        return None
    row, column = answer
    if row is not None and all(shown.id != row for shown in rows):
        return None
    if column is not None and all(shown.id != column for shown in columns):
        return None
    return Selection(row, column)
