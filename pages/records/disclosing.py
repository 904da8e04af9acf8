"""Who has looked at a learner's record or was given it, on her file and on paper."""

import streamlit as st

from components import documents, words
from components.table import plain_table
from pages import guard
from pages.records.telling import done, in_words
from privacy import Viewer
from queries.exports import note_export
from queries.records import disclosures
from queries.records.disclosures import DisclosureRecord
from queries.records.files import LearnerFile


def looked(viewer: Viewer, one: LearnerFile) -> None:
    """The looks, on demand, and the printed form."""
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


def new_disclosure(viewer: Viewer, one: LearnerFile) -> None:
    """The form that notes one to somebody outside."""
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
