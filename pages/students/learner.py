"""Learner: one learner's strengths, timeline, work and flags, for those responsible for her."""

from datetime import date
from typing import Final

import streamlit as st

from components import words
from components.actions import actions
from components.empty import as_of, empty
from components.show import plain
from pages import guard
from pages.students import around, chance, find, record, sheet, strengths
from pages.students.answering import answer, done_this_week, wrongs
from pages.students.links import learner_of, token
from privacy import NotAllowed, Viewer
from privacy.tokens import TokenError
from queries.freshness import data_as_of
from queries.students.acting import OUTCOMES
from queries.students.beside import beside_class
from queries.students.handled import handled_this_week
from queries.students.learner import WEEKS, LearnerRecord, learner_record
from queries.trail import note_refusal

# What changes how one teaches. Others, such as meal support, tell of a family's income, and
# nobody needs that to teach a child.
PROGRAMMES: Final = {
    "english_learner": "learns English",
    "individual_plan": "has an individual plan",
    "section_504": "has a Section 504 plan",
    "gifted": "is in the gifted programme",
}
LANGUAGES: Final = {
    "ar": "Arabic",
    "es": "Spanish",
    "fr": "French",
    "hmn": "Hmong",
    "ht": "Haitian Creole",
    "ko": "Korean",
    "pt": "Portuguese",
    "ru": "Russian",
    "so": "Somali",
    "tl": "Tagalog",
    "uk": "Ukrainian",
    "vi": "Vietnamese",
    "zh": "Chinese",
}


USUAL: Final = "16 weeks"
SPANS: Final = {"4 weeks": 4, USUAL: WEEKS, "A year": 52}


def page(viewer: Viewer) -> None:
    """Shows the learner whose token stands in the address, or helps to find one."""
    address = st.query_params.get("learner", "")
    if not address:
        st.title("Learner")
        find.ask(viewer)
        return
    head = st.container()
    try:
        learner = learner_of(viewer, address)
        day, weeks = _looked_at(viewer)
        found = learner_record(viewer, learner_id=learner, today=day, weeks=weeks)
    except (NotAllowed, TokenError) as why:
        st.title("Learner")
        st.error(str(why))
        note_refusal(viewer, what="learner")
        find.ask(viewer)
        return
    with head:
        mind = _header(viewer, found)
    if day < viewer.today:
        st.info(
            f"As it stood on {words.day(day, viewer.today)}: what came later is left out. Answers "
            "are counted as they were; estimates are made for today only."
        )
        _past(viewer, found)
        return
    compared = beside_class(viewer, learner=learner) if viewer.role == "teacher" else ()
    with st.container(horizontal=True):
        around.contacts(viewer, found)
        sheet.offer(viewer, found, compared, mind)
    handled = handled_this_week(viewer, now=guard.now())
    done_this_week(viewer, [one for one in handled if one.learner_id == learner])
    _now(viewer, found)
    strengths.next_steps(found)
    chance.chances(viewer, found)
    strengths.mastery(viewer, found)
    around.plans(viewer, found)
    around.beside(compared)
    record.timeline(viewer, found)
    record.history(viewer, found)
    as_of(data_as_of(viewer).as_of)


def _looked_at(viewer: Viewer) -> tuple[date, int]:
    """Which day and how many weeks before it the page shows; both stand in the address."""
    day = _day(viewer)
    with st.container(horizontal=True, vertical_alignment="center", key="looked-at"):
        said = "today" if day == viewer.today else words.day(day, viewer.today)
        # Behind a click, because the parts of Streamlit's day are too small a target (WCAG 2.5.8).
        with st.popover(
            f"As of {said}", icon=":material/history:", key="as-of", on_change="rerun"
        ) as panel:
            if panel.open:
                chosen = st.date_input(
                    "Show the page as of", day, max_value=viewer.today, format="DD/MM/YYYY"
                )
                if isinstance(chosen, date) and chosen != day:
                    st.query_params["day"] = chosen.isoformat()
                    st.rerun()
        span = st.segmented_control(
            "How far back",
            list(SPANS),
            default=USUAL,
            required=True,
            key="span",
            bind="query-params",
            label_visibility="collapsed",
        )
    return day, SPANS.get(span or USUAL, WEEKS)


def _day(viewer: Viewer) -> date:
    """The day in the address; the viewer's today for none, a garbled or a later one."""
    try:
        day = date.fromisoformat(st.query_params.get("day", ""))
    except ValueError:
        return viewer.today
    return min(day, viewer.today)


def _past(viewer: Viewer, found: LearnerRecord) -> None:
    standing = [flag for flag in found.flags if flag.alive]
    st.header("Flags that stood")
    if not standing:
        st.write("None.")
    for flag in standing:
        state = record.STATES.get(flag.state, flag.state)
        st.markdown(f"- **{flag.reason.name}**, {state}")
    strengths.answered(viewer, found)
    around.plans(viewer, found)
    record.timeline(viewer, found)
    record.history(viewer, found)


def _header(viewer: Viewer, found: LearnerRecord) -> str:
    """Who she is; returns what to keep in mind, in words."""
    st.title(found.name)
    grade = f"grade {found.grade_level}" if found.grade_level is not None else ""
    active = (
        f"last active {words.ago(found.last_active_on, viewer.today)}"
        if found.last_active_on
        else "no activity yet"
    )
    classes = words.listing([one.title for one in found.classes])
    st.markdown(" · ".join(plain(part) for part in (found.school, grade, classes, active) if part))
    known = [need.replace("_", " ") for need in found.needs]
    known += [PROGRAMMES[one] for one in found.programmes if one in PROGRAMMES]
    if found.home_language in LANGUAGES:
        known.append(f"speaks {LANGUAGES[found.home_language]} at home")
    mind = f"{words.listing(known)}." if known else ""
    if mind:
        st.caption(f"To keep in mind: {plain(mind)}")
    return mind


def _now(viewer: Viewer, found: LearnerRecord) -> None:
    """The standing flags, each answered by itself."""
    standing = [flag for flag in found.flags if flag.alive]
    st.header("Now")
    if not standing:
        empty(
            "No flag stands: work, mastery, activity and attendance are within the rules, and the "
            "risk of failing or leaving is below the line."
        )
    for flag in standing:
        key = token(viewer, flag.reason.flag_id, kind="flag")
        with st.container(border=True, gap="small", key=f"flag-{key}"):
            where = f"{plain(flag.reason.class_title)}: " if flag.reason.class_title else ""
            st.markdown(f"**{flag.reason.name}.** {where}{plain(flag.reason.text)}")
            since = words.since(flag.reason.raised_on, viewer.today)
            state = record.STATES.get(flag.state, flag.state)
            st.caption(f"{plain(flag.reason.clears)} Flagged {since}; {state}.")
            counselor = viewer.role == "counselor"
            with st.container(horizontal=True, horizontal_alignment="right", key=f"actions-{key}"):
                chosen = actions(
                    key,
                    wrongs=wrongs([flag.reason]),
                    today=viewer.today,
                    acknowledge="Take on" if counselor else "Acknowledge",
                    refer=not counselor,
                    outcomes=OUTCOMES,
                )
            if chosen:
                answer(viewer, chosen, [flag.reason], learner=found.learner_id)
