"""Runs at every visit and click: finds out who asks, and shows the page if her role may open it."""

from collections.abc import Callable
from functools import partial
from typing import Literal

import streamlit as st

from components.sheets import sheets
from pages import ADDRESSES, PAGES, Page, guard, header, home, sign_in
from pages.account import factor, own
from pages.failures import explain
from privacy import NotAllowed, Viewer
from privacy.clicks import Ended
from privacy.web_sessions import Standing
from queries.trail import note_refusal


def main() -> None:
    """One run of the application."""
    standing = guard.browser_standing()
    layout: Literal["wide", "centered"] = "wide" if isinstance(standing, Standing) else "centered"
    st.set_page_config(page_title="Chalkline", page_icon="📐", layout=layout)
    match standing:
        case Standing(must_change_password=True):
            _declare(partial(own.first_password, standing)).run()
        case Standing(must_add_factor=True):
            _declare(partial(factor.first_factor, standing)).run()
        case Standing():
            _signed_in(standing)
        case Ended():
            chosen = _declare(sign_in.page)
            guard.leave(standing, to=sign_in.asked_for(_address(chosen)))
        case None:
            _declare(sign_in.page).run()


def _declare(show: Callable[[str], None]) -> st.Page:
    """Every address leads to the same page; the address itself is kept for afterwards."""
    start = st.Page(partial(show, ""), title="Chalkline", url_path="start", default=True)
    rest = [
        st.Page(partial(show, page.address), title="Chalkline", url_path=page.address)
        for page in PAGES
    ]
    return st.navigation([start, *rest], position="hidden")


def _signed_in(standing: Standing) -> None:
    viewer = standing.viewer
    # All pages are declared for every role: one that is missing would be "page not found" and
    # then the start page, where a plain "you may not" is the honest answer.
    declared = {
        page.address: st.Page(
            partial(_open, page, viewer),
            title=page.title,
            icon=f":material/{page.icon}:",
            url_path=page.address,
            visibility="visible" if page.in_menu and viewer.role in page.roles else "hidden",
        )
        for page in PAGES
    }
    start = st.Page(
        partial(st.switch_page, declared[home(viewer.role).address]),
        title="Chalkline",
        url_path="start",
        default=True,
        visibility="hidden",
    )
    chosen = st.navigation([start, *declared.values()], position="top")
    if chosen is not start:
        chosen_page = ADDRESSES[chosen.url_path]
        header.header(standing, chosen_page, declared)
        sheets()
    chosen.run()


def _open(page: Page, viewer: Viewer) -> None:
    """Shows a page to a viewer who may see it; says so to one who may not."""
    if viewer.role not in page.roles:
        st.error(refusal(page, viewer.role))
        note_refusal(viewer, what=page.address)
        return
    try:
        page.function()(viewer)
    except NotAllowed as why:
        st.error(str(why))
        note_refusal(viewer, what=page.address)
    except Exception as error:
        explain(error)


def refusal(page: Page, role: str) -> str:
    """Who may not open what, and the way out."""
    article = "An" if role[0] in "aeiou" else "A"
    return (
        f"{article} {role} may not open '{page.title}'. Ask whoever keeps your school's staff "
        f"list if your work needs it, or go to '{home(role).title}'."
    )


def _address(chosen: st.Page) -> str:
    return chosen.url_path if chosen.url_path in ADDRESSES else ""


if __name__ == "__main__":
    main()
