"""Content: which sections and questions of a course are worth fixing first, and why."""

from collections.abc import Callable
from typing import Final

import pandas as pd
import streamlit as st

from analytics.content.measuring import CONFOUNDING
from components import figures, words
from components.empty import as_of, empty
from components.show import plain, show
from pages.students import content_questions, content_sections, content_standards
from privacy import Viewer
from queries.exports import note_export
from queries.freshness import data_as_of
from queries.students.classes import my_classes
from queries.students.content import CourseReport, worth_fixing_first
from queries.students.measured import SectionReport

MOST: Final = 5  # sections put into words; the tables hold them all
FIRST, SECTIONS, QUESTIONS, STANDARDS = "Worth fixing first", "Sections", "Questions", "Standards"
_PARTS: Final[dict[str, Callable[[Viewer, CourseReport, str], None]]] = {
    SECTIONS: content_sections.sections,
    QUESTIONS: content_questions.questions,
}


def page(viewer: Viewer) -> None:
    """Shows one course, part by part."""
    st.title("Content")
    courses = {one.course: one.course_id for one in my_classes(viewer)}
    if not courses:
        empty("You teach no class today, so there is no course to look at.")
        return
    chosen = st.selectbox("Course", list(courses), key="course", bind="query-params", width=320)
    part = st.segmented_control(
        "Part",
        [FIRST, SECTIONS, QUESTIONS, STANDARDS],
        default=FIRST,
        required=True,
        key="part",
        bind="query-params",
        label_visibility="collapsed",
    )
    if part == STANDARDS:
        content_standards.standards(viewer, courses[chosen], chosen)
    else:
        found = worth_fixing_first(viewer, course_id=courses[chosen])
        _PARTS.get(part or FIRST, _first)(viewer, found, chosen)
    as_of(data_as_of(viewer).as_of)


def _first(viewer: Viewer, found: CourseReport, course: str) -> None:
    st.caption(
        f"Over all classes of the district that take {plain(course)} this term. Nothing is said "
        f"about fewer than {found.k} learners."
    )
    if not found.measured:
        _nothing(found, course)
        return
    if not found.worth:
        st.write(_unremarkable(found))
    for rank, one in enumerate(found.worth[:MOST], start=1):
        _verdict(one, rank)
    rest = len(found.worth) - MOST
    if rest > 0:
        st.caption(f"{words.plural(rest, 'more section')} with a smaller reason: see Sections.")
    table = gains(found)
    if len(table):
        st.subheader("What learners gained")
        show(
            figures.gain_intervals(table),
            figures.gain_intervals_alt(table),
            table,
            key="gains",
            name=f"gains {course}",
            on_download=lambda: note_export(viewer, what="gains", rows=len(table)),
        )
    with st.expander("How this is measured, and what it does not show"):
        st.markdown(
            "- **Gain**: the share of answers that are right in the two weeks after a section is "
            "first asked about, beside what the same learners' earlier answers foretold. 0 is as "
            "foretold.\n"
            "- Figures are drawn toward the course's mean as far as they rest on few learners; the "
            "line is where the truth lies with 90 %. Only what lies below the course beyond that "
            "line counts.\n"
            "- **Worth fixing** adds up what counts: gain most, then understanding, completion, "
            "time, what is kept, help asked for, what builds on it."
        )
        st.markdown(plain(CONFOUNDING))


def _nothing(found: CourseReport, course: str) -> None:
    if found.sections:
        empty(
            f"How the sections of {course} teach has not been measured yet.",
            next_step="It is measured every night, once enough learners have worked on them.",
        )
        return
    empty(
        f"No section of {course} has been started by {found.k} learners yet.",
        next_step="Come back when the class has worked for a week or two.",
    )


def _unremarkable(found: CourseReport) -> str:
    if any(one.figures or one.minutes for one in found.measured):
        return "No section stands out: all work about as well as each other."
    return (
        "This data says who opened a section, but not who finished it, how long it took or what "
        "was understood. So no section can be called worth fixing."
    )


def _verdict(one: SectionReport, rank: int) -> None:
    with st.container(border=True, gap="small", key=f"section-{rank}"):
        st.markdown(f"**{rank}. {plain(one.title)}** :small[{plain(one.unit_title)}]")
        st.markdown("\n".join(f"- {plain(reason.found)}" for reason in one.reasons[:MOST]))
        st.markdown(f"**What to try:** {plain(one.reasons[0].suggestion)}.")
        more = [reason.suggestion for reason in one.reasons[1:MOST]]
        if more:
            with st.expander("More to try"):
                st.markdown("\n".join(f"- {plain(suggestion)}." for suggestion in more))


def gains(found: CourseReport) -> pd.DataFrame:
    """The sections whose learners have been asked about them, in course order."""
    rows = [
        {
            "section": one.title,
            "value": gain.value,
            "low": gain.low,
            "high": gain.high,
            "learners": gain.learners,
        }
        for one in found.measured
        if (gain := one.figures.get("gain"))
    ]
    return pd.DataFrame(rows, columns=["section", "value", "low", "high", "learners"])
