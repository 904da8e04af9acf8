"""The lower parts of the learner page: what she can do, how her time went, what was done."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

import pandas as pd
import streamlit as st

from analytics.mastery import DEVELOPING, MASTERED, NOT_ENOUGH, STRUGGLING
from components import figures, words
from components.show import plain, show, twin
from components.table import plain_table
from pages.students.answering import SAID
from pages.students.meaning import meaning
from privacy import Viewer
from queries.exports import note_export
from queries.students.history import PastFlag
from queries.students.learner import LearnerRecord
from queries.students.proposed import DEFINITIONS
from queries.students.strengths import Standing

STATES: Final = {
    "open": "nobody has answered it yet",
    "acknowledged": "acknowledged",
    "snoozed": "snoozed",
    "referred": "referred to the counselor",
    "in_plan": "part of a plan",
    "resolved": "resolved",
    "dismissed": "marked as wrong",
}
LEVELS: Final = ("remember", "understand", "apply", "analyze", "evaluate", "create")
_TITLES: Final = {
    MASTERED: "Mastered",
    DEVELOPING: "On the way",
    STRUGGLING: "Struggling",
    NOT_ENOUGH: "Too few answers to say",
}


def next_steps(found: LearnerRecord) -> None:
    """What stands proposed, one a class; why is one click away."""
    if not found.proposed:
        return
    st.header("Next step")
    titles = {one.class_id: one.title for one in found.classes}
    for place, one in enumerate(found.proposed):
        where = titles.get(one.class_id) if one.class_id else None
        named = f"**{plain(where)}.** " if where else ""
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"{named}{plain(one.step)}", width="stretch")
            with st.popover("Why this step", type="tertiary", key=f"why-{place}"):
                st.markdown("\n".join(f"- {plain(said)}" for said in (*one.why, *DEFINITIONS)))


def mastery(viewer: Viewer, found: LearnerRecord) -> None:
    """Strengths first."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header("Strengths and gaps", width="stretch")
        meaning()
    if not found.mastery:
        st.write("No answers on any competency yet.")
        return
    for label, title in _TITLES.items():
        part = [one for one in found.mastery if one.label == label]
        if not part:
            continue
        if label == STRUGGLING:  # the few that need doing something about are said in full
            st.markdown(f"**{title} ({len(part)}):**")
            st.markdown("\n".join(f"- {_standing(one)}" for one in part))
        else:
            listed = "; ".join(f"{plain(one.code)} {plain(one.title)}" for one in part)
            st.markdown(f"**{title} ({len(part)}):** {listed}.")
    st.markdown(_levels(found.mastery))
    table = pd.DataFrame(
        [
            {
                "competency": one.code,
                "title": one.title,
                "state": _TITLES[one.label].lower(),
                "expected right": None if one.label == NOT_ENOUGH else one.value,
                "low": None if one.label == NOT_ENOUGH else one.low,
                "high": None if one.label == NOT_ENOUGH else one.high,
                "answers": one.answers,
                "comes first": one.blocked_by,
                "highest level shown": one.level,
                "mastered on": one.mastered_at.date() if one.mastered_at else None,
                "minutes to mastery": None if one.minutes is None else round(one.minutes),
            }
            for one in found.mastery
        ]
    )
    twin(table, key="mastery", name="mastery", on_download=_exported(viewer, "mastery", table))


def answered(viewer: Viewer, found: LearnerRecord) -> None:
    """What was answered by an earlier day, counted and not judged."""
    st.header("Answers by then")
    table = pd.DataFrame(
        [
            {
                "competency": one.code,
                "title": one.title,
                "answers": one.answers,
                "right": words.percent(min(max(one.share, 0.0), 1.0)),
            }
            for one in found.answered
        ]
    )
    if table.empty:
        st.write("None.")
        return
    plain_table(
        list(table.columns),
        table.astype(str).to_numpy().tolist(),
        caption="Answers by competency",
        key="answered",
    )


def _levels(standings: Sequence[Standing]) -> str:
    """Mastery by level of thinking: the highest at which each mastered competency was shown."""
    counts = Counter(one.level for one in standings if one.label == MASTERED and one.level)
    if not counts:
        return "No level of thinking is shown yet in what is mastered."
    listed = words.listing([f"{level} {counts[level]}" for level in LEVELS if counts[level]])
    return f"**Mastered, by the highest level of thinking shown:** {listed}."


def _standing(one: Standing) -> str:
    what = f"{plain(one.code)} {plain(one.title)}"
    answers = words.plural(one.answers, "answer")
    said = f"{what}: {words.percent(one.value)} ({answers}, {words.between(one.low, one.high)})"
    return f"{said}; {plain(one.blocked_by)} comes first" if one.blocked_by else said


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
