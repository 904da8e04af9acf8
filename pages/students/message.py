"""Message: writes home or to a learner from a template; previewed, then sent by mail and logged."""

import streamlit as st

from components import words
from components.empty import empty
from components.show import plain
from pages import guard
from pages.students.links import learner_of, link, link_to_list, token
from privacy import NotAllowed, Viewer
from privacy.tokens import TokenError
from queries.message_words import AUDIENCES, LANGUAGES, MessageTemplate, UnknownField
from queries.students import messaging, writing
from queries.students.acting import NotPossible
from queries.students.writing import Desk

STATES = {
    "sent": "sent",
    "failed": "not sent",
    "sending": "perhaps sent: nobody heard back from the mail server",
}


def page(viewer: Viewer) -> None:
    """The learner stands in the address; the draft is made anew from each template chosen."""
    address = st.query_params.get("learner", "")
    if not address:
        st.title("Message")
        st.write("Open a learner's card and choose More, Write a message.")
        link_to_list(viewer)
        return
    try:
        desk = writing.desk(viewer, learner=learner_of(viewer, address), today=viewer.today)
    except (NotAllowed, TokenError) as why:
        st.title("Message")
        st.error(str(why))
        return
    st.title(f"Message about {desk.name}")
    audience = st.segmented_control(
        "To", list(AUDIENCES), format_func=lambda one: AUDIENCES[one], default="home", required=True
    )
    _write(viewer, desk, audience or "home")
    _log(viewer, desk)


def _write(viewer: Viewer, desk: Desk, audience: str) -> None:
    may = desk.permissions[audience]
    if not may.allowed:
        st.warning(f"This may not be sent. {may.why}")
        return
    addresses = desk.addresses[audience]
    if not addresses:
        whose = "a parent" if audience == "home" else "the learner"
        empty(f"No mail address of {whose} is known.", next_step="Ask the records office.")
        return
    template = _template(desk, audience)
    try:
        subject, text = writing.draft(desk, template)
    except UnknownField as why:
        st.error(f"The template “{plain(template.name)}” can not be filled. {plain(str(why))}")
        return
    # A key of its own for each draft, so that another template replaces the words.
    with st.form(f"message-{audience}-{template.name}-{template.language}"):
        to = st.selectbox("Address", addresses, format_func=lambda one: one.masked, width=400)
        subject = st.text_input("Subject (seen on lock screens: name nobody)", subject)
        text = st.text_area("Text, as it will be sent", text, height=240)
        st.caption(f"Legal ground: {may.ground}.")
        asked = st.form_submit_button("Send", type="primary", disabled=not desk.can_send)
    if not desk.can_send:
        st.caption(
            "Chalkline has no mail server to send through; whoever runs it sets one. "
            "Until then copy the text."
        )
    if not asked:
        return
    try:
        messaging.send(
            viewer,
            learner=desk.learner_id,
            audience=audience,
            template=template,
            to=to,
            subject=subject,
            text=text,
            today=viewer.today,
            now=guard.now(),
        )
    except (NotAllowed, NotPossible) as why:
        st.error(str(why))
        return
    st.success("Sent, and noted below.")


def _template(desk: Desk, audience: str) -> MessageTemplate:
    """In the home's language where there is one, else in English."""
    found = [one for one in desk.templates if one.audience == audience]
    spoken = {one.language for one in found}
    at_home = desk.home_language if desk.home_language in spoken else "en"
    languages = sorted(spoken, key=lambda one: (one != at_home, one))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        language = st.selectbox(
            "Language",
            languages,
            format_func=lambda one: LANGUAGES.get(one, one),
            key=f"language-{audience}",
            width=160,
        )
        chosen = st.selectbox(
            "Template",
            [one for one in found if one.language == language],
            format_func=lambda one: one.name,
            key=f"template-{audience}-{language}",
            width=320,
        )
    if desk.home_language not in spoken:
        st.caption(
            "No template is in the language spoken at home. Write plainly, and ask for an "
            "interpreter where it matters."
        )
    return chosen


def _log(viewer: Viewer, desk: Desk) -> None:
    st.header("So far")
    found = messaging.messages_of(viewer, learner=desk.learner_id)
    if not found:
        empty("No message about this learner has been written here.")
    for one in found:
        day = words.day(one.made_at.date(), viewer.today)
        title = (
            f"{day}, {plain(one.who)} to {AUDIENCES[one.audience].lower()}: "
            f"{plain(one.template)}, {STATES[one.state]}"
        )
        with st.expander(title):
            st.markdown(f"**{plain(one.subject)}**")
            st.text(one.text)
            st.caption(f"Legal ground: {plain(one.ground)}.")
    link(
        "learner",
        "Open the learner's page",
        icon=":material/person:",
        learner=token(viewer, desk.learner_id),
    )
