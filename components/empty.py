"""Sentences for pages with nothing to show, for how fresh the data is, and for invented data."""

from datetime import date, datetime

import streamlit as st

from components import words
from components.show import plain

GENERATED = "This is a generated demo district: every person here is invented."


def empty(sentence: str, *, next_step: str = "") -> None:
    """Say what is not there and, where there is one, what to do about it."""
    with st.container(border=True):
        st.markdown(plain(sentence))
        if next_step:
            st.caption(plain(next_step))


def as_of(when: datetime | None) -> None:
    """How fresh the page's data is."""
    st.caption(as_of_words(when))


def as_of_words(when: datetime | None) -> str:
    """The sentence `as_of` shows.

    >>> as_of_words(datetime(2026, 11, 22, 14, 5)), as_of_words(None)
    ('Data as of 22 November 2026, 14:05', 'No data has been loaded yet')
    """
    return f"Data as of {words.moment(when)}" if when else "No data has been loaded yet"


def generated_banner() -> None:
    """Say that nobody on this page exists."""
    st.caption(f":material/theater_comedy: {GENERATED}")


def historical_banner(shown: date, *, today: date) -> None:
    """Say that the pages show a day of the past."""
    st.caption(f":material/history: Historical data, as it stood on {words.day(shown, today)}.")
