"""Content: which sections and questions of a course are worth fixing first, and why."""

import pandas as pd
import streamlit as st

from components import figures, words
from components.empty import as_of, empty
from components.show import plain, show, twin
from privacy import Viewer
from queries.exports import note_export
from queries.freshness import data_as_of
from queries.students.classes import my_classes
from queries.students.content import CourseReport, worth_fixing_first
from queries.students.items import WEAK, ItemReport
from queries.students.worth import Verdict

BARS = 30  # sections a figure can show and still be read
MOST = 5  # sections and questions put into words; the tables hold them all


def page(viewer: Viewer) -> None:
    """Shows one course over the teacher's own classes of it."""
    st.title("Content")
    courses = {one.course: one.course_id for one in my_classes(viewer)}
    if not courses:
        empty("You teach no class today, so there is no course to look at.")
        return
    chosen = st.selectbox("Course", list(courses), key="course", bind="query-params", width=320)
    found = worth_fixing_first(viewer, course_id=courses[chosen])
    st.caption(
        f"From {words.listing([plain(one.label) for one in found.classes])}. "
        f"Nothing is said about fewer than {found.k} learners."
    )
    _sections(viewer, found, chosen)
    _questions(viewer, found, chosen)
    as_of(data_as_of(viewer).as_of)


def _sections(viewer: Viewer, found: CourseReport, course: str) -> None:
    st.header("Sections worth fixing first")
    if not found.worth:
        empty(
            f"No section of {course} has been started by {found.k} learners yet.",
            next_step="Come back when the class has worked for a week or two.",
        )
        return
    worth = [one for one in found.worth if one.reasons]
    if not worth:
        measured = any(one.completed or one.timed or one.checked for one in found.sections)
        st.write(
            "No section stands out: all work about as well as each other."
            if measured
            else "This data says who opened a section, but not who finished it, how long it took "
            "or what was understood. So no section can be called worth fixing."
        )
    for rank, one in enumerate(worth[:MOST], start=1):
        _verdict(one, rank)
    if found.too_few:
        few = words.plural(found.too_few, "more section")
        st.caption(f"{few} left out: started by fewer than {found.k} learners.")
    table = pd.DataFrame(
        [
            {
                "unit": s.unit_title,
                "section": s.title,
                "learners": s.learners,
                "started": s.started,
                "completed": s.completed,
                "minutes": s.minutes,
                "planned minutes": s.planned_minutes,
                "understood": s.understood if s.checked >= found.k else None,
                "asked for help": s.helped,
            }
            for s in found.sections
        ]
    )
    drawn = table.loc[table["started"].nlargest(BARS).index.sort_values()]
    if len(drawn) < len(table):
        st.caption(f"Drawn are the {BARS} most opened; the table has all {len(table):,}.")
    show(
        figures.completion_bars(drawn),
        figures.completion_bars_alt(drawn),
        table,
        key="sections",
        name=f"sections {course}",
        on_download=lambda: note_export(viewer, what="sections", rows=len(table)),
    )


def _verdict(one: Verdict, rank: int) -> None:
    with st.container(border=True, gap="small", key=f"section-{rank}"):
        st.markdown(
            f"**{rank}. {plain(one.section.title)}** :small[{plain(one.section.unit_title)}]"
        )
        st.markdown("\n".join(f"- {plain(reason)}" for reason in one.reasons))


def _questions(viewer: Viewer, found: CourseReport, course: str) -> None:
    st.header("Questions worth a look")
    if not found.items:
        empty(
            f"No question of {course} has been answered by {found.k} learners yet, or its work "
            "is not made of questions."
        )
        return
    for item in [item for item in found.items if item.suspicious_key]:
        st.warning(_suspicion(item), icon=":material/key:")
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
        twin(table, key="items", name=f"questions {course}")
    _one_question(found.items)


def _row(item: ItemReport) -> dict[str, object]:
    lure = item.lure
    return {
        "item": f"{item.assessment}, question {item.number}",
        "learners": item.learners,
        "difficulty": item.difficulty,
        "discrimination": item.discrimination,
        "commonest wrong answer": lure.text if lure else "",
        "chosen by": lure.chosen if lure else None,
        "misconception": lure.misconception if lure else "",
    }


def _suspicion(item: ItemReport) -> str:
    lure = item.lure
    chosen = f"“{plain(lure.text)}” was chosen by {lure.chosen}" if lure else "another was chosen"
    return (
        f"**Check the key of {plain(item.assessment)}, question {item.number}.** {chosen}, more "
        "than the answer keyed as right, and the strongest learners chose the key no more than "
        "the weakest."
    )


def _one_question(items: tuple[ItemReport, ...]) -> None:
    """One question in full; at first the one most worth a look."""
    labels = {f"{item.assessment}, question {item.number}": item for item in items}
    chosen = st.selectbox(
        "Question, the least telling first", list(labels), key="question", bind="query-params"
    )
    item = labels[chosen]
    st.markdown(f"> {plain(item.stem)}")
    st.markdown(_telling(item))
    if item.choices:
        options = pd.DataFrame(
            [{"option": c.text, "chosen": c.chosen, "correct": c.right} for c in item.choices]
        )
        show(
            figures.option_counts(options),
            figures.option_counts_alt(options),
            options,
            key="options",
            name="answers",
        )
    if item.lure and item.lure.misconception:
        st.markdown(f"**Behind the commonest wrong answer:** {plain(item.lure.misconception)}.")


def _telling(item: ItemReport) -> str:
    share = words.percent(item.difficulty)
    said = f"{share} of {words.plural(item.learners, 'learner')} get it right."
    if item.discrimination is None or item.upper is None or item.lower is None:
        return f"{said} Too few have answered to say whom it separates."
    return (
        f"{said} Of the strongest quarter {words.percent(item.upper)} do, of the weakest "
        f"{words.percent(item.lower)}."
    )
