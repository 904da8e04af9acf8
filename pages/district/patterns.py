"""Patterns across the district: how long, how fast, how deep, and how scores spread."""

from itertools import pairwise

import pandas as pd
import streamlit as st

from components import figures
from components.show import show
from pages.district import telling
from privacy import Viewer
from privacy.metrics import METRICS
from privacy.releases import Release
from queries.exports import note_export

QUESTIONS = (
    ("How long do learners work?", "median_time", "grade"),
    ("How fast do they master new things?", "learning_velocity", "subject"),
    ("How deep does it go?", "mastery", "bloom"),
)
SPREAD = "score_bands"


def page(viewer: Viewer) -> None:
    """Four questions, each answered by a release."""
    st.title("Patterns")
    st.write("Of groups, never of a person. Each figure is released once a week, when asked for.")
    for question, name, grain in QUESTIONS:
        st.header(question)
        st.caption(METRICS[name].definition)
        found = telling.told(viewer, METRICS[name], grain, key=name)
        if found is not None:
            telling.compared(viewer, found, key=name)
    st.header("How are scores spread?")
    st.caption(METRICS[SPREAD].definition)
    found = telling.told(viewer, METRICS[SPREAD], "district", key=SPREAD)
    if found is not None:
        _spread(viewer, found)


def _spread(viewer: Viewer, found: Release) -> None:
    one = found.figures[0]
    if not one.shares:
        st.write("The spread can not be shown: the noise would say more than the scores.")
        return
    edges = found.metric.edges
    bands = pd.DataFrame(
        {
            "band": [f"{a:.0f}-{b:.0f} %" for a, b in pairwise(edges)],
            "share": one.shares,
            "margin": [one.noise] * len(one.shares),
        }
    )
    show(
        figures.spread_bars(bands, unit="mean percent of marked work"),
        figures.spread_bars_alt(bands),
        bands,
        key="spread",
        name="spread of scores",
        on_download=lambda: note_export(viewer, what="spread of scores", rows=len(bands)),
    )
    telling.files(viewer, found, key="spread")
