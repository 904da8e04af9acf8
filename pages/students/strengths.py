"""What a learner can do: next steps, strengths and gaps, and answers by an earlier day."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

import pandas as pd
import streamlit as st

from analytics.mastery import DEVELOPING, MASTERED, NOT_ENOUGH, STRUGGLING
from components import words
from components.show import plain, twin
from components.table import plain_table
from pages.students.meaning import meaning
from privacy import Viewer
from queries.exports import note_export
from queries.students.learner import LearnerRecord
from queries.students.proposed import DEFINITIONS
from queries.students.strengths import Standing

LEVELS: Final = ("remember", "understand", "apply", "analyze", "evaluate", "create")
NAMED: Final = 8  # competencies of a state that a sentence still lists
_TITLES: Final = {
    MASTERED: "Mastered",
    DEVELOPING: "Developing",
    STRUGGLING: "Struggling",
    NOT_ENOUGH: "Not enough evidence",
}


def next_steps(found: LearnerRecord) -> None:
    """What stands proposed, one a class; why is one click away."""
    if not found.proposed:
        return
    st.header("Next step")
    titles = {one.class_id: one.title for one in found.classes}
    for place, one in enumerate(found.proposed):
        where = titles.get(one.class_id) if one.class_id else None
        named = f"**{plain(where)}.** " if where else ""
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"{named}{plain(one.step)}", width="stretch")
            with st.popover("Why this step", type="tertiary", key=f"why-{place}"):
                st.markdown("\n".join(f"- {plain(said)}" for said in (*one.why, *DEFINITIONS)))


def mastery(viewer: Viewer, found: LearnerRecord) -> None:
    """Strengths first."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header("Strengths and gaps", width="stretch")
        meaning()
    if not found.mastery:
        st.write("No answers on any competency yet.")
        return
    for label, title in _TITLES.items():
        part = [one for one in found.mastery if one.label == label]
        if not part:
            continue
        if label == STRUGGLING:  # the few that need doing something about are said in full
            st.markdown(f"**{title} ({len(part)}):**")
            st.markdown("\n".join(f"- {_standing(one)}" for one in part))
        else:
            listed = "; ".join(f"{plain(one.code)} {plain(one.title)}" for one in part[:NAMED])
            more = f"; and {len(part) - NAMED} more, in the table below" if part[NAMED:] else ""
            st.markdown(f"**{title} ({len(part)}):** {listed}{more}.")
    if any(one.label == MASTERED for one in found.mastery):
        st.markdown(_levels(found.mastery))
    table = pd.DataFrame(
        [
            {
                "competency": one.code,
                "title": one.title,
                "state": _TITLES[one.label].lower(),
                "expected right (%)": _known(one, one.value),
                "from (%)": _known(one, one.low),
                "to (%)": _known(one, one.high),
                "answers": one.answers,
                "comes first": one.blocked_by,
                "highest level shown": one.level,
                "mastered on": one.mastered_at.date() if one.mastered_at else None,
                "minutes to mastery": None if one.minutes is None else round(one.minutes),
            }
            for one in found.mastery
        ]
    ).dropna(axis="columns", how="all")
    twin(
        table,
        key="mastery",
        name="mastery",
        on_download=lambda: note_export(viewer, what="learner's mastery", rows=len(table)),
    )


def answered(viewer: Viewer, found: LearnerRecord) -> None:
    """What was answered by an earlier day, counted and not judged."""
    st.header("Answers by then")
    table = pd.DataFrame(
        [
            {
                "competency": one.code,
                "title": one.title,
                "answers": one.answers,
                "right": words.percent(min(max(one.share, 0.0), 1.0)),
            }
            for one in found.answered
        ]
    )
    if table.empty:
        st.write("None.")
        return
    plain_table(
        list(table.columns),
        table.astype(str).to_numpy().tolist(),
        caption="Answers by competency",
        key="answered",
    )


def _known(one: Standing, share: float) -> int | None:
    """A share in percent, where there is enough evidence for one."""
    return None if one.label == NOT_ENOUGH else round(100 * share)


def _levels(standings: Sequence[Standing]) -> str:
    """Mastery by level of thinking: the highest at which each mastered competency was shown."""
    counts = Counter(one.level for one in standings if one.label == MASTERED and one.level)
    if not counts:
        return "No level of thinking is shown yet in what is mastered."
    listed = words.listing([f"{level} {counts[level]}" for level in LEVELS if counts[level]])
    return f"**Mastered, by the highest level of thinking shown:** {listed}."


def _standing(one: Standing) -> str:
    what = f"{plain(one.code)} {plain(one.title)}"
    answers = words.plural(one.answers, "answer")
    said = f"{what}: {words.percent(one.value)} ({answers}, {words.between(one.low, one.high)})"
    return f"{said}; {plain(one.blocked_by)} comes first" if one.blocked_by else said
