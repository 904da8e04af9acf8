"""Figures about content: which items and sections are worth fixing, and what learners chose."""

from typing import Any, Final

import pandas as pd
import plotly.graph_objects as go

from components import words
from components.figures.layout import figure, percents, safe, short, texts
from components.palette import BLUE, GREEN, GREY, VERMILION

_LABELLED: Final = 5  # more labels than this run into each other on a laptop screen


def item_map(items: pd.DataFrame, *, weak_below: float, marked: int = _LABELLED) -> go.Figure:
    """Items by share correct and discrimination; of the `marked` weakest those carry their
    names that have room for them.

    Columns `item`, `difficulty` (share answering correctly, 0 to 1), `discrimination` (-1 to 1)
    and `learners`. `weak_below` is the discrimination under which an item deserves a look.
    """
    weak = items["discrimination"] < weak_below
    worst = _apart(items.loc[items.loc[weak, "discrimination"].nsmallest(marked).index])
    traces = []
    for mine, name, symbol, colour in (
        (~weak, "working", "circle", BLUE),
        (weak, "worth a look", "diamond", VERMILION),
    ):
        part = items[mine]
        traces.append(
            go.Scatter(
                x=percents(part["difficulty"]),
                y=part["discrimination"].round(2).tolist(),
                text=[short(item, 18) if i in worst else "" for i, item in part["item"].items()],
                customdata=list(zip(texts(part["item"]), part["learners"].tolist(), strict=True)),
                name=name,
                mode="markers+text",
                textposition="top center",
                cliponaxis=False,
                marker={"symbol": symbol, "color": colour, "size": 10, "opacity": 0.9},
                hovertemplate="%{customdata[0]}: %{x:.0f} % correct, discrimination %{y:.2f}, "
                "%{customdata[1]} learners<extra></extra>",
            )
        )
    line = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": weak_below, "y1": weak_below}
    return figure(
        traces,
        360,
        showlegend=True,
        shapes=[line | {"line": {"color": GREY, "width": 1, "dash": "dash"}}],
        xaxis={"range": [-4, 104], "ticksuffix": " %", "title": {"text": "answered correctly"}},
        yaxis={"title": {"text": "discrimination"}},
    )


def _apart(items: pd.DataFrame) -> set[Any]:
    """Those whose names do not run into the name of a weaker one, on a phone either."""
    found: list[Any] = []
    for i, x, y in zip(items.index, items["difficulty"], items["discrimination"], strict=True):
        near = items.loc[found]
        beside = ((near["difficulty"] - x).abs() < 0.34) & (
            (near["discrimination"] - y).abs() < 0.1
        )
        if not beside.any():
            found.append(i)
    return set(found)


def item_map_alt(items: pd.DataFrame, *, weak_below: float) -> str:
    """How many items fail to separate learners, and which is the weakest."""
    if items.empty:
        return "Questions: no answers yet."
    weak = items[items["discrimination"] < weak_below]
    total = words.plural(len(items), "question")
    if weak.empty:
        return f"All of {total} separate stronger from weaker learners."
    worst = weak.iloc[int(weak["discrimination"].argmin())]
    return (
        f"{len(weak)} of {total} hardly separate stronger from weaker learners; weakest is "
        f"{worst['item']} (discrimination {worst['discrimination']:.2f}, "
        f"{words.percent(float(worst['difficulty']))} correct)."
    ).replace("-0.", "−0.")


def completion_bars(sections: pd.DataFrame) -> go.Figure:
    """Sections in course order: columns `section`, `learners`, `started`, `completed` (counts).

    Where nobody has completed anything, the source does not record it: only starts are drawn.
    """
    sizes = sections["learners"].clip(lower=1)
    names = [short(name) for name in sections["section"]]
    rows = list(range(len(names)))
    counts = [
        f"{done:,} of {of:,}"
        for done, of in zip(
            sections["completed" if sections["completed"].any() else "started"],
            sections["learners"],
            strict=True,
        )
    ]
    full = texts(sections["section"])
    started = go.Bar(
        y=rows,
        x=percents(sections["started"] / sizes),
        orientation="h",
        name="started",
        marker={"color": "rgba(125, 127, 126, 0.35)", "line": {"color": GREY, "width": 1}},
        customdata=full,
        hovertemplate="%{customdata}: %{x:.0f} % started<extra></extra>",
    )
    completed = go.Bar(
        y=rows,
        x=percents(sections["completed"] / sizes),
        orientation="h",
        name="completed",
        marker={"color": BLUE},
        width=0.36,
        customdata=full,
        hovertemplate="%{customdata}: %{x:.0f} % completed<extra></extra>",
    )
    # The sample size stands in the margin, where no bar can run under it.
    sizes_column = [
        {"xref": "paper", "x": 1, "xshift": 8, "y": y, "text": text, "showarrow": False,
         "xanchor": "left"}
        for y, text in zip(rows, counts, strict=True)
    ]  # fmt: skip
    return figure(
        [started, completed] if sections["completed"].any() else [started],
        96 + 34 * len(names),
        barmode="overlay",
        showlegend=True,
        annotations=sizes_column,
        margin={"r": 8 + 8 * max((len(text) for text in counts), default=0)},
        xaxis={
            "range": [0, 100],
            "tickvals": [0, 50, 100],
            "ticktext": ["0 %", "50 %", "100 %"],
        },
        yaxis={"tickvals": rows, "ticktext": names, "autorange": "reversed", "showgrid": False},
    )


def completion_bars_alt(sections: pd.DataFrame) -> str:
    """The range of completion, and the section that loses most of those who start it."""
    if sections.empty:
        return "Sections: nothing to show yet."
    many = words.plural(len(sections), "section")
    if not sections["completed"].any():
        reach = sections["started"] / sections["learners"].clip(lower=1)
        return (
            f"{many} opened by {words.percent(float(reach.min()))} to "
            f"{words.percent(float(reach.max()))} of learners; completion is not recorded."
        )
    finished = sections[sections["completed"] > 0]  # one just begun has lost nobody yet
    share = finished["completed"] / finished["learners"].clip(lower=1)
    lost = (finished["started"] - finished["completed"]) / finished["started"].clip(lower=1)
    worst = finished.iloc[int(lost.argmax())]
    return (
        f"Completion of {words.plural(len(finished), 'section')} runs from "
        f"{words.percent(float(share.min()))} to {words.percent(float(share.max()))}; most of "
        f"those who start are lost in {worst['section']} ({worst['completed']:,} of "
        f"{worst['started']:,} finish it)."
    )


def option_counts(options: pd.DataFrame) -> go.Figure:
    """What learners chose: columns `option`, `chosen` (learners) and `correct` (the key)."""
    total = max(int(options["chosen"].sum()), 1)
    names = [
        f"✓ <b>{short(name)}</b>" if right else short(name)
        for name, right in zip(options["option"], options["correct"], strict=True)
    ]
    rows = list(range(len(names)))
    trace = go.Bar(
        y=rows,
        x=options["chosen"].tolist(),
        orientation="h",
        marker={
            "color": [GREEN if right else GREY for right in options["correct"]],
            "pattern": {"shape": ["" if right else "/" for right in options["correct"]]},
        },
        text=[f"{n:,} ({100 * n / total:.0f} %)" for n in options["chosen"]],
        textposition="outside",
        cliponaxis=False,
        customdata=[safe(name) for name in options["option"]],
        hovertemplate="%{customdata}: %{x} learners<extra></extra>",
    )
    most = max([*options["chosen"].tolist(), 1])
    return figure(
        [trace],
        60 + 36 * len(names),
        xaxis={"visible": False, "range": [0, most * 1.3]},
        yaxis={"tickvals": rows, "ticktext": names, "autorange": "reversed", "showgrid": False},
    )


def option_counts_alt(options: pd.DataFrame) -> str:
    """How many chose the key, and the commonest wrong answer."""
    total = int(options["chosen"].sum())
    if total == 0:
        return "Answers: none yet."
    right = int(options.loc[options["correct"], "chosen"].sum())
    wrong = options[~options["correct"] & (options["chosen"] > 0)]
    sentence = f"{right:,} of {words.plural(total, 'learner')} chose the correct answer"
    if wrong.empty:
        return f"{sentence}."
    top = wrong.iloc[int(wrong["chosen"].argmax())]
    return f"{sentence}; the commonest wrong one is {top['option']} ({top['chosen']:,})."
