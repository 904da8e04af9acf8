"""Addresses of pages about people: what stands in them opens for one viewer only."""

from typing import NoReturn
from uuid import UUID

import streamlit as st

from privacy import Viewer, door, tokens


def token(viewer: Viewer, identifier: UUID, *, kind: str = "learner") -> str:
    """The viewer's own word for a learner (or flag, or notice); it tells nobody else anything."""
    return tokens.seal(_secret(), viewer=viewer.staff_id, kind=kind, value=identifier)


def learner_of(viewer: Viewer, address: str) -> UUID:
    """The learner a token stands for; TokenError, in words, for a foreign or altered one."""
    return tokens.open_token(_secret(), address, viewer=viewer.staff_id, kind="learner")


def opened(viewer: Viewer, address: str, *, kind: str) -> UUID:
    """What another kind of token stands for; TokenError as above."""
    return tokens.open_token(_secret(), address, viewer=viewer.staff_id, kind=kind)


def open_page(address: str, **query: str) -> NoReturn:
    """Leaves for another page of the site map."""
    st.switch_page(_declared(address), query_params=query)


def link(address: str, label: str, *, icon: str | None = None, **query: str) -> None:
    """A link to another page of the site map."""
    st.page_link(_declared(address), label=label, icon=icon, query_params=query)


def link_to_list(viewer: Viewer) -> None:
    """The way to where a teacher or counselor finds her learners."""
    if viewer.role == "counselor":
        link("caseload", "Open your caseload", icon=":material/diversity_1:")
    else:
        link("today", "Open Today", icon=":material/today:")


def _declared(address: str) -> st.Page:
    # The router has declared the page; Streamlit knows it again by its address alone.
    return st.Page(_never_run, title=address, url_path=address)


def _never_run() -> None:
    """Stands in for the page's own function, which the router holds."""


def _secret() -> bytes:
    return door().keystore.secret("token")
