"""Figures about how a cohort learns: shares of what it does, and how fast it gets on."""

import pandas as pd
import plotly.graph_objects as go

from components import words
from components.figures.layout import days, figure, percents, safe, short
from components.palette import BLUE, GREY


def band_shares(bands: pd.DataFrame, *, outcome: str = "") -> go.Figure:
    """Shares of the bands of one thing: columns `band`, `share`, `outcome` (or None), `learners`.

    `outcome` names what the outcome is, e.g. "right"; it stands behind the bar.
    """
    rows = list(range(len(bands)))
    said = [
        f"{words.percent(float(share))}"
        + ("" if not outcome or pd.isna(value) else f" · {100 * value:.0f} % {outcome}")
        for share, value in zip(bands["share"], bands["outcome"], strict=True)
    ]
    trace = go.Bar(
        y=rows,
        x=percents(bands["share"]),
        orientation="h",
        marker={"color": BLUE},
        text=said,
        textposition="outside",
        cliponaxis=False,
        customdata=[
            f"{safe(name)}, about {n} learners"
            for name, n in zip(bands["band"], bands["learners"], strict=True)
        ],
        hovertemplate="%{customdata}: %{x:.0f} %<extra></extra>",
    )
    most = max([*(value or 0 for value in percents(bands["share"])), 1])
    return figure(
        [trace],
        28 + 34 * len(rows),
        margin={"t": 4},
        xaxis={"visible": False, "range": [0, most * (2.3 if outcome else 1.3)]},
        yaxis={
            "tickvals": rows,
            "ticktext": [short(name, 36).replace(" or ", "<br>or ") for name in bands["band"]],
            "range": [len(rows) - 0.4, -0.6],
            "showgrid": False,
        },
    )


def band_shares_alt(bands: pd.DataFrame, *, of: str) -> str:
    """The commonest band of what `of` names, e.g. "learning time"."""
    if bands.empty:
        return f"{of.capitalize()}: not enough learners yet."
    most = bands.iloc[int(bands["share"].argmax())]
    return f"Largest part of {of}: {most['band']}, with {words.percent(float(most['share']))}."


def weekly_progress(weeks: pd.DataFrame) -> go.Figure:
    """Share of the course completed a week: columns `week` (its first day) and `share`."""
    line = go.Scatter(
        x=days(weeks["week"]),
        y=percents(weeks["share"]),
        mode="lines+markers",
        line={"color": BLUE, "width": 2},
        marker={"size": 7},
        cliponaxis=False,
        hovertemplate="week of %{x}: %{y:.1f} % of the course<extra></extra>",
    )
    mean = 100 * float(weeks["share"].mean()) if len(weeks) else 0.0
    rule = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": mean, "y1": mean}
    return figure(
        [line],
        260,
        shapes=[rule | {"line": {"color": GREY, "width": 1, "dash": "dash"}}],
        xaxis={"type": "date", "tickformat": "%-d %b", "tickvals": days(weeks["week"])[::2]},
        margin={"t": 8},
        yaxis={"ticksuffix": " %", "rangemode": "tozero", "title": {"text": "of the course"}},
    )


def weekly_progress_alt(weeks: pd.DataFrame) -> str:
    """The mean of the weeks and the last of them."""
    if weeks.empty:
        return "Progress a week: not enough learners yet."
    mean, last = float(weeks["share"].mean()), float(weeks["share"].iloc[-1])
    return (
        f"On average {100 * mean:.1f} % of the course is completed a week; in the last week "
        f"{100 * last:.1f} %."
    )
