"""How a share moves over days: a line inside the band in which it surely lies, beside one level."""

from typing import Any, Final

import pandas as pd
import plotly.graph_objects as go

from components.figures.layout import days, figure, percents
from components.palette import BLUE

BAND: Final = "rgba(125, 127, 126, 0.22)"


def share_over_time(
    points: pd.DataFrame, height: int, *, level: float | None, called: str, colour: str
) -> go.Figure:
    """Columns `day`, `value`, `low`, `high` (0 to 1), oldest first; a dashed line at `level`."""
    x = days(points["day"])
    low, high = percents(points["low"]), percents(points["high"])
    hidden: dict[str, Any] = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
    traces = [
        go.Scatter(x=x, y=high, **hidden),
        go.Scatter(x=x, y=low, fill="tonexty", fillcolor=BAND, **hidden),
        go.Scatter(
            x=x,
            y=percents(points["value"]),
            mode="lines+markers",
            line={"color": BLUE, "width": 2},
            marker={"size": 7},
            customdata=list(zip(low, high, strict=True)),
            hovertemplate="%{x|%-d %B}: %{y:.0f} %, between %{customdata[0]:.0f} "
            "and %{customdata[1]:.0f} %<extra></extra>",
        ),
    ]
    axes: dict[str, Any] = {
        "yaxis": {"range": [0, 104], "ticksuffix": " %"},
        "xaxis": {"tickformat": "%-d %b"},
    }
    if level is None:
        return figure(traces, height, **axes)
    at = level * 100
    across = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": at, "y1": at}
    # At the end of the line, on the side of the level where the line is not.
    ends_above = len(points) > 0 and float(points["value"].iloc[-1]) >= level
    side = "top" if ends_above else "bottom"
    note = {"xref": "paper", "x": 1, "xanchor": "right", "y": at, "yanchor": side}
    return figure(
        traces,
        height,
        **axes,
        shapes=[across | {"line": {"color": colour, "width": 1.5, "dash": "dash"}}],
        annotations=[note | {"text": called, "showarrow": False}],
    )
