"""Privacy: what is spent, what was released, who sets the caps, and what an attacker sees."""

import streamlit as st

from components.empty import empty
from pages.district.privacy import attacks, budget, caps, listing
from privacy import Viewer, releases

PARTS = {
    "Budget": budget.show,
    "Releases": listing.show,
    "Caps": caps.show,
    "What an attacker sees": attacks.show,
}


def page(viewer: Viewer) -> None:
    """The promise in three sentences, then one part at a time."""
    st.title("Privacy")
    st.markdown(
        "Figures about your schools carry a little random noise, so that nobody can tell from "
        "them whether any one learner is here or what she did. Every figure uses up a little of a "
        "yearly budget; when that is spent, no new figure is released until the next school year. "
        "What was released stays readable, and reading it again is free."
    )
    current = releases.current(viewer)
    part = st.segmented_control(
        "Part of the page",
        list(PARTS),
        default="Budget",
        key="part",
        bind="query-params",
        label_visibility="collapsed",
    )
    if current is None and part != "What an attacker sees":
        empty(
            "Nothing can be released yet: there is no week of data.",
            next_step="The background worker takes it a minute after data has been loaded.",
        )
        return
    PARTS[part or "Budget"](viewer, current)
