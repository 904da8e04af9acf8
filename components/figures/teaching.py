"""Figures about how content teaches: sections beside their course, and a question's answers."""

from typing import Final

import pandas as pd
import plotly.graph_objects as go

from components import words
from components.figures.layout import figure, safe, short, texts
from components.palette import BLUE, GREEN, GREY, VERMILION

_ROW: Final = 30  # pixels
# Hatching, so that the two groups differ without colour too.
_GROUPS: Final = (("upper", "strongest quarter", BLUE, ""), ("lower", "weakest quarter", GREY, "/"))


def gain_intervals(sections: pd.DataFrame) -> go.Figure:
    """Sections in course order with what learners gained: columns `section`, `value`, `low`, `high`
    (shares; 0 is what was foretold), `learners`. Filled diamonds lie below 0 for sure."""
    rows = list(range(len(sections)))
    traces = []
    for mine, name, symbol, colour in (
        (~(sections["high"] < 0), "as foretold or better", "circle", BLUE),
        (sections["high"] < 0, "less than foretold", "diamond", VERMILION),
    ):
        part = sections[mine]
        points = (100 * part["value"]).round(1)
        traces.append(
            go.Scatter(
                x=points.tolist(),
                y=[row for row, there in zip(rows, mine, strict=True) if there],
                error_x={
                    "type": "data",
                    "array": (100 * (part["high"] - part["value"])).round(1).tolist(),
                    "arrayminus": (100 * (part["value"] - part["low"])).round(1).tolist(),
                    "color": colour,
                    "thickness": 2,
                    "width": 0,
                },
                mode="markers",
                name=name,
                marker={"symbol": symbol, "color": colour, "size": 10},
                customdata=list(
                    zip(texts(part["section"]), part["learners"].tolist(), strict=True)
                ),
                hovertemplate="%{customdata[0]}: %{x:+.0f} in a hundred answers, "
                "%{customdata[1]} learners<extra></extra>",
            )
        )
    zero = {"type": "line", "yref": "paper", "y0": 0, "y1": 1, "x0": 0, "x1": 0}
    return figure(
        traces,
        110 + _ROW * len(rows),
        showlegend=True,
        shapes=[zero | {"line": {"color": GREY, "width": 1, "dash": "dash"}}],
        xaxis={"title": {"text": "fewer or more right, of 100 answers"}},
        yaxis={
            "tickvals": rows,
            "ticktext": [short(name, 30) for name in sections["section"]],
            "range": [len(rows) - 0.4, -0.6],
            "showgrid": False,
        },
    )


def gain_intervals_alt(sections: pd.DataFrame) -> str:
    """How many sections lie below what was foretold, and which lies lowest."""
    if sections.empty:
        return "What learners gained: not enough answers yet."
    below = sections[sections["high"] < 0]
    many = words.plural(len(sections), "section")
    if below.empty:
        return f"After none of {many} are fewer answers right than foretold."
    worst = below.iloc[int(below["value"].argmin())]
    return (
        f"After {len(below)} of {many} fewer answers are right than foretold; fewest after "
        f"{worst['section']} ({100 * worst['value']:+.0f} in a hundred, between "
        f"{100 * worst['low']:+.0f} and {100 * worst['high']:+.0f})."
    ).replace("-", "−")


def time_against_plan(sections: pd.DataFrame) -> go.Figure:
    """Typical minutes beside planned ones: columns `section`, `minutes`, `planned`."""
    rows = list(range(len(sections)))
    full = texts(sections["section"])
    taken = go.Bar(
        y=rows,
        x=sections["minutes"].round().tolist(),
        orientation="h",
        name="taken, typically",
        marker={"color": BLUE},
        width=0.5,
        customdata=full,
        hovertemplate="%{customdata}: %{x:.0f} minutes<extra></extra>",
    )
    planned = go.Scatter(
        y=rows,
        x=sections["planned"].tolist(),
        mode="markers",
        name="planned",
        marker={"symbol": "line-ns-open", "size": 18, "color": VERMILION, "line": {"width": 3}},
        customdata=full,
        hovertemplate="%{customdata}: %{x:.0f} minutes planned<extra></extra>",
    )
    return figure(
        [taken, planned],
        100 + _ROW * len(rows),
        showlegend=True,
        xaxis={"title": {"text": "minutes"}, "rangemode": "tozero"},
        yaxis={
            "tickvals": rows,
            "ticktext": [short(name, 30) for name in sections["section"]],
            "range": [len(rows) - 0.4, -0.6],
            "showgrid": False,
        },
    )


def time_against_plan_alt(sections: pd.DataFrame) -> str:
    """The section that runs furthest over its plan."""
    known = sections.dropna(subset=["minutes", "planned"])
    if known.empty:
        return "Time: nothing is recorded yet."
    over = known["minutes"] / known["planned"]
    worst = known.iloc[int(over.argmax())]
    longer = int((over > 1.25).sum())
    return (
        f"{longer or 'None'} of {words.plural(len(known), 'section')} take more than a quarter "
        f"longer than planned; longest beside its plan is {worst['section']} "
        f"({worst['minutes']:.0f} minutes for {worst['planned']:.0f})."
    )


def options_by_group(options: pd.DataFrame) -> go.Figure:
    """What the strongest and the weakest chose: columns `option`, `correct`, `upper`, `lower`
    (shares)."""
    rows = list(range(len(options)))
    names = [
        f"✓ <b>{short(name)}</b>" if right else short(name)
        for name, right in zip(options["option"], options["correct"], strict=True)
    ]
    traces = [
        go.Bar(
            y=rows,
            x=(100 * options[column]).round().tolist(),
            orientation="h",
            name=name,
            marker={
                "color": [
                    GREEN if right and column == "upper" else colour for right in options["correct"]
                ],
                "pattern": {"shape": shape},
            },
            text=[f"{100 * share:.0f} %" for share in options[column]],
            textposition="outside",
            cliponaxis=False,
            customdata=[safe(name) for name in options["option"]],
            hovertemplate="%{customdata}: %{x:.0f} % of the " + name + "<extra></extra>",
        )
        for column, name, colour, shape in _GROUPS
    ]
    return figure(
        traces,
        90 + 52 * len(rows),
        showlegend=True,
        barmode="group",
        bargap=0.3,
        xaxis={"visible": False, "range": [0, 118]},
        yaxis={
            "tickvals": rows,
            "ticktext": names,
            "range": [len(rows) - 0.5, -0.5],
            "showgrid": False,
        },
    )


def options_by_group_alt(options: pd.DataFrame) -> str:
    """How the two groups fare with the key, and what draws the weakest."""
    known = options.dropna(subset=["upper", "lower"])
    right = known[known["correct"]]
    if right.empty:
        return "Answers by strength: not enough learners yet."
    key = right.iloc[0]
    sentence = (
        f"Of the strongest quarter {words.percent(float(key['upper']))} choose the right answer, "
        f"of the weakest {words.percent(float(key['lower']))}"
    )
    wrong = known[~known["correct"] & (known["lower"] > 0)]
    if wrong.empty:
        return f"{sentence}."
    lure = wrong.iloc[int(wrong["lower"].argmax())]
    return (
        f"{sentence}; most of the weakest who miss it choose {lure['option']} "
        f"({words.percent(float(lure['lower']))})."
    )
