"""Alert quality: how well flags find those who fail or leave, whom they wrong, and who decides."""

import streamlit as st

from components import words
from components.empty import as_of, empty
from components.show import plain
from components.table import plain_table
from pages.district import alert_lines, alert_words
from privacy import Viewer
from queries.district.alerts import Quality, alert_quality


def page(viewer: Viewer) -> None:
    """Shows the figures; an administrator can try another line and decide for it."""
    st.title("Alert quality")
    found = alert_quality(viewer)
    st.markdown(
        "A flag is right when the learner goes on to fail the course or to leave it. This page "
        "says how often flags are right, how many learners they miss, how early they come, and "
        "whether anybody answers them. It shows groups of learners only, never one."
    )
    if found.measured_at is None:
        empty(
            "Nothing has been measured yet.",
            next_step="Figures appear a few minutes after the first data has been loaded.",
        )
        return
    _decided(viewer, found)
    _replayed(found)
    _raised(found)
    alert_lines.simulator(viewer, found)
    _groups(found)
    alert_lines.challenger(viewer, found)
    as_of(found.measured_at)


def _decided(viewer: Viewer, found: Quality) -> None:
    now = found.decision
    who = (
        f"decided by {plain(now.by)} on {words.day(now.at.date(), viewer.today)}"
        if now.at
        else "as delivered; nobody has decided otherwise"
    )
    st.markdown(
        f"**In force:** a flag is raised from a chance of **{now.line} %** on, by the "
        f"{alert_words.KINDS[now.kind]} ({who})."
    )


def _replayed(found: Quality) -> None:
    """Each rule, and the model at the line in force, over classes that have ended."""
    st.header("Do flags find the right learners?")
    if found.window is None:
        empty(
            "No class with known results has ended yet: nobody can say how often flags are right.",
            next_step="This fills itself when the first term ends. Until then rules and the "
            "delivered model flag by what is known from elsewhere.",
        )
        return
    at_line = found.line(found.decision.kind, found.decision.line)
    rows = [alert_words.quality_row(one.name, one.tally, one.lead_days) for one in found.replayed]
    if at_line is not None:
        name = f"{alert_words.name(found.decision.kind)}, from {found.decision.line} % on"
        rows.append(alert_words.quality_row(name, at_line.tally, at_line.lead_days))
    first, last = (words.day(one, found.window[1]) for one in found.window)
    st.markdown(
        f"Replayed over the classes that ran from {first} to {last}: for each week only what was "
        "known then, and the model as trained on other learners. A learner counts once a class."
    )
    plain_table(alert_words.QUALITY_HEAD, rows, caption="Alerts replayed", key="replayed")
    with st.popover("What the columns mean", key="columns"):
        st.markdown(alert_words.COLUMNS)
    for one in found.replayed:
        sentence = alert_words.retire(one.name, one.tally)
        if sentence:
            st.warning(sentence)


def _raised(found: Quality) -> None:
    """Flags that really stood on somebody's list."""
    st.header("Does anybody answer them?")
    if not found.raised:
        empty("No flag has been raised in the last year.")
        return
    rows = [alert_words.raised_row(one) for one in found.raised]
    plain_table(alert_words.RAISED_HEAD, rows, caption="Flags raised", key="raised")
    st.caption(
        "Flags of the last 365 days, of running classes too. Answered: acknowledged, snoozed, "
        f"referred, planned for or marked as wrong by a person. Fewer than {found.k}: not shown."
    )


def _groups(found: Quality) -> None:
    """Errors by protected attribute, which no model sees."""
    st.header("Who is hit by the errors?")
    st.markdown(
        "No model and no rule is given any of these attributes; they serve to check, here, that "
        "errors fall on groups alike. Measured once a term, at the line then in force."
    )
    mine = [one for one in found.groups if one.alert == found.decision.kind]
    if not mine:
        empty("Errors by group are measured when the first term with known results has ended.")
        return
    attributes = {alert_words.attribute(one.attribute): one.attribute for one in mine}
    first = alert_words.attribute("gender")
    names = sorted(attributes, key=lambda name: (name != first, name))
    chosen = st.selectbox("Compare by", names, key="by", bind="query-params", width=320)
    groups = [one for one in mine if one.attribute == attributes[chosen]]
    rows = [alert_words.group_row(one) for one in groups if one.cell]
    hidden = sum(one.cell is None for one in groups)
    if rows:
        plain_table(alert_words.GROUP_HEAD, rows, caption=f"Errors by {chosen}", key="groups")
        st.markdown(alert_words.alike([one for one in groups if one.cell]))
        with st.popover("What the columns mean", key="group-columns"):
            st.markdown(alert_words.GROUP_COLUMNS)
    if hidden:
        st.caption(alert_words.withheld(hidden, everything=not rows, k=found.k))
