"""The library's form for a name and a password, fed from the database and kept from its cookies."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

import streamlit as st

from pages.guard import now
from privacy.accounts import Attempt, KnownAccount, Wait, begin_attempt, settle
from privacy.passwords import prepared

WRONG = "The sign-in name or the password is not right."

# The library's fields say autocomplete="off", which keeps password managers and assistive tools
# from knowing what they are for (WCAG 1.3.5 and 3.3.8). Streamlit draws them when their code has
# come, which may be later than this script, and again whenever they change: so it keeps watching.
_FIELDS_PURPOSE = """
export default function () {
  const purposes = ['username', 'current-password'];
  function tell() {
    const form = document.querySelector('[data-testid="stForm"]');
    const fields = form ? form.querySelectorAll('input') : [];
    purposes.forEach((purpose, place) => {
      const field = fields[place];
      if (field && field.getAttribute('autocomplete') !== purpose) {
        field.setAttribute('autocomplete', purpose);
      }
    });
  }
  const watcher = new MutationObserver(tell);
  watcher.observe(document.body, {
    childList: true, subtree: true, attributes: true, attributeFilter: ['autocomplete'],
  });
  tell();
  return () => watcher.disconnect();
}
"""


def typed() -> "Credentials":
    """Draws the form; whose password was right when it was sent, or else what was wrong."""
    # Imported here because the library speaks to Streamlit while it is imported, and warns when
    # no page is running.
    from streamlit_authenticator import Authenticate

    form = Authenticate.__new__(Authenticate)
    # Its __init__ would put the library's own cookie manager on the page: a cookie set by script,
    # not HttpOnly, that nobody can revoke. So the parts are put together here, without it.
    credentials = Credentials()
    form.attrs = {"login_sleep_time": 0}
    form.path = None
    form.cookie_controller = _NoCookies()
    form.authentication_controller = credentials
    form.login(
        key="sign-in",
        fields={
            "Form name": "Sign in",
            "Username": "Sign-in name",
            "Password": "Password",
            "Login": "Sign in",
        },
    )
    st.components.v2.component("chalkline_fields_purpose", js=_FIELDS_PURPOSE)(key="purpose")
    _forget_what_the_library_noted()
    return credentials


@dataclass
class Credentials:
    """Feeds the library's check with one account from the database, and keeps what came of it."""

    problem: str | None = None
    account: KnownAccount | None = None

    def login(self, username: str, password: str, *_: Any, **__: Any) -> bool:
        """Called by the library's form when it is sent."""
        if not username or not password:
            self.problem = "Type your sign-in name and your password."
            return False
        attempt = begin_attempt(username, now=now())
        if isinstance(attempt, Wait):
            self.problem = please_wait(attempt, now=now())
            return False
        right = _library_says_right(attempt, password)
        settle(attempt, right=right, now=now())
        if right and attempt.account is not None:
            self.account = attempt.account
        else:
            self.problem = WRONG
        return self.account is not None


def _library_says_right(attempt: Attempt, password: str) -> bool:
    # An unknown name is fed too, with a hash that no password has: the library itself would
    # answer at once for it, and so tell who has an account.
    from streamlit_authenticator.controllers import AuthenticationController

    fed = {attempt.name: {"password": attempt.password_hash, "name": attempt.name}}
    check = AuthenticationController({"usernames": fed}, auto_hash=False)
    return check.login(attempt.name, prepared(password)) is True


class _NoCookies:
    """In place of the library's cookies: ours is set by a route, see app.py."""

    def get_cookie(self) -> None:
        """No sign-in without the form."""

    def set_cookie(self) -> None:
        """Nothing to remember: the ticket does that."""


def _forget_what_the_library_noted() -> None:
    for key in ("name", "authentication_status", "username", "email", "roles", "logout"):
        st.session_state.pop(key, None)


def please_wait(wait: Wait, *, now: datetime, what: str = "passwords") -> str:
    """Says how long somebody has to wait who typed too many wrong ones."""
    minutes = max(1, ceil((wait.until - now) / timedelta(minutes=1)))
    return (
        f"Too many wrong {what} for this name. "
        f"Try again in {minutes} {'minute' if minutes == 1 else 'minutes'}."
    )
