"""Emergency view: an administrator opens one learner for 15 minutes, with a typed reason."""

from zoneinfo import ZoneInfo

import streamlit as st

from components import words
from components.show import plain
from pages import guard
from pages.students.links import learner_of, token
from privacy import NotAllowed, Viewer
from privacy.tokens import TokenError
from queries.staff import schools
from queries.students.emergency import SHORTEST, Card, card, open_card

ANY = "Any school of mine"
WIDTH = 480  # pixels


def page(viewer: Viewer) -> None:
    """Asks for a name and a reason; then shows the card until it closes."""
    st.title("Emergency view")
    address = st.query_params.get("learner", "")
    if address:
        try:
            learner = learner_of(viewer, address)
            found, until = card(viewer, learner_id=learner, now=guard.now())
        except (NotAllowed, TokenError) as why:
            st.error(str(why))
        else:
            closes = until.astimezone(ZoneInfo(st.context.timezone or "UTC"))
            st.warning(f"Open until {closes:%H:%M}. The security officer sees that you opened it.")
            _show(viewer, found)
            return
    _ask(viewer)


def _ask(viewer: Viewer) -> None:
    st.write(
        "When somebody's health or safety is at stake, open one learner here: who she is, whom to "
        "call and where she should be now. It lasts 15 minutes, and your reason is kept and read."
    )
    with st.form("emergency", width=WIDTH):
        typed = st.text_input("Learner's full name", max_chars=120, autocomplete="off")
        places = schools(viewer)
        place = st.selectbox("School", [ANY, *list(places)[1:]])  # the first is the district
        reason = st.text_area(
            f"Why (at least {SHORTEST} characters, without the name)", max_chars=500
        )
        sent = st.form_submit_button("Open for 15 minutes")
    if not sent:
        return
    try:
        learner = open_card(viewer, typed=typed, reason=reason, school_id=places.get(place))
    except NotAllowed as why:
        st.error(str(why))
        return
    st.query_params["learner"] = token(viewer, learner)
    st.rerun()


def _show(viewer: Viewer, found: Card) -> None:
    st.header(plain(found.name))
    born = f"born {found.birth_date}" if found.birth_date else "birth date not known"
    grade = f"grade {found.grade_level}" if found.grade_level is not None else ""
    st.markdown(" · ".join(plain(part) for part in (found.school, grade, born) if part))
    if found.needs:
        st.markdown(
            f"Needs: {plain(words.listing([one.replace('_', ' ') for one in found.needs]))}."
        )
    st.subheader("Whom to call")
    if not found.contacts:
        st.write("No contact is known. Call the school.")
    for contact in found.contacts:
        st.markdown(f"- {plain(contact)}")
    st.subheader("Classes")
    if not found.classes:
        st.write("She is in no class that runs today.")
    for title, teachers in found.classes:
        st.markdown(f"- {plain(title)}" + (f": {plain(teachers)}" if teachers else ""))
    st.subheader("Attendance of the last ten days")
    if not found.attendance:
        st.write("Nothing was recorded.")
    for day, status in found.attendance:
        st.markdown(f"- {words.day(day, viewer.today)}: {status.replace('_', ' ')}")
    if st.button("Close"):
        st.query_params.clear()
        st.rerun()
