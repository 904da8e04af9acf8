"""Today: who needs me this week, why, what clears it, and what to do next."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import streamlit as st

from components import words
from components.cards import (
    LearnerCard,
    ReteachCard,
    headline,
    learner_card,
    learner_row,
    overflow_line,
    reteach_card,
)
from components.empty import as_of, empty
from pages import guard
from pages.students.answering import answer, done_this_week, wrongs
from pages.students.choosing import some_classes
from pages.students.due import due_reviews, reviews_ahead
from pages.students.links import link, open_page, token
from pages.students.several import act_on_chosen, choosing, pick_key
from privacy import Viewer, together
from queries.freshness import data_as_of
from queries.students.acting import OUTCOMES
from queries.students.classes import TaughtClass, my_classes
from queries.students.handled import handled_this_week
from queries.students.notices import ClassNotice
from queries.students.reasons import urgency
from queries.students.today import LearnerInNeed, struggling_learners

LOOK_EVERY = timedelta(seconds=5)
REST = 400  # more than any teacher's list below the cut


def page(viewer: Viewer) -> None:
    """Shows the list; the newest state comes by itself."""
    st.title("Today")
    classes = some_classes(my_classes(viewer))
    if not classes:
        empty(
            "You teach no class today.",
            next_step="Classes come from your school's timetable. Ask whoever keeps it.",
        )
        return
    ids, seen = [one.class_id for one in classes], guard.now()
    with together(viewer):
        fresh = data_as_of(viewer, classes=ids)
        found = struggling_learners(viewer, classes=classes, today=viewer.today, now=seen)
        handled = handled_this_week(viewer, now=seen)
        due = reviews_ahead(viewer)
    done_this_week(viewer, handled)
    due_reviews(viewer, due)
    headline([urgency(one.severity) for one in found.learners], hidden=found.left_out)
    for notice in found.notices:
        _notice(viewer, notice)
    if len(found.learners) > 1 and choosing():
        _choose(viewer, found.learners, seen=seen)
    else:
        for rank, one in enumerate(found.learners, start=1):
            _card(viewer, one, rank)
    if not found.learners:
        empty(
            "Nobody needs you urgently this week: no flag is waiting in "
            f"{words.plural(len(classes), 'class', 'classes')}.",
            next_step="New work and answers are looked at as they come in.",
        )
    _rest(viewer, classes, shown=len(found.learners), left_out=found.left_out)
    link("concern", "Raise a flag yourself", icon=":material/add_alert:")
    as_of(fresh.as_of)
    _watch(viewer, ids, fresh.changed_at, since=guard.now())


@st.fragment(run_every=LOOK_EVERY)
def _watch(
    viewer: Viewer, classes: Sequence[UUID], changed_at: datetime | None, *, since: datetime
) -> None:
    """Runs the page again when the state of these classes has changed, and only then."""
    if guard.now() - since < LOOK_EVERY / 2:  # the page has just been made
        return
    if data_as_of(guard.guard(viewer), classes=classes).changed_at != changed_at:
        st.rerun(scope="app")


def _notice(viewer: Viewer, notice: ClassNotice) -> None:
    chosen = reteach_card(
        ReteachCard(
            token(viewer, notice.notice_id, kind="notice"),
            notice.class_label,
            f"{notice.code} {notice.title}",
            f"{notice.struggling} of {notice.learners} learners struggle with it.",
            notice.names,
            "Teach it again to everybody, then ask three short questions to see who has it.",
        )
    )
    if chosen:
        open_page("mastery", **{"class": notice.class_label})


def _card(viewer: Viewer, one: LearnerInNeed, rank: int) -> None:
    card = _in_words(viewer, one, rank)
    chosen = learner_card(card, wrongs=wrongs(one.reasons), today=viewer.today, outcomes=OUTCOMES)
    if chosen is None:
        return
    if chosen.kind == "open":
        open_page("learner", learner=card.flag)
    answer(viewer, chosen, one.reasons, learner=one.learner_id)


def _choose(viewer: Viewer, learners: Sequence[LearnerInNeed], *, seen: datetime) -> None:
    """The same cards with a checkbox each, and what may be done to all that are ticked."""
    shown, chosen = [], {}
    for rank, one in enumerate(learners, start=1):
        card = _in_words(viewer, one, rank)
        shown.append(pick_key(card.flag, one.flags))
        done = learner_card(card, wrongs={}, today=viewer.today, pick=shown[-1])
        if done and done.kind == "open":
            open_page("learner", learner=card.flag)
        if done:
            chosen[one.learner_id] = one.flags
    act_on_chosen(viewer, shown, chosen, seen=seen)


def _rest(viewer: Viewer, classes: Sequence[TaughtClass], *, shown: int, left_out: int) -> None:
    """Those below the cut: a number, and on demand a line each."""
    overflow_line(left_out, shown)
    if not left_out:
        return
    with st.expander("Show the rest", key="rest", on_change="rerun") as rest:
        if not rest.open:
            return
        more = struggling_learners(
            viewer,
            classes=classes,
            today=viewer.today,
            now=guard.now(),
            first=shown,
            most=REST,
        )
        for rank, one in enumerate(more.learners, start=shown + 1):
            card = _in_words(viewer, one, rank)
            if learner_row(card):
                open_page("learner", learner=card.flag)


def _in_words(viewer: Viewer, one: LearnerInNeed, rank: int) -> LearnerCard:
    several = len(one.class_labels) > 1
    weeks = one.weekly_clicks
    return LearnerCard(
        flag=token(viewer, one.learner_id),
        rank=rank,
        name=one.name,
        class_name=" · ".join(one.class_labels),
        severity=urgency(one.severity),
        reasons=[
            f"{r.class_title}: {r.text}" if several and r.class_title else r.text
            for r in one.reasons
        ],
        clears=[r.clears for r in one.reasons],
        next_step=one.next_step,
        why=one.why,
        chance=one.chance.words if one.chance else "",
        weeks=weeks,
        weeks_alt=f"Activity a week over {len(weeks)} weeks: {weeks[-1]} actions in the last, "
        f"{max(weeks)} in the busiest."
        if weeks
        else "",
    )
