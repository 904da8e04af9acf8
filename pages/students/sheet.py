"""The conference sheet: a learner on one or two pages of paper, without any restricted note."""

from collections.abc import Sequence
from typing import Any, Final

import pandas as pd
import streamlit as st

from analytics.mastery import DEVELOPING, MASTERED, STRUGGLING
from components import documents, words
from components.show import plain
from pages import guard
from privacy import Viewer
from queries.exports import note_export
from queries.plan_words import TYPES
from queries.students.beside import Beside
from queries.students.learner import LearnerRecord
from queries.students.plans import Plan

MOST: Final = 8  # of strengths and of gaps: a meeting talks of a few
MOST_WORK: Final = 12
MOST_NOTES: Final = 5
_WORK: Final = ("assessment", "class_title", "day", "state", "score")


def offer(viewer: Viewer, found: LearnerRecord, beside: Sequence[Beside], mind: str) -> None:
    """Two clicks to the paper: make it, take it."""
    with st.popover("Conference sheet", icon=":material/print:", on_change="rerun") as panel:
        if not panel.open:
            return
        st.write("One or two pages for a meeting, without restricted notes.")
        made = documents.pdf("sheet", sheet(viewer, found, beside, mind), made_at=guard.now())
        st.download_button(
            "Download (PDF)",
            made,
            file_name="conference sheet.pdf",  # a name in a file's name travels further than paper
            mime="application/pdf",
            on_click=lambda: note_export(viewer, what="conference sheet", rows=1),
        )


def sheet(
    viewer: Viewer, found: LearnerRecord, beside: Sequence[Beside], mind: str
) -> dict[str, Any]:
    """The sheet's data as its template takes it."""
    today = words.day(viewer.today, viewer.today)
    grade = f"grade {found.grade_level}" if found.grade_level is not None else ""
    classes = words.listing([one.title for one in found.classes])
    invented = " Everybody here is invented." if viewer.generated else ""
    return {
        "title": found.name,
        "subtitle": " · ".join(one for one in (found.school, grade, classes, today) if one),
        "foot": f"For the meeting of {today} only. {viewer.district_name}.{invented}",
        "mind": mind,
        "strengths": [f"{one.code} {one.title}" for one in found.mastery if one.label == MASTERED][
            :MOST
        ],
        "gaps": _gaps(found),
        "flags": [_flag(flag.reason.name, flag.reason.text) for flag in found.flags if flag.alive],
        "beside": [_compared(one) for one in beside if one.hers is not None],
        "work": _work(found, viewer),
        "more-work": _more(found),
        "plans": [_plan(plan, viewer) for plan in found.plans],
        "notes": [
            f"{note.author}, {words.day(note.written_at.date(), viewer.today)}: {note.text}"
            for note in found.notes
            if not note.restricted
        ][:MOST_NOTES],
        "source": f"From Chalkline, as of {today}; printed by {viewer.name} ({viewer.role}). "
        "Mastery is an estimate from answers; ask the learner too.",
    }


def _gaps(found: LearnerRecord) -> list[str]:
    weak = [one for one in found.mastery if one.label == STRUGGLING]
    weak += [one for one in found.mastery if one.label == DEVELOPING and one.blocked_by]
    return [
        f"{one.code} {one.title}: about {words.percent(one.value)} right"
        + (f"; {one.blocked_by} comes first" if one.blocked_by else "")
        for one in weak[:MOST]
    ]


def _flag(name: str, text: str) -> str:
    return f"{name}: {text}"


def _compared(one: Beside) -> list[str]:
    if one.low is None or one.high is None:
        middle = "too few others"
    elif one.low == one.high:
        middle = f"{one.low:g}"
    else:
        middle = f"{one.low:g} to {one.high:g}"
    return [f"{one.class_title}: {one.measure}", f"{one.hers:g}", middle]


def _work(found: LearnerRecord, viewer: Viewer) -> list[list[str]]:
    latest = found.scores.tail(MOST_WORK).iloc[::-1]
    rows = zip(*(latest[name] for name in _WORK), strict=True)
    return [
        [
            f"{assessment} ({title})",
            words.day(day, viewer.today) if pd.notna(day) else "",
            state if pd.isna(score) else words.percent(float(score)),
        ]
        for assessment, title, day, state, score in rows
    ]


def _more(found: LearnerRecord) -> str:
    more = len(found.scores) - MOST_WORK
    return f"And {words.plural(more, 'earlier piece')} of work." if more > 0 else ""


def _plan(plan: Plan, viewer: Viewer) -> str:
    kind = TYPES.get(plan.type, plan.type)
    if plan.ended_on is not None:
        when = f"ended {words.ago(plan.ended_on, viewer.today)}: {plan.outcome}"
    else:
        when = f"review {words.ago(plan.review_on, viewer.today)}"
    reached = f"; {plan.points[-1].value:.0f} % of the way" if plan.points else ""
    return f"{kind}, {plan.owner}: {plan.goal} ({when}{reached})"


def said(found: Beside) -> str:
    """One comparison as a line of Markdown, without the class."""
    _, hers, middle = _compared(found)
    return f"- {plain(found.measure.capitalize())}: **{hers}** (middle half of the class: {middle})"
