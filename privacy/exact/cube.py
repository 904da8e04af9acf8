"""The table of one metric over all its groups: counts, values, changes, and what ties them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from analytics.disclosure import Cell, Table, linked
from privacy.metrics import GRAINS, Group, Metric, changes, groups, sums

Floats = NDArray[np.float64]

# (whole, crossing, place of the whole's key in the crossing's): each whole is the sum of its parts.
_SUMS: Final = (
    ("school", "school_grade", 0),
    ("grade", "school_grade", 1),
    ("course", "school_course", 1),
    ("subject", "school_subject", 1),
)
# A learner is in several of these: each has no more than the whole, together they have no fewer.
_OVERLAPS: Final = (("school", "school_course"), ("school", "school_subject"))
# Equity traits are not among them: those tables are an administrator's, and private.
EXACT_GRAINS: Final = (
    "district", "school", "grade", "school_grade", "course", "school_course", "subject",
    "school_subject", "bloom", "term",
)  # fmt: skip
_FROM: Final = {  # which crossing a grain is summed from, so that totals always agree
    "school_grade": ("district", "school", "grade", "school_grade"),
    "school_course": ("course", "school_course"),
    "school_subject": ("subject", "school_subject"),
    "bloom": ("bloom",),
    "term": ("term",),
}


@dataclass(frozen=True)
class Cube:
    """A metric's table with what a week says: learners of each cell, and their mean as a share.

    `total` is the sum over a cell's learners of (value - lower) / (upper - lower).
    """

    table: Table
    counts: Floats
    total: Floats
    words: Mapping[Cell, tuple[str, ...]]


def cube(db: Connection, metric: Metric, district: int, *, version: date, on: date) -> Cube:
    """The metric's table in a week, over the public groups of the day `on`."""
    listed: dict[str, tuple[Group, ...]] = {
        name: groups(db, district, GRAINS[name], on=on)
        for name in EXACT_GRAINS
        if name in metric.grains
    }
    table = _table(listed)
    counts: dict[Cell, float] = {}
    total: dict[Cell, float] = {}
    width = metric.upper - metric.lower
    for finest, grains in _FROM.items():
        source = finest if finest in listed else next((g for g in grains if g in listed), None)
        if source is None:
            continue
        public = {group.keys for group in listed[source]}
        for keys, found in sums(db, metric, GRAINS[source], version).items():
            if keys in public:
                counts[source, *keys] = found.learners
                total[source, *keys] = (found.total - metric.lower * found.learners) / width
    added = _added(table.plain, table.array(counts)), _added(table.plain, table.array(total))
    told = dict(zip(table.cells, added[0], strict=True))
    full = table.array({c: n for c, n in told.items() if c[0] in GRAINS})
    words = {(name, *g.keys): g.words for name, some in listed.items() for g in some}
    if (full < 0).any():  # a learner beyond the most courses that count: no bound holds then
        table = table.plain
        full[table.unpublished] = 0
    return Cube(table, full, added[1], words)


def changed(
    db: Connection, metric: Metric, table: Table, *, since: Iterable[date], until: date
) -> Mapping[date, Floats]:
    """For each earlier week: the learners of each cell who have changed, by the cell itself."""
    names = sorted({cell[0] for cell in table.cells} & set(EXACT_GRAINS))
    return {
        week: table.array(
            {
                (name, *keys): learners
                for name in names
                for keys, learners in changes(
                    db, metric, GRAINS[name], since=week, until=until
                ).items()
            }
        )
        for week in since
    }


def _table(listed: Mapping[str, Sequence[Group]]) -> Table:
    cells = {name: [(name, *group.keys) for group in some] for name, some in listed.items()}
    ties: list[tuple[Cell, Sequence[Cell]]] = [
        (("district",), cells[name])
        for name in ("school", "grade")
        if {"district", name} <= set(cells)
    ]
    for whole, crossing, place in _SUMS:
        if {whole, crossing} <= set(cells):
            for cell in cells[whole]:
                ties.append((cell, [c for c in cells[crossing] if c[1 + place] == cell[1]]))
    within: list[tuple[Cell, Sequence[Cell]]] = []
    for whole, crossing in _OVERLAPS:
        if {whole, crossing} <= set(cells):
            for cell in cells[whole]:
                within.append((cell, [c for c in cells[crossing] if c[1] == cell[1]]))
    within += [
        (("district",), cells[name])
        for name in ("course", "subject")
        if {"district", name} <= set(cells)
    ]
    alone = [cell for some in cells.values() for cell in some]
    return linked([tie for tie in ties if tie[1]], alone, [tie for tie in within if tie[1]])


def _added(table: Table, inner: Floats) -> Floats:
    """Every total made from its parts, the innermost first."""
    found = inner.copy()
    for _ in range(3):
        for whole, parts in table.sums:
            found[whole] = found[list(parts)].sum()
    return np.asarray(found, dtype=np.float64)
