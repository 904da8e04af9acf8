"""Staff and roles: who works here in which role; invite, assign, end; for administrators."""

from collections.abc import Callable
from functools import partial
from typing import Final
from uuid import UUID

import streamlit as st

from components import words
from components.empty import empty
from components.show import plain
from components.table import plain_table
from pages import guard
from pages.account import second_person
from pages.account.second_person import once
from privacy import ROLES, NotAllowed, Viewer
from queries import posts, staff
from queries.staff import POWERFUL, Colleague, Post

WIDTH: Final = 420  # pixels
EVERY_ROLE: Final = "Every role"
ROSTER: Final = (
    "The school's own staff system names this person. End a role there: the next import would "
    "bring back what is ended here alone."
)


def page(viewer: Viewer) -> None:
    """Shows requests first, then one person to work on, then everybody."""
    st.title("Staff and roles")
    st.caption(
        "Roles decide who sees whom. Nobody changes her own; the roles administrator, records and "
        "security take two people."
    )
    once()
    people = staff.colleagues(viewer, today=viewer.today)
    second_person.section(viewer)
    _one(viewer, people)
    _invite(viewer)
    _everybody(people)


def _one(viewer: Viewer, people: list[Colleague]) -> None:
    st.header("A person")
    labels = {_label(one, people): one for one in people}
    chosen = st.selectbox(
        "Who", list(labels), index=None, key="person", placeholder="Type a name", width=WIDTH
    )
    if chosen is None:
        return
    person = labels[chosen]
    if person.from_roster:
        st.caption(ROSTER)
    for number, post in enumerate(person.posts):
        until = f" until {words.day(post.ends_on, viewer.today)}" if post.ends_on else ""
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(
                f"**{post.role}**, {plain(post.school)}, since "
                f"{words.day(post.starts_on, viewer.today)}{until}"
            )
            if st.button("End now", key=f"end-{number}"):
                _try(partial(_end, viewer, person, post))
    if not person.posts:
        st.write("No role today: she can not sign in.")
    if person.staff_id == viewer.staff_id:
        st.caption("This is you. Somebody else has to change your roles and your account.")
        return
    _give(viewer, person)
    _account(viewer, person)


def _end(viewer: Viewer, person: Colleague, post: Post) -> str:
    posts.end(viewer, staff_id=person.staff_id, post=post, today=viewer.today)
    return f"{person.name} is no longer {post.role} at {post.school}."


def _give(viewer: Viewer, person: Colleague) -> None:
    places = staff.schools(viewer)
    with st.form("give", width=WIDTH):
        role = st.selectbox("Give the role", ROLES)
        place = st.selectbox("At", list(places))
        sent = st.form_submit_button("Give")
    if sent and role and place:
        _try(partial(_assign, viewer, person, role, places[place]))


def _assign(viewer: Viewer, person: Colleague, role: str, school_id: UUID) -> str:
    done = posts.assign(
        viewer, staff_id=person.staff_id, role=role, school_id=school_id, today=viewer.today
    )
    return f"{person.name} is {role} from today." if done else second_person.ASKED


def _account(viewer: Viewer, person: Colleague) -> None:
    if person.account_id is None:
        with st.form("account", width=WIDTH):
            name = st.text_input("Sign-in name of a first account", max_chars=120)
            sent = st.form_submit_button("Make the account")
        if sent:
            _try(
                lambda: second_person.told(
                    posts.make_account(viewer, person=person, sign_in_name=name)
                )
            )
        return
    seen = words.moment(person.last_sign_in_at) if person.last_sign_in_at else "never"
    shut = " The account is shut." if person.disabled else ""
    st.markdown(f"Signs in as **{plain(person.sign_in_name or '')}**, last: {seen}.{shut}")
    with st.container(horizontal=True):
        if st.button("New first password", help="Also removes the second factor."):
            _try(lambda: second_person.told(posts.reset(viewer, person=person, now=guard.now())))
        if person.disabled and st.button("Open the account again"):
            _try(partial(posts.open_again, viewer, person=person))
        if not person.disabled and st.button("Shut the account"):
            _try(partial(posts.shut, viewer, person=person, now=guard.now()))


def _invite(viewer: Viewer) -> None:
    with st.expander(
        "Invite somebody who is not on the list", key="invite", on_change="rerun"
    ) as part:
        if not part.open:
            return
        places = staff.schools(viewer)
        with st.form("invite-form", width=WIDTH):
            name = st.text_input("Name", max_chars=120)
            sign_in = st.text_input("Sign-in name", max_chars=120, placeholder="ana.ruiz")
            role = st.selectbox("Role", [one for one in ROLES if one not in POWERFUL])
            place = st.selectbox("School", list(places))
            sent = st.form_submit_button("Invite")
        if sent and role and place:
            if not name.strip():
                st.error("Type the name as colleagues know it.")
                return
            _try(
                lambda: second_person.told(
                    posts.invite(
                        viewer,
                        name=name.strip(),
                        sign_in_name=sign_in,
                        role=role,
                        school_id=places[place],
                        today=viewer.today,
                    )
                )
            )


def _everybody(people: list[Colleague]) -> None:
    st.header("Everybody")
    role = st.selectbox(
        "Role", [EVERY_ROLE, *ROLES], key="role", bind="query-params", width=WIDTH // 2
    )
    listed = [one for one in people if role == EVERY_ROLE or role in {p.role for p in one.posts}]
    if not listed:
        empty(f"Nobody holds the role {role} today.")
        return
    rows = [
        (
            one.name,
            ", ".join(f"{post.role} ({post.school})" for post in one.posts) or "none today",
            "staff system" if one.from_roster else "invited here",
            _state(one),
        )
        for one in listed
    ]
    plain_table(("Name", "Roles", "Known from", "Account"), rows, caption="Staff", key="staff")


def _state(one: Colleague) -> str:
    if one.account_id is None:
        return "none"
    return "shut" if one.disabled else one.sign_in_name or ""


def _label(one: Colleague, people: list[Colleague]) -> str:
    same = [each for each in people if each.name == one.name]
    return one.name if len(same) == 1 else f"{one.name} ({same.index(one) + 1})"


def _try(work: Callable[[], str | None]) -> None:
    """Does it and draws the page anew; says in words why it may not be done."""
    try:
        said = work()
    except NotAllowed as why:
        st.error(str(why))
        return
    second_person.say(said or "Done.")
    st.rerun()
