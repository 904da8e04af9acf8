"""Reviews of plans that are due: the first thing on a counselor's page, and on a teacher's."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import streamlit as st

from components import words
from components.show import plain
from pages.students.links import open_page, token
from privacy import Viewer
from queries.plan_words import TYPES
from queries.students.plans import Plan, reviews

AHEAD: Final = timedelta(days=7)
MOST: Final = 8


def reviews_ahead(viewer: Viewer) -> Sequence[Plan]:
    """The overdue ones first, then those of the coming week."""
    return reviews(viewer, today=viewer.today, until=viewer.today + AHEAD)


def due_reviews(viewer: Viewer, due: Sequence[Plan]) -> None:
    """Each one click from its plan; nothing where none is due."""
    if not due:
        return
    overdue = sum(plan.overdue(viewer.today) for plan in due)
    late = f", **{overdue} overdue**" if overdue else ""
    with st.container(border=True, key="due-reviews", gap="small"):
        st.markdown(f"**{words.plural(len(due), 'plan')} to review this week**{late}")
        for plan in due[:MOST]:
            _row(viewer, plan)
        if len(due) > MOST:
            st.caption(f"And {words.plural(len(due) - MOST, 'more', 'more')}, less urgent.")


def _row(viewer: Viewer, plan: Plan) -> None:
    key = token(viewer, plan.plan_id, kind="plan")
    with st.container(horizontal=True, vertical_alignment="center", key=f"due-{key}"):
        if st.button(plain(plan.learner), key=f"review-{key}", type="tertiary"):
            open_page("plan", plan=key)
        if plan.overdue(viewer.today):
            when = f":red-badge[▲ Overdue {words.since(plan.review_on, viewer.today)}]"
        else:
            when = f":gray-badge[● Review {words.ago(plan.review_on, viewer.today)}]"
        who = "" if plan.owner_id == viewer.staff_id else f", {plain(plan.owner)}"
        kind = TYPES.get(plan.type, plan.type)
        st.markdown(f"{when} :small[{plain(kind)}{who}: {plain(plan.goal)}]", width="stretch")
