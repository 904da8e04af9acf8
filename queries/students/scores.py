"""What a class has scored on its work, for courses that name no competencies."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

import pandas as pd
from sqlalchemy import func, select

import privacy
from db.tables import Assessment, AssessmentAttempt, ClassAssessment
from privacy import Viewer, people
from queries.students.classes import enrolled_today


@dataclass(frozen=True)
class Work:
    """A piece of work set for the class."""

    assessment_id: UUID
    title: str
    due_on: date | None
    weight: float


@dataclass(frozen=True)
class ScoreMap:
    """Learners by name, work by the day it was due, and a row for each attempt handed in.

    `cells` has learner, assessment (identifiers), value (0 to 1, missing while unmarked) and
    count (attempts).
    """

    learners: tuple[tuple[UUID, str], ...]
    work: tuple[Work, ...]
    cells: pd.DataFrame


def score_map(viewer: Viewer, *, class_id: UUID) -> ScoreMap:
    """Every learner's best result on every piece of work due or handed in by today."""
    mine = (
        AssessmentAttempt.district_id == viewer.district_id,
        AssessmentAttempt.class_id == class_id,
        func.date(AssessmentAttempt.submitted_at) <= viewer.today,
    )
    with privacy.session(viewer) as db:
        learners = enrolled_today(db, viewer, class_id)
        work = db.execute(
            select(
                Assessment.assessment_id,
                Assessment.title,
                ClassAssessment.due_on,
                Assessment.weight,
            )
            .join(
                ClassAssessment,
                (ClassAssessment.district_id == Assessment.district_id)
                & (ClassAssessment.assessment_id == Assessment.assessment_id),
            )
            .where(
                ClassAssessment.district_id == viewer.district_id,
                ClassAssessment.class_id == class_id,
            )
            .order_by(ClassAssessment.due_on.nulls_last(), Assessment.title)
        ).all()
        rows = db.execute(
            select(
                AssessmentAttempt.learner_id,
                AssessmentAttempt.assessment_id,
                func.max(AssessmentAttempt.percent) / 100,
                func.count(),
            )
            .where(*mine)
            .group_by(AssessmentAttempt.learner_id, AssessmentAttempt.assessment_id)
        ).all()
        names = people.names(db, viewer, learners)
    cells = pd.DataFrame(
        [tuple(row) for row in rows], columns=["learner", "assessment", "value", "count"]
    )
    handed_in = set(cells["assessment"])
    shown = [
        Work(*row)
        for row in work
        if row.assessment_id in handed_in or (row.due_on is not None and row.due_on <= viewer.today)
    ]
    return ScoreMap(
        tuple(sorted(((one, names[one].sorting) for one in learners), key=lambda pair: pair[1])),
        tuple(shown),
        cells,
    )
