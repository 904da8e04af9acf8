"""The lower part of Support: a district's own templates of plans and messages."""

from functools import partial
from uuid import UUID

import streamlit as st

from components.show import plain
from pages import guard
from pages.district.keeping import kept
from privacy import Viewer
from queries.district import templating
from queries.message_words import AUDIENCES, FIELDS, MessageTemplate
from queries.plan_words import MEASURES, TIERS, TYPES, PlanTemplate


def templates_of(viewer: Viewer, places: dict[UUID, str]) -> None:
    """Those there are, and a form for each kind."""
    st.header("Templates")
    st.caption(
        "They come beside the built-in ones; a plan template replaces the built-in one of its name."
    )
    for kind in ("plan", "message"):
        for number, one in enumerate(templating.templates(viewer, kind=kind)):
            with st.container(horizontal=True, vertical_alignment="center"):
                said = f"{kind.capitalize()}: {one.name} ({one.what}), {one.place}"
                st.markdown(plain(said), width="content")
                if st.button("Retire", key=f"retire-{kind}-{number}"):
                    kept(
                        partial(
                            templating.retire,
                            viewer,
                            kind=kind,
                            template=one.template_id,
                            now=guard.now(),
                        )
                    )
    with st.expander("Add a plan template"), st.form("plan-template", border=False):
        _plan_template(viewer, places)
    with st.expander("Add a message template"), st.form("message-template", border=False):
        _message_template(viewer, places)


def _plan_template(viewer: Viewer, places: dict[UUID, str]) -> None:
    place = st.selectbox("For", list(places), format_func=places.__getitem__)
    name = st.text_input("Name", max_chars=80)
    goal = st.text_input("Goal, in terms that can be counted", max_chars=300)
    with st.container(horizontal=True):
        kind = st.selectbox("Kind", list(TYPES), format_func=lambda one: TYPES[one])
        tier = st.selectbox("Tier", list(TIERS), index=1, format_func=lambda one: TIERS[one])
        measure = st.selectbox(
            "Measured by", [None, *MEASURES], format_func=lambda one: MEASURES.get(one, "People")
        )
        days = st.number_input("Days to the review", 1, 180, 28)
    strategy = st.text_area("Strategy", max_chars=1000)
    schedule = st.text_input("Schedule", max_chars=120)
    if st.form_submit_button("Add the template", type="primary"):
        template = PlanTemplate(name, kind, tier, goal, measure, strategy, schedule, days)
        kept(
            lambda: templating.add_plan_template(
                viewer, place=place, template=template, now=guard.now()
            )
        )


def _message_template(viewer: Viewer, places: dict[UUID, str]) -> None:
    fields = ", ".join(f"{{{name}}}: {what}" for name, what in FIELDS.items())
    st.caption(plain(f"Fields in braces are filled in: {fields}. A subject names nobody."))
    place = st.selectbox("For", list(places), format_func=places.__getitem__)
    with st.container(horizontal=True):
        audience = st.selectbox("To", list(AUDIENCES), format_func=lambda one: AUDIENCES[one])
        language = st.text_input("Language (two letters)", "en", max_chars=3)
    name = st.text_input("Name", max_chars=80)
    subject = st.text_input("Subject", "A note from {school}", max_chars=120)
    body = st.text_area("Text", max_chars=4000, height=200)
    if st.form_submit_button("Add the template", type="primary"):
        template = MessageTemplate(name, audience, language.strip().lower(), subject, body)
        kept(
            lambda: templating.add_message_template(
                viewer, place=place, template=template, now=guard.now()
            )
        )
