"""A class beside its grade: a small table on the Mastery page, of figures that tell of nobody."""

from datetime import date

import streamlit as st

from components import words
from components.table import plain_table
from privacy import Viewer
from queries.students.classes import TaughtClass
from queries.students.grade import Beside, Measure, beside

NOT_TOLD = "not shown"


def beside_your_grade(viewer: Viewer, chosen: TaughtClass) -> None:
    """An expander; what is in it is asked for when it is opened."""
    with st.expander("Beside your grade and school", key="beside", on_change="rerun") as expander:
        if not expander.open:
            return
        with st.spinner("Comparing ..."):
            found = beside(viewer, class_id=chosen.class_id)
        if found.refused:
            st.write(found.refused)
            return
        if not any(any(one.groups) for one in found.measures):
            st.write(
                "There is nothing to compare with yet: figures about other classes come with the "
                f"week's data (in a large district within an hour), and only about groups of "
                f"{found.k} learners or more."
            )
            return
        plain_table(
            ["", f"{chosen.label} (yours)", *found.groups],
            [_row(one) for one in found.measures],
            caption=f"{chosen.label} beside its grade and school",
            key="beside-table",
        )
        st.caption(_explained(found, viewer.today))


def _row(one: Measure) -> list[str]:
    own = "no data" if one.own is None else f"{one.own:.0f} %"
    others = [
        group.words if group else NOT_TOLD if asked else "–"
        for group, asked in zip(one.groups, one.asked, strict=True)
    ]
    return [one.title, own, *others]


def _explained(found: Beside, today: date) -> str:
    since = f" of the week of {words.day(found.since, today)} or later" if found.since else ""
    defined = " ".join(f"{one.title}: {one.definition}" for one in found.measures)
    return (
        f"Your class as of today; the others{since}, from figures about at least {found.k} "
        f"learners. “{NOT_TOLD.capitalize()}” means that a group is smaller, that it would give a "
        "smaller one away, or that you teach nearly all of it, or of those who changed lately; “–” "
        f"that the figure is made by subject only. {defined}"
    )
