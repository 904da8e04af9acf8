"""Questions of a course: which to look at, for whom they are unfair, how reliable papers are."""

from typing import Final

import pandas as pd
import streamlit as st

from components import figures, words
from components.empty import empty
from components.show import plain, show, twin
from pages.students.content_papers import papers
from pages.students.content_sections import whose
from privacy import Viewer
from queries.exports import note_export
from queries.students.content import CourseReport
from queries.students.items import WEAK, Choice, ItemReport

MOST: Final = 5  # questions put into words; the table holds them all


def questions(viewer: Viewer, found: CourseReport, course: str) -> None:
    """What to look at first, all questions, one in full, and the papers."""
    if not found.items:
        empty(
            f"No question of {course} has been answered by {found.k} learners of your classes yet.",
            next_step="They appear here once a paper of single questions has been handed in.",
        )
        return
    st.caption(f"From {whose(found)}, and over the district where that is said.")
    for item in [one for one in found.items if one.suspicious_key][:MOST]:
        st.warning(_suspicion(item), icon=":material/key:")
    _unfair(found)
    table = pd.DataFrame([_row(item) for item in found.items])
    known = table.dropna(subset=["discrimination"])
    if len(known):
        show(
            figures.item_map(known, weak_below=WEAK),
            figures.item_map_alt(known, weak_below=WEAK),
            table,
            key="items",
            name=f"questions {course}",
            on_download=lambda: note_export(viewer, what="questions", rows=len(table)),
        )
    else:
        twin(
            table,
            key="items",
            name=f"questions {course}",
            on_download=lambda: note_export(viewer, what="questions", rows=len(table)),
        )
    _one_question(viewer, found.items)
    papers(viewer, found, course)
    with st.expander("What difficulty, discrimination and reliability mean"):
        st.markdown(
            "- **Difficulty**: the share who get it right; high is easy.\n"
            "- **Discrimination**: correlation of the answer with the rest of the paper "
            "(point-biserial), from -1 to 1. Near 0 it does not tell those who know from those who "
            "do not; below 0 it is the wrong way round. From 20 learners on.\n"
            "- **D**: share right among the strongest 27 % less that among the weakest 27 %.\n"
            "- **Reliability** (Cronbach's alpha, KR-20): how far a second paper of the same kind "
            "would put learners in the same order; with its 90 % interval (Feldt).\n"
            "- **Unfair**: learners with the same total are compared (Mantel-Haenszel); moderate "
            "and large are ETS classes B and C. Groups under 50 are not compared, and the number "
            "of comparisons is allowed for."
        )


def _unfair(found: CourseReport) -> None:
    compared = [item for item in found.items if item.whole and item.whole.compared]
    for item in compared:
        for one in item.whole.unfair if item.whole else ():
            st.warning(
                f"**{plain(item.assessment)}, question {item.number}.** {plain(one.said)}. Read it "
                "for words or a setting that are not what is asked.",
                icon=":material/balance:",
            )
    if compared and not any(item.whole.unfair for item in compared if item.whole):
        st.caption(
            f"{words.plural(len(compared), 'question')} compared between groups of learners with "
            "the same total: none is clearly harder for one of them."
        )


def _row(item: ItemReport) -> dict[str, object]:
    lure, whole = item.lure, item.whole
    return {
        "item": f"{item.assessment}, question {item.number}",
        "learners": whole.learners if whole else item.learners,
        "difficulty": item.difficulty if whole is None else whole.difficulty,
        "discrimination": item.telling,
        "D": whole.d_index if whole else None,
        "learners of yours": item.learners,
        "difficulty for yours": item.difficulty,
        "commonest wrong answer": lure.text if lure else "",
        "chosen by": lure.chosen if lure else None,
        "misconception": lure.misconception if lure else "",
    }


def _suspicion(item: ItemReport) -> str:
    lure = _favourite(item.choices)
    chosen = f"“{plain(lure.text)}” was chosen by {lure.chosen}" if lure else "another was chosen"
    return (
        f"**Check the key of {plain(item.assessment)}, question {item.number}.** {chosen}, more "
        "than the answer keyed as right, and the strongest learners chose the key no more than "
        "the weakest."
    )


def _favourite(choices: tuple[Choice, ...]) -> Choice | None:
    return max((one for one in choices if not one.right), key=lambda one: one.chosen, default=None)


def _one_question(viewer: Viewer, items: tuple[ItemReport, ...]) -> None:
    """One question in full; at first the one most worth a look."""
    st.subheader("One question")
    labels = {f"{item.assessment}, question {item.number}": item for item in items}
    chosen = st.selectbox(
        "Question, the least telling first", list(labels), key="question", bind="query-params"
    )
    item = labels[chosen]
    st.markdown(f"> {plain(item.stem)}")
    st.markdown(_telling(item))
    if item.choices:
        options = pd.DataFrame(
            [
                {
                    "option": c.text,
                    "chosen": c.chosen,
                    "correct": c.right,
                    "upper": c.upper,
                    "lower": c.lower,
                    "misconception": c.misconception,
                }
                for c in item.choices
            ]
        )
        by_group = options["upper"].notna().all()
        st.markdown("**Over the district**" if by_group else "**In your classes**")
        draw = figures.options_by_group if by_group else figures.option_counts
        alt = figures.options_by_group_alt if by_group else figures.option_counts_alt
        show(
            draw(options),
            alt(options),
            options,
            key="options",
            name="answers",
            on_download=lambda: note_export(viewer, what="answers", rows=len(options)),
        )
    lure = item.lure
    if lure:
        behind = f" Behind it: {plain(lure.misconception)}." if lure.misconception else ""
        st.markdown(
            f"**The commonest wrong answer of your learners** is “{plain(lure.text)}”, "
            f"chosen by {lure.chosen} of {item.learners}.{behind}"
        )


def _telling(item: ItemReport) -> str:
    share = words.percent(item.difficulty)
    said = f"{share} of your {words.plural(item.learners, 'learner')} get it right"
    whole = item.whole
    if whole and whole.difficulty is not None:
        said += f"; over the district {words.percent(whole.difficulty)} of {whole.learners:,}"
    telling = item.telling
    if telling is None:
        return f"{said}. Too few have answered to say whom it separates."
    how = (
        "the wrong way round: those who know more get it wrong"
        if telling < 0
        else "hardly telling"
        if telling < WEAK
        else "telling"
    )
    return f"{said}. Discrimination {telling:.2f}: {how}.".replace("-", "−")
