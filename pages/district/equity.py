"""Equity: how groups of learners fare beside each other, with what the figures can not show."""

import streamlit as st

from components import words
from components.empty import empty
from components.show import plain
from pages.district import telling
from privacy import Viewer
from privacy.metrics import GRAINS, METRICS
from privacy.metrics.grains import EQUITY
from privacy.releases import Release
from queries.district.figures import DETECTABLE, Gap, gaps, metrics_by


def page(viewer: Viewer) -> None:
    """One figure by one trait."""
    st.title("Equity")
    st.write(
        "Differences between groups show where to look, not why. Nothing here is used to judge a "
        "single learner, and none of these traits enters any score of risk."
    )
    with st.container(horizontal=True):
        names = {GRAINS[one].words.capitalize(): one for one in ("grade", *EQUITY)}
        picked = st.selectbox("Groups", list(names), key="groups", bind="query-params", width=320)
        metric = telling.choose(metrics_by(names[picked]), key="figure", first=METRICS["pass"])
    found = telling.told(viewer, metric, names[picked], key="equity")
    if found is None:
        return
    if not any(one.value is not None for one in found.figures):
        empty(
            "No group is large enough to be shown, or the data does not record this trait.",
            next_step="Choose other groups.",
        )
        return
    _gaps(found)
    telling.compared(viewer, found, key="equity")


def _gaps(found: Release) -> None:
    reference, apart = gaps(found)
    if reference is None or not apart:
        return
    st.header("Gaps")
    value = telling.said(found, reference.value, reference.noise)
    st.markdown(f"Beside **{plain(reference.group)}**, the largest group ({value}):")
    st.markdown("\n".join(f"- {_gap(one, found)}" for one in apart))
    weak = [one.group for one in apart if one.underpowered and found.metric.unit == "%"]
    if weak:
        st.warning(
            f"{words.listing(weak)}: so few learners that only a gap of more than "
            f"{DETECTABLE:.0f} points could be seen. No difference found is not no difference."
        )


def _gap(one: Gap, found: Release) -> str:
    unit = "points" if found.metric.unit == "%" else found.metric.unit
    if not one.sure:
        return (
            f"**{plain(one.group)}**: cannot tell (a difference of {abs(one.by):.1f} {unit} is "
            f"within the margin of ± {one.margin:.1f})"
        )
    way = "higher" if one.by > 0 else "lower"
    return f"**{plain(one.group)}**: {abs(one.by):.1f} {unit} {way} (± {one.margin:.1f})"
