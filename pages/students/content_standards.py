"""Standards of a course: taught and asked about, beside the course's own list."""

from uuid import UUID

import pandas as pd
import streamlit as st

from analytics.content.alignment import LEAST_QUESTIONS
from components import words
from components.empty import empty
from components.show import plain, twin
from privacy import Viewer
from queries.exports import note_export
from queries.students.standards import StandardReport, standards_of

MOST = 12  # standards named in a sentence; the table has them all


def standards(viewer: Viewer, course_id: UUID, course: str) -> None:
    """How much of the list is covered, what is missing, and all of it as a table."""
    found = standards_of(viewer, course_id=course_id)
    if not found:
        empty(f"{course} names no standards, so it can not be held against a list.")
        return
    listed = [one for one in found if one.listed]
    covered = [one for one in listed if one.said == "covered"]
    st.markdown(
        f"**{len(covered)} of {words.plural(len(listed), 'standard')}** on the list of "
        f"{plain(course)} are taught in a section and asked about in {LEAST_QUESTIONS} questions "
        "or more this term."
    )
    st.progress(len(covered) / len(listed) if listed else 0.0)
    for said in dict.fromkeys(one.said for one in found if one.said != "covered"):
        _named(said, [one for one in found if one.said == said])
    table = pd.DataFrame(
        [
            {
                "standard": one.code,
                "title": one.title,
                "sections": one.sections,
                "questions": one.questions,
                "standing": one.said,
            }
            for one in found
        ]
    )
    twin(
        table,
        key="standards",
        name=f"standards {course}",
        label="All standards as a table",
        on_download=lambda: note_export(viewer, what="standards", rows=len(table)),
    )
    st.caption(
        "The list is the one in the course's objectives, or else the standards of its grade in "
        "the frameworks it teaches."
    )


def _named(said: str, those: list[StandardReport]) -> None:
    names = "; ".join(f"{plain(one.code)} {plain(one.title)}" for one in those[:MOST])
    more = f"; and {len(those) - MOST} more" if len(those) > MOST else ""
    st.markdown(f"**{said.capitalize()} ({len(those)}):** {names}{more}")
