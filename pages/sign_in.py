"""What a signed-out visitor sees, whatever address she asked for: the way in."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from pages.guard import BROWSER, go, now
from pages.password_form import please_wait, typed
from privacy import NotAllowed
from privacy.accounts import KnownAccount, Wait
from privacy.clicks import Ended
from privacy.identities import account_of
from privacy.second_factor import Method, check
from privacy.second_factor import asked_of as asks_for_code
from privacy.tickets import issue_ticket

WRONG_CODE = "That code is not right, or it was used already. Wait for the next one and try again."
HALFWAY = "chalkline halfway"  # where a tab keeps that its password was right
NO_ROLE = (
    "You have no role in Chalkline today, or your account is switched off. "
    "Ask whoever keeps your school's staff list."
)
NO_COOKIE = "Your browser keeps no cookies for this site. Allow them, then reload this page."
UNKNOWN_IDENTITY = (
    "You are signed in with your school's provider, but no Chalkline account is tied to that "
    "identity. Ask whoever keeps your school's staff list."
)
NOTICES = {
    Ended.SIGNED_OUT.value: "You are signed out.",
    Ended.IDLE.value: "You were signed out because nothing happened for 15 minutes.",
    Ended.TOO_LONG.value: "You were signed out because 8 hours have passed.",
    Ended.CLOSED.value: "Your account or your role has changed. Sign in again.",
    "ticket": "That took too long. Sign in again.",
}
FRESH = timedelta(minutes=5)  # how old a provider's word may be when it is traded for a session


def page(address: str) -> None:
    """Shows the form; after it, the visitor stands at `address` with the query she came with."""
    notice = NOTICES.get(st.query_params.get("notice", ""))
    st.title("Chalkline")
    st.write("Who needs me this week, why, and what do I do.")
    with st.container(width=420):
        if notice:
            st.info(notice)
        browser = st.user.get(BROWSER)
        if not browser:
            st.error(NO_COOKIE)
            return
        known = bytes.fromhex(str(browser))
        if _halfway() is not None:
            problem = _by_code(known, address)
        else:
            problem = _by_provider(known, address)
            problem = _by_password(known, address) or problem
        if problem:
            st.error(problem)


def _by_password(browser: bytes, address: str) -> str | None:
    """Draws the library's form; the problem in words when the sign-in failed."""
    credentials = typed()
    if credentials.account is None:
        return credentials.problem
    if asks_for_code(credentials.account):
        st.session_state[HALFWAY] = Halfway(credentials.account, now())
        st.rerun()
    return _enter(credentials.account, browser, address)


@dataclass(frozen=True)
class Halfway:
    """A right password, kept by the server for this tab until the code is typed."""

    account: KnownAccount
    since: datetime


def _halfway() -> Halfway | None:
    found = st.session_state.get(HALFWAY)
    if isinstance(found, Halfway) and now() - found.since < FRESH:
        return found
    st.session_state.pop(HALFWAY, None)
    return None


def _by_code(browser: bytes, address: str) -> str | None:
    """Asks for the second factor; the problem in words when the code was wrong."""
    half = _halfway()
    if half is None:
        return None
    with st.form("second-factor", clear_on_submit=True):
        st.subheader("One more step")
        typed = st.text_input(
            "Code",
            autocomplete="one-time-code",
            max_chars=60,
            help="The six digits your authenticator app shows now, or one of your recovery codes.",
        )
        sent = st.form_submit_button("Sign in")
    if st.button("Start again", type="tertiary"):
        st.session_state.pop(HALFWAY, None)
        st.rerun()
    if not sent:
        return None
    proved = check(half.account, typed, now=now())
    if isinstance(proved, Wait):
        return please_wait(proved, now=now(), what="codes")
    if proved is None:
        return WRONG_CODE
    st.session_state.pop(HALFWAY, None)
    return _enter(half.account, browser, address, method=proved)


def _by_provider(browser: bytes, address: str) -> str | None:
    """Offers OpenID Connect where it is configured; trades a fresh identity for a session."""
    claims = st.user.to_dict()
    known = bool(claims.get("is_logged_in")) and _fresh(claims, now=now())
    account = account_of(claims) if known else None
    if account is not None:
        return _enter(account, browser, address, method="provider")
    for provider, label in _providers().items():
        if st.button(label, key=f"provider-{provider}"):
            st.login(None if provider == "default" else provider)
    return UNKNOWN_IDENTITY if known else None


def _providers() -> dict[str, str]:
    """The configured providers: the key `st.login` takes, and the button's words."""
    try:
        section: Mapping[str, Any] = st.secrets.get("auth", {})
    except FileNotFoundError:
        return {}
    named = {
        name: f"Sign in with {name.replace('_', ' ').title()}"
        for name, value in section.items()
        if isinstance(value, Mapping) and "client_id" in value
    }
    if "client_id" in section:
        return {"default": "Sign in with your school account"} | named
    return named


def _fresh(claims: Mapping[str, Any], *, now: datetime) -> bool:
    issued = claims.get("iat")
    return isinstance(issued, int | float) and abs(now.timestamp() - issued) < FRESH.total_seconds()


def _enter(
    account: KnownAccount, browser: bytes, address: str, *, method: Method = "password"
) -> str:
    """Leaves for the route that trades a ticket for the session's cookie."""
    try:
        ticket = issue_ticket(account, browser=browser, now=now(), method=method)
    except NotAllowed as refusal:
        return str(refusal)
    if ticket is None:
        return NO_ROLE
    go("/auth/enter?" + urlencode({"ticket": ticket, "to": asked_for(address)}))


def asked_for(address: str) -> str:
    """The address a visitor asked for, with its query and without our own notice."""
    query = {name: st.query_params.get_all(name) for name in st.query_params if name != "notice"}
    return f"/{address}" + (f"?{urlencode(query, doseq=True)}" if query else "")
