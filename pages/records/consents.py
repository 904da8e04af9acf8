"""On what grounds learners are held, and who must still be asked."""

import streamlit as st

from components import words
from components.empty import empty
from components.table import plain_table
from pages.records.telling import GROUNDS
from privacy import Viewer
from queries.records import consents


def show(viewer: Viewer) -> None:
    """The district's grounds in numbers, and the learners without one."""
    found = consents.standing(viewer)
    plain_table(
        ("Learners", "Ground"),
        [(f"{found.counts[g]:,}", said) for g, said in GROUNDS.items() if g in found.counts],
        caption="Grounds on which learners' data is held",
        key="grounds",
    )
    st.subheader("To be asked")
    if not found.asked_for:
        empty("Nobody's consent is missing.")
        return
    plain_table(
        ("Name", "School", "Grade", "Age", "State"),
        [
            (
                one.name,
                one.school,
                "" if one.grade_level is None else str(one.grade_level),
                "" if one.years is None else str(one.years),
                GROUNDS[one.consent_state],
            )
            for one in found.asked_for
        ],
        caption="Learners without a valid consent",
        key="asked",
    )
    if found.more > 0:
        st.caption(f"{words.plural(found.more, 'more learner')} after these.")
    st.caption(
        "When the form comes back, open the learner's file and record the consent. Until then data "
        "that a child under 13 gives online must not be collected."
    )
