"""Groups: whom of a class to teach again together, with what, and who is ready for more."""

from collections.abc import Sequence
from typing import Final

import pandas as pd
import streamlit as st

from analytics.recommending import GROUP_LEAST, GROUP_MINUTES, GROUP_MOST, tables
from analytics.rules import CURRENT_WEEKS
from components import words
from components.empty import as_of, empty
from components.show import plain, twin
from pages.students.choosing import one_class
from pages.students.keeping_group import keep_form, kept
from pages.students.links import link
from privacy import Viewer
from queries.exports import note_export
from queries.freshness import data_as_of
from queries.students.classes import TaughtClass, my_classes
from queries.students.grouping import Grouping, Table, groups_of
from queries.students.kept import Kept, kept_groups
from queries.students.proposed import section_words, worked_words

HOW: Final = f"""
A learner is in one group: that of what presses most on her. Of what was taught in the last
{CURRENT_WEEKS} weeks, that is the weakest she **struggles** with (surely fewer than 60 in 100
right); when she also struggles with something it builds on, that comes first. {GROUP_LEAST}
learners make a group; of more than {GROUP_MOST} two tables are made.

**Ready for more** are those who have mastered everything of those weeks that was asked of them.

The section proposed is the one after which learners of **other teachers' classes** did best;
figures are rounded, and nothing is said of fewer than ten learners or your district's least
group. That it was followed by right answers does not prove that the section caused them.
"""

_LEAST: Final = ("", "one", "two", "three", "four")


def page(viewer: Viewer) -> None:
    """Shows the groups of one class, as one would print them."""
    st.title("Groups")
    classes = my_classes(viewer)
    if not classes:
        empty("You teach no class today, so there is nobody to group.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = one_class(classes)
        with st.popover("How groups are made"):
            st.markdown(HOW)
    found = groups_of(viewer, class_id=chosen.class_id)
    again = [one for one in found.tables if one.kind != "enrich"]
    known = kept_groups(viewer, class_id=chosen.class_id)
    kept(viewer, chosen, known, found.everybody)
    st.markdown(_headline(found, again))
    for table in again:
        _again(viewer, chosen, table, known)
    for table in found.tables:
        if table.kind == "enrich":
            _ahead(table)
    if found.tables:
        _twin(viewer, chosen, found.tables)
        st.caption("Your browser's Print gives this page on paper, without its buttons.")
    link("mastery", "Open the mastery map", icon=":material/grid_on:", **{"class": chosen.label})
    as_of(data_as_of(viewer).as_of)


def _headline(found: Grouping, again: Sequence[Table]) -> str:
    if not found.learners:
        return "Nobody is in this class yet."
    if found.learners < GROUP_LEAST:
        return "One learner is no group: what she does next stands on her own page."
    if not again:
        learners = words.plural(found.learners, "learner")
        return (
            f"No {_LEAST[GROUP_LEAST]} of {learners} struggle with the same competency: there is "
            "no group to teach again."
        )
    together = sum(len(one.learners) for one in again)
    return (
        f"**{words.plural(len(again), 'group')} to teach again**, "
        f"{together} of {words.plural(found.learners, 'learner')} in "
        f"{'it' if len(again) == 1 else 'them'}."
    )


def _again(viewer: Viewer, chosen: TaughtClass, table: Table, known: Sequence[Kept]) -> None:
    with st.container(border=True, gap="small"):
        many = len(table.learners)
        everybody = " :blue-badge[■ Whole class]" if table.whole_class else ""
        st.markdown(f"**{plain(table.code)} {plain(table.title)}**{everybody}")
        using = (
            f"use “{table.section}”"
            if table.section
            else "no section of this course teaches it, so begin with an example"
        )
        st.markdown(plain(f"These {many} lack {table.code}; {GROUP_MINUTES} minutes; {using}."))
        for number, part in enumerate(tables(range(many)), start=1):
            named = f"**Table {number}:** " if many > GROUP_MOST else ""
            st.markdown(named + plain("; ".join(table.learners[at][1] for at in part)))
        st.caption(" ".join(plain(sentence) for sentence in _why(table)))
        people = [(one, name) for one, name, _ in table.learners]
        keep_form(viewer, chosen, table.competency_id, table.code, people, known)


def _why(table: Table) -> list[str]:
    shares = [share for _, _, share in table.learners if share is not None]
    said = []
    if shares:
        low, high = round(100 * min(shares)), round(100 * max(shares))
        span = f"{low}" if low == high else f"{low} to {high}"
        said.append(f"About {span} in 100 right are expected of them on it.")
    if table.holds_up:
        said.append(f"{words.listing(table.holds_up[:3])}, taught now, builds on it.")
    if table.whole_class:
        said.append("A third of the class and more: teach it again to everybody.")
    if table.section:
        worked = table.worked
        said.append(
            worked_words(
                {"learners": worked.learners, "share": worked.share, "gained": worked.gained}
                if worked
                else None
            )
        )
    return said


def _ahead(table: Table) -> None:
    with st.container(border=True, gap="small"):
        st.markdown(f"**Ready for more ({len(table.learners)})**")
        after = (
            f"Next in this course: {table.code} {table.title}"
            f"{section_words(table.section, table.minutes)}."
            if table.code
            else "The course has nothing ahead: set them a problem that joins two of its units."
        )
        st.markdown(plain(after))
        st.markdown(plain("; ".join(name for _, name, _ in table.learners)))
        st.caption("They have mastered all that was taught and asked of them in the last weeks.")


def _twin(viewer: Viewer, chosen: TaughtClass, found: Sequence[Table]) -> None:
    table = pd.DataFrame(
        [
            {
                "group": one.code if one.kind != "enrich" else "ready for more",
                "learner": name,
                "expected right": share,
                "section": one.section,
            }
            for one in found
            for _, name, share in one.learners
        ]
    )
    twin(
        table,
        key="groups",
        name=f"groups {chosen.label}",
        on_download=lambda: note_export(viewer, what="groups", rows=len(table)),
    )
