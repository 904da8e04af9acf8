"""Open requests, the nearest deadline first, each with the one thing to do next."""

from datetime import date
from typing import Final

import streamlit as st

from components import copies, documents, words
from components.empty import empty
from components.show import plain
from pages import guard
from pages.records import correcting
from pages.records.telling import GIVERS, done, in_words
from privacy import Viewer
from queries.records import requests
from queries.records.requests import CHECKS, Request

KINDS: Final = {"access": "See the record", "erasure": "Erase the record", "correction": "Correct"}
SOON: Final = 7  # days


def show(viewer: Viewer) -> None:
    """All that wait."""
    found = requests.open_requests(viewer)
    if not found:
        empty(
            "No request waits for an answer.",
            next_step="When a parent or learner asks to see, correct or erase a record, open the "
            "learner's file and register the request there.",
        )
    for one in found:
        with st.container(border=True, gap="small", key=f"request-{one.request_id.hex}"):
            _one(viewer, one)
    _backups(viewer)


def _one(viewer: Viewer, one: Request) -> None:
    who = plain(one.name or "A learner who is erased")
    st.markdown(f"**{KINDS[one.kind]}: {who}** {_deadline(one.due_on, viewer.today)}")
    asked = GIVERS[one.requested_by].lower()
    st.caption(
        f"Asked by {asked}, received {words.day(one.received_on, viewer.today)}, under {one.law}"
        + (f"; registered by {plain(one.registered_by_name)}" if one.registered_by_name else "")
        + (f"; identity: {one.identity_check}" if one.identity_check else "")
        + "."
    )
    match one.step:
        case "verify":
            _verify(viewer, one)
        case "approve":
            _approve(viewer, one)
        case "held":
            st.warning("A legal hold keeps this record. It is erased when the hold is lifted.")
        case "erase":
            st.info(
                f"Approved by {plain(one.approved_by_name or 'a colleague')}. It is erased within "
                "a minute or two; this card then disappears."
            )
        case "copy":
            st.info("The copy is being made. Reload the page in a minute.")
        case "hand over":
            _hand_over(viewer, one)
        case "correcting":
            st.info(
                "Accepted. It stands in her record within a minute or two; this card then goes."
            )
        case _:
            correcting.decide(viewer, one)


def _deadline(due: date, today: date) -> str:
    days = (due - today).days
    said = f"answer {words.ago(due, today)}" if days >= 0 else f"overdue since {due:%d %B}"
    colour = "red" if days < 0 else "orange" if days <= SOON else "gray"
    return f":{colour}-badge[{plain(said)}]"


def _verify(viewer: Viewer, one: Request) -> None:
    st.markdown("**Next:** make sure that whoever asks is who they say.")
    with st.form(f"verify-{one.request_id}", border=False):
        check = st.selectbox("How did you make sure?", CHECKS, width=380)
        with st.container(horizontal=True):
            yes = st.form_submit_button("Identity is certain", type="primary")
            no = st.form_submit_button("Could not be verified: close")
    with in_words():
        if yes:
            requests.verify(viewer, request=one, check=check, now=guard.now())
            done("Verified.")
        if no:
            requests.close(viewer, request=one, outcome="not verified", now=guard.now())
            done("Closed without an answer: identity not verified.")


def _approve(viewer: Viewer, one: Request) -> None:
    st.markdown(
        "**Next:** a second person approves. Then her name, work, marks and everything else about "
        "her is deleted and her key destroyed; it can not be undone."
        + (" Coarse history without a name may be kept." if one.keep_history else "")
    )
    if one.registered_by == viewer.staff_id:
        st.caption("You registered this request, so a colleague of the records office approves it.")
    with st.container(horizontal=True):
        yes = one.registered_by != viewer.staff_id and st.button(
            "Approve erasing", key=f"approve-{one.request_id}", type="primary"
        )
        no = st.button("Refuse and close", key=f"refuse-{one.request_id}")
    with in_words():
        if yes:
            requests.approve(viewer, request=one)
            done("Approved. It is erased within a minute or two.")
        if no:
            requests.close(viewer, request=one, outcome="refused", now=guard.now())
            done("Refused and closed.")


def _hand_over(viewer: Viewer, one: Request) -> None:
    st.markdown("**Next:** hand the copy over, then close the request.")
    if st.button("Open the copy", key=f"open-{one.request_id}"):
        with in_words():
            copy = requests.copy_of(viewer, request=one)
            with st.container(horizontal=True):
                for label, name, mime, data in (
                    ("To read (PDF)", "record.pdf", "application/pdf", paper(viewer, one, copy)),
                    ("Tables (CSV)", "record.zip", "application/zip", copies.to_csv_files(copy)),
                    ("For machines (JSON)", "record.json", "application/json",
                     copies.to_json(copy)),
                ):  # fmt: skip
                    st.download_button(
                        label,
                        data,
                        file_name=name,
                        mime=mime,
                        key=f"{name}-{one.request_id}",
                        on_click="ignore",
                    )
    if st.button("Handed over: close", key=f"done-{one.request_id}"):
        with in_words():
            requests.close(viewer, request=one, outcome="handed over", now=guard.now())
            done("Closed.")


def paper(viewer: Viewer, one: Request, copy: copies.Copy) -> bytes:
    """The copy as a PDF that a parent can read."""
    return documents.pdf(
        "record",
        {
            "title": f"The record of {one.name}",
            "subtitle": f"{viewer.district_name}, {words.day(viewer.today, viewer.today)} "
            f"{viewer.today.year}",
            "explained": "This is what the school holds about this learner. You may ask for "
            "anything that is wrong to be corrected, and who has looked at the record.",
            "parts": copies.parts(copy),
            "left_out": list(copy["left_out"].values()),
            "foot": f"{viewer.district_name}, records office",
        },
        made_at=guard.now(),
    )


def _backups(viewer: Viewer) -> None:
    held = requests.in_backups(viewer)
    newest = (
        f"the newest of {words.moment(held.newest)} UTC"
        if held.newest
        else "none is on record here"
    )
    st.caption(
        f"Backups ({newest}) still hold the sealed rows of somebody who is erased today. They open "
        f"only with the key of {words.day(held.key_made, viewer.today)}, which is destroyed by "
        f"{words.day(held.key_destroyed_by, viewer.today)} at the latest; after a restore she is "
        "erased again."
    )
