"""Support: which plans help in the district; limits, caseload rules, cover and templates."""

from collections.abc import Sequence
from functools import partial
from typing import Final
from uuid import UUID

import pandas as pd
import streamlit as st

from components import words
from components.empty import empty
from components.show import plain, twin
from components.table import plain_table
from pages import guard
from pages.district.keeping import kept
from pages.district.templating import templates_of
from privacy import Viewer
from queries.district import support
from queries.district.support import PROGRAMMES, Rule
from queries.effects import EffectOfType, effects_by_type
from queries.exports import note_export
from queries.plan_words import MEASURES, TYPES

WAYS: Final = {"matching": "beside learners alike", "discontinuity": "at the line"}
TWO_WAYS: Final = (
    "Two ways of estimating, each with its own blind spot. **Beside learners alike**: how learners "
    "with such a plan changed, compared with learners who stood alike before and had none; whoever "
    "was chosen for a reason no figure shows is not told apart. **At the line**: learners whose "
    "chance of failing stood just over the line of the risk flag, beside those just under it, who "
    "hardly differ but for the flag and what it led to; it speaks of learners at the line only."
)


def page(viewer: Viewer) -> None:
    """What helps stands first; what can be set is folded below it."""
    st.title("Support")
    _effects(viewer)
    places = support.places(viewer)
    schools = {key: name for key, name in places.items() if name != "All schools"}
    counselors = support.counselors(viewer)
    _limits(viewer)
    _rules(viewer, schools, counselors)
    _cover(viewer, counselors)
    templates_of(viewer, places)


def _effects(viewer: Viewer) -> None:
    st.header("What helps")
    found = effects_by_type(viewer)
    if not found:
        empty(
            "No type of plan can be told of yet.",
            next_step="A figure needs plans for enough learners, by at least three members of "
            "staff, that began four weeks ago or earlier.",
        )
        return
    st.markdown(
        f"{TWO_WAYS} Never by member of staff; made once a week, last on "
        f"{words.day(found[0].week_of, viewer.today)}."
    )
    table = pd.DataFrame([_row(one) for one in found])
    plain_table(
        list(table.columns),
        table.astype(str).to_numpy().tolist(),
        caption="Effect by type of plan",
        key="effects",
    )
    if told := _not_told(found):
        st.markdown("\n".join(told))
    twin(
        table,
        key="effects",
        name="effects",
        label="Download",
        on_download=lambda: note_export(viewer, what="effects by type", rows=len(table)),
    )


def _row(one: EffectOfType) -> dict[str, object]:
    known = one.estimate is not None
    return {
        "type of plan": TYPES.get(one.type, one.type),
        "measured by": MEASURES[one.measure],
        "way": WAYS[one.method],
        "learners": one.plans if known else "",
        "effect": f"{one.estimate:+.1f}" if known else "not told",
        "between": f"{one.low:+.1f} and {one.high:+.1f} (95 %)" if known else "",
        "verdict": one.verdict,
    }


def _not_told(found: Sequence[EffectOfType]) -> list[str]:
    """Why the line can not tell, and of which types."""
    kinds: dict[str, list[str]] = {}
    for one in found:
        if one.why:
            kinds.setdefault(one.why, []).append(TYPES.get(one.type, one.type))
    return [
        f"- **{plain(words.listing(list(dict.fromkeys(some))))}** can not be estimated at the "
        f"line: {plain(why)}."
        for why, some in kinds.items()
    ]


def _limits(viewer: Viewer) -> None:
    st.header("How much one person can act on")
    now = support.limits(viewer)
    with st.form("limits"):
        with st.container(horizontal=True):
            teachers = st.number_input("Learners on a teacher's Today", 1, 100, now.teachers)
            counselors = st.number_input("Cases on a counselor's list", 1, 200, now.counselors)
        if st.form_submit_button("Keep"):
            kept(lambda: support.set_limits(viewer, teachers=teachers, counselors=counselors))


def _rules(viewer: Viewer, schools: dict[UUID, str], counselors: dict[UUID, str]) -> None:
    st.header("Who gets which learner")
    st.caption(
        "A rule gives a counselor learners who are on nobody's caseload; earlier rules go first."
    )
    for place, rule in enumerate(support.rules(viewer)):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(plain(in_words(rule)), width="content")
            if st.button("End", key=f"end-rule-{place}"):
                kept(partial(support.end_rule, viewer, rule=rule.rule_id, now=guard.now()))
    if not counselors:
        empty("The district has no counselor today.")
        return
    with st.expander("Add a rule"), st.form("rule", border=False):
        counselor = st.selectbox("Counselor", list(counselors), format_func=counselors.__getitem__)
        school = st.selectbox("School", list(schools), format_func=schools.__getitem__)
        grades = st.slider("Grades", 0, 13, (0, 13))
        letters = st.select_slider(
            "Family names", [chr(code) for code in range(65, 91)], ("A", "Z")
        )
        programme = st.selectbox(
            "Programme", [None, *PROGRAMMES], format_func=lambda one: PROGRAMMES.get(one, "Any")
        )
        if st.form_submit_button("Add the rule", type="primary"):
            kept(
                lambda: support.add_rule(
                    viewer,
                    counselor=counselor,
                    school=school,
                    grades=None if grades == (0, 13) else grades,
                    letters=None if letters == ("A", "Z") else letters,
                    programme=programme,
                    now=guard.now(),
                )
            )


def in_words(rule: Rule) -> str:
    """A rule as a sentence."""
    parts = []
    if rule.grade_from is not None:
        same = rule.grade_from == rule.grade_to
        grades = (
            f"grade {rule.grade_from}" if same else f"grades {rule.grade_from} to {rule.grade_to}"
        )
        parts.append(grades)
    if rule.name_from is not None:
        parts.append(f"family names {rule.name_from} to {rule.name_to}")
    if rule.programme is not None:
        parts.append(PROGRAMMES.get(rule.programme, rule.programme))
    return f"{rule.school}, {', '.join(parts) or 'everybody'}: {rule.counselor}"


def _cover(viewer: Viewer, counselors: dict[UUID, str]) -> None:
    if len(counselors) < 2:
        return
    with st.expander("Arrange cover for a counselor who is away"), st.form("cover", border=False):
        absent = st.selectbox("Away", list(counselors), format_func=counselors.__getitem__)
        covering = st.selectbox(
            "Covers", list(counselors), index=1, format_func=counselors.__getitem__
        )
        starts_on = st.date_input("From", viewer.today, format="DD/MM/YYYY")
        ends_on = st.date_input("To", viewer.today, format="DD/MM/YYYY")
        if st.form_submit_button("Arrange cover", type="primary"):
            kept(
                lambda: support.arrange_cover(
                    viewer,
                    absent=absent,
                    covering=covering,
                    starts_on=starts_on,
                    ends_on=ends_on,
                    now=guard.now(),
                )
            )
