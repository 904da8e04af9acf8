"""What was consented to for a learner, on her file: given, withdrawn, kept out of the directory."""

from datetime import date

import streamlit as st

from components import words
from components.table import plain_table
from pages import guard
from pages.records.telling import GIVERS, LAWS, done, in_words
from privacy import NotAllowed, Viewer
from privacy.consent import METHODS
from queries.records import consents
from queries.records.files import GivenConsent, LearnerFile


def given(viewer: Viewer, one: LearnerFile) -> None:
    """All of them, and the form that records a withdrawal."""
    st.subheader("Consents")
    if not one.consents:
        st.write("None is recorded.")
        return
    plain_table(
        ("Law", "For what", "Notice", "Given by", "How known", "Given on", "State"),
        [
            (
                each.law,
                each.purpose,
                each.version,
                GIVERS[each.given_by].lower(),
                each.method,
                words.day(each.given_on, viewer.today),
                _state(each, viewer.today),
            )
            for each in one.consents
        ],
        caption="Consents",
        key="consents",
    )
    standing = [each for each in one.consents if each.withdrawn_on is None]
    if not standing:
        return
    with st.popover("Record a withdrawal"):
        chosen = st.selectbox(
            "Which consent is withdrawn?",
            standing,
            format_func=lambda each: f"{each.law}: {each.purpose} ({each.version})",
        )
        st.caption("What rests on this consent alone is then put up for erasing.")
        if st.button("It is withdrawn", type="primary"):
            with in_words():
                consents.withdraw(
                    viewer,
                    learner_id=one.learner_id,
                    consent_id=chosen.consent_id,
                    now=guard.now(),
                )
                done("Withdrawal recorded.")


def new_consent(viewer: Viewer, one: LearnerFile) -> None:
    """The form that records one."""
    with st.expander("Record a consent"), st.form("new-consent", border=False):
        law = st.selectbox("Under which law", list(LAWS), format_func=LAWS.__getitem__)
        by = st.selectbox("Who gave it", ["parent", "learner"], format_func=GIVERS.__getitem__)
        how = st.selectbox("How is that known", METHODS)
        purpose = st.text_input("For what", "use of learning software", max_chars=120)
        version = st.text_input("Version of the notice that was signed", max_chars=40)
        ends = st.date_input("Last day, if one was agreed", value=None)
        if st.form_submit_button("Record", type="primary"):
            with in_words():
                if not version.strip() or not purpose.strip():
                    raise NotAllowed("Say for what it was given, and which notice was signed.")
                new = consents.NewConsent(law, purpose.strip(), version.strip(), by, how, ends)
                consents.give(viewer, learner_id=one.learner_id, consent=new, now=guard.now())
                done("Consent recorded.")


def directory(viewer: Viewer, one: LearnerFile) -> None:
    """FERPA's opt-out from the school's directory, and who may read the record."""
    with st.expander("Directory and access (FERPA)"), st.form("directory", border=False):
        out = st.checkbox("Keep her out of the school's directory", one.directory_opt_out)
        restricted = st.checkbox("Her record is restricted", one.ferpa_level == "restricted")
        if st.form_submit_button("Save"):
            with in_words():
                consents.set_directory(
                    viewer, learner_id=one.learner_id, opt_out=out, restricted=restricted
                )
                done("Saved.")


def _state(each: GivenConsent, today: date) -> str:
    if each.withdrawn_on:
        return f"withdrawn on {words.day(each.withdrawn_on, today)}"
    if each.expires_on and each.expires_on < today:
        return f"ended on {words.day(each.expires_on, today)}"
    if not each.counts:
        return "no longer counts: she is 18"
    return f"stands until {words.day(each.expires_on, today)}" if each.expires_on else "stands"
