"""Figures about groups of learners: each a value with its margin, never a bar race."""

import math
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from components import words
from components.amounts import amount
from components.figures.layout import figure, safe, short, texts
from components.palette import BLUE, GREY


def dot_intervals(groups: pd.DataFrame, *, unit: str, whole: float | None = None) -> go.Figure:
    """Groups by value, the highest first: columns `group`, `value`, `low`, `high` (in `unit`).

    A line marks `whole`, the value of all together. Groups without a value are not drawn.
    """
    told = groups.dropna(subset=["value"]).sort_values(["value", "group"], ascending=[True, False])
    rows = list(range(len(told)))
    value = told["value"].astype(float)
    trace = go.Scatter(
        x=value.round(2).tolist(),
        y=rows,
        mode="markers",
        marker={"color": BLUE, "size": 11},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": (told["high"].astype(float) - value).round(2).tolist(),
            "arrayminus": (value - told["low"].astype(float)).round(2).tolist(),
            "color": BLUE,
            "thickness": 2,
            "width": 5,
        },
        customdata=list(zip(texts(told["group"]), told["low"], told["high"], strict=True)),
        hovertemplate=f"%{{customdata[0]}}: %{{x:.1f}} {safe(unit)} "
        "(between %{customdata[1]:.1f} and %{customdata[2]:.1f})<extra></extra>",
    )
    more: dict[str, Any] = {}
    axis: dict[str, Any] = {"showgrid": True}
    axis |= {"ticksuffix": " %"} if unit == "%" else {"title": {"text": safe(unit)}}
    if whole is not None and rows:
        line = {"type": "line", "yref": "paper", "y0": 0, "y1": 1, "x0": whole, "x1": whole}
        more["shapes"] = [line | {"line": {"color": GREY, "width": 1, "dash": "dash"}}]
        more["annotations"] = [
            {"x": whole, "y": 1, "yref": "paper", "yanchor": "bottom", "showarrow": False,
             "text": f"all together {amount(whole, unit)}"}
        ]  # fmt: skip
    return figure(
        [trace],
        84 + 32 * max(len(rows), 1),
        xaxis=axis,
        yaxis={
            "tickvals": rows,
            "ticktext": [short(name) for name in told["group"]],
            "showgrid": False,
            "range": [-0.7, max(len(rows), 1) - 0.3],
        },
        **more,
    )


def dot_intervals_alt(groups: pd.DataFrame, *, unit: str) -> str:
    """The highest and the lowest group, whether they surely differ, and how many are not shown."""
    told = groups.dropna(subset=["value"])
    hidden = len(groups) - len(told)
    rest = f" {words.plural(hidden, 'group')} not shown." if hidden else ""
    if told.empty:
        return f"No group can be shown.{rest}"
    in_order = told.sort_values("value")
    top, bottom = in_order.iloc[-1], in_order.iloc[0]
    if len(told) == 1:
        return f"{top['group']}: {_said(top, unit)}.{rest}"
    sure = top["low"] > bottom["high"]
    differ = "their ranges do not overlap" if sure else "their ranges overlap"
    return (
        f"From {_said(bottom, unit)} in {bottom['group']} to {_said(top, unit)} in "
        f"{top['group']}; {differ}.{rest}"
    )


def spread_bars(bands: pd.DataFrame, *, unit: str) -> go.Figure:
    """A histogram from a release: columns `band` (words), `share` (0 to 1) and `margin`."""
    trace = go.Bar(
        x=texts(bands["band"]),
        y=[round(float(share) * 100, 1) for share in bands["share"]],
        marker={"color": BLUE},
        error_y={
            "type": "data",
            "array": [round(float(margin) * 100, 1) for margin in bands["margin"]],
            "color": GREY,
            "thickness": 1.5,
        },
        hovertemplate="%{x}: %{y:.1f} % of learners<extra></extra>",
    )
    return figure(
        [trace],
        300,
        xaxis={"title": {"text": safe(unit)}},
        yaxis={"title": {"text": "% of learners"}, "rangemode": "tozero"},
    )


def spread_bars_alt(bands: pd.DataFrame) -> str:
    """The commonest band, and the share below the middle one."""
    if bands.empty:
        return "No spread can be shown."
    top = bands.sort_values("share").iloc[-1]
    lower = float(bands["share"].iloc[: math.ceil(len(bands) / 2)].sum())
    return (
        f"Most learners, {words.percent(min(float(top['share']), 1.0))}, are in {top['band']}; "
        f"{words.percent(min(lower, 1.0))} are in the lower half of the bands."
    )


def _said(row: "pd.Series[Any]", unit: str) -> str:
    return amount(float(row["value"]), unit) + (f" {unit}" if unit == "learners" else "")
