"""The learner page's part on risk: the chance in each class, why, and how it has moved."""

from collections.abc import Callable
from typing import Final

import pandas as pd
import streamlit as st

from components import figures, words
from components.empty import empty
from components.show import plain, show
from privacy import Viewer
from queries.exports import note_export
from queries.students.chances import Chance
from queries.students.learner import LearnerRecord

ENOUGH_TO_DRAW: Final = 3  # days
MEANING: Final = """
Of learners who stood like this one on the same day of the course, that share failed it or left it.
The first figure is the estimate, the two in brackets bound it nine times in ten. It looks at work
due and handed in, marks beside the class, activity, attendance, earlier attempts and the course
itself, and at nothing else: not at gender, origin, income, disability or learning style.

The reasons are the model's own terms, the weightiest first. "Clears" moves only what the learner
can still change. It is a chance and not a verdict: of ten learners at 60 %, four pass.
"""


def chances(viewer: Viewer, found: LearnerRecord) -> None:
    """The chances of the day the page shows, or of the last before it that was scored."""
    st.header("Chance of failing or leaving")
    if not found.chances:
        empty(
            "No chance is known yet.",
            next_step="In the first week of a class the rules speak alone; the model follows.",
        )
        return
    day = found.chances[0].as_of
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"As known on {words.day(day, viewer.today)}.", width="content")
        with st.popover("What this means", key="chance-meaning"):
            st.markdown(MEANING)
    for one in found.chances:
        if one.as_of == day:
            _one(one)
    _over_time(viewer, found)


def _one(one: Chance) -> None:
    with st.container(border=True, gap="small", key=f"chance-{one.class_id}"):
        st.markdown(f"**{plain(one.class_title)}.** {plain(one.words)}")
        if one.why:
            st.markdown("\n".join(f"- {plain(why)}" for why in one.why))
        else:
            st.markdown(
                "Nothing sets this learner apart from the middle of the class for the worse."
            )
        if one.clears:
            st.caption(plain(one.clears))


def _exported(viewer: Viewer, rows: int) -> Callable[[], None]:
    return lambda: note_export(viewer, what="learner's chance", rows=rows)


def _over_time(viewer: Viewer, found: LearnerRecord) -> None:
    """One figure a class, where there are enough days to draw."""
    for place, title in enumerate(dict.fromkeys(one.class_title for one in found.chances)):
        table = pd.DataFrame(
            [
                {"day": one.as_of, "value": one.value, "low": one.low, "high": one.high}
                for one in reversed(found.chances)
                if one.class_title == title
            ]
        )
        if len(table) < ENOUGH_TO_DRAW:
            continue
        st.subheader(f"Over time in {title}")
        usual = next(one.usual for one in found.chances if one.class_title == title)
        show(
            figures.chance_timeline(table, usual=usual),
            figures.chance_timeline_alt(table, usual=usual),
            table,
            key=f"chance-time-{place}",
            name="chance of failing or leaving",
            on_download=_exported(viewer, len(table)),
        )
