"""Meeting: a team goes through its learners one at a time, by keyboard, with a projector."""

from datetime import timedelta
from typing import Final
from uuid import UUID

import streamlit as st

from components import words
from components.empty import empty
from components.show import plain
from pages import guard
from pages.students.links import link, token
from pages.students.noting import notes_list
from privacy import NotAllowed, Viewer
from queries.plan_words import DECISIONS, TYPES
from queries.students import meeting
from queries.students.acting import OUTCOMES, NotPossible
from queries.students.meeting import Talk

A_MEETING: Final = timedelta(hours=12)
LEADS_TO: Final = {"start a plan": "plan", "contact home": "message"}
KEYS: Final = (
    "Alt+N next, Alt+P back, arrows choose a decision, Tab goes on to the note, Ctrl+Enter keeps "
    "note and decision and goes on."
)


def page(viewer: Viewer) -> None:
    """The place in the list stands in the address; names can be hidden from the wall."""
    people = meeting.agenda(viewer, today=viewer.today)
    st.title("Meeting")
    if not people:
        empty("Nobody on your caseload waits for a review or an answer.")
        return
    st.session_state.setdefault("place", 0)
    place = min(st.session_state["place"], len(people))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Back", shortcut="Alt+P", on_click=_go, args=(place - 1,), disabled=place == 0)
        st.button(
            "Next", shortcut="Alt+N", on_click=_go, args=(place + 1,), disabled=place == len(people)
        )
        hidden = st.toggle("Hide names", key="hide", bind="query-params")
        if place < len(people):
            st.markdown(f"**{place + 1} of {len(people)}**")
    if place == len(people):
        _end(viewer)
    else:
        _talk(viewer, people[place], place, named=not hidden)
    st.caption(KEYS)


def _go(place: int) -> None:
    st.session_state["place"] = max(0, place)


def _talk(viewer: Viewer, learner: UUID, place: int, *, named: bool) -> None:
    found = meeting.talk_about(viewer, learner=learner, today=viewer.today, named=named)
    if found is None:
        empty("This learner is no longer on your caseload.", next_step="Go on to the next one.")
        return
    st.header(plain(found.name) if named else f"Learner {place + 1}")
    left, right = st.columns([3, 2])
    with left:
        _known(viewer, found)
    with right:
        _decision(viewer, found, place)


def _known(viewer: Viewer, found: Talk) -> None:
    for reason in found.reasons:
        where = f"{plain(reason.class_title)}: " if reason.class_title else ""
        st.markdown(f"- {where}{plain(reason.text)} :small[:gray[{plain(reason.clears)}]]")
    for plan in found.plans:
        last = f"{plan.points[-1].value:.0f} % of the way" if plan.points else "no progress yet"
        late = " :red-badge[▲ Review overdue]" if plan.overdue(viewer.today) else ""
        st.markdown(
            f"**{plain(TYPES.get(plan.type, plan.type))}**: {plain(plan.goal)}{late}  \n"
            f":small[{last}; review {words.ago(plan.review_on, viewer.today)}; {plain(plan.owner)}]"
        )
    if not found.reasons and not found.plans:
        st.write("No flag stands and no plan runs.")
    if found.notes:
        notes_list(viewer, found.notes)


def _decision(viewer: Viewer, found: Talk, place: int) -> None:
    with st.form(f"decision-{place}"):
        decision = st.radio(
            "Decision", DECISIONS, index=None, format_func=lambda one: one.capitalize()
        )
        text = st.text_area("Note", max_chars=2000, height=96)
        outcome = st.selectbox(
            "If the case is closed: what came of it",
            list(OUTCOMES),
            index=None,
            format_func=lambda one: OUTCOMES[one],
            placeholder="Only when closing",
        )
        if not st.form_submit_button("Keep, next", shortcut="Ctrl+Enter"):
            return
    try:
        meeting.decide(
            viewer,
            learner=found.learner_id,
            decision=decision,
            text=text,
            outcome=outcome,
            today=viewer.today,
            now=guard.now(),
        )
    except (NotAllowed, NotPossible) as why:
        st.error(str(why))
        return
    _go(place + 1)
    st.rerun()


def _end(viewer: Viewer) -> None:
    """What was decided, and where it leads; names again, since this is for afterwards."""
    st.header("That was everybody")
    decided = meeting.decided_today(viewer, since=guard.now() - A_MEETING)
    if not decided:
        st.write("Nothing has been decided yet. Go back to decide.")
        return
    if st.session_state.get("hide"):
        st.write(f"{words.plural(len(decided), 'decision')} kept. Show names to go on with them.")
        return
    for one in decided:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain(one.name)}**: {one.decision}", width="content")
            if one.decision in LEADS_TO:
                address = LEADS_TO[one.decision]
                link(address, "Do it now", learner=token(viewer, one.learner_id))
