"""Courses: how the district's courses do beside each other, by one figure at a time."""

import streamlit as st

from pages.district import telling
from privacy import Viewer
from privacy.metrics import METRICS
from queries.district.figures import metrics_by


def page(viewer: Viewer) -> None:
    """Courses, or subjects, by the figure chosen."""
    st.title("Courses and content")
    with st.container(horizontal=True):
        grains = {"Course": "course", "Subject": "subject", "School and subject": "school_subject"}
        picked = st.selectbox("By", list(grains), key="by", bind="query-params", width=240)
        metric = telling.choose(
            metrics_by(grains[picked]), key="figure", first=METRICS["assessment_mean"]
        )
    st.caption(metric.definition)
    found = telling.told(viewer, metric, grains[picked], key="courses")
    if found is not None:
        telling.compared(viewer, found, key="courses")
        st.caption(
            "Courses differ in who takes them. A lower figure is a place to look, not a verdict on "
            "the course or on those who teach it."
        )
