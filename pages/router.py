"""Runs at every visit and click: finds out who asks, and shows the page if her role may open it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Literal

import streamlit as st

from components.empty import generated_banner, historical_banner
from components.paper import paper
from pages import ADDRESSES, PAGES, Page, guard, home, sign_in
from pages.account import factor, own
from pages.failures import explain
from privacy import Viewer, web_sessions
from privacy.web_sessions import Ended, Standing

CHECK_EVERY = "30s"  # how often an open page looks whether its session is about to end
WARNED_BEFORE = timedelta(minutes=2)  # so that there is time to stay (WCAG 2.2.1)
FIND_KEYS = "Ctrl+K"  # with a modifier, so that it fights no screen reader (WCAG 2.1.4)
PAST = timedelta(days=2)  # a district's today is never so far off unless its clock is fixed
STILL_KNOWN = timedelta(seconds=5)  # the run that draws the page has just asked


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
        _header(standing, declared["account"], declared["find"])
        paper()
    chosen.run()


def _open(page: Page, viewer: Viewer) -> None:
    """Shows a page to a viewer who may see it; says so to one who may not."""
    if viewer.role not in page.roles:
        st.error(refusal(page, viewer.role))
        return
    try:
        page.function()(viewer)
    except Exception as error:
        explain(error)


def refusal(page: Page, role: str) -> str:
    """Who may not open what, and the way out."""
    article = "An" if role[0] in "aeiou" else "A"
    return (
        f"{article} {role} may not open '{page.title}'. Ask whoever keeps your school's staff "
        f"list if your work needs it, or go to '{home(role).title}'."
    )


def _header(standing: Standing, account_page: st.Page, find_page: st.Page) -> None:
    viewer = standing.viewer
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        if viewer.generated:
            generated_banner()
        elif guard.now().date() - viewer.today > PAST:
            historical_banner(viewer.today, today=guard.now().date())
        _about_to_end(standing, guard.now())
        if viewer.role in ADDRESSES["find"].roles and st.button(
            "Find", icon=":material/search:", type="tertiary", shortcut=FIND_KEYS, key="find-page"
        ):
            st.switch_page(find_page)
        with st.popover(f"{viewer.name} · {viewer.role}", icon=":material/account_circle:"):
            st.caption(viewer.district_name)
            for role in standing.roles:
                if role != viewer.role and st.button(f"Work as {role}", key=f"work-as-{role}"):
                    web_sessions.work_as(viewer, role, now=guard.now())
                    guard.go("/")
            st.page_link(account_page, label="My account", icon=":material/lock:")
            if st.button("Sign out", icon=":material/logout:"):
                web_sessions.end(standing.session, now=guard.now())
                guard.leave(Ended.SIGNED_OUT)


@st.fragment(run_every=CHECK_EVERY)
def _about_to_end(standing: Standing, asked: datetime) -> None:
    """Warns before the session ends for idleness, and clears the page once it has.

    Its own repetition keeps nothing alive; a click on the button, like any click, does.
    """
    now = guard.now()
    if now - asked > STILL_KNOWN:
        match guard.browser_standing():
            case Standing() as later:
                standing = later
            case _:
                st.rerun(scope="app")
    if standing.ends_at - now < WARNED_BEFORE:
        st.warning("You will be signed out in less than two minutes.")
        st.button("Stay signed in")


def _address(chosen: st.Page) -> str:
    return chosen.url_path if chosen.url_path in ADDRESSES else ""


if __name__ == "__main__":
    main()
