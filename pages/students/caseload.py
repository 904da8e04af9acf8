"""Caseload: the learners a counselor is responsible for who wait for somebody, the oldest first."""

from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from components import words
from components.cards import LearnerCard, learner_card
from components.empty import as_of, empty
from components.show import plain
from pages import guard
from pages.students.answering import answer, done_this_week, wrongs
from pages.students.choosing import one_of
from pages.students.due import due_reviews, reviews_ahead
from pages.students.links import link, open_page, token
from pages.students.several import act_on_chosen, choosing, pick_key
from privacy import Viewer, together
from queries.freshness import data_as_of
from queries.students.acting import OUTCOMES
from queries.students.caseload import (
    STATES,
    Case,
    by_name,
    likeliest_first,
    matching,
    overdue_cases,
)
from queries.students.handled import handled_this_week
from queries.students.notes import Note
from queries.students.reasons import name_of, urgency

A_PAGE = 15
ORDERS = LONGEST, LIKELIEST = "Longest waiting first", "Highest chance of failing first"
STATE_WORDS = {
    "referred": "Referred to me",
    "open": "Not answered yet",
    "acknowledged": "Acknowledged by a teacher",
    "in_plan": "In a plan",
    "snoozed": "Snoozed",
}


def page(viewer: Viewer) -> None:
    """Shows the open cases a few at a time; filters and place stand in the address."""
    st.title("Caseload")
    seen = guard.now()
    with together(viewer):
        found = overdue_cases(viewer, today=viewer.today)
        handled = handled_this_week(viewer, now=seen)
        due = reviews_ahead(viewer)
    if found.covering:
        st.info(
            f"You cover for {plain(words.listing(found.covering))} today: "
            "that caseload is in this list."
        )
    done_this_week(viewer, handled)
    due_reviews(viewer, due)
    if not found.learners:
        empty(
            "Nobody is on your caseload today.",
            next_step="Caseloads are assigned by whoever keeps your school's staff list.",
        )
        return
    with st.container(horizontal=True):
        school = one_of("School", found.schools, key="school", everything="All schools")
        rules = {name_of(rule): rule for rule in found.rules}
        rule = one_of("Why", list(rules), key="why", everything="All reasons")
        states = {STATE_WORDS[state]: state for state in STATES}
        state = one_of("State", list(states), key="state", everything="All that wait")
        order = st.selectbox("Order", ORDERS, key="order", bind="query-params", width=320)
    cases = matching(
        found.cases,
        school=school,
        rule=rules[rule] if rule else None,
        state=states[state] if state else None,
    )
    if order == LIKELIEST:
        cases = likeliest_first(cases)
    st.caption(
        f"{words.plural(len(cases), 'learner')} of {found.learners} on your caseload, "
        "the standing flags of each in one place."
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        cases, below = _cut(cases, found.capacity)
        first = _place(len(cases))
    if not cases:
        empty("No case waits here.", next_step="Choose other filters to see the rest.")
    here = by_name(viewer, cases[first : first + A_PAGE])
    if len(here) > 1 and choosing():
        _choose(viewer, here, first, seen=seen)
    else:
        for rank, case in enumerate(here, start=first + 1):
            _case(viewer, case, rank)
    if below:
        st.caption(
            f"Below your limit of {found.capacity} open cases "
            f"{'waits' if below == 1 else 'wait'} {words.plural(below, 'more learner')}. "
            "You set the limit on “My week”."
        )
    with st.container(horizontal=True):
        link("concern", "Raise a flag", icon=":material/add_alert:")
        link("meeting", "Meeting mode", icon=":material/groups:")
    as_of(data_as_of(viewer).as_of)


def _cut(cases: list[Case], capacity: int) -> tuple[list[Case], int]:
    """The list down to what can be acted on, and how many wait below; all of it on demand."""
    if len(cases) <= capacity:
        return cases, 0
    if st.toggle("Show those below my limit too", key="all", bind="query-params"):
        return cases, 0
    return cases[:capacity], len(cases) - capacity


def _place(cases: int) -> int:
    """Where the shown part of a long list begins."""
    pages = -(-cases // A_PAGE)
    if pages < 2:
        return 0
    options = [f"{i * A_PAGE + 1} to {min(cases, (i + 1) * A_PAGE)}" for i in range(pages)]
    chosen = st.selectbox("Show", options, key="show", bind="query-params", width=160)
    return options.index(chosen) * A_PAGE


def _case(viewer: Viewer, case: Case, rank: int) -> None:
    card = _in_words(viewer, case, rank)
    chosen = learner_card(
        card,
        wrongs=wrongs(case.reasons),
        today=viewer.today,
        acknowledge="Take on",
        refer=False,
        outcomes=OUTCOMES,
    )
    if chosen is None:
        return
    if chosen.kind == "open":
        open_page("learner", learner=card.flag)
    answer(viewer, chosen, case.reasons, learner=case.learner_id)


def _choose(viewer: Viewer, cases: Sequence[Case], first: int, *, seen: datetime) -> None:
    """The same cards with a checkbox each, and what may be done to all that are ticked.

    Flags in a plan stay with it: it ends with an outcome, and not by the way.
    """
    shown, chosen = [], {}
    for rank, case in enumerate(cases, start=first + 1):
        flags = [
            reason.flag_id
            for reason, state in zip(case.reasons, case.states, strict=True)
            if state != "in_plan"
        ]
        if not flags:
            _case(viewer, case, rank)
            continue
        card = _in_words(viewer, case, rank)
        shown.append(pick_key(card.flag, flags))
        done = learner_card(card, wrongs={}, today=viewer.today, pick=shown[-1])
        if done and done.kind == "open":
            open_page("learner", learner=card.flag)
        if done:
            chosen[case.learner_id] = flags
    act_on_chosen(viewer, shown, chosen, seen=seen, acknowledge="Take on")


def _in_words(viewer: Viewer, case: Case, rank: int) -> LearnerCard:
    grade = f"grade {case.grade_level}" if case.grade_level is not None else ""
    flags = zip(case.reasons, case.states, strict=True)
    return LearnerCard(
        flag=token(viewer, case.learner_id),
        rank=rank,
        name=case.name,
        class_name=", ".join(
            part for part in (case.school, grade, _standing(viewer, case)) if part
        ),
        severity=urgency(max(reason.severity for reason in case.reasons)),
        reasons=[
            *(_reason(viewer, reason.text, state, reason.class_title) for reason, state in flags),
            *(_note(viewer, note) for note in case.notes),
        ],
        clears=[reason.clears for reason in case.reasons],
        next_step="",
        chance=case.chance.words if case.chance else "",
    )


def _note(viewer: Viewer, note: Note) -> str:
    day = words.day(note.written_at.date(), viewer.today)
    private = " (restricted)" if note.restricted else ""
    return f"{note.author} wrote on {day}{private}: {note.text}"


def _standing(viewer: Viewer, case: Case) -> str:
    waits = f"waiting {words.since(case.since, viewer.today)}"
    return f"{waits}, taken on by you" if case.taken_on else waits


def _reason(viewer: Viewer, text: str, state: str, class_title: str) -> str:
    where = f"{class_title}: " if class_title else ""
    said = "" if state == "open" else f" ({STATE_WORDS[state].lower()})"
    return f"{where}{text}{said}"
