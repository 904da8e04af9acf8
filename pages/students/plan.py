"""Plan: starts a plan for a learner from her flags, or shows one with all that came of it."""

from datetime import timedelta
from uuid import UUID

import streamlit as st

from components.show import plain
from pages import guard
from pages.students import plan_record
from pages.students.links import learner_of, link_to_list, open_page, opened, token
from privacy import NotAllowed, Viewer
from privacy.tokens import TokenError
from queries.plan_words import MEASURES, TIERS, TYPES, PlanTemplate, first_for
from queries.students import planning
from queries.students.acting import NotPossible
from queries.students.colleagues import colleagues
from queries.students.learner import NOT_YOURS
from queries.students.planning import NewPlan
from queries.students.plans import the_plan
from queries.students.standing import Waiting, waiting
from queries.students.templates import plan_templates


def page(viewer: Viewer) -> None:
    """The form for the learner in the address, or the plan in it."""
    try:
        if address := st.query_params.get("plan", ""):
            plan_record.show(viewer, the_plan(viewer, plan=opened(viewer, address, kind="plan")))
        elif address := st.query_params.get("learner", ""):
            _form(viewer, learner_of(viewer, address))
        else:
            st.title("Plan")
            st.write("Open a plan from its learner, or start one from a flag: More, Start a plan.")
            link_to_list(viewer)
    except (NotAllowed, TokenError) as why:
        st.title("Plan")
        st.error(str(why))


def _form(viewer: Viewer, learner: UUID) -> None:
    found = waiting(viewer, learner=learner, today=viewer.today)
    if found is None:
        raise NotAllowed(NOT_YOURS)
    st.title(f"Plan for {found.name}")
    for reason in found.reasons:
        st.markdown(f"- {plain(reason.text)}")
    templates = plan_templates(viewer, learner=learner)
    first = first_for([reason.rule for reason in found.reasons], templates)
    place = st.selectbox(
        "Start from",
        range(len(templates)),
        index=first,
        format_func=lambda one: templates[one].name,
        key="template",
        width=400,
    )
    new = _fields(viewer, templates[place], place)
    if new is None:
        return
    flags = [reason.flag_id for reason in found.reasons]
    _start(viewer, found, new, flags)


def _fields(viewer: Viewer, template: PlanTemplate, place: int) -> NewPlan | None:
    """The form, filled from the template; None until it is sent."""
    people = {one.staff_id: f"{one.name}, {one.role}" for one in colleagues(viewer)}
    kinds, measures = list(TYPES), [None, *MEASURES]
    with st.form(f"plan-{place}"):
        goal = st.text_area("Goal, in terms that can be counted", template.goal, height=68)
        left, middle, right = st.columns(3)
        starts_on = left.date_input("Starts on", viewer.today, format="DD/MM/YYYY")
        # Given through the state, since a default that was emptied would come back unsaid.
        proposed = viewer.today + timedelta(days=template.review_days)
        st.session_state.setdefault(f"review-{place}", proposed)
        review_on = middle.date_input(
            "Review on (required)", None, format="DD/MM/YYYY", key=f"review-{place}"
        )
        tier = right.selectbox(
            "Tier", list(TIERS), index=template.tier - 1, format_func=lambda one: TIERS[one]
        )
        with st.expander("Kind, measure, strategy and whom to inform"):
            a, b = st.columns(2)
            kind = a.selectbox(
                "Kind",
                kinds,
                index=kinds.index(template.type) if template.type in kinds else len(kinds) - 1,
                format_func=lambda one: TYPES[one],
            )
            measure = b.selectbox(
                "Measured by",
                measures,
                index=measures.index(template.measure),
                format_func=lambda one: MEASURES[one] if one else "What people see",
            )
            goal_from = a.number_input("Stands at now (optional)", 0.0, 100.0, None)
            goal_to = b.number_input("Should reach (optional)", 0.0, 100.0, None)
            strategy = st.text_area("Strategy", template.strategy, height=68)
            schedule = st.text_input("Schedule", template.schedule)
            informed = st.multiselect(
                "Inform", list(people), format_func=lambda one: people[one], placeholder="Nobody"
            )
        if not st.form_submit_button("Start the plan", shortcut="Ctrl+Enter"):
            return None
    return NewPlan(
        kind,
        tier,
        goal,
        measure,
        goal_from,
        goal_to,
        strategy,
        schedule,
        starts_on,
        review_on,
        tuple(informed),
    )


def _start(viewer: Viewer, found: Waiting, new: NewPlan, flags: list[UUID]) -> None:
    try:
        started = planning.start(
            viewer, learner=found.learner_id, new=new, flags=flags, now=guard.now()
        )
    except (NotAllowed, NotPossible) as why:
        st.error(str(why))
        return
    open_page("plan", plan=token(viewer, started, kind="plan"))
