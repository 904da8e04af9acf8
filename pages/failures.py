"""Says that something failed and where to look, without repeating what it knew about anybody.

An exception's message may hold a learner's data: PostgreSQL quotes the row it refuses. So a log
gets the kind of error and the lines of code, and a reader a reference that leads to them.
"""

import logging
import secrets
import traceback

import streamlit as st

log = logging.getLogger("chalkline")
DEEPEST = 8  # lines of code named


def explain(error: Exception) -> bool:
    """One sentence on the page and one line in the log, under the same reference.

    True tells Streamlit that nothing more needs to be shown.
    """
    reference = secrets.token_hex(4)
    log.error("error %s: %s", reference, place(error))
    st.error(
        "This could not be shown. Try again in a moment; if it stays so, tell whoever runs "
        f"Chalkline at your school and name reference {reference}."
    )
    return True


def place(error: BaseException) -> str:
    """The kind of an error and the lines of code that led there, the deepest first."""
    frames = reversed(traceback.extract_tb(error.__traceback__)[-DEEPEST:])
    lines = " < ".join(f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}" for frame in frames)
    return f"{type(error).__name__} at {lines}"


class WithoutData(logging.Filter):
    """Lets other people's log lines through with the place of an error in place of its message."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.exc_info, tuple) and record.exc_info[1] is not None:
            record.msg = f"{record.getMessage().splitlines()[0]}: {place(record.exc_info[1])}"
            record.args, record.exc_info, record.exc_text = (), None, None
        return True


def keep_data_out_of_logs() -> None:
    """Filters what Streamlit and uvicorn say about errors in our pages and routes."""
    for name in ("streamlit.error_util", "streamlit.runtime.app_session", "uvicorn.error"):
        logging.getLogger(name).addFilter(WithoutData())
