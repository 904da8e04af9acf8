"""Keeps what an administrator has typed, and says in place why where it can not."""

from collections.abc import Callable

import streamlit as st

from components.show import plain
from privacy import NotAllowed
from queries.district.support import NotSo


def kept(act: Callable[[], None]) -> None:
    """Does it and shows the page anew; says in place why it can not be done."""
    try:
        act()
    except (NotAllowed, NotSo) as why:
        st.error(plain(str(why)))
        return
    st.rerun()
