"""A learner's file: found by full name, and what a clerk does with it."""

from datetime import date
from typing import Final

import streamlit as st

from components import documents, words
from components.empty import empty
from components.show import plain
from components.table import plain_table
from pages import guard
from pages.records import correcting
from pages.records.telling import GIVERS, GROUNDS, LAWS, done, in_words
from pages.students.links import learner_of, token
from privacy import NotAllowed, Viewer, tokens
from privacy.consent import METHODS, Law
from queries.exports import note_export
from queries.records import consents, disclosures, files, holds, requests
from queries.records.disclosures import DisclosureRecord
from queries.records.files import PURPOSES, GivenConsent, LearnerFile

LONGEST: Final = 120  # letters of a name
_LAWS: Final[list[Law]] = ["FERPA", "COPPA", "GDPR"]
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
    _consents(viewer, one)
    correcting.statements(viewer, one)
    left, right = st.columns(2)
    with left:
        _new_consent(viewer, one)
        _directory(viewer, one)
        _hold(viewer, one)
    with right:
        _new_request(viewer, one)
        _new_disclosure(viewer, one)
    _looked(viewer, one)


def _consents(viewer: Viewer, one: LearnerFile) -> None:
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


def _state(each: GivenConsent, today: date) -> str:
    if each.withdrawn_on:
        return f"withdrawn on {words.day(each.withdrawn_on, today)}"
    if each.expires_on and each.expires_on < today:
        return f"ended on {words.day(each.expires_on, today)}"
    if not each.counts:
        return "no longer counts: she is 18"
    return f"stands until {words.day(each.expires_on, today)}" if each.expires_on else "stands"


def _new_consent(viewer: Viewer, one: LearnerFile) -> None:
    with st.expander("Record a consent"), st.form("new-consent", border=False):
        law = st.selectbox("Under which law", _LAWS, format_func=LAWS.__getitem__)
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


def _directory(viewer: Viewer, one: LearnerFile) -> None:
    with st.expander("Directory and access (FERPA)"), st.form("directory", border=False):
        out = st.checkbox("Keep her out of the school's directory", one.directory_opt_out)
        restricted = st.checkbox("Her record is restricted", one.ferpa_level == "restricted")
        if st.form_submit_button("Save"):
            with in_words():
                consents.set_directory(
                    viewer, learner_id=one.learner_id, opt_out=out, restricted=restricted
                )
                done("Saved.")


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
        law = st.selectbox("Under which law", _LAWS, format_func=LAWS.__getitem__)
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


def _new_disclosure(viewer: Viewer, one: LearnerFile) -> None:
    with (
        st.expander("Note that her record was given to somebody"),
        st.form("disclose", border=False),
    ):
        to = st.text_input("To whom", max_chars=120)
        what = st.text_input("What", max_chars=120)
        purpose = st.text_input("What for", max_chars=120)
        basis = st.text_input("On what ground", "FERPA 99.31(a)(2), transfer", max_chars=120)
        if st.form_submit_button("Note it"):
            with in_words():
                disclosures.disclose(
                    viewer,
                    learner_id=one.learner_id,
                    to=to,
                    what=what,
                    purpose=purpose,
                    legal_basis=basis,
                )
                done("Noted.")


def _looked(viewer: Viewer, one: LearnerFile) -> None:
    if not st.toggle("Show who has looked at her record", key="looked"):
        return
    told = disclosures.disclosure_record(viewer, learner_id=one.learner_id)
    rows = looks(told)
    plain_table(
        ("When", "Who", "In which role", "What", "Why"),
        rows[:100],
        caption="Who looked",
        key="looks",
    )
    if len(rows) > 100:
        st.caption(f"The latest 100 of {len(rows):,}; the printed form has all.")
    st.download_button(
        "Print (PDF)",
        paper(viewer, told),
        file_name="disclosures.pdf",
        mime="application/pdf",
        icon=":material/print:",
        key="disclosures-pdf",
        on_click=lambda: note_export(viewer, what="disclosure record", rows=len(rows)),
    )


def looks(told: DisclosureRecord) -> list[list[str]]:
    """The looks in words, by the district's printed time (UTC)."""
    return [
        [words.moment(look.at), look.who, look.role, look.what, look.why] for look in told.looks
    ]


def paper(viewer: Viewer, told: DisclosureRecord) -> bytes:
    """The disclosure record as a PDF that a parent can read."""
    return documents.pdf(
        "disclosures",
        {
            "title": f"Who has looked at the record of {told.name}",
            "subtitle": f"{told.school}, {viewer.district_name}; times are UTC",
            "explained": "Every look at a learner's record is noted. Those responsible for her may "
            "look without asking; whoever else was given anything stands below as well. You may "
            "ask about any line.",
            "looks": looks(told),
            "outside": [
                [f"{one.on:%Y-%m-%d}", one.to, one.what, one.purpose, one.legal_basis]
                for one in told.outside
            ],
            "foot": f"{viewer.district_name}, records office",
        },
        made_at=guard.now(),
    )
