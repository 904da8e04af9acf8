"""A learner's chance of failing or leaving over time, with what is usual in the course."""

import pandas as pd
import plotly.graph_objects as go

from components import words
from components.figures.over_time import share_over_time
from components.palette import GREY


def chance_timeline(points: pd.DataFrame, *, usual: float | None) -> go.Figure:
    """Columns `day`, `value`, `low`, `high` (0 to 1), oldest first; a line at what is usual."""
    return share_over_time(points, 240, level=usual, called="usual in this course", colour=GREY)


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
