"""The lower parts of the learner page: how her time went, and what was done."""

from collections.abc import Callable
from typing import Final

import pandas as pd
import streamlit as st

from components import figures, words
from components.show import plain, show
from pages.students.answering import SAID
from privacy import Viewer
from queries.exports import note_export
from queries.students.history import PastFlag
from queries.students.learner import LearnerRecord

STATES: Final = {
    "open": "nobody has answered it yet",
    "acknowledged": "acknowledged",
    "snoozed": "snoozed",
    "referred": "referred to the counselor",
    "in_plan": "part of a plan",
    "resolved": "resolved",
    "dismissed": "marked as wrong",
}


def timeline(viewer: Viewer, found: LearnerRecord) -> None:
    """Activity, attendance and work over the weeks that are shown."""
    st.header("Timeline")
    st.subheader("Activity")
    show(
        figures.activity_trend(found.weeks),
        figures.activity_trend_alt(found.weeks),
        found.weeks,
        key="weeks",
        name="activity",
        on_download=_exported(viewer, "activity", found.weeks),
    )
    if len(found.attendance):
        st.subheader("Attendance")
        show(
            figures.attendance_strip(found.attendance),
            figures.attendance_strip_alt(found.attendance),
            found.attendance,
            key="attendance",
            name="attendance",
            on_download=_exported(viewer, "attendance", found.attendance),
        )
    for place, (title, part) in enumerate(found.scores.groupby("class_title", sort=True)):
        st.subheader(f"Work in {title}")
        missing = part.loc[part["state"] == "missing", "assessment"]
        if len(missing):
            st.markdown(f"**Missing:** {plain(', '.join(missing))}.")
        dated = part.dropna(subset=["day"]).reset_index(drop=True)
        show(
            figures.score_history(dated),
            figures.score_history_alt(dated),
            part.drop(columns="class_title"),
            key=f"work-{place}",
            name="work",
            on_download=_exported(viewer, "work", part),
        )


def history(viewer: Viewer, found: LearnerRecord) -> None:
    """Notes and flags, with what was done about each."""
    if found.notes:
        st.header("Notes")
        for note in found.notes:
            day = words.day(note.written_at.date(), viewer.today)
            st.markdown(f"**{plain(note.author)}, {day}:** {plain(note.text)}")
    if not found.flags:
        return
    st.header("Flags so far")
    for flag in found.flags:
        st.markdown("\n".join([f"- **{_flag(flag, viewer)}**", *_steps(flag, viewer)]))


def _flag(flag: PastFlag, viewer: Viewer) -> str:
    raised = words.day(flag.reason.raised_on, viewer.today)
    if flag.closed_on is None:
        return f"{flag.reason.name}, since {raised}"
    closed = words.day(flag.closed_on, viewer.today)
    why = f" ({plain(flag.outcome)})" if flag.outcome else ""
    return f"{flag.reason.name}, {raised} to {closed}: {STATES[flag.state]}{why}"


def _steps(flag: PastFlag, viewer: Viewer) -> list[str]:
    lines = []
    for step in flag.steps:
        who = f" by {plain(step.who)}" if step.who else ""
        until = f" until {words.day(step.until, viewer.today)}" if step.until else ""
        why = f": {plain(step.reason)}" if step.reason else ""
        day = words.day(step.at.date(), viewer.today)
        lines.append(f"  - {day}: {SAID.get(step.action, step.action)}{who}{until}{why}")
    return lines


def _exported(viewer: Viewer, what: str, table: pd.DataFrame) -> Callable[[], None]:
    return lambda: note_export(viewer, what=f"learner's {what}", rows=len(table))
