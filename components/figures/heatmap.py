"""The mastery heatmap as a still picture for print; on the screen the grid takes its place."""

import pandas as pd
import plotly.graph_objects as go

from components import words
from components.figures.layout import figure, short
from components.palette import STEPS_PRINT


def print_heatmap(table: pd.DataFrame) -> go.Figure:
    """A wide table of percent (first column names, as `grid_table` makes it) on paper, in black.

    Cells without enough evidence stay white and carry a question mark.
    """
    names = [short(name, 28) for name in table.iloc[:, 0]]
    values = table.iloc[:, 1:]
    z = [[None if pd.isna(v) else float(v) for v in row] for row in values.to_numpy()]
    scale = [[i / (len(STEPS_PRINT) - 1), colour] for i, colour in enumerate(STEPS_PRINT)]
    trace = go.Heatmap(
        z=z,
        x=list(range(values.shape[1])),
        y=list(range(len(names))),
        text=[["?" if v is None else f"{v:.0f}" for v in row] for row in z],
        texttemplate="%{text}",
        textfont={"color": "#000000", "size": 10},
        colorscale=scale,
        zmin=0,
        zmax=100,
        showscale=False,
        xgap=1,
        ygap=1,
        hoverinfo="skip",
    )
    black = {"tickfont": {"color": "#000000", "size": 10}, "showgrid": False}
    return figure(
        [trace],
        120 + 20 * len(names),
        paper_bgcolor="#ffffff",
        plot_bgcolor="#ffffff",
        xaxis=black
        | {
            "side": "top",
            "tickangle": -90,
            "tickvals": list(range(values.shape[1])),
            "ticktext": [short(code, 20) for code in values.columns],
        },
        yaxis=black
        | {"autorange": "reversed", "tickvals": list(range(len(names))), "ticktext": names},
    )


def print_heatmap_alt(table: pd.DataFrame) -> str:
    """The size of the map and the column with the lowest mean."""
    values = table.iloc[:, 1:].astype("Float64")
    size = f"{words.plural(len(table), 'learner')} by {words.plural(values.shape[1], 'column')}"
    means = values.mean().dropna()
    if means.empty:
        return f"Mastery of {size}: not enough evidence yet."
    return (
        f"Mastery of {size}; lowest on average is {means.idxmin()} "
        f"({words.percent(float(means.min()) / 100)})."
    )
