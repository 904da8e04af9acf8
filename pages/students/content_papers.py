"""How reliable a course's papers are: the best and the least in words, all in a table."""

import pandas as pd
import streamlit as st

from analytics.reliability import Reliability, said
from components.show import plain, twin
from privacy import Viewer
from queries.exports import note_export
from queries.students.content import CourseReport


def papers(viewer: Viewer, found: CourseReport, course: str) -> None:
    st.subheader("How reliable the papers are")
    known = [(paper, paper.whole or paper.own) for paper in found.papers]
    sure = [(paper, one) for paper, one in known if one]
    if not sure:
        st.write("Fewer than 20 learners have answered a whole paper: too few to say.")
        return
    best, worst = sure[0], sure[-1]
    st.markdown(f"Most reliable is {_paper(best[0].title, best[1])}.")
    if worst[0] is not best[0]:
        st.markdown(f"Least is {_paper(worst[0].title, worst[1])}.")
    table = pd.DataFrame(
        [
            {
                "paper": paper.title,
                "questions": paper.items,
                "learners": one.learners if one else paper.learners,
                "reliability": _rounded(one.alpha if one else None),
                "from": _rounded(one.low if one else None),
                "to": _rounded(one.high if one else None),
                "learners of yours": paper.learners,
                "for yours": _rounded(paper.own.alpha if paper.own else None),
            }
            for paper, one in known
        ]
    )
    twin(
        table,
        key="papers",
        name=f"reliability {course}",
        on_download=lambda: note_export(viewer, what="reliability", rows=len(table)),
    )


def _paper(title: str, one: Reliability) -> str:
    return (
        f"**{plain(title)}** ({one.alpha:.2f}, between {one.low:.2f} and {one.high:.2f}; "
        f"{one.learners:,} learners): {said(one)}"
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
