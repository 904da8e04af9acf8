"""What the parts of the records office have in common: refusals in words, and a moment's notice."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import streamlit as st

from privacy import NotAllowed
from privacy.consent import ConsentError, Law

GIVERS: Final = {"parent": "A parent", "learner": "The learner herself", "school": "The school"}
LAWS: Final[Mapping[Law, str]] = {
    "FERPA": "FERPA (education records)",
    "COPPA": "COPPA (children under 13, online)",
    "GDPR": "GDPR (European Union)",
}
GROUNDS: Final = {
    "school_official": "held as an education record by the school",
    "parental": "held on a parent's consent",
    "own": "held on her own consent",
    "pending": "consent has been asked for and not given",
    "withdrawn": "consent was withdrawn",
}


@contextmanager
def in_words() -> Iterator[None]:
    """Shows a refusal as the sentence it is."""
    try:
        yield
    except (NotAllowed, ConsentError) as refusal:
        st.error(str(refusal))


def done(sentence: str) -> None:
    """Says what was done and shows the page as it now is."""
    st.toast(sentence, icon=":material/check:")
    st.rerun()
