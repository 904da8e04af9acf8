"""What waits for a second person, on the pages of administrators and of the security officer."""

from typing import Final

import streamlit as st

from components import words
from components.show import plain
from pages import guard
from privacy import NotAllowed, Viewer
from queries import deciding
from queries import second_person as waiting
from queries.posts import FirstPassword
from queries.second_person import Request

ASKED: Final = "Asked. Another administrator or the security officer has to agree within a week."
SAID: Final = "chalkline said"  # what the next drawing of the page says once
WANTS: Final = {
    "role": "wants {name} to be {role} ({school}).",
    "account": "wants a first account for {name}, who reaches the whole district.",
    "reset": "wants a new first password for {name}, who reaches the whole district.",
}


def section(viewer: Viewer) -> None:
    """Each request with its two buttons; nothing where none waits."""
    found = waiting.waiting(viewer, now=guard.now())
    if not found:
        return
    st.header("Waiting for a second person")
    for one in found:
        with st.container(border=True, gap="small", key=f"request-{one.request_id}"):
            wants = WANTS[one.kind].format(name=one.name, role=one.role, school=one.school)
            st.markdown(f"**{plain(one.asker)}** {plain(wants)}")
            st.caption(f"Asked on {words.moment(one.asked_at)}.")
            if viewer.staff_id in (one.asked_by, one.staff_id):
                st.caption("Somebody else has to decide.")
            else:
                _decide(viewer, one)


def told(password: FirstPassword | None) -> str:
    """What whoever made an account is told, once."""
    if password is None:
        return ASKED
    return (
        f"Tell her in person: sign-in name {password.sign_in_name}, first password "
        f"{password.password}. It is shown this once, and she has to change it."
    )


def say(sentence: str) -> None:
    """Keeps a sentence for the next drawing of this tab's page."""
    st.session_state[SAID] = sentence


def once() -> None:
    """Says what was kept, and forgets it."""
    sentence = st.session_state.pop(SAID, "")
    if sentence:
        st.success(plain(sentence))


def _decide(viewer: Viewer, request: Request) -> None:
    name = ""
    if request.kind == "account":
        name = st.text_input("Sign-in name", key=f"name-{request.request_id}", width=300)
    with st.container(horizontal=True):
        agreed = st.button("Agree", key=f"agree-{request.request_id}")
        declined = st.button("Decline", key=f"decline-{request.request_id}")
    if not (agreed or declined):
        return
    try:
        password = deciding.decide(
            viewer,
            request=request,
            agreed=agreed,
            sign_in_name=name,
            today=viewer.today,
            now=guard.now(),
        )
    except NotAllowed as why:
        st.error(str(why))
        return
    say(told(password) if password else "Agreed, and done." if agreed else "Declined.")
    st.rerun()
