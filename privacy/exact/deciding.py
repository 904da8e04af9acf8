"""Decides a week of a metric: which groups show the week's figure, which keep an earlier one's.

Decided for each k a district may set, each within what the gentler one shows: whoever sees the
figures of several (a page and its print) sees no more than the gentlest shows. And each metric is
told of no group of which enrolment is hidden: all metrics together have one list of hidden groups.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from analytics.disclosure import Renewal, Since, Told, fresh, hides, ranges, renewed, told
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
    """The figures of the week by k, given those released `before` it.

    In a school year other than that in which these began, they start afresh if the learners of all
    groups are others.
    `enrolled` are the same week's enrolment figures: no metric is about more learners than those,
    nor about groups that they do not tell.
    """
    week = cube(db, asked, district, version=version.data_version, on=version.as_of)
    people = None
    if enrolled is not None:
        known = metric("enrolment")
        people = cube(db, known, district, version=version.data_version, on=version.as_of)
    moved = _moved(db, asked, week, district, version, before)
    years = {one.data_version: one.school_year for one in versions(db, district)}
    says = None if asked.kind == "count" else _told(week)
    nothing: Bools = np.zeros(len(week.table), dtype=np.bool_)
    allowed, current = ~nothing, ~nothing
    answer: Answer = {}
    for k in LEVELS:
        old = {one.cell: one for one in (before or {}).get(k, [])}
        open_, upper, earlier = allowed, None, list[Since]()
        if people is not None:
            of_enrolment = (enrolled or {})[k]
            told_of = {one.cell for one in of_enrolment if not one.closed}
            hidden = np.array([cell not in told_of for cell in people.table.cells])
            asked_of = set(people.table.cells)
            open_ = open_ & np.array(
                [cell in told_of or cell not in asked_of for cell in week.table.cells]
            )
            if not hides(people.table, people.counts, hidden, k):
                current = nothing  # this week the list would not do: nothing new of any metric
            upper = _bounds(week, people, of_enrolment)
        if old:
            earlier = _earlier(week, old, moved)
            if _begun(old.values(), years) != version.school_year and _others(
                week, earlier, moved.values(), k
            ):
                old = {}
        if not old:
            now = fresh(
                week.table, week.counts, k, told=says, upper=upper, barred=~open_ | ~current
            )
            made = Renewal(now, nothing, nothing)
        else:
            made = renewed(
                week.table, week.counts, k, earlier=earlier,
                closed=np.array([cell in old and old[cell].closed for cell in week.table.cells]),
                told=says, upper=upper, barred=~open_, current=current,
            )  # fmt: skip
        answer[k] = [
            _renewed(asked, week, at, old.get(cell), made, version, earlier)
            for at, cell in enumerate(week.table.cells)
            if made.fresh[at] or cell in old
        ]
        shown = {one.cell for one in answer[k] if not one.closed}
        allowed = np.array([cell in shown for cell in week.table.cells])
        current = made.fresh | made.still
    return answer


def _renewed(
    asked: Metric,
    week: Cube,
    at: int,
    old: Figure | None,
    made: Renewal,
    version: Version,
    earlier: Sequence[Since],
) -> Figure:
    """This week's figure, or the one that stands. Where nothing changed it keeps its date: a new
    one would tell that nobody has come or gone, and an old one then that somebody has.
    """
    if old is not None and not made.fresh[at]:
        return replace(old, closed=bool(made.closed[at]))
    weeks = (*(old.weeks if old is not None else ()), version.data_version)
    news = min((int(m) for one in earlier if one.seen[at] and (m := one.changed[at])), default=None)
    if old is not None and made.still[at]:
        return replace(old, weeks=weeks, news=news)
    learners = int(week.counts[at])
    share = week.total[at] / learners
    new = figure(asked, week.table.cells[at], learners=learners, share=share, weeks=weeks)
    return replace(new, news=news)


def _told(week: Cube) -> Told:
    """What a figure of each cell tells of how many of its learners have it."""
    pairs = [
        told(100 * total / learners if learners else 0, int(learners))
        for learners, total in zip(week.counts, week.total, strict=True)
    ]
    return Told(np.array([low for low, _ in pairs]), np.array([high for _, high in pairs]))


def _bounds(week: Cube, people: Cube, enrolled: Sequence[Figure]) -> Floats:
    """The most learners each cell can have, for whoever has read the enrolment figures and knows
    which of them are still true.
    """
    told = {one.cell: one.learners for one in enrolled}
    cells = zip(people.table.cells, people.counts, strict=True)
    hidden = np.array([told.get(cell) != count for cell, count in cells])
    high = ranges(people.table, people.counts, hidden).high
    most = dict(zip(people.table.cells, high, strict=True))
    bounds = np.array([most.get(cell, np.inf) for cell in week.table.cells])
    return np.asarray(np.maximum(bounds, week.counts), dtype=np.float64)


def _moved(
    db: Connection, asked: Metric, week: Cube, district: int, version: Version,
    before: Answer | None,
) -> Mapping[date, Floats]:  # fmt: skip
    """Learners changed since each week that was shown; a week whose rows are gone is not in it."""
    shown = {day for some in (before or {}).values() for one in some for day in one.weeks}
    kept = {one.data_version for one in versions(db, district) if one.kept}
    return changed(db, asked, week.table, since=sorted(shown & kept), until=version.data_version)


def _begun(old: Iterable[Figure], years: Mapping[date, int]) -> int | None:
    """The school year of the first week that one of these figures or an earlier one has shown."""
    return years.get(min(day for one in old for day in one.weeks))


def _others(week: Cube, earlier: Sequence[Since], known: Iterable[Floats], k: int) -> bool:
    """Whether each group that was shown, or could be now, has k learners changed since every week
    whose rows are `known`: then no two figures of the two years differ by few.

    A calendar alone would not do: a year's name can change while everybody stays where she was.
    """
    shown = np.logical_or.reduce([one.seen for one in earlier])
    about = (shown | (week.counts >= k)) & ~week.table.unpublished
    empty = week.counts == 0
    return all(bool(((changed >= k) | (empty & (changed == 0)))[about].all()) for changed in known)


def _earlier(
    week: Cube, old: Mapping[tuple[str, ...], Figure], moved: Mapping[date, Floats]
) -> list[Since]:
    """The weeks shown before, oldest first. Of one whose rows are gone nobody knows who has
    changed: one learner a cell, which is too few to show anything new.
    """
    few = np.where(week.table.unpublished, 0.0, 1.0)
    days = sorted({day for one in old.values() for day in one.weeks})
    return [
        Since(
            np.array([cell in old and day in old[cell].weeks for cell in week.table.cells]),
            moved.get(day, few),
        )
        for day in days
    ]
