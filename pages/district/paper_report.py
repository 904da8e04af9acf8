"""The report a superintendent can print and publish: the overview's figures as a tagged PDF."""

from typing import Any

import streamlit as st

from components import amounts, documents, words
from pages import guard
from privacy import Viewer
from privacy.releases import N_RULE, Figure, Release
from queries.district.figures import Glance, Told
from queries.exports import note_export

PROMISE = (
    "The figures here are differentially private: noise was added so that nobody can learn from "
    "them whether any single learner is in them, or what she did, beyond the limit that each "
    "citation states. Each figure stands with the margin of error that the noise brings."
)


def offer(viewer: Viewer, found: Glance) -> None:
    """The report on demand: made at a click, then handed out."""
    st.write("All of the above on paper, with the same numbers, their margins and their source.")
    if st.button("Make the report", key="report", icon=":material/picture_as_pdf:"):
        data = report(viewer, found)
        made = documents.pdf("figures", data, made_at=guard.now())
        note_export(viewer, what="district report", rows=len(found.told))
        st.download_button(
            "Download the report (PDF)",
            made,
            file_name=f"{viewer.district_name} week of {found.version}.pdf",
            mime="application/pdf",
            key="report-pdf",
            on_click="ignore",
        )


def report(viewer: Viewer, found: Glance) -> dict[str, Any]:
    """The report's data as the template takes it; every number is one of the page's."""
    week = f"{found.version:%d %B %Y}" if found.version else ""
    invented = " Generated demo district: everybody in it is invented." if viewer.generated else ""
    return {
        "title": f"{viewer.district_name}: how learning goes",
        "subtitle": f"Week of {week}.{invented}",
        "foot": f"{viewer.district_name}, week of {week}.{invented}",
        "promise": PROMISE,
        "headlines": [_headline(one) for one in found.told],
        "metrics": [_part(one) for one in found.schools.values()],
        "rules": [
            "± is the margin that the noise brings, at 95 %. The drawn range holds the sampling "
            "margin too: how far this year's learners may lie from what the school does in the "
            "long run.",
            N_RULE,
            "“Cannot tell” means that the change is smaller than the noise of the two weeks.",
        ],
    }


def _headline(one: Told) -> list[str]:
    unit = one.metric.unit
    return [
        one.metric.title,
        amounts.amount(one.figure.value, unit),
        amounts.margin(one.figure.noise, unit),
        amounts.changed(one.change.verdict, one.change.by, one.change.noise, unit),
    ]


def _part(found: Release) -> dict[str, Any]:
    lows = [one.low for one in found.figures if one.low is not None]
    highs = [one.high for one in found.figures if one.high is not None]
    low, high = min(lows, default=0.0), max(highs, default=1.0)
    unit = found.metric.unit
    return {
        "title": found.metric.title,
        "definition": found.metric.definition,
        "unit": unit,
        "low": f"{low:,.0f}",
        "high": f"{high:,.0f}",
        "from": low,
        "to": high,
        "rows": [_row(one, unit) for one in found.figures],
        "citation": found.citation,
    }


def _row(one: Figure, unit: str) -> dict[str, Any]:
    about = words.plural(one.learners, "learner") if one.learners is not None else ""
    return {
        "group": one.group,
        "said": amounts.amount(one.value, unit).replace(f" {unit}", ""),
        "margin": amounts.margin(one.noise, unit) if one.value is not None else "",
        "value": one.value,
        "low": one.low,
        "high": one.high,
        "learners": f"about {about}" if about else "",
    }
