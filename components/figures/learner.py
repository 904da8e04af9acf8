"""Figures about one learner: activity, mastery over time, attendance, scores beside the class."""

from datetime import timedelta
from typing import Any, Final

import pandas as pd
import plotly.graph_objects as go

from components import words
from components.figures.layout import days, figure, percents, safe, texts
from components.figures.over_time import BAND, share_over_time
from components.palette import BLUE, GREEN, GREY, OCHRE, VERMILION

# Shape and colour together, so that neither alone carries the meaning.
_ATTENDANCE: Final = {
    "present": ("square", GREEN),
    "late": ("triangle-up", OCHRE),
    "excused": ("circle-open", GREY),
    "absent": ("x", VERMILION),
}


def activity_trend(
    weeks: pd.DataFrame, *, unit: str = "active days", small: bool = False
) -> go.Figure:
    """Weekly activity, oldest first: columns `week` (its first day) and `value`."""
    last = len(weeks) - 1
    trace = go.Bar(
        x=days(weeks["week"]),
        y=weeks["value"].tolist(),
        marker={"color": [BLUE if i == last else GREY for i in range(last + 1)]},
        hovertemplate=f"week of %{{x|%-d %B}}: %{{y}} {safe(unit)}<extra></extra>",
    )
    if small:
        bare = {"visible": False}
        margin = {"l": 0, "r": 0, "t": 2, "b": 2, "pad": 0}
        return figure([trace], 56, xaxis=bare, yaxis=bare, margin=margin, bargap=0.2)
    return figure(
        [trace], 220, xaxis={"tickformat": "%-d %b"}, yaxis={"title": {"text": f"{unit} a week"}}
    )


def activity_trend_alt(weeks: pd.DataFrame, *, unit: str = "active days") -> str:
    """The trend in a sentence: the last week beside the mean of those before."""
    if len(weeks) < 2:
        return f"Weekly {unit}: not enough weeks to show a trend."
    last, before = float(weeks["value"].iloc[-1]), float(weeks["value"].iloc[:-1].mean())
    return (
        f"Weekly {unit} over {words.plural(len(weeks), 'week')}: {last:g} in the last week, "
        f"{before:.1f} a week on average before it."
    )


def mastery_timeline(points: pd.DataFrame, *, mastered_at: float) -> go.Figure:
    """Mastery of one competency over time: columns `day`, `value`, `low`, `high` (0 to 1)."""
    return share_over_time(points, 260, level=mastered_at, called="mastered", colour=GREEN)


def mastery_timeline_alt(points: pd.DataFrame, *, competency: str, mastered_at: float) -> str:
    """Where mastery stands, where it came from, and whether it is reached."""
    if points.empty:
        return f"Mastery of {competency}: no estimate yet."
    first, last = points.iloc[0], points.iloc[-1]
    reached = "at or above" if last["value"] >= mastered_at else "below"
    return (
        f"Mastery of {competency}: {words.percent(float(last['value']))} "
        f"({words.between(float(last['low']), float(last['high']))}), from "
        f"{words.percent(float(first['value']))} at the start; {reached} the "
        f"{words.percent(mastered_at)} counted as mastered."
    )


def attendance_strip(attendance: pd.DataFrame) -> go.Figure:
    """School days by week: columns `day` and `status` (present, late, excused or absent)."""
    when = pd.to_datetime(attendance["day"])
    monday = when - pd.to_timedelta(when.dt.day_of_week, unit="D")
    traces = []
    for status, (symbol, colour) in _ATTENDANCE.items():
        mine = (attendance["status"] == status).to_numpy()
        traces.append(
            go.Scatter(
                x=days(monday[mine]),
                y=when[mine].dt.day_of_week.tolist(),
                text=[f"{d.day} {d:%B}" for d in when[mine]],
                name=status,
                mode="markers",
                marker={
                    "symbol": symbol,
                    "color": colour,
                    "size": 10,
                    "line": {"width": 2, "color": colour},
                },
                hovertemplate=f"%{{text}}: {status}<extra></extra>",
            )
        )
    return figure(
        traces,
        210,
        showlegend=True,
        xaxis={"tickformat": "%-d %b"},
        yaxis={
            "tickvals": [0, 1, 2, 3, 4],
            "ticktext": ["Mon", "Tue", "Wed", "Thu", "Fri"],
            "autorange": "reversed",
            "showgrid": False,
        },
    )


def attendance_strip_alt(attendance: pd.DataFrame) -> str:
    """Days counted by status, and the last absence."""
    if attendance.empty:
        return "Attendance: no school days recorded yet."
    counts = attendance["status"].value_counts()
    parts = [f"{counts[s]} {s}" for s in _ATTENDANCE if s in counts]
    absent = attendance.loc[attendance["status"] == "absent", "day"]
    last = f"; last absent on {_long(absent.max())}" if len(absent) else ""
    over = words.plural(len(attendance), "school day")
    return f"Attendance over {over}: {words.listing(parts)}{last}."


def score_history(scores: pd.DataFrame) -> go.Figure:
    """One learner's scores over the class: columns `assessment`, `day`, `score` (0 to 1, missing
    when not handed in), `class_low`, `class_median`, `class_high` (quartiles of the class,
    missing where it may not be shown: then its band is left out).
    """
    known = scores[scores["class_median"].notna()]
    x = days(known["day"])
    hidden: dict[str, Any] = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
    median = {"color": GREY, "width": 1.5, "dash": "dot"}
    traces = [
        go.Scatter(x=x, y=percents(known["class_high"]), showlegend=False, **hidden),
        go.Scatter(
            x=x,
            y=percents(known["class_low"]),
            fill="tonexty",
            fillcolor=BAND,
            name="middle half of the class",
            **hidden,
        ),
        go.Scatter(
            x=x,
            y=percents(known["class_median"]),
            mode="lines",
            line=median,
            name="class median",
            hovertemplate="class median %{y:.0f} %<extra></extra>",
        ),
        go.Scatter(
            x=days(scores["day"]),
            y=percents(scores["score"]),
            text=texts(scores["assessment"]),
            mode="markers",
            marker={"color": BLUE, "size": 10},
            name="score",
            hovertemplate="%{text}: %{y:.0f} %<extra></extra>",
        ),
    ]
    if known.empty:
        traces = traces[-1:]
    spread = timedelta(days=4)
    at = pd.to_datetime(scores["day"])
    ends = [str(at.min() - spread), str(at.max() + spread)] if len(at) else None
    return figure(
        traces,
        280,
        showlegend=True,
        xaxis={"tickformat": "%-d %b", "range": ends},
        yaxis={"range": [0, 104], "ticksuffix": " %"},
    )


def score_history_alt(scores: pd.DataFrame) -> str:
    """The latest score beside the class median, and how many were handed in."""
    handed = scores[scores["score"].notna()]
    if handed.empty:
        return "Scores: nothing handed in yet."
    last = handed.iloc[-1]
    said = (
        f"Scores on {len(handed)} of {words.plural(len(scores), 'assessment')}: "
        f"{words.percent(float(last['score']))} on the latest, {last['assessment']}"
    )
    if pd.isna(last["class_median"]):
        return f"{said}."
    above = int((handed["score"] >= handed["class_median"]).sum())
    return (
        f"{said} (class median {words.percent(float(last['class_median']))}); "
        f"at or above the median on {above}."
    )


def _long(when: Any) -> str:
    stamp = pd.Timestamp(when)
    return f"{stamp.day} {stamp:%B %Y}"
