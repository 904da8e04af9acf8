"""A learner's chance of failing or leaving over time, with what is usual in the course."""

from typing import Any, Final

import pandas as pd
import plotly.graph_objects as go

from components import words
from components.figures.layout import days, figure, percents
from components.palette import BLUE, GREY

_BAND: Final = "rgba(125, 127, 126, 0.22)"


def chance_timeline(points: pd.DataFrame, *, usual: float | None) -> go.Figure:
    """Columns `day`, `value`, `low`, `high` (0 to 1), oldest first; a line at what is usual."""
    x = days(points["day"])
    hidden: dict[str, Any] = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
    traces = [
        go.Scatter(x=x, y=percents(points["high"]), **hidden),
        go.Scatter(x=x, y=percents(points["low"]), fill="tonexty", fillcolor=_BAND, **hidden),
        go.Scatter(
            x=x,
            y=percents(points["value"]),
            mode="lines+markers",
            line={"color": BLUE, "width": 2},
            marker={"size": 7},
            customdata=list(zip(percents(points["low"]), percents(points["high"]), strict=True)),
            hovertemplate="%{x|%-d %B}: %{y:.0f} %, between %{customdata[0]:.0f} "
            "and %{customdata[1]:.0f} %<extra></extra>",
        ),
    ]
    extra: dict[str, Any] = {}
    if usual is not None:
        at = usual * 100
        extra["shapes"] = [
            {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": at, "y1": at,
             "line": {"color": GREY, "width": 1.5, "dash": "dash"}}
        ]  # fmt: skip
        extra["annotations"] = [
            {"xref": "paper", "x": 0, "xanchor": "left", "y": at, "yanchor": "bottom",
             "text": "usual in this course", "showarrow": False}
        ]  # fmt: skip
    axis = {"range": [0, 104], "ticksuffix": " %"}
    return figure(traces, 240, yaxis=axis, xaxis={"tickformat": "%-d %b"}, **extra)


def chance_timeline_alt(points: pd.DataFrame, *, usual: float | None) -> str:
    """Where the chance stands and where it came from.

    >>> table = pd.DataFrame({"day": [1, 2], "value": [0.3, 0.62], "low": 0.2, "high": 0.7})
    >>> chance_timeline_alt(table, usual=0.31)
    'Chance of failing or leaving: 62 %, from 30 % at first; 31 % is usual in this course.'
    """
    if points.empty:
        return "Chance of failing or leaving: no day has been scored yet."
    first, last = (words.percent(float(points["value"].iloc[i])) for i in (0, -1))
    said = f"Chance of failing or leaving: {last}, from {first} at first"
    return (
        f"{said}." if usual is None else f"{said}; {words.percent(usual)} is usual in this course."
    )
