"""What every figure has in common: a transparent ground, quiet axes, readable type, no tricks."""

import html
from collections.abc import Iterable
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from components.palette import HUES

# A middle tone that reads on paper and on slate; the colour of text is set in components/sheets.py.
_RULE = "rgba(125, 127, 126, 0.28)"


def layout(height: int, **more: Any) -> dict[str, Any]:
    """Plotly layout settings shared by all figures; `more` overrides them key by key."""
    axis = {
        "fixedrange": True,
        "zeroline": False,
        "showline": False,
        "gridcolor": _RULE,
        "automargin": True,
        "title": {"standoff": 8},
    }
    base: dict[str, Any] = {
        "height": height,
        "margin": {"l": 8, "r": 12, "t": 28, "b": 8, "pad": 4},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "colorway": list(HUES),
        "font": {"size": 13},
        "dragmode": False,
        "hovermode": "closest",
        "hoverlabel": {"align": "left"},
        "bargap": 0.35,
        "showlegend": False,
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        "xaxis": axis | {"showgrid": False},
        "yaxis": axis,
    }
    return _over(base, more)


def _over(base: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """Both, where they meet what `more` says, down to the last key."""
    both = dict(base)
    for key, value in more.items():
        known = base.get(key)
        meet = isinstance(known, dict) and isinstance(value, dict)
        both[key] = _over(known, value) if meet and known is not None else value
    return both


def figure(traces: Iterable[Any], height: int, **more: Any) -> go.Figure:
    """A figure in the shared layout. Plotly's own check of every property is left to the tests."""
    return go.Figure(data=list(traces), layout=layout(height, **more))


def safe(text: object) -> str:
    """Text that Plotly shows as it is; unescaped it would read a name as markup, links included.

    >>> safe("<a href='x'>Ana & Ben</a>")
    "&lt;a href='x'&gt;Ana &amp; Ben&lt;/a&gt;"
    """
    return html.escape(str(text), quote=False)


def texts(column: pd.Series) -> list[str]:
    """A column of words, safe to draw."""
    return [safe(value) for value in column]


def days(column: pd.Series) -> list[str]:
    """A column of dates in the form Plotly reads without guessing a zone."""
    return [pd.Timestamp(value).strftime("%Y-%m-%d") for value in column]


def percents(column: pd.Series) -> list[float | None]:
    """A column of shares (0 to 1) in percent, one decimal, gaps kept as gaps."""
    return [None if pd.isna(value) else round(float(value) * 100, 1) for value in column]


def short(text: object, most: int = 34) -> str:
    """A label cut at a word where it would push the figure off a phone; safe to draw.

    >>> short("Ratios and proportional relationships, part two", 24)
    'Ratios and proportional…'
    """
    words = str(text)
    if len(words) <= most:
        return safe(words)
    cut = words[: most - 1]
    head = cut.rsplit(" ", 1)[0] if " " in cut and words[most - 1] != " " else cut
    return safe(head.rstrip(" ,;:")) + "…"
