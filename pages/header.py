"""The line above every page: whose data it is, finding, saved views, help, and one's account."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import streamlit as st

from components.empty import generated_banner, historical_banner
from components.show import plain
from pages import ADDRESSES, Page, guard
from pages.help import HELP
from pages.students.links import link
from privacy import NotAllowed, web_sessions
from privacy.clicks import Ended
from privacy.web_sessions import Standing
from queries.saved_views import LONGEST, SavedView, forget, keep, saved_views

CHECK_EVERY = "30s"  # how often an open page looks whether its session is about to end
WARNED_BEFORE = timedelta(minutes=2)  # so that there is time to stay (WCAG 2.2.1)
PAST = timedelta(days=2)  # a district's today is never so far off unless its clock is fixed
STILL_KNOWN = timedelta(seconds=5)  # the run that draws the page has just asked
# With a modifier, so that it fights no screen reader and no typing (WCAG 2.1.4).
FIND_KEYS: Final = "Ctrl+K"
KEYS: Final = (
    "**Ctrl+K** finds a learner, class, competency or course. In the mastery map, arrows move, "
    "**Enter** opens and **Escape** lets go. **Tab** goes from part to part."
)


def header(standing: Standing, page: Page, declared: Mapping[str, st.Page]) -> None:
    """Draws the line for the page that is shown below it."""
    viewer = standing.viewer
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        if viewer.generated:
            generated_banner()
        elif guard.now().date() - viewer.today > PAST:
            historical_banner(viewer.today, today=guard.now().date())
        _about_to_end(standing, guard.now())
        with st.container(horizontal=True, width="content", vertical_alignment="center"):
            if viewer.role in ADDRESSES["find"].roles and st.button(
                "Find",
                icon=":material/search:",
                type="tertiary",
                shortcut=FIND_KEYS,
                key="find-page",
            ):
                st.switch_page(declared["find"])
            _views(standing, page)
            _help(page)
            _account(standing, declared["account"])


def _account(standing: Standing, account_page: st.Page) -> None:
    viewer = standing.viewer
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


def _help(page: Page) -> None:
    with st.popover(
        "Help", icon=":material/help:", type="tertiary", key="help", on_change="rerun"
    ) as panel:
        if panel.open:
            st.markdown(f"**{page.title}.** {HELP.get(page.address, '')}")
            st.caption(KEYS)


def _views(standing: Standing, page: Page) -> None:
    """The pages she kept with their filters; looked up only while the list is open."""
    with st.popover(
        "Views", icon=":material/bookmark:", type="tertiary", key="views", on_change="rerun"
    ) as panel:
        if not panel.open:
            return
        viewer = standing.viewer
        for view in saved_views(viewer):
            if view.address in ADDRESSES and viewer.role in ADDRESSES[view.address].roles:
                _view(standing, view)
        name = st.text_input(
            "Keep this page and its filters as", max_chars=LONGEST, key="view-name"
        )
        if st.button("Keep", key="view-keep", disabled=not name.strip()):
            query = {key: st.query_params[key] for key in st.query_params}
            try:
                keep(viewer, name=name, address=page.address, query=query, now=guard.now())
            except NotAllowed as why:
                st.error(str(why))
                return
            st.rerun()


def _view(standing: Standing, view: SavedView) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        link(view.address, plain(view.name), icon=":material/bookmark:", **view.query)
        if st.button(
            "Forget", key=f"forget-{view.view_id}", type="tertiary", help=f"Forget {view.name}"
        ):
            forget(standing.viewer, view=view.view_id)
            st.rerun()


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
