"""Sections and units of a course: begun, finished, timed, understood, kept, carried further."""

from typing import Final

import pandas as pd
import streamlit as st

from analytics.content.measuring import Measure, clearly_worse
from components import figures, words
from components.empty import empty
from components.show import plain, show, twin
from privacy import Viewer
from queries.exports import note_export
from queries.students.content import CourseReport
from queries.students.measured import SectionReport, units

BARS: Final = 30  # sections a figure can show and still be read
_COLUMNS: Final[dict[str, Measure]] = {
    "finished": "completion",
    "understood": "understood",
    "kept": "kept",
    "carried further": "carried",
    "gain": "gain",
    "asked for help": "help",
}


def whose(found: CourseReport) -> str:
    """The teacher's classes that a report is from: two by name, more by their number."""
    if len(found.classes) > 2:
        return f"your {len(found.classes)} classes of {plain(found.classes[0].course)}"
    return words.listing([plain(one.label) for one in found.classes])


def sections(viewer: Viewer, found: CourseReport, course: str) -> None:
    """The teacher's own classes beside the district, section by section."""
    st.subheader("In your classes")
    st.caption(f"From {whose(found)}.")
    if found.sections:
        _own(viewer, found, course)
    else:
        empty(
            f"No section of {course} has been started by {found.k} learners yet.",
            next_step="Come back when the class has worked for a week or two.",
        )
    if found.too_few:
        few = words.plural(found.too_few, "more section")
        st.caption(f"{few} left out: started by fewer than {found.k} learners.")
    if found.measured:
        _measured(viewer, found, course)


def _own(viewer: Viewer, found: CourseReport, course: str) -> None:
    table = pd.DataFrame(
        [
            {
                "unit": s.unit_title,
                "section": s.title,
                "learners": s.learners,
                "started": s.started,
                "completed": s.completed,
                "minutes": s.minutes,
                "planned minutes": s.planned_minutes,
                "understood": s.understood if s.checked >= found.k else None,
                "asked for help": s.helped,
            }
            for s in found.sections
        ]
    )
    drawn = table.loc[table["started"].nlargest(BARS).index.sort_values()]
    if len(drawn) < len(table):
        st.caption(f"Drawn are the {BARS} most opened; the table has all {len(table):,}.")
    show(
        figures.completion_bars(drawn),
        figures.completion_bars_alt(drawn),
        table,
        key="sections",
        name=f"sections {course}",
        on_download=lambda: note_export(viewer, what="sections", rows=len(table)),
    )


def _measured(viewer: Viewer, found: CourseReport, course: str) -> None:
    st.subheader("Over the district")
    timed = pd.DataFrame(
        [
            {"section": s.title, "minutes": s.minutes, "planned": s.planned}
            for s in found.measured
            if s.minutes and s.planned
        ],
        columns=["section", "minutes", "planned"],
    )
    table = pd.DataFrame([_row(one) for one in found.measured])
    if len(timed):
        show(
            figures.time_against_plan(timed.head(BARS)),
            figures.time_against_plan_alt(timed),
            table,
            key="measured",
            name=f"sections of the district {course}",
            on_download=lambda: note_export(viewer, what="measured sections", rows=len(table)),
        )
    else:
        twin(
            table,
            key="measured",
            name=f"sections of the district {course}",
            on_download=lambda: note_export(viewer, what="measured sections", rows=len(table)),
        )
    by_unit = pd.DataFrame(
        [
            {
                "unit": one.title,
                "sections": one.sections,
                "minutes": one.minutes,
                "planned minutes": one.planned,
                **{
                    column: round(one.figures[name].value, 2) if name in one.figures else None
                    for column, name in _COLUMNS.items()
                    if name != "help"
                },
            }
            for one in units(found.measured)
        ]
    )
    twin(
        by_unit,
        key="units",
        name=f"units {course}",
        label="The units as a table",
        on_download=lambda: note_export(viewer, what="units", rows=len(by_unit)),
    )
    _accommodations(found)
    with st.expander("What the columns mean"):
        st.markdown(
            "Shares from 0 to 1, each over the learners it is known of, drawn toward the course's "
            "mean as far as they are few.\n"
            "- **finished**: of those who opened it three weeks ago or earlier, completed it.\n"
            "- **understood**: share of understanding in the section's own checks.\n"
            "- **kept**: of those who knew it when first asked, share right two weeks and more "
            "later.\n"
            "- **carried further**: share right on competencies that build on it.\n"
            "- **gain**: share right beyond what the learners' earlier answers foretold.\n"
            "- **aligned**: share of its standards that are on the course's own list."
        )


def _row(one: SectionReport) -> dict[str, object]:
    return {
        "unit": one.unit_title,
        "section": one.title,
        "format": one.form,
        "learners": one.learners,
        "minutes": None if one.minutes is None else round(one.minutes, 1),
        "planned minutes": one.planned,
        **{
            column: round(one.figures[name].value, 2) if name in one.figures else None
            for column, name in _COLUMNS.items()
        },
        "aligned": one.aligned,
    }


def _accommodations(found: CourseReport) -> None:
    """Where learners with an accommodation fare differently for sure; or that nobody does."""
    compared = [
        (one, name, split) for one in found.measured for name, split in one.accessibility.items()
    ]
    st.subheader("With and without accommodations")
    if not compared:
        st.write("Too few learners with an accommodation have worked on a section to compare.")
        return
    clear = clearly_worse([split for _, _, split in compared])
    worse = [
        f"- {plain(one.title)}: {_OUTCOMES[name]} {words.percent(split.share_with)} of the time "
        f"with an accommodation, {words.percent(split.share_without)} without "
        f"({split.learners_with} and {split.learners_without} learners)"
        for one, name, split in compared
        if split in clear
    ]
    if worse:
        st.markdown("\n".join(worse))
    else:
        st.write(
            f"In none of {words.plural(len({one.title for one, _, _ in compared}), 'section')} do "
            "learners with an accommodation finish or understand less, as far as can be told."
        )


_OUTCOMES: Final = {"completion": "finished", "understood": "understood"}
