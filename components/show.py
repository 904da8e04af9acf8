"""Puts a figure on the page with its three companions: a sentence, a table twin and a download."""

import csv
import io
from collections.abc import Callable
from typing import Any, Final

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from components.table import plain_table

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_CONFIG: Final = {"displayModeBar": False, "scrollZoom": False, "doubleClick": False}


def show(
    figure: go.Figure,
    alt: str,
    table: pd.DataFrame,
    *,
    key: str,
    name: str,
    on_download: Callable[[], None] | None = None,
) -> None:
    """Draw a figure; `alt` is its sentence, `table` the very numbers it shows, `name` the file's.

    The sentence stands on the page as well as in the chart's accessible name: it is of use to
    everyone. `on_download` is called when the file is taken (for the audit).
    """
    st.plotly_chart(figure, key=f"{key}-figure", config=_CONFIG, alt=alt)
    st.caption(plain(alt))
    twin(table, key=key, name=name, on_download=on_download)


def twin(
    table: pd.DataFrame,
    *,
    key: str,
    name: str,
    label: str = "Show as a table",
    on_download: Callable[[], None] | None = None,
) -> None:
    """The table behind a figure or grid, and its download; built only while it is open."""
    with st.expander(label, key=f"{key}-twin", on_change="rerun") as expander:
        if not expander.open:
            return
        if table.empty:
            st.write("There is nothing to show yet.")
            return
        words = text_table(table)
        plain_table(
            list(words.columns), words.to_numpy().tolist(), caption=name, key=f"{key}-table"
        )
        st.download_button(
            "Download as CSV",
            to_csv(table),
            file_name=f"{name}.csv",
            mime="text/csv",
            key=f"{key}-csv",
            on_click=on_download or "ignore",
        )


def text_table(table: pd.DataFrame) -> pd.DataFrame:
    """The table as the text that is shown and written: one form for screen and file.

    >>> text_table(pd.DataFrame({"n": [1, None], "share": [0.25, 1.0]})).to_numpy().tolist()
    [['1', '0.25'], ['', '1']]
    """
    return table.map(_text).rename(columns=str)


def to_csv(table: pd.DataFrame) -> bytes:
    """The shown table as CSV that no spreadsheet will run: text that begins like a formula is
    quoted with an apostrophe, plain numbers stay numbers. UTF-8 with a mark, so Excel reads names.

    >>> print(to_csv(pd.DataFrame({"who": ["=1+1", "Ana"], "n": [-3, 4]})).decode("utf-8-sig"))
    who,n
    '=1+1,-3
    Ana,4
    <BLANKLINE>
    """
    words = text_table(table)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([harmless(str(column)) for column in words.columns])
    writer.writerows([harmless(cell) for cell in row] for row in words.to_numpy().tolist())
    return out.getvalue().encode("utf-8-sig")


def harmless(text: str) -> str:
    """A cell of text that a spreadsheet will not take for a formula; numbers are left alone.

    >>> harmless("=HYPERLINK(1)"), harmless("-0.5"), harmless("- none"), harmless("Ana")
    ("'=HYPERLINK(1)", '-0.5', "'- none", 'Ana')
    """
    # A bare carriage return is written unquoted, and what follows it would begin a row.
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    # A leading space or newline is skipped by some spreadsheets before they look for the sign.
    if not text.lstrip(" \n").startswith(_FORMULA) or _is_number(text):
        return text
    return f"'{text}"


def plain(text: str) -> str:
    r"""Text safe to hand to Streamlit's Markdown: a learner's name can not become a link or image.

    >>> print(plain("![x](http://a) 5 * 3 :red[hot] $x$ <b>"))
    \!\[x\]\(http\://a\) 5 \* 3 \:red\[hot\] \$x\$ \<b\>
    """
    return "".join(f"\\{c}" if c in _MARKS else " " if c in "\r\n" else c for c in text)


_MARKS: Final = frozenset("\\`*_{}[]()<>#+!|$:~^&")


def _text(value: Any) -> str:
    """One cell as text: nothing for a missing one, no ".0" after whole numbers."""
    if value is None or value is pd.NA or value is pd.NaT or value != value:
        return ""
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".")
    return str(value)


def _is_number(text: str) -> bool:
    """Whether a spreadsheet reads the whole cell as one plain number."""
    body = text[1:] if text[:1] in {"-", "+"} else text
    return body.replace(".", "", 1).isascii() and body.replace(".", "", 1).isdigit()
