"""Where one is signed in, and how to end that elsewhere: a part of My account."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

import streamlit as st

from pages import guard
from privacy.accounts import Wait
from privacy.passwords import LONGEST
from privacy.proving import Proof, prove
from privacy.web_sessions import OwnSession, Standing, end_others, own_sessions

WIDTH = 420  # pixels
EVERYWHERE: Final = "Everywhere else"
WAIT: Final = "Too many wrong passwords. Wait a while and try again."
WRONG: Final = "The password is not right, and nothing was ended."


def section(standing: Standing) -> None:
    """The browsers, the latest used first; ending one takes the password again."""
    st.header("Where you are signed in")
    now = guard.now()
    found = own_sessions(standing.viewer, now=now)
    for browser in found:
        here = " — this browser" if browser.here else ""
        minutes = int((now - browser.last_seen_at).total_seconds() // 60)
        seen = "just now" if minutes < 2 else f"{minutes} minutes ago"
        st.write(
            f"**{browser.client}**{here}: last used {seen}, signed in at {_at(browser.created_at)}"
        )
    others = [one for one in found if not one.here]
    if not others:
        st.caption("You are signed in nowhere else.")
        return
    with (
        st.expander("Sign out elsewhere"),
        st.form("elsewhere", clear_on_submit=True, border=False, width=WIDTH),
    ):
        named = _named(others)
        where = st.selectbox("Where", [EVERYWHERE, *named])
        password = _password() if standing.has_password else ""
        if not st.form_submit_button("Sign out there"):
            return
    proof: Proof | None = None
    if standing.has_password:
        shown = prove(standing.account, password=password, code=None, now=guard.now())
        if not isinstance(shown, Proof):
            st.error(WAIT if isinstance(shown, Wait) else WRONG)
            return
        proof = shown
    end_others(standing, proof, now=guard.now(), one=named.get(where))
    st.rerun()


def _named(others: Sequence[OwnSession]) -> dict[str, bytes]:
    """Sessions by what a person calls them; the first signed in comes first, so that a use of one
    in the meantime moves none.
    """
    named: dict[str, bytes] = {}
    for one in sorted(others, key=lambda one: (one.created_at, one.token_hash)):
        label = f"{one.client}, signed in at {_at(one.created_at)}"
        same = sum(known.startswith(label) for known in named)
        named[f"{label} ({same + 1})" if same else label] = one.token_hash
    return named


def _at(moment: datetime) -> str:
    return f"{moment.astimezone(ZoneInfo(st.context.timezone or 'UTC')):%H:%M}"


def _password() -> str:
    return st.text_input(
        "Your password", type="password", autocomplete="current-password", max_chars=LONGEST
    )
