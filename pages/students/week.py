"""My week: who asks for me, what is due, how much I can hold, and who stands in for me."""

from collections.abc import Callable

import streamlit as st

from components import words
from components.empty import empty
from components.show import plain
from pages import guard
from pages.students.due import due_reviews, reviews_ahead
from pages.students.links import link, token
from privacy import NotAllowed, Viewer
from queries.students import capacity, handing
from queries.students.acting import NotPossible
from queries.students.colleagues import Colleague, Notice, colleagues, have_read, notices
from queries.students.handled import handled_this_week

SAID = {
    "mention": "mentioned you in a note",
    "informed": "informed you of a plan",
    "handover": "handed a case over to you",
    "cover": "asked you to cover for them",
    "plan": "passed a plan on to you",
}


def page(viewer: Viewer) -> None:
    """The digest that is also mailed, with what it leads to."""
    st.title("My week")
    _notices(viewer)
    due_reviews(viewer, reviews_ahead(viewer))
    done = handled_this_week(viewer, now=guard.now())
    st.caption(f"You answered {words.plural(len(done), 'flag')} in the last seven days.")
    if viewer.role == "counselor":
        counselors = colleagues(viewer, role="counselor")
        _cover(viewer, counselors)
        _hand_over(viewer, counselors)
    _settings(viewer)


def _notices(viewer: Viewer) -> None:
    found = notices(viewer)
    fresh = [one for one in found if not one.read]
    st.header("For you")
    if not found:
        empty("Nobody has mentioned you, informed you or handed anything over to you.")
        return
    for one in found:
        _notice(viewer, one)
    if fresh and st.button("Mark all as read"):
        have_read(viewer, now=guard.now())
        st.rerun()


def _notice(viewer: Viewer, one: Notice) -> None:
    new = "" if one.read else ":blue-badge[● New] "
    day = words.day(one.at.date(), viewer.today)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"{new}**{plain(one.who)}** {SAID[one.kind]}, {day}.", width="content")
        if one.learner_id is not None:
            link("learner", one.learner, learner=token(viewer, one.learner_id))


def _cover(viewer: Viewer, counselors: list[Colleague]) -> None:
    st.header("Away, or handing over")
    for one in handing.covers(viewer):
        days = f"{words.day(one.starts_on, viewer.today)} to {words.day(one.ends_on, viewer.today)}"
        mine = one.absent_id == viewer.staff_id
        with st.container(horizontal=True, vertical_alignment="center"):
            who = f"{one.covering} covers for you" if mine else f"You cover for {one.absent}"
            st.markdown(f"{plain(who)}, {days}.", width="content")
            key = token(viewer, one.cover_id, kind="cover")
            if mine and st.button("End now", key=f"end-{key}"):
                handing.end_cover(viewer, which=one.cover_id, today=viewer.today, now=guard.now())
                st.rerun()
    if not counselors:
        st.write("There is no other counselor in the district who could cover.")
        return
    names = {one.staff_id: one.name for one in counselors}
    with st.popover("Arrange cover"), st.form("cover", border=False):
        by = st.selectbox("Who covers", list(names), format_func=lambda one: names[one])
        starts_on = st.date_input("From", viewer.today, format="DD/MM/YYYY")
        ends_on = st.date_input("To", viewer.today, format="DD/MM/YYYY")
        st.caption("On these days your colleague sees your caseload, its restricted notes too.")
        if st.form_submit_button("Arrange cover", type="primary"):
            _try(
                lambda: handing.cover(
                    viewer,
                    by=by,
                    starts_on=starts_on,
                    ends_on=ends_on,
                    today=viewer.today,
                    now=guard.now(),
                )
            )


def _hand_over(viewer: Viewer, counselors: list[Colleague]) -> None:
    if not counselors:
        return
    names = {one.staff_id: one.name for one in counselors}
    with st.popover("Hand over a case", on_change="rerun", key="handover") as panel:
        if not panel.open:
            return
        learners = dict(handing.my_learners(viewer))
        with st.form("handover-form", border=False):
            learner = st.selectbox(
                "Learner", list(learners), index=None, format_func=lambda one: learners[one]
            )
            to = st.selectbox("To", list(names), index=None, format_func=lambda one: names[one])
            reason = st.selectbox(
                "Why", list(handing.REASONS), format_func=lambda one: handing.REASONS[one]
            )
            st.caption("The case with its plans and notes goes with it; you no longer see it.")
            if not st.form_submit_button("Hand over", type="primary"):
                return
        if learner is None or to is None:
            st.error("Choose the learner and the colleague.")
            return
        _try(
            lambda: handing.hand_over(
                viewer,
                learners=[learner],
                to=to,
                reason=reason,
                today=viewer.today,
                now=guard.now(),
            )
        )


def _settings(viewer: Viewer) -> None:
    own = capacity.own_settings(viewer)
    st.header("My list")
    with st.form("own"):
        limit = st.number_input(
            f"Open cases I can act on (empty: {own.district}, as the district says)",
            1,
            200,
            own.open_cases,
            width=320,
        )
        digest = st.checkbox("Mail me a digest on Mondays (figures only)", own.weekly_digest)
        if st.form_submit_button("Keep"):
            _try(
                lambda: capacity.set_own(
                    viewer, open_cases=limit, weekly_digest=digest, now=guard.now()
                )
            )


def _try(act: Callable[[], None]) -> None:
    try:
        act()
    except (NotAllowed, NotPossible) as why:
        st.error(str(why))
        return
    st.rerun()
