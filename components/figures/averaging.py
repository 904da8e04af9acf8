"""The figure of the averaging attack: what an attacker's mean comes to as he asks again."""

from collections.abc import Sequence
from typing import Final

import plotly.graph_objects as go

from components.figures.layout import figure
from components.palette import BLUE, GREY, VERMILION

_AT: Final = (1, 2, 3, 5, 7, 10, 14, 20, 30, 45, 70, 100, 150, 220, 320, 470, 700, 1000)


def averaging_lines(truth: int, stored: int, fresh: Sequence[float]) -> go.Figure:
    """`fresh` is the mean of the first 1, 2, ... answers; the axis of answers is logarithmic."""
    at = [n for n in _AT if n <= len(fresh)]
    ends = [at[0], at[-1]]
    return figure(
        [
            go.Scatter(
                x=ends,
                y=[truth, truth],
                mode="lines",
                name="the truth",
                line={"color": GREY, "width": 2, "dash": "dot"},
                hovertemplate="the truth: %{y}<extra></extra>",
            ),
            go.Scatter(
                x=at,
                y=[round(fresh[n - 1], 2) for n in at],
                mode="lines+markers",
                name="new noise at every answer",
                line={"color": VERMILION, "width": 2},
                marker={"size": 6, "symbol": "x"},
                hovertemplate="mean of %{x} answers: %{y:.1f}<extra></extra>",
            ),
            go.Scatter(
                x=at,
                y=[stored] * len(at),
                mode="lines+markers",
                name="Chalkline: one answer, stored",
                line={"color": BLUE, "width": 2},
                marker={"size": 6},
                hovertemplate="mean of %{x} answers: %{y}<extra></extra>",
            ),
        ],
        320,
        showlegend=True,
        margin={"t": 48},
        xaxis={
            "type": "log",
            "tickvals": [1, 10, 100, 1000],
            "title": {"text": "times asked"},
        },
        yaxis={"title": {"text": "mean of the answers"}},
    )


def averaging_alt(truth: int, stored: int, fresh: Sequence[float]) -> str:
    """
    >>> averaging_alt(47, 52, [44.0, 46.9])
    'With new noise at every answer, the mean of 2 answers is 46.9 where the truth is 47; Chalkline answers 52 every time.'
    """  # noqa: E501 - the sentence is one line
    return (
        f"With new noise at every answer, the mean of {len(fresh):,} answers is {fresh[-1]:.1f} "
        f"where the truth is {truth}; Chalkline answers {stored} every time."
    )
