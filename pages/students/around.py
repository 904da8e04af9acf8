"""Around a learner: who is at home, what is planned, and how she stands beside her class."""

from collections.abc import Sequence

import streamlit as st

from components import words
from components.show import plain
from pages.students import sheet
from pages.students.links import link, token
from privacy import NotAllowed, Viewer
from queries.plan_words import TYPES
from queries.students.beside import Beside
from queries.students.contacts import Contact, contacts_of
from queries.students.learner import LearnerRecord


def contacts(viewer: Viewer, found: LearnerRecord) -> None:
    """Opened on demand: they are decrypted, and that is noted, only when somebody asks."""
    with st.popover("Contacts", icon=":material/call:", on_change="rerun") as panel:
        if not panel.open:
            return
        try:
            known = contacts_of(viewer, learner=found.learner_id)
        except NotAllowed as why:
            st.error(str(why))
            return
        if not known.home and not known.email:
            st.write("The school's data has no contacts.")
        for one in known.home:
            st.markdown(_contact(one))
        if known.email:
            st.markdown(f"The learner: {plain(known.email)}")
        st.caption("That you opened this is noted; a family may ask who did.")


def _contact(one: Contact) -> str:
    who = f"**{plain(one.name)}**" + (f", {plain(one.relation)}" if one.relation else "")
    first = " · call first" if one.first else ""
    reach = " · ".join(plain(part) for part in (one.phone, one.email) if part)
    return f"{who}{first}  \n{reach}" if reach else f"{who}{first}"


def plans(viewer: Viewer, found: LearnerRecord) -> None:
    """Running plans, then what was tried before and what came of it."""
    running = [plan for plan in found.plans if plan.ended_on is None]
    ended = [plan for plan in found.plans if plan.ended_on is not None]
    st.header("Plans")
    if not found.plans:
        st.write("No plan has been made for this learner.")
    for plan in running:
        kind = TYPES.get(plan.type, plan.type)
        late = " · review overdue" if plan.overdue(viewer.today) else ""
        link(
            "plan",
            f"{plain(kind)}: {plain(plan.goal)} (review "
            f"{words.ago(plan.review_on, viewer.today)}{late})",
            icon=":material/flag:",
            plan=token(viewer, plan.plan_id, kind="plan"),
        )
    if ended:
        st.markdown("**What was tried before**")
        for plan in ended:
            kind = TYPES.get(plan.type, plan.type)
            verdict = f"; {plan.verdict}" if plan.verdict else ""
            link(
                "plan",
                f"{plain(kind)}: {plain(plan.goal)} ({plain(plan.outcome or '')}{plain(verdict)})",
                icon=":material/history:",
                plan=token(viewer, plan.plan_id, kind="plan"),
            )
    link("plan", "Start a plan", icon=":material/add:", learner=token(viewer, found.learner_id))


def beside(compared: Sequence[Beside]) -> None:
    """A line for each measure; the class is said in quartiles, where enough others have it."""
    known = [one for one in compared if one.hers is not None]
    if not known:
        return
    st.header("Beside the class")
    for title in dict.fromkeys(one.class_title for one in known):
        st.markdown(f"**{plain(title)}**")
        st.markdown("\n".join(sheet.said(one) for one in known if one.class_title == title))
    st.caption(
        "The middle half of the class lies between the two figures; she is not counted among them. "
        "Nothing is compared with fewer others than your district's least group."
    )
