"""A learner's file: found by full name, and what a clerk does with it."""

from typing import Final

import streamlit as st

from components import words
from components.empty import empty
from components.show import plain
from pages import guard
from pages.records import consenting, correcting, disclosing
from pages.records.telling import GIVERS, GROUNDS, LAWS, done, in_words
from pages.students.links import learner_of, token
from privacy import NotAllowed, Viewer, tokens
from queries.records import files, holds, requests
from queries.records.files import PURPOSES, LearnerFile

LONGEST: Final = 120  # letters of a name
_KINDS: Final[list[requests.Kind]] = ["access", "erasure", "correction"]
WHAT_FOR: Final = {
    "request": "A request about her record",
    "consent": "Her consents",
    "disclosures": "Who has looked at her record",
    "hold": "A legal hold",
    "correction": "A correction",
}


def show(viewer: Viewer) -> None:
    """The search, and the file that the address names."""
    _search(viewer)
    address = st.query_params.get("learner", "")
    if not address:
        return
    try:
        found = files.learner_file(viewer, learner_id=learner_of(viewer, address))
    except (NotAllowed, tokens.TokenError) as refusal:
        st.info(str(refusal))
        return
    _file(viewer, found)


def _search(viewer: Viewer) -> None:
    with st.form("search", border=False):
        name, purpose = st.columns([3, 2], vertical_alignment="bottom")
        typed = name.text_input("Full name of the learner", max_chars=LONGEST, type="search")
        why = purpose.selectbox(
            "What for", [p for p in WHAT_FOR if p in PURPOSES], format_func=WHAT_FOR.__getitem__
        )
        asked = st.form_submit_button("Open the file", icon=":material/folder_open:")
    if not asked:
        return
    found = files.open_files(viewer, typed=typed, purpose=why, now=guard.now())
    if not found:
        empty(
            "No learner of this district has this full name.",
            next_step="Type given and family name as they stand in the student system. Half a "
            "name opens no file.",
        )
    elif len(found) == 1:
        st.query_params["learner"] = token(viewer, found[0].learner_id)
    else:
        st.write(f"{len(found)} learners have this name. Which one?")
        for one in found:
            # A callback: the next run knows no search any more, and so not this button.
            st.button(
                _where(one),
                key=f"pick-{one.learner_id.hex}",
                on_click=_pick,
                args=(token(viewer, one.learner_id),),
            )
        st.caption("All of these files are open to you for four hours, and it is noted.")


def _pick(address: str) -> None:
    st.query_params["learner"] = address


def _where(one: LearnerFile) -> str:
    grade = f", grade {one.grade_level}" if one.grade_level is not None else ""
    return f"{one.name}: {one.school}{grade}"


def _file(viewer: Viewer, one: LearnerFile) -> None:
    st.header(plain(one.name))
    facts = [plain(one.school)]
    if one.grade_level is not None:
        facts.append(f"grade {one.grade_level}")
    facts.append("age not known" if one.years is None else f"{one.years} years old")
    facts.append(GROUNDS[one.consent_state])
    if one.left_on:
        facts.append(f"left on {words.day(one.left_on, viewer.today)}")
    st.markdown("; ".join(facts) + ".")
    if one.adult:
        st.info(
            "She is 18 or older: her rights are her own, and a parent's consent counts no more."
        )
    if one.held:
        st.warning("A legal hold keeps this record: nothing of it is erased.")
    st.caption("This file is open to you for four hours, and opening it is noted.")
    consenting.given(viewer, one)
    correcting.statements(viewer, one)
    left, right = st.columns(2)
    with left:
        consenting.new_consent(viewer, one)
        consenting.directory(viewer, one)
        _hold(viewer, one)
    with right:
        _new_request(viewer, one)
        disclosing.new_disclosure(viewer, one)
    disclosing.looked(viewer, one)


def _hold(viewer: Viewer, one: LearnerFile) -> None:
    with st.expander("Place a legal hold"), st.form("hold", border=False):
        reason = st.text_input("The order or case", max_chars=200)
        if st.form_submit_button("Keep her record"):
            with in_words():
                holds.place(viewer, learner_id=one.learner_id, reason=reason, now=guard.now())
                done("The record is kept.")


def _new_request(viewer: Viewer, one: LearnerFile) -> None:
    with st.expander("Register a request"), st.form("request", border=False):
        kind = st.selectbox(
            "What is asked for",
            _KINDS,
            format_func={"access": "To see the record", "erasure": "To erase it",
                         "correction": "To correct it"}.__getitem__,
        )  # fmt: skip
        law = st.selectbox("Under which law", list(LAWS), format_func=LAWS.__getitem__)
        by = st.selectbox("Who asks", ["parent", "learner"], format_func=GIVERS.__getitem__)
        on = st.date_input("Received on", viewer.today, max_value=viewer.today)
        keep = st.checkbox(
            "If erased: coarse history without a name may be kept",
            help="Bands of marks and activity by course, and only where at least as many others "
            "are the same as your district's smallest group.",
        )
        if st.form_submit_button("Register", type="primary"):
            with in_words():
                due = requests.register(
                    viewer,
                    learner_id=one.learner_id,
                    kind=kind,
                    law=law,
                    requested_by=by,
                    received_on=on,
                    keep_history=keep,
                )
                done(f"Registered. The answer is due on {words.day(due, viewer.today)}.")
