"""A word-sized chart of weekly values: a few dozen bytes of data, drawn as SVG in the browser."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import streamlit as st

_HERE: Final = Path(__file__).parent

_sparkline = st.components.v2.component(
    "chalkline_sparkline",
    css=":host{display:block}svg{display:block;overflow:visible}"
    "rect{fill:var(--st-text-color);opacity:.42}rect.last{fill:var(--st-primary-color);opacity:1}"
    "@media print{rect,rect.last{fill:#000}}",
    js=(_HERE / "sparkline.js").read_text(encoding="utf-8"),
)


def sparkline(values: Sequence[float], *, alt: str, key: str) -> None:
    """Draw values, oldest first, as bars with the last one in the accent; `alt` is its sentence."""
    data = {"values": [round(float(v), 2) for v in values], "alt": alt}
    # A component's key may not hold "__", which one address token in a hundred does.
    _sparkline(key=key.replace("_", "."), data=data, width=8 * max(len(values), 1))
