"""My account: where one is signed in, what one has viewed, second factor and password."""

from zoneinfo import ZoneInfo

import streamlit as st

from components import words
from components.table import plain_table
from pages import guard
from pages.account import elsewhere, factor
from privacy import Viewer, web_sessions
from privacy.accounts import Wait
from privacy.passwords import LONGEST, SHORTEST, weakness
from privacy.proving import prove
from privacy.web_sessions import Standing
from queries.students.viewed import Look, own_looks

FORM_WIDTH = 420  # pixels
LOOKERS = ("teacher", "counselor", "administrator", "records")
WORDS = {
    "viewed learner": "opened a record",
    "saw learners": "saw names in a list",
    "opened in an emergency": "opened in an emergency",
    "exported table": "took a table along",
}
WRONG = "The present password is not right."


def page(viewer: Viewer) -> None:
    """Shows one's own account."""
    st.title("My account")
    standing = guard.browser_standing()
    if not isinstance(standing, Standing):
        st.rerun()
    st.write(f"{viewer.name}, {viewer.role}, {viewer.district_name}")
    st.caption(f"Sign-in name: {standing.sign_in_name}. Roles come from your school's staff list.")
    elsewhere.section(standing)
    _viewed(viewer)
    if standing.has_password:
        factor.section(standing)
        _password(standing)
    else:
        st.write("You sign in with your school's provider, which also keeps your password.")


def first_password(standing: Standing, _: str) -> None:
    """All that a person sees who signed in with a password that somebody else chose."""
    st.title("Choose your own password")
    st.write("Somebody else knows the password you signed in with. Choose one that only you know.")
    _password(standing)


def _viewed(viewer: Viewer) -> None:
    """The viewer's own rows of the trail; read only while the part is open."""
    if viewer.role not in LOOKERS:
        return
    st.header("What you have viewed")
    st.write("Every look at a learner is kept, and the district's security officer can read it.")
    with st.expander("Your latest", key="viewed", on_change="rerun") as part:
        if not part.open:
            return
        looks = own_looks(viewer)
        if not looks:
            st.write("Nothing yet.")
            return
        zone = ZoneInfo(st.context.timezone or "UTC")
        rows = [
            (f"{one.at.astimezone(zone):%d %b %H:%M}", WORDS[one.action], _whom(one))
            for one in looks
        ]
        plain_table(("When", "What", "Whom"), rows, caption="What you viewed", key="viewed-rows")


def _whom(one: Look) -> str:
    if one.action == "exported table":
        return words.plural(one.how_many, "row")
    if one.learner is None and one.how_many == 1:
        return "a learner"
    return one.learner or words.plural(one.how_many, "learner")


def _password(standing: Standing) -> None:
    with st.form("change-password", clear_on_submit=True, width=FORM_WIDTH):
        st.header("Change your password")
        present = st.text_input(
            "Present password",
            type="password",
            autocomplete="current-password",
            max_chars=LONGEST,
        )
        fresh = st.text_input(
            "New password",
            type="password",
            autocomplete="new-password",
            max_chars=LONGEST,
            help=f"At least {SHORTEST} characters; three or four words are easy to remember.",
        )
        again = st.text_input(
            "New password again", type="password", autocomplete="new-password", max_chars=LONGEST
        )
        if not st.form_submit_button("Change password"):
            return
    problem = _change(standing, present, fresh, again)
    if problem:
        st.error(problem)
    elif standing.must_change_password:
        guard.go("/")
    else:
        st.success("Your password is changed, and every other browser is signed out.")


def _change(standing: Standing, present: str, fresh: str, again: str) -> str | None:
    """Why the password was not changed; None when it was."""
    if fresh != again:
        return "The two new passwords differ. Type the same one twice."
    if fresh == present:
        return "That is the password you have. Choose another."
    if weak := weakness(fresh, sign_in_name=standing.sign_in_name):
        return weak
    proof = prove(standing.account, password=present, code=None, now=guard.now())
    if isinstance(proof, Wait):
        return elsewhere.WAIT
    if proof is None:
        return WRONG
    web_sessions.replace_password(standing.viewer, fresh, now=guard.now())
    return None
