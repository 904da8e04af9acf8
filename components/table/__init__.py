"""A plain table that scrolls in its own frame and can be reached and read without a mouse.

Streamlit's `st.table` fails WCAG here: when it is wide its frame scrolls but takes no focus (axe
`scrollable-region-focusable`). It also reads its cells as Markdown; this one reads them as text.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import streamlit as st

_HERE: Final = Path(__file__).parent

_table = st.components.v2.component(
    "chalkline_table",
    css=(_HERE / "table.css").read_text(encoding="utf-8"),
    js=(_HERE / "table.js").read_text(encoding="utf-8"),
)


def plain_table(
    head: Sequence[str], rows: Sequence[Sequence[str]], *, caption: str, key: str
) -> None:
    """Show text as it is; the first column heads its row, and columns of numbers align right."""
    data = {"head": list(head), "rows": [list(row) for row in rows], "caption": caption}
    # A component's key may not hold "__", which one address token in a hundred does.
    _table(key=key.replace("_", "."), data=data)
