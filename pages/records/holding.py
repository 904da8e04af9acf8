"""Legal holds in force, and one for the whole district."""

import streamlit as st

from components import words
from components.empty import empty
from components.show import plain
from pages import guard
from pages.records.telling import done, in_words
from privacy import Viewer
from queries.records import holds


def show(viewer: Viewer) -> None:
    """Those in force; a learner's own is placed in her file."""
    found = holds.holds(viewer)
    if not found:
        empty(
            "No hold is in force.",
            next_step="A hold on one learner is placed in her file; one on everybody, below.",
        )
    for one in found:
        with st.container(border=True, gap="small", key=f"hold-{one.hold_id.hex}"):
            whose = plain(one.name) if one.name else "Everybody's records"
            st.markdown(f"**{whose}:** {plain(one.reason)}")
            st.caption(
                f"Placed by {plain(one.placed_by)} on {words.day(one.placed_on, viewer.today)}."
            )
            if st.button("Lift the hold", key=f"lift-{one.hold_id}"):
                with in_words():
                    holds.lift(viewer, hold=one, now=guard.now())
                    done("The hold is lifted.")
    with st.expander("Keep everybody's records"), st.form("hold-all", border=False):
        reason = st.text_input("The order or case", max_chars=200)
        st.caption("Nothing in the whole district is erased until this hold is lifted.")
        if st.form_submit_button("Place the hold"):
            with in_words():
                holds.place(viewer, learner_id=None, reason=reason, now=guard.now())
                done("Everybody's records are kept.")
