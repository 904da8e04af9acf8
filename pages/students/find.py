"""Find: learners, classes, competencies and courses by name, among what the viewer may see."""

import streamlit as st

from components.empty import empty
from components.show import plain
from pages.students.links import link, token
from privacy import Viewer
from queries.students.finding import Found, find

LONGEST = 120  # letters of a name


def page(viewer: Viewer) -> None:
    """Asks for words and lists what they stand for. A name never stands in the address."""
    st.title("Find")
    ask(viewer)


def ask(viewer: Viewer) -> None:
    """The question and what it finds, also where a page lacks its learner."""
    with st.form("find", border=False):
        typed = st.text_input(
            "A learner's full name, or a class, a competency or a course",
            max_chars=LONGEST,
            type="search",
            width=480,
        )
        st.form_submit_button("Find")
    if not (typed or "").strip():
        st.caption(
            "Type a learner's whole name, given and family name in either order. Only learners you "
            "are responsible for are found, and half a name finds nobody, so that nobody can try "
            "out names to learn who is at a school."
        )
        return
    found = find(viewer, typed=typed)
    if not found:
        empty(
            "Nothing of that name is in your classes or on your caseload.",
            next_step="Check the spelling, or type a learner's whole name.",
        )
        return
    _shown(viewer, found)


def _shown(viewer: Viewer, found: Found) -> None:
    if found.learners:
        st.subheader("Learners")
        for learner, name in found.learners:
            link("learner", plain(name), icon=":material/person:", learner=token(viewer, learner))
    if found.classes:
        st.subheader("Classes")
        for one in found.classes:
            label = plain(one.label)
            link("mastery", label, icon=":material/grid_on:", **{"class": one.label})
    if found.competencies:
        st.subheader("Competencies")
        for each in found.competencies:
            said = f"{plain(each.code)} {plain(each.title)} in {plain(each.class_label)}"
            link("mastery", said, icon=":material/grid_on:", **{"class": each.class_label})
    if found.courses:
        st.subheader("Courses")
        for course in found.courses:
            link("content", plain(course), icon=":material/menu_book:", course=course)
