"""Decides a week of a metric: which groups show the week's figure, which keep an earlier one's.

Decided for each k a district may set, each within what the gentler one shows: whoever sees the
figures of several (a page and its print) sees no more than the gentlest shows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from analytics.disclosure import Told, fresh, ranges, told
from privacy.exact.cube import Cube, changed, cube
from privacy.exact.figure import Figure, figure
from privacy.metrics import Metric, Version, metric, versions

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

LEVELS: Final = (5, 10, 15, 20)  # the k a district may set
Answer = dict[int, list[Figure]]


def decided(
    db: Connection,
    asked: Metric,
    district: int,
    version: Version,
    *,
    before: Answer | None,
    enrolled: Answer | None,
) -> Answer:
    """The figures of the week by k, given those released before it in the same school year.

    `enrolled` are the same week's enrolment figures: no metric is about more learners than those.
    """
    week = cube(db, asked, district, version=version.data_version, on=version.as_of)
    people = None
    if enrolled is not None:
        known = metric("enrolment")
        people = cube(db, known, district, version=version.data_version, on=version.as_of)
    moved = _moved(db, asked, week, district, version, before)
    barred: Bools = np.zeros(len(week.table), dtype=np.bool_)
    answer: Answer = {}
    for k in LEVELS:
        old = {one.cell: one for one in (before or {}).get(k, [])}
        shown = np.array([cell in old for cell in week.table.cells])
        since = None if before is None else _since(week, old, moved)
        now = fresh(
            week.table,
            week.counts,
            k,
            told=None if asked.kind == "count" else _told(week),
            upper=None if people is None else _bounds(week, people, (enrolled or {})[k]),
            barred=barred,
            shown=shown if before is not None else None,
            changed=since,
        )
        barred = ~now
        answer[k] = [
            _renewed(
                asked,
                week,
                at,
                old.get(cell),
                now=bool(now[at]),
                version=version,
                moved=since is None or since[at] > 0,
            )
            for at, cell in enumerate(week.table.cells)
            if now[at] or cell in old
        ]
    return answer


def _renewed(
    asked: Metric,
    week: Cube,
    at: int,
    old: Figure | None,
    *,
    now: bool,
    version: Version,
    moved: bool,
) -> Figure:
    """This week's figure, or the one that stands. Where nothing changed it keeps its date: a new
    one would tell that nobody has come or gone, and an old one then that somebody has.
    """
    if old is not None and not now:
        return old
    if old is not None and not moved:
        return replace(old, base=version.data_version)
    learners = int(week.counts[at])
    share = week.total[at] / learners
    return figure(
        asked, week.table.cells[at], learners=learners, share=share, since=version.data_version
    )


def _told(week: Cube) -> Told:
    """What a figure of each cell tells of how many of its learners have it."""
    pairs = [
        told(100 * total / learners if learners else 0, int(learners))
        for learners, total in zip(week.counts, week.total, strict=True)
    ]
    return Told(np.array([low for low, _ in pairs]), np.array([high for _, high in pairs]))


def _bounds(week: Cube, people: Cube, enrolled: Sequence[Figure]) -> Floats:
    """The most learners each cell can have, for whoever has read the enrolment figures."""
    told = {one.cell: one.low for one in enrolled}
    hidden = np.array([cell not in told for cell in people.table.cells])
    high = ranges(people.table, people.counts, hidden).high
    most = dict(zip(people.table.cells, high, strict=True)) | told
    bounds = np.array([most.get(cell, np.inf) for cell in week.table.cells])
    return np.asarray(np.maximum(bounds, week.counts), dtype=np.float64)


def _moved(
    db: Connection, asked: Metric, week: Cube, district: int, version: Version,
    before: Answer | None,
) -> Mapping[date, Floats]:  # fmt: skip
    """Learners changed since each week of which a figure still stands; None of a week forgotten."""
    standing = {one.base for some in (before or {}).values() for one in some}
    kept = {one.data_version for one in versions(db, district) if one.kept}
    return changed(db, asked, week.table, since=sorted(standing & kept), until=version.data_version)


def _since(
    week: Cube, old: Mapping[tuple[str, ...], Figure], moved: Mapping[date, Floats]
) -> Floats:
    """Of each cell, the learners changed since its figure; of a hidden one, the fewest that did.

    A figure older than the weeks whose rows are kept has changed by an unknown few: it stands.
    """
    found = np.zeros(len(week.table))
    for at, cell in enumerate(week.table.cells):
        if at in week.table.slack:
            continue
        if cell in old:
            base = moved.get(old[cell].base)
            found[at] = 1.0 if base is None else base[at]
        else:
            some = [base[at] for base in moved.values() if base[at] > 0]
            found[at] = min(some, default=0.0)
    return found
