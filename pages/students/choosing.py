"""The filters that pages about classes share; what is chosen stands in the address."""

from collections.abc import Sequence

import streamlit as st

from queries.students.classes import TaughtClass

ALL = "All my classes"


def some_classes(classes: Sequence[TaughtClass]) -> list[TaughtClass]:
    """All of the teacher's classes, or the one she picks."""
    if len(classes) < 2:
        return list(classes)
    labels = [ALL, *(one.label for one in classes)]
    # Not "class", as for one class: a page may not name a filter of its own in a link it opens.
    chosen = st.selectbox("Class", labels, key="only", bind="query-params", width=320)
    return [one for one in classes if chosen in (ALL, one.label)]


def one_class(classes: Sequence[TaughtClass]) -> TaughtClass:
    """The class she picks, at first the first."""
    labels = [one.label for one in classes]
    chosen = st.selectbox("Class", labels, key="class", bind="query-params", width=320)
    return next(one for one in classes if one.label == chosen)


def one_of(label: str, options: Sequence[str], *, key: str, everything: str) -> str | None:
    """One of the options, or None for everything; not shown where there is nothing to choose."""
    if len(options) < 2:
        return None
    chosen = st.selectbox(label, [everything, *options], key=key, bind="query-params", width=240)
    return None if chosen == everything else chosen
