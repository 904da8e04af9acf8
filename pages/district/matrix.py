"""Schools by grades as a grid: which cells surely lie off the district, and which are hidden."""

from typing import Final

import pandas as pd
import streamlit as st

from components.grid import Band, Column, Row, Wording, mastery_grid
from components.show import plain
from pages.district import telling
from privacy import Viewer
from privacy.metrics import Metric
from privacy.releases import EXPLAINED, Figure, Release

GRAIN: Final = "school_grade"
WORDING: Final = Wording(
    "school", "grade", "learner", "learners", "not shown", "not taught at this school"
)
# The strongest colour is the first band, where a school may want help.
PAINT: Final = (0, 3, 4)  # no difference is no reason to shout
WORSE, ALIKE, BETTER = "surely worse", "no sure difference", "surely better"
LOWER, HIGHER = "surely lower", "surely higher"


def matrix(viewer: Viewer, metric: Metric) -> None:
    """The matrix of a metric, or why there is none."""
    if GRAIN not in metric.grains:
        st.write(f"{metric.title} is not released by school and grade.")
        return
    found = telling.told(viewer, metric, GRAIN, key="matrix")
    if found is None:
        return
    if metric.unit == "%":
        _grid(found)
        telling.files(viewer, found, key="matrix")
    else:
        telling.compared(viewer, found, key="matrix")


def _grid(found: Release) -> None:
    schools = list(dict.fromkeys(one.words[0] for one in found.groups))
    grades = list(dict.fromkeys(one.words[1] for one in found.groups))
    cells = pd.DataFrame(
        [
            _cell(one.words[0], one.words[1], figure, found)
            for one, figure in zip(found.groups, found.figures, strict=True)
        ]
    )
    bands = (WORSE, ALIKE, BETTER) if found.metric.good != "neither" else (LOWER, ALIKE, HIGHER)
    selection = mastery_grid(
        [Row(name, name) for name in schools],
        [Column(name, name.capitalize(), "") for name in grades],
        cells,
        key="matrix-grid",
        caption=f"{found.metric.title} by school and grade, compared with the district",
        bands=[Band(word, at / 3, PAINT[at]) for at, word in enumerate(bands)],
        wording=WORDING,
    )
    if selection and selection.row and selection.column:
        _chosen(found, selection.row, selection.column)
    st.caption(
        "Hatched cells are not shown, because too few learners may stand behind them or the noise "
        "would say nothing. Choose a cell for its margin."
    )


def _cell(school: str, grade: str, figure: Figure, found: Release) -> dict[str, object]:
    told = figure.value is not None
    return {
        "row": school,
        "column": grade,
        "value": (figure.value or 0.0) / 100 if told else None,
        "low": (figure.low or 0.0) / 100 if told else None,
        "high": (figure.high or 0.0) / 100 if told else None,
        "count": max(figure.learners or 1, 1),
        "enough": told,
        "band": _band(figure, found),
    }


def _band(figure: Figure, found: Release) -> int:
    """0, 1 or 2: below, like or above the district, the other way round where less is better."""
    whole = found.total
    if whole is None or whole.value is None or figure.low is None or figure.high is None:
        return 1
    place = 0 if figure.high < whole.value else 2 if figure.low > whole.value else 1
    return 2 - place if found.metric.good == "down" else place


def _chosen(found: Release, school: str, grade: str) -> None:
    for group, figure in zip(found.groups, found.figures, strict=True):
        if group.words == (school, grade):
            with st.container(border=True):
                st.markdown(f"**{plain(school)}, {plain(grade)}:** {_words(found, figure)}")


def _words(found: Release, figure: Figure) -> str:
    if figure.value is None:
        return EXPLAINED.get(figure.hidden, figure.hidden)
    return (
        f"{telling.said(found, figure.value, figure.noise)}; between {figure.low:.1f} and "
        f"{figure.high:.1f} with both margins, from about {figure.learners} learners."
    )
