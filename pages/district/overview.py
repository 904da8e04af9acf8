"""District overview: the week's figures with their margins, schools compared, what changed."""

from collections.abc import Sequence

import streamlit as st

from components import amounts, words
from components.empty import empty
from components.headlines import Headline, Tone, headlines
from components.show import plain
from pages.district import matrix, paper_report, telling
from privacy import Viewer
from privacy.metrics import METRICS
from queries.district.figures import Glance, Moved, Told, week_at_a_glance


def page(viewer: Viewer) -> None:
    """Shows the overview; every figure on it is a release."""
    st.title("District overview")
    found = week_at_a_glance(viewer)
    if not found.told or found.version is None:
        empty(
            "No figures have been released yet.",
            next_step="The background worker takes the week's data and releases the overview "
            "within some minutes of loading data. 'Data' says whether it runs.",
        )
        return
    st.markdown(
        f"**{plain(viewer.district_name)}, week of {words.day(found.version, viewer.today)}.** "
        "Every figure carries noise that hides each single learner, and its margin says how much."
    )
    headlines([_card(one) for one in found.told], key="headlines")
    _changes(found)
    st.header("Schools compared")
    offered = [METRICS[name] for name in found.schools]
    metric = telling.choose(offered, key="figure", first=METRICS["mastery"])
    telling.compared(viewer, found.schools[metric.name], key="schools")
    st.header("Schools and grades")
    matrix.matrix(viewer, metric)
    st.header("Report")
    paper_report.offer(viewer, found)


def _card(one: Told) -> Headline:
    unit = one.metric.unit
    value, margin = amounts.parts(one.figure.value, unit, one.figure.noise)
    moved = one.change
    return Headline(
        title=one.metric.title,
        value=value,
        margin=margin,
        # Without an earlier week the section below says so once.
        change=""
        if moved.by is None
        else amounts.changed(moved.verdict, moved.by, moved.noise, unit),
        tone=tone(one.change.verdict, one.metric.good),
        trend=[
            (week.value, week.noise or 0.0) if week and week.value is not None else None
            for week in one.weeks
        ],
        alt=_trend(one),
        definition=one.metric.definition,
    )


def tone(verdict: str, good: str) -> Tone:
    """Whether a change is for the better.

    >>> tone("up", "up"), tone("up", "down"), tone("cannot tell", "up"), tone("up", "neither")
    ('better', 'worse', 'plain', 'plain')
    """
    if verdict == "cannot tell" or good == "neither":
        return "plain"
    return "better" if verdict == good else "worse"


def _trend(one: Told) -> str:
    known = [week.value for week in one.weeks if week and week.value is not None]
    if len(known) < 2:
        return f"{one.metric.title}: one week so far."
    unit = one.metric.unit
    return (
        f"{one.metric.title} over {len(known)} weeks: from {amounts.amount(known[0], unit)} to "
        f"{amounts.amount(known[-1], unit)}."
    )


def _changes(found: Glance) -> None:
    st.header("What changed since last week")
    if not found.compared:
        st.write("There is no earlier week to compare with yet.")
        return
    if not found.moved:
        st.write(
            f"Cannot tell: none of {found.compared} figures of schools moved by more than the "
            "noise can explain."
        )
        return
    st.markdown("\n".join(f"- {line}" for line in _moved(found.moved)))
    st.caption(
        f"{len(found.moved)} of {found.compared} figures of schools moved by more than the noise "
        "can explain. The margins are wider than elsewhere, because so many figures are compared."
    )


def _moved(moved: Sequence[Moved]) -> list[str]:
    return [
        f"**{plain(one.group)}**, {one.metric.title.lower()}: "
        + amounts.changed(
            one.change.verdict, one.change.by, one.change.noise, one.metric.unit
        ).replace(" since last week", "")
        + f" ({amounts.margin(one.change.noise, one.metric.unit)})"
        for one in moved
    ]
