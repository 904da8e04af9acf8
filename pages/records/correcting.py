"""A request for correction: what is held beside what is asked, corrected or declined."""

from typing import Final

import streamlit as st

from components import words
from components.show import plain
from pages import guard
from pages.records.telling import done, in_words
from privacy import Viewer
from queries.records import corrections, requests
from queries.records.corrections import Held
from queries.records.files import LearnerFile
from queries.records.requests import Request
from queries.students.contacts import Contact

MORE: Final = 1  # empty line for another contact
SAID: Final = {
    "given_name": "given name",
    "family_name": "family name",
    "email": "e-mail",
    "birth_date": "birth date",
    "contacts": "contacts",
}


def decide(viewer: Viewer, one: Request) -> None:
    """The step after it is certain who asks."""
    st.markdown(
        "**Next:** compare what is asked with what is held; correct it, or decline and say why."
    )
    if st.toggle("Open what is held", key=f"held-{one.request_id}"):
        with in_words():
            _correct(viewer, one, corrections.held(viewer, request=one))
    with st.container(horizontal=True):
        with st.popover("Decline"):
            _decline(viewer, one)
        elsewhere = st.button(
            "Corrected in the student system: close",
            key=f"corrected-{one.request_id}",
            help="Marks, attendance and classes are read from there, and are corrected there.",
        )
    if elsewhere:
        with in_words():
            requests.close(viewer, request=one, outcome="corrected", now=guard.now())
            done("Closed.")


def _correct(viewer: Viewer, one: Request, now: Held) -> None:
    with st.form(f"correct-{one.request_id}", border=False):
        left, right = st.columns(2)  # a pair at a time, so that they stay in order on a phone
        given = left.text_input("Given name", now.given_name, max_chars=corrections.LONGEST)
        family = right.text_input("Family name", now.family_name, max_chars=corrections.LONGEST)
        left, right = st.columns(2)
        email = left.text_input("Her own e-mail", now.email, max_chars=254)
        # Typed: the parts of Streamlit's date field are smaller than WCAG 2.5.8 allows.
        born = right.text_input(
            "Birth date (year-month-day)",
            now.birth_date.isoformat() if now.birth_date else "",
            max_chars=10,
        )
        people = [_contact(one, place, person) for place, person in enumerate(_lines(now))]
        st.caption(
            "Correct it in the student system too, or the next import brings the old value back. "
            "The old value is kept nowhere."
        )
        sent = st.form_submit_button("Correct", type="primary")
    if sent:
        parts = corrections.accept(
            viewer,
            request=one,
            asked={
                "given_name": given,
                "family_name": family,
                "email": email,
                "birth_date": born,
                "contacts": corrections.contacts_text(people),
            },
            now=guard.now(),
        )
        what = words.listing([SAID[part] for part in parts])
        done(f"Accepted: {what}. It stands in her record within a minute or two.")


def _lines(now: Held) -> list[Contact]:
    return [*now.contacts, *[Contact("", "", "", "", not now.contacts)] * MORE]


def _contact(one: Request, place: int, person: Contact) -> Contact:
    """A line of the form for somebody at home; an empty name takes the contact out."""
    who = f"Contact {place + 1}"
    key = f"{one.request_id}-{place}"
    name, relation, phone, email = st.columns(4)
    return Contact(
        name.text_input(f"{who}: name", person.name, max_chars=80, key=f"n-{key}"),
        relation.text_input(f"{who}: relation", person.relation, max_chars=40, key=f"r-{key}"),
        phone.text_input(f"{who}: telephone", person.phone, max_chars=40, key=f"p-{key}"),
        email.text_input(f"{who}: e-mail", person.email, max_chars=254, key=f"e-{key}"),
        person.first,
    )


def _decline(viewer: Viewer, one: Request) -> None:
    with st.form(f"decline-{one.request_id}", border=False):
        reason = st.text_area("Why it is declined", max_chars=corrections.LONGEST_WORDS)
        statement = st.text_area(
            "What the family says about it, if anything", max_chars=corrections.LONGEST_WORDS
        )
        st.caption(
            "The family may ask for a hearing, and may add a statement that stays with the record "
            "and goes along with every copy (34 CFR 99.21). It can be added later in her file."
        )
        sent = st.form_submit_button("Decline and close")
    if sent:
        with in_words():
            corrections.decline(
                viewer, request=one, reason=reason, statement=statement, now=guard.now()
            )
            done("Declined, with the reason on record.")


def statements(viewer: Viewer, one: LearnerFile) -> None:
    """What was declined, and what the family says about it: a part of the file."""
    found = corrections.declined(viewer, learner_id=one.learner_id)
    if not found:
        return
    st.subheader("Corrections declined")
    for each in found:
        with st.container(border=True, gap="small", key=f"declined-{each.correction_id.hex}"):
            st.markdown(f"**Declined {words.day(each.on, viewer.today)}:** {plain(each.reason)}")
            if each.statement:
                st.markdown(f"**The family says:** {plain(each.statement)}")
            st.caption("Whoever is given this part of her record is given the statement with it.")
            with (
                st.popover("Change the statement" if each.statement else "Add a statement"),
                st.form(f"state-{each.correction_id}", border=False),
            ):
                said = st.text_area(
                    "What the family says", each.statement, max_chars=corrections.LONGEST_WORDS
                )
                if st.form_submit_button("Keep it with her record"):
                    with in_words():
                        corrections.attach(
                            viewer,
                            learner_id=one.learner_id,
                            correction_id=each.correction_id,
                            statement=said,
                        )
                        done("The statement is kept with her record.")
