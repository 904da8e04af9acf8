"""What may be kept of an erased learner: bands by course, each row the same as k - 1 others.

A row says the school year, the course, and three bands; no identifier joins a learner's rows to
one another. Rows are added only where at least k stand that are equal (those already kept count);
bands are dropped one after another until they are, and a row that is alone even without bands is
not kept. So whoever knows all of a learner's marks and clicks still finds k equal rows, and one
row among the rest can not be told to be hers.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, and_, func, insert, select

from db.locks import Work, alone
from db.tables import AcademicTerm, AnonymousHistory, Class, Enrollment, EnrollmentState


@dataclass(frozen=True)
class Entry:
    """A learner's course in bands; None says nothing."""

    school_year: int
    course_id: UUID
    marks: str | None
    work: str | None
    activity: str | None


def band(value: float | None, edges: Sequence[float], names: Sequence[str]) -> str | None:
    """The band a value lies in.

    >>> [band(v, (50, 75), ("low", "middle", "high")) for v in (20, 50, 90, None)]
    ['low', 'middle', 'high', None]
    """
    return None if value is None else names[sum(value >= edge for edge in edges)]


def entries(connection: Connection, district: int, learners: Sequence[UUID]) -> list[Entry]:
    """What may be kept of these learners, before it is made equal."""
    rows = connection.execute(
        select(
            AcademicTerm.school_year,
            Class.course_id,
            EnrollmentState.score_mean,
            EnrollmentState.work_due,
            EnrollmentState.work_missing,
            EnrollmentState.active_days_28,
        )
        .select_from(Enrollment)
        .join(
            Class,
            and_(
                Class.district_id == Enrollment.district_id, Class.class_id == Enrollment.class_id
            ),
        )
        .join(
            AcademicTerm,
            and_(
                AcademicTerm.district_id == Class.district_id,
                AcademicTerm.term_id == Class.term_id,
            ),
        )
        .join(
            EnrollmentState,
            and_(
                EnrollmentState.district_id == Enrollment.district_id,
                EnrollmentState.class_id == Enrollment.class_id,
                EnrollmentState.learner_id == Enrollment.learner_id,
            ),
        )
        .where(Enrollment.district_id == district, Enrollment.learner_id.in_(learners))
    ).all()
    return [_entry(*row) for row in rows]


def _entry(year: int, course: UUID, mean: float | None, due: int, missing: int, days: int) -> Entry:
    share = None if not due else 100 * (due - missing) / due
    return Entry(
        year,
        course,
        band(mean, (50, 65, 80), ("under 50", "50-64", "65-79", "80 and over")),
        band(share, (60, 90), ("little", "most", "nearly all")),
        band(days, (1, 8), ("none", "some", "often")),
    )


_COARSER: Final[tuple[Callable[[Entry], Entry], ...]] = (
    lambda one: one,
    lambda one: replace(one, activity=None),
    lambda one: replace(one, activity=None, work=None),
    lambda one: replace(one, activity=None, work=None, marks=None),
)


def make_equal(fresh: Sequence[Entry], kept: "Counter[Entry]", *, k: int) -> list[Entry]:
    """The rows that may be added to those kept: each then stands beside at least k - 1 equal ones.

    >>> one = Entry(2026, UUID(int=1), "50-64", "most", "some")
    >>> make_equal([one] * 2, Counter(), k=3)
    []
    >>> len(make_equal([one] * 2 + [replace(one, activity="none")], Counter(), k=3))
    3
    >>> make_equal([one], Counter({one: 2}), k=3) == [one]
    True
    """
    waiting, chosen = list(fresh), []
    for coarser in _COARSER:
        coarse = [coarser(one) for one in waiting]
        counts = kept + Counter(coarse)
        chosen += [one for one in coarse if counts[one] >= k]
        waiting = [own for own, one in zip(waiting, coarse, strict=True) if counts[one] < k]
    return chosen


def keep(connection: Connection, district: int, fresh: Sequence[Entry], *, k: int) -> int:
    """Adds what may be kept; returns how many rows that are."""
    alone(connection, Work.HISTORY, district)
    columns = (
        AnonymousHistory.school_year,
        AnonymousHistory.course_id,
        AnonymousHistory.marks,
        AnonymousHistory.work,
        AnonymousHistory.activity,
    )
    rows = connection.execute(
        select(*columns, func.count().label("number"))
        .where(AnonymousHistory.district_id == district)
        .group_by(*columns)
    ).all()
    kept = Counter({Entry(*row[:5]): row.number for row in rows})
    chosen = make_equal(fresh, kept, k=k)
    if chosen:
        values: list[dict[str, Any]] = [
            {
                "district_id": district,
                "school_year": one.school_year,
                "course_id": one.course_id,
                "marks": one.marks,
                "work": one.work,
                "activity": one.activity,
            }
            for one in chosen
        ]
        connection.execute(insert(AnonymousHistory).inline(), values)
    return len(chosen)
