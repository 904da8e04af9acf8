"""A plan as it stands: what was agreed, how far it has come, its notes, and how it ends."""

from collections.abc import Callable
from datetime import timedelta

import streamlit as st

from components import words
from components.empty import empty
from components.show import plain
from pages import guard
from pages.students.helped import did_it_help
from pages.students.links import link, token
from pages.students.noting import note_form, notes_list
from privacy import NotAllowed, Viewer
from queries.plan_words import MEASURES, PLAN_OUTCOMES, TIERS, TYPES
from queries.students import planning
from queries.students.acting import NotPossible
from queries.students.colleagues import colleagues
from queries.students.plans import Plan
from queries.students.reading import notes_of_plan

NEXT = timedelta(days=28)


def show(viewer: Viewer, plan: Plan) -> None:
    """The whole plan; what can be done stands above its history."""
    st.title(f"{plan.learner}: {TYPES.get(plan.type, plan.type)}")
    link(
        "learner",
        "Open the learner's page",
        icon=":material/person:",
        learner=token(viewer, plan.learner_id),
    )
    _state(viewer, plan)
    st.markdown(f"**Goal:** {plain(plan.goal)}")
    facts = [TIERS[plan.tier], f"owned by {plan.owner}"]
    if plan.measure:
        aim = f"{MEASURES[plan.measure].lower()}"
        if plan.goal_from is not None and plan.goal_to is not None:
            aim += f" from {plan.goal_from:g} to {plan.goal_to:g}"
        facts.append(f"measured by {aim}")
    if plan.schedule:
        facts.append(plan.schedule)
    if plan.informed:
        facts.append(f"informed: {words.listing(plan.informed)}")
    st.caption(plain("; ".join(facts)))
    if plan.strategy:
        st.markdown(f"**Strategy:** {plain(plan.strategy)}")
    if plan.ended_on is None:
        _actions(viewer, plan)
    _progress(viewer, plan)
    did_it_help(viewer, plan)
    st.header("Notes")
    notes_list(viewer, notes_of_plan(viewer, plan=plan.plan_id, learner=plan.learner_id))
    note_form(viewer, learner=plan.learner_id, plan=plan.plan_id, key="plan-note")


def _state(viewer: Viewer, plan: Plan) -> None:
    began = f"Began {words.ago(plan.starts_on, viewer.today)}"
    if plan.ended_on is not None:
        st.markdown(f"{began}, ended {words.ago(plan.ended_on, viewer.today)}: **{plan.outcome}**.")
    elif plan.overdue(viewer.today):
        since = words.day(plan.review_on, viewer.today)
        st.warning(f"{began}. Its review has been due since {since}.")
    else:
        st.markdown(f"{began}; review {words.ago(plan.review_on, viewer.today)}.")


def _actions(viewer: Viewer, plan: Plan) -> None:
    chosen = ""
    with st.container(horizontal=True):
        with st.popover("Record progress", on_change="rerun", key="progress") as panel:
            if panel.open:
                last = plan.points[-1].value if plan.points else 0.0
                value = st.slider(
                    "How far is the goal reached?", 0, 100, int(last), 5, format="%d %%"
                )
                if st.button("Record", type="primary"):
                    _do(
                        lambda: planning.progress(
                            viewer,
                            plan=plan.plan_id,
                            value=value,
                            today=viewer.today,
                            now=guard.now(),
                        )
                    )
        with st.popover("Reviewed, go on", on_change="rerun", key="review") as panel:
            if panel.open:
                day = st.date_input("Next review", viewer.today + NEXT, format="DD/MM/YYYY")
                if st.button("Go on until then", type="primary"):
                    _do(
                        lambda: planning.review(
                            viewer,
                            plan=plan.plan_id,
                            review_on=day,
                            today=viewer.today,
                            now=guard.now(),
                        )
                    )
        with st.popover("Inform, pass on", on_change="rerun", key="inform") as panel:
            if panel.open:
                _people(viewer, plan)
        with st.popover("End the plan", on_change="rerun", key="end") as panel:
            if panel.open:
                st.markdown("What came of it? Goal met settles its flags; else they stand again.")
                for outcome in PLAN_OUTCOMES:
                    if st.button(outcome.capitalize(), key=f"end-{outcome}", width="stretch"):
                        chosen = outcome
    if chosen:
        _do(
            lambda: planning.end(
                viewer,
                plan=plan.plan_id,
                outcome=chosen,
                today=viewer.today,
                now=guard.now(),
            )
        )


def _people(viewer: Viewer, plan: Plan) -> None:
    people = {one.staff_id: f"{one.name}, {one.role}" for one in colleagues(viewer)}
    whom = st.multiselect(
        "Inform (they hear of whom, not what)", list(people), format_func=lambda one: people[one]
    )
    if st.button("Inform them", disabled=not whom):
        _do(lambda: planning.inform(viewer, plan=plan.plan_id, whom=whom, now=guard.now()))
    to = st.selectbox(
        "Pass the plan on to", list(people), index=None, format_func=lambda one: people[one]
    )
    if st.button("Pass it on", disabled=to is None) and to is not None:
        _do(lambda: planning.pass_on(viewer, plan=plan.plan_id, to=to, now=guard.now()))


def _do(act: Callable[[], None]) -> None:
    try:
        act()
    except (NotAllowed, NotPossible) as why:
        st.error(str(why))
        return
    st.rerun()


def _progress(viewer: Viewer, plan: Plan) -> None:
    st.header("Progress")
    if not plan.points:
        empty("Nobody has recorded progress yet.")
        return
    last = plan.points[-1]
    st.progress(
        int(last.value),
        f"{last.value:.0f} % of the way on {words.day(last.on_date, viewer.today)}",
    )
    st.markdown(
        "\n".join(
            f"- {words.day(point.on_date, viewer.today)}: {point.value:.0f} %, {plain(point.who)}"
            for point in reversed(plan.points)
        )
    )
