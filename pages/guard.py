"""Asks, at every run and from inside a fragment, whether this browser is still signed in."""

from datetime import UTC, datetime
from typing import NoReturn
from urllib.parse import urlencode

import streamlit as st
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.scriptrunner import get_script_run_ctx

from privacy import Viewer
from privacy.clicks import Ended, standing
from privacy.web_sessions import Standing

# The names under which pages/wire.py hands over what the cookies proved; see there.
SESSION, BROWSER = "chalkline_session", "chalkline_browser"


def now() -> datetime:
    """The one place where a page's clock is read."""
    return datetime.now(UTC)


def browser_standing() -> Standing | Ended | None:
    """What this browser may do now; None when it brought no session cookie at all."""
    session = st.user.get(SESSION)
    return standing(bytes.fromhex(str(session)), now=now()) if session else None


def guard(viewer: Viewer) -> Viewer:
    """The same viewer, still signed in and in the same role; otherwise the run ends here.

    A fragment that loads data calls this first: its rerun skips the router. (The server also
    refuses a fragment's rerun to an ended session; this is the second lock on the same door.)
    """
    match browser_standing():
        case Standing(viewer=current) if (current.account_id, current.role) == (
            viewer.account_id,
            viewer.role,
        ):
            return current
        case _:
            st.rerun(scope="app")


def leave(reason: Ended, *, to: str = "/") -> NoReturn:
    """Takes the browser to the route that removes its cookie, then to the sign-in at `to`."""
    go("/auth/leave?" + urlencode({"why": reason.value, "to": to}))


def go(address: str) -> NoReturn:
    """Opens an address of ours in place of this page, as `st.login` opens its provider's."""
    context = get_script_run_ctx()
    if context is not None:
        message = ForwardMsg()
        message.auth_redirect.url = address
        context.enqueue(message)
    st.stop()
