"""Raise a flag: a teacher or counselor says herself that somebody should look after a learner."""

from uuid import UUID

import streamlit as st

from components.empty import empty
from components.show import plain
from pages import guard
from pages.students.links import learner_of, link, token
from privacy import NotAllowed, Viewer
from privacy.tokens import TokenError
from queries.students.acting import NotPossible
from queries.students.raising import CONCERNS, SEVERITY, my_learners, raise_flag

URGENCIES = {"watch": "● Watch", "soon": "◆ Soon", "urgent": "▲ Urgent"}


def page(viewer: Viewer) -> None:
    """One form; the learner may stand in the address already."""
    st.title("Raise a flag")
    learners = dict(my_learners(viewer))
    if not learners:
        empty("You have no learner today whom you could raise a flag about.")
        return
    asked = _asked(viewer)
    places = list(learners)
    with st.form("concern"):
        learner = st.selectbox(
            "Learner",
            places,
            index=places.index(asked) if asked in learners else None,
            format_func=lambda one: learners[one],
            placeholder="Choose or type a name",
        )
        concern = st.segmented_control(
            "What is it about?", list(CONCERNS), format_func=lambda one: CONCERNS[one]
        )
        urgency = st.segmented_control(
            "How urgent?",
            list(SEVERITY),
            format_func=lambda one: URGENCIES[one],
            default="soon",
            required=True,
        )
        words = st.text_area(
            "What have you seen? (kept encrypted, as a note)", max_chars=2000, height=120
        )
        restricted = st.checkbox("Only for me and the learner's counselors")
        refer = viewer.role == "teacher" and st.checkbox(
            "Refer to the counselor at once", value=True
        )
        if not st.form_submit_button("Raise the flag", type="primary"):
            return
    if learner is None or concern is None:
        st.error("Choose the learner and what it is about.")
        return
    try:
        raise_flag(
            viewer,
            learner=learner,
            concern=concern,
            urgency=urgency or "soon",
            words=words,
            refer=refer,
            restricted=restricted,
            today=viewer.today,
            now=guard.now(),
        )
    except (NotAllowed, NotPossible) as why:
        st.error(str(why))
        return
    st.success(
        f"The flag about {plain(learners[learner])} stands. It stays until somebody closes it "
        "with an outcome."
    )
    link("learner", "Open the learner", icon=":material/person:", learner=token(viewer, learner))


def _asked(viewer: Viewer) -> UUID | None:
    address = st.query_params.get("learner", "")
    try:
        return learner_of(viewer, address) if address else None
    except TokenError:
        return None
