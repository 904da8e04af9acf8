"""Mastery: a class's learners by competencies in learning order; who struggles with what."""

from typing import Final

import pandas as pd
import streamlit as st

from analytics.mastery import DEVELOPING, MASTERED, NOT_ENOUGH, STRUGGLING
from components import words
from components.empty import as_of, empty
from components.grid import SCORES, Band, Column, Row, Selection, grid_table, mastery_grid
from components.show import plain, twin
from pages.students.choosing import one_class, one_of
from pages.students.grade import beside_your_grade
from pages.students.keeping_group import keep_form
from pages.students.links import link, token
from pages.students.meaning import meaning
from privacy import Viewer
from queries.exports import note_export
from queries.freshness import data_as_of
from queries.students.classes import TaughtClass, my_classes
from queries.students.kept import kept_groups
from queries.students.mastery import MasteryMap, Taught, mastery_map
from queries.students.scores import score_map

LABELS: Final = (STRUGGLING, DEVELOPING, MASTERED)
LABEL_BANDS: Final = tuple(Band(label, i / 3) for i, label in enumerate(LABELS))
SCORE_BANDS: Final = (Band("low", 0), Band("middling", 0.5), Band("good", 0.75))


def page(viewer: Viewer) -> None:
    """Shows the map of one class, or its scores where its course names no competencies."""
    st.title("Mastery")
    classes = my_classes(viewer)
    if not classes:
        empty("You teach no class today, so there is no map to show.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = one_class(classes)
        found = mastery_map(viewer, class_id=chosen.class_id)
        units = tuple(dict.fromkeys(f"{c.unit}. {c.unit_title}" for c in found.competencies))
        unit = one_of("Unit", sorted(units), key="unit", everything="All units")
        levels = tuple(dict.fromkeys(c.level for c in found.competencies if c.level))
        level = one_of("Level of thinking", levels, key="level", everything="All levels")
        meaning()
    if not found.learners:
        empty("Nobody is in this class yet.")
    elif not found.competencies:
        _scores(viewer, chosen)
    else:
        shown = [
            c
            for c in found.competencies
            if unit in (None, f"{c.unit}. {c.unit_title}") and level in (None, c.level)
        ]
        _map(viewer, chosen, found, shown)
        link("groups", "Groups to teach again", icon=":material/groups:", **{"class": chosen.label})
    beside_your_grade(viewer, chosen)
    as_of(data_as_of(viewer).as_of)


def _map(viewer: Viewer, chosen: TaughtClass, found: MasteryMap, shown: list[Taught]) -> None:
    if not shown:
        empty("No competency of this unit is at that level. Choose another level or unit.")
        return
    st.markdown(_weakest(found, shown))
    tokens = {learner: token(viewer, learner) for learner, _ in found.learners}
    codes = {c.competency_id: c.code for c in shown}
    cells = found.cells[found.cells["competency"].isin(codes)]
    cells = cells.assign(
        row=cells["learner"].map(tokens),
        column=cells["competency"].map(codes),
        band=cells["label"].map({label: i for i, label in enumerate(LABELS)}).fillna(0),
    )
    rows = [Row(tokens[learner], name) for learner, name in found.learners]
    columns = [Column(c.code, c.code, c.title, c.level.capitalize(), c.held_up_by) for c in shown]
    selection = mastery_grid(
        rows,
        columns,
        cells,
        key="map",
        caption=f"Mastery in {chosen.label}: share of answers expected to be right",
        bands=LABEL_BANDS,
    )
    if selection:
        _chosen(viewer, chosen, selection, found, shown, rows, cells)
    else:
        st.caption("Choose a learner, a competency or a cell to see more.")
    _twin(viewer, grid_table(rows, columns, cells), chosen)


def _twin(viewer: Viewer, table: pd.DataFrame, chosen: TaughtClass) -> None:
    twin(
        table,
        key="map",
        name=f"mastery {chosen.label}",
        on_download=lambda: note_export(viewer, what="mastery", rows=len(table)),
    )


def _weakest(found: MasteryMap, shown: list[Taught]) -> str:
    """The competency most of the class struggle with, in a sentence."""
    struggling = found.cells[found.cells["label"] == STRUGGLING]
    counts = struggling["competency"].value_counts()
    worst = max(shown, key=lambda c: int(counts.get(c.competency_id, 0)))
    many = int(counts.get(worst.competency_id, 0))
    if not many:
        return "Nobody struggles with a competency shown here."
    held_up = f" {worst.held_up_by} comes first for most of them." if worst.held_up_by else ""
    return (
        f"**Weakest: {plain(worst.code)} {plain(worst.title)}.** {many} of "
        f"{words.plural(len(found.learners), 'learner')} struggle with it.{held_up}"
    )


def _chosen(
    viewer: Viewer,
    chosen: TaughtClass,
    selection: Selection,
    found: MasteryMap,
    shown: list[Taught],
    rows: list[Row],
    cells: pd.DataFrame,
) -> None:
    with st.container(border=True, key="chosen"):
        if selection.row is None:
            one = next(c for c in shown if c.code == selection.column)
            _competency(viewer, chosen, one, found, cells)
            return
        mine = cells[cells["row"] == selection.row]
        st.subheader(next(row.name for row in rows if row.id == selection.row))
        if selection.column is not None:
            mine = mine[mine["column"] == selection.column]
        for label in (STRUGGLING, DEVELOPING, MASTERED, NOT_ENOUGH):
            part = mine[mine["label"] == label]
            if len(part):
                st.markdown(f"**{label.capitalize()}:** {_in_words(part)}")
        if mine.empty:
            st.write("No answers yet.")
        link("learner", "Open the learner's page", icon=":material/person:", learner=selection.row)


def _in_words(part: pd.DataFrame) -> str:
    if len(part) > 1:
        return ", ".join(part["column"])
    one = part.iloc[0]
    between = words.between(float(one["low"]), float(one["high"]))
    blocked = f"; {one['blocked_by']} comes first" if one["blocked_by"] else ""
    answers = words.plural(int(one["count"]), "answer")
    return f"{one['column']}, {words.percent(float(one['value']))} ({answers}, {between}){blocked}"


def _competency(
    viewer: Viewer, chosen: TaughtClass, one: Taught, found: MasteryMap, cells: pd.DataFrame
) -> None:
    """Who stands where with a competency, and the group to teach it to again."""
    st.subheader(f"{one.code} {one.title}")
    level = f" · {one.level.capitalize()}" if one.level else ""
    st.caption(f"Unit {one.unit}: {plain(one.unit_title)}{level}")
    labels = cells[cells["column"] == one.code].set_index("learner")["label"]
    groups: dict[str, list[str]] = {}
    struggling = []
    for learner, name in found.learners:
        label = labels.get(learner, "no answers yet")
        groups.setdefault(label, []).append(name)
        if label == STRUGGLING:
            struggling.append((learner, name))
    for label in (STRUGGLING, DEVELOPING, NOT_ENOUGH, "no answers yet", MASTERED):
        if names := groups.get(label):
            st.markdown(f"**{label.capitalize()} ({len(names)}):** {plain('; '.join(names))}")
    if struggling:
        known = kept_groups(viewer, class_id=chosen.class_id)
        keep_form(viewer, chosen, one.competency_id, one.code, struggling, known)
    group = pd.DataFrame({"learner": groups.get(STRUGGLING, [])})
    twin(
        group,
        key="group",
        name=f"group {one.code}",
        label="The group to teach it to again, as a list",
        on_download=lambda: note_export(viewer, what="group", rows=len(group)),
    )


def _scores(viewer: Viewer, chosen: TaughtClass) -> None:
    """What stands in for the map where nobody has said which competencies a course teaches."""
    st.info(
        f"{chosen.course} names no competencies, so mastery can not be estimated. "
        "These are the scores on its work instead."
    )
    found = score_map(viewer, class_id=chosen.class_id)
    if not found.work:
        empty("No work has been due or handed in yet.")
        return
    rows = [Row(token(viewer, learner), name) for learner, name in found.learners]
    columns = [
        Column(str(i), work.title, f"counts {work.weight:g} %" if work.weight else "counts nothing")
        for i, work in enumerate(found.work)
    ]
    place = {work.assessment_id: str(i) for i, work in enumerate(found.work)}
    tokens = {learner: row.id for (learner, _), row in zip(found.learners, rows, strict=True)}
    cells = found.cells.assign(
        row=found.cells["learner"].map(tokens), column=found.cells["assessment"].map(place)
    ).dropna(subset=["row", "column"])
    selection = mastery_grid(
        rows,
        columns,
        cells,
        key="scores",
        caption=f"Scores in {chosen.label}",
        bands=SCORE_BANDS,
        wording=SCORES,
    )
    if selection and selection.row:
        link("learner", "Open the learner's page", icon=":material/person:", learner=selection.row)
    _twin(viewer, grid_table(rows, columns, cells), chosen)
