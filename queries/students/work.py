"""A learner's work beside her class: what was due, what came in, and how it was marked."""

from collections.abc import Sequence
from datetime import date
from typing import Final
from uuid import UUID

import pandas as pd
from sqlalchemy import Connection, Date, and_, cast, func, select

from db.tables import Assessment, AssessmentAttempt, Class, ClassAssessment
from privacy import Viewer
from queries.students.classes import least_group

COLUMNS: Final = (
    "class_title",
    "assessment",
    "day",
    "score",
    "state",
    "class_low",
    "class_median",
    "class_high",
)


def scores(
    db: Connection, viewer: Viewer, *, learner: UUID, classes: Sequence[UUID], today: date
) -> pd.DataFrame:
    """One row for each piece of work due or handed in by today, oldest first.

    `state` says "marked", "not marked yet" or "missing"; shares are 0 to 1. The class's quartiles
    are missing where fewer than k learners were marked, and for a counselor, who sees her
    caseload and not the class.
    """
    submitted = cast(AssessmentAttempt.submitted_at, Date)
    best = (
        select(
            AssessmentAttempt.class_id,
            AssessmentAttempt.assessment_id,
            func.max(AssessmentAttempt.percent)
            .filter(
                AssessmentAttempt.marked_at.is_(None)
                | (cast(AssessmentAttempt.marked_at, Date) <= today)
            )
            .label("percent"),
            func.min(submitted).label("day"),
        )
        .where(
            AssessmentAttempt.district_id == viewer.district_id,
            AssessmentAttempt.class_id.in_(classes),
            AssessmentAttempt.learner_id == learner,
            submitted <= today,
        )
        .group_by(AssessmentAttempt.class_id, AssessmentAttempt.assessment_id)
        .subquery()
    )
    rows = db.execute(
        select(
            Class.title,
            Assessment.title,
            func.coalesce(best.c.day, ClassAssessment.due_on),
            best.c.percent,
            best.c.day,
            ClassAssessment.class_id,
            ClassAssessment.assessment_id,
        )
        .select_from(ClassAssessment)
        .join(
            Assessment,
            and_(
                Assessment.district_id == ClassAssessment.district_id,
                Assessment.assessment_id == ClassAssessment.assessment_id,
            ),
        )
        .join(
            Class,
            and_(
                Class.district_id == ClassAssessment.district_id,
                Class.class_id == ClassAssessment.class_id,
            ),
        )
        .outerjoin(
            best,
            and_(
                best.c.class_id == ClassAssessment.class_id,
                best.c.assessment_id == ClassAssessment.assessment_id,
            ),
        )
        .where(
            ClassAssessment.district_id == viewer.district_id,
            ClassAssessment.class_id.in_(classes),
            best.c.day.is_not(None) | (ClassAssessment.due_on <= today),
        )
        .order_by(func.coalesce(best.c.day, ClassAssessment.due_on), Assessment.title)
    ).all()
    quartiles = _quartiles(db, viewer, classes, today) if viewer.role == "teacher" else {}
    nothing = (None, None, None)
    return pd.DataFrame(
        [
            (
                class_title,
                title,
                day,
                None if percent is None else percent / 100,
                "missing" if handed_in is None else _marked(percent),
                *quartiles.get((class_id, assessment_id), nothing),
            )
            for class_title, title, day, percent, handed_in, class_id, assessment_id in rows
        ],
        columns=list(COLUMNS),
    ).astype({"score": float, "class_low": float, "class_median": float, "class_high": float})


def _marked(percent: float | None) -> str:
    return "not marked yet" if percent is None else "marked"


def _quartiles(
    db: Connection, viewer: Viewer, classes: Sequence[UUID], today: date
) -> dict[tuple[UUID, UUID], tuple[float, float, float]]:
    """Lower quartile, median and upper quartile of first attempts, where k or more were marked."""
    k = least_group(db, viewer)
    at = func.percentile_cont([0.25, 0.5, 0.75]).within_group(AssessmentAttempt.percent)
    rows = db.execute(
        select(AssessmentAttempt.class_id, AssessmentAttempt.assessment_id, at)
        .where(
            AssessmentAttempt.district_id == viewer.district_id,
            AssessmentAttempt.class_id.in_(classes),
            AssessmentAttempt.attempt_number == 1,
            AssessmentAttempt.percent.is_not(None),
            cast(AssessmentAttempt.submitted_at, Date) <= today,
        )
        .group_by(AssessmentAttempt.class_id, AssessmentAttempt.assessment_id)
        .having(func.count() >= k)
    ).all()
    return {
        (class_id, assessment): (low / 100, median / 100, high / 100)
        for class_id, assessment, (low, median, high) in rows
    }
