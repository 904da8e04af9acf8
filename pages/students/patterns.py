"""Patterns: when, how long, from what and how fast the cohorts of one's learners learn."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

import pandas as pd
import streamlit as st

from components import figures, words
from components.empty import empty
from components.show import plain, show
from pages.students.pattern_kinds import KINDS, VELOCITY, Kind
from privacy import Viewer
from queries.exports import note_export
from queries.students.patterns import CohortReport, Pattern, cohorts_of_mine

LEAST_TO_SAY: Final = 0.03  # of a share: less is nothing to plan by, however sure


def page(viewer: Viewer) -> None:
    """Shows one cohort; her learners' own by default."""
    st.title("Patterns")
    found = cohorts_of_mine(viewer)
    if not any(one.patterns for one in found):
        empty(
            "No pattern of your learners' cohorts is known yet.",
            next_step="Patterns are made once a week, of cohorts that are large enough, from what "
            "the source records.",
        )
        return
    labels = {one.label: one for one in found}
    chosen = next(iter(labels))
    if len(labels) > 1:
        chosen = st.selectbox("Cohort", list(labels), key="cohort", bind="query-params", width=420)
    one = labels[chosen]
    st.caption(
        f"About all {one.size:,} learners of “{plain(one.label)}”, of whom "
        f"{words.plural(one.mine, 'learner is', 'learners are')} yours; over all their classes. "
        "Nothing here is about one learner, and no part of a figure about a few."
    )
    for kind in KINDS:
        _kind(viewer, kind, one)
    _velocity(viewer, one)
    _what(one)


def _kind(viewer: Viewer, kind: Kind, one: CohortReport) -> None:
    st.subheader(kind.title)
    pattern = one.patterns.get(kind.dimension)
    if pattern is None:
        st.write("The source does not record this, or too few learners have done any of it.")
        return
    table = _table(pattern)
    show(
        figures.band_shares(table, outcome=kind.outcome),
        figures.band_shares_alt(table, of=kind.of),
        table,
        key=kind.dimension,
        name=f"{kind.title} {one.label}",
        on_download=lambda: note_export(viewer, what=kind.dimension, rows=len(table)),
    )
    for sentence in _sure(kind, pattern.figures["bands"]):
        st.markdown(plain(sentence))
    if "quarters" in pattern.figures:
        low, middle, high = pattern.figures["quarters"]
        st.markdown(
            f"On a scale from 0 to 1 half of the learners lie between {low:.2f} and {high:.2f}; "
            f"the middle is {middle:.2f}."
        )
    _definition(kind.title, kind.definition, pattern.learners)


def _table(pattern: Pattern) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "band": band["label"],
                "share": band["share"],
                "outcome": band["outcome"],
                "low": band["low"],
                "high": band["high"],
                "learners": band["learners"],
            }
            for band in pattern.figures["bands"]
        ]
    )


def _sure(kind: Kind, bands: Sequence[Mapping[str, Any]]) -> list[str]:
    """Where learners fare better or worse than they themselves usually do, if that is sure."""
    known = [band for band in bands if kind.says and band["low"] is not None]
    found = []
    for band in known:
        middle = (band["low"] + band["high"]) / 2
        if (band["low"] > 0 or band["high"] < 0) and abs(middle) >= LEAST_TO_SAY:
            how = kind.how[middle < 0]
            found.append(
                f"In “{band['label']}” {kind.says} {how} than usual for the same learners, by "
                f"{abs(100 * middle):.0f} in a hundred."
            )
    if known and not found:
        found.append("In every part learners do about as well as they usually do.")
    return found


def _velocity(viewer: Viewer, one: CohortReport) -> None:
    st.subheader("Progress")
    pattern = one.patterns.get("velocity")
    if pattern is None:
        st.write("The source does not record when a section was completed.")
        return
    shares = pattern.figures["weeks"]
    last = date.fromisoformat(pattern.figures["until"]) - timedelta(days=6)
    weeks = pd.DataFrame(
        {
            "week": [last - timedelta(weeks=n) for n in range(len(shares) - 1, -1, -1)],
            "share": shares,
        }
    )
    show(
        figures.weekly_progress(weeks),
        figures.weekly_progress_alt(weeks),
        weeks,
        key="velocity",
        name=f"Progress {one.label}",
        on_download=lambda: note_export(viewer, what="velocity", rows=len(weeks)),
    )
    low, middle, high = pattern.figures["quarters"]
    st.markdown(
        f"Over the last four weeks half of the learners complete between {100 * low:.1f} and "
        f"{100 * high:.1f} % of a course a week; the middle is {100 * middle:.1f} %."
    )
    _definition("Progress", VELOCITY, pattern.learners)


def _definition(title: str, definition: str, learners: int) -> None:
    with st.popover("How this is counted", key=f"what-{title}", type="tertiary"):
        st.markdown(plain(definition))
        st.caption(f"Over about {learners:,} learners, each counting once.")


def _what(one: CohortReport) -> None:
    kinds = words.listing(
        [f"{count} values of {plain(name.replace('_', ' '))}" for name, count in
         sorted(one.diversity.items())]
    )  # fmt: skip
    with st.expander("What a cohort is, and what this does not show"):
        st.markdown(
            "Learners of one school and grade; where they are too few, of the school, or of the "
            "grade over all schools. "
            + (f"This one has {kinds}. " if kinds else "")
            + "Parts in which too few learners have done anything are joined to their neighbour. "
            "Each learner is compared with herself, so that it does not matter who works when; "
            "still nobody was assigned to an hour or a kind of content by lot."
        )
        if one.analysed_at:
            st.caption(f"Analysed {words.moment(one.analysed_at)}; once a week.")
