"""A plan's measure before and after its start, beside the mean of learners alike."""

from datetime import date

import pandas as pd
import plotly.graph_objects as go

from components.figures.layout import days, figure, safe
from components.palette import BLUE, GREY


def before_after(weeks: pd.DataFrame, *, start: date, unit: str) -> go.Figure:
    """Columns `week` (its Monday), `own` and `alike`; gaps are kept as gaps."""
    x = days(weeks["week"])
    traces = [
        go.Scatter(
            x=x,
            y=[None if pd.isna(value) else float(value) for value in weeks[column]],
            name=name,
            mode="lines+markers",
            line={"color": colour, "width": 2, "dash": dash},
            marker={"size": 7, "symbol": symbol},
            hovertemplate="week of %{x|%-d %B}: %{y:.1f}<extra></extra>",
        )
        for column, name, colour, dash, symbol in (
            ("alike", "mean of learners alike", GREY, "dash", "square"),
            ("own", "this learner", BLUE, "solid", "circle"),
        )
        if weeks[column].notna().any()
    ]
    began = start.isoformat()
    line = {"type": "line", "yref": "paper", "y0": 0, "y1": 1, "x0": began, "x1": began}
    note = {"x": began, "yref": "paper", "y": 1, "yanchor": "bottom", "showarrow": False}
    return figure(
        traces,
        300,
        xaxis={"tickformat": "%-d %b"},
        yaxis={"title": {"text": safe(unit)}},
        shapes=[line | {"line": {"color": GREY, "dash": "dot"}}],
        annotations=[note | {"text": "plan begins", "xanchor": "left"}],
        showlegend=True,
        legend={"y": -0.15, "yanchor": "top"},
        margin={"t": 36},
    )


def before_after_alt(before: float, after: float, without: float | None, *, unit: str) -> str:
    """The picture in a sentence.

    >>> before_after_alt(3.1, 4.0, 0.1, unit="Days active a week")
    'Days active a week: 3.1 before the plan, 4 since; learners alike changed by +0.1 meanwhile.'
    """
    said = f"{unit}: {before:.3g} before the plan, {after:.3g} since"
    if without is None:
        return f"{said}."
    return f"{said}; learners alike changed by {without:+.2g} meanwhile."
