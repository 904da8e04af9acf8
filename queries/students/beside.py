"""A learner beside the others of her class, where these are at least k."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Float, cast, func, select

import privacy
from db.tables import Class, EnrollmentState
from privacy import Viewer
from queries.students.classes import least_group

# What is compared: the column, its words, whether it is a share of 100.
MEASURES: Final[Mapping[str, str]] = {
    "active_days_28": "active days in the last 28",
    "work_missing": "pieces of work missing",
    "score_mean": "mean mark (%)",
    "progress": "sections completed of those opened (%)",
    "mastered": "competencies mastered",
    "days_absent_28": "days absent in the last 28",
}


@dataclass(frozen=True)
class Beside:
    """One measure in one class: hers, and the lower quartile, median and upper quartile of the
    class. The three are None where fewer than k others have it.
    """

    class_title: str
    measure: str
    hers: float | None
    low: float | None
    median: float | None
    high: float | None


def beside_class(viewer: Viewer, *, learner: UUID) -> tuple[Beside, ...]:
    """For the viewer's own classes of hers; the others are counted without her."""
    with privacy.session(viewer) as db:
        k = least_group(db, viewer)
        mine = db.execute(_hers(viewer, learner)).all()
        others = {
            row.class_id: row
            for row in db.execute(_others(viewer, learner, [row.class_id for row in mine]))
        }
    return tuple(
        _beside(row, name, others.get(row.class_id), k) for row in mine for name in MEASURES
    )


def _beside(row: Any, name: str, others: Any, k: int) -> Beside:
    enough = others is not None and getattr(others, f"{name}_n") >= k
    low, median, high = getattr(others, name) if enough else (None, None, None)
    said = (_scaled(name, one) for one in (getattr(row, name), low, median, high))
    return Beside(row.title, MEASURES[name], *said)


def _scaled(name: str, value: Any) -> float | None:
    """Shares in percent, whole numbers as they are."""
    if value is None:
        return None
    return round(100 * float(value), 1) if name == "progress" else round(float(value), 1)


def _hers(viewer: Viewer, learner: UUID) -> Any:
    return (
        select(Class.title, EnrollmentState)
        .join(
            Class,
            (Class.district_id == EnrollmentState.district_id)
            & (Class.class_id == EnrollmentState.class_id),
        )
        .where(
            EnrollmentState.district_id == viewer.district_id,
            EnrollmentState.learner_id == learner,
            EnrollmentState.enrolled,
            Class.starts_on <= viewer.today,
            Class.ends_on >= viewer.today,
        )
        .order_by(Class.title)
        .with_only_columns(
            Class.title,
            EnrollmentState.class_id,
            *(getattr(EnrollmentState, name) for name in MEASURES),
        )
    )


def _others(viewer: Viewer, learner: UUID, classes: list[UUID]) -> Any:
    columns = []
    for name in MEASURES:
        column = getattr(EnrollmentState, name)
        at = func.percentile_cont([0.25, 0.5, 0.75]).within_group(cast(column, Float))
        columns += [at.label(name), func.count(column).label(f"{name}_n")]
    return (
        select(EnrollmentState.class_id, *columns)
        .where(
            EnrollmentState.district_id == viewer.district_id,
            EnrollmentState.class_id.in_(classes),
            EnrollmentState.learner_id != learner,
            EnrollmentState.enrolled,
        )
        .group_by(EnrollmentState.class_id)
    )
