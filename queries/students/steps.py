"""The one next step worth taking for a learner, from her gravest reason; one sentence each."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, and_, func, select

from analytics import rules
from db.tables import (
    Assessment,
    AssessmentAttempt,
    ClassAssessment,
    Competency,
    CompetencyEdge,
    Mastery,
)
from privacy import Viewer
from queries.students.order import blocker
from queries.students.reasons import Reason

CONTACT: Final = "Contact home today: ask what keeps the learner away, and agree on the next school day."
CHECK_IN: Final = "Two minutes in person this week: ask what changed, and agree on one next lesson."


def next_steps(
    db: Connection,
    viewer: Viewer,
    reasons: Mapping[UUID, Sequence[Reason]],
    *,
    classes: Sequence[UUID],
    today: date,
) -> dict[UUID, str]:
    """A step for each learner, given her reasons, the gravest first."""
    first = {learner: mine[0] for learner, mine in reasons.items() if mine}
    work = _work_to_hand_in(db, viewer, _with(first, rules.MISSING_WORK), classes, today=today)
    practice = _to_practise(
        db, viewer, {learner: first[learner] for learner in _with(first, rules.LOW_MASTERY)}
    )
    steps: dict[UUID, str] = {}
    for learner, reason in first.items():
        match reason.rule:
            case rules.MISSING_WORK:
                steps[learner] = work.get(learner, "")
            case rules.LOW_MASTERY:
                steps[learner] = practice.get(learner, "")
            case rules.FALLING_ACTIVITY:
                steps[learner] = CHECK_IN
            case rules.ATTENDANCE:
                steps[learner] = CONTACT
            case _:
                pass
    return steps


def _with(first: Mapping[UUID, Reason], rule: str) -> list[UUID]:
    return [learner for learner, reason in first.items() if reason.rule == rule]


def _work_to_hand_in(
    db: Connection,
    viewer: Viewer,
    learners: Sequence[UUID],
    classes: Sequence[UUID],
    *,
    today: date,
) -> dict[UUID, str]:
    """The missing piece that weighs most, of two that weigh the same the latest."""
    if not learners:
        return {}
    due = db.execute(
        select(
            ClassAssessment.class_id,
            ClassAssessment.assessment_id,
            Assessment.title,
            ClassAssessment.due_on,
        )
        .join(
            Assessment,
            and_(
                Assessment.district_id == ClassAssessment.district_id,
                Assessment.assessment_id == ClassAssessment.assessment_id,
            ),
        )
        .where(
            ClassAssessment.district_id == viewer.district_id,
            ClassAssessment.class_id.in_(classes),
            ClassAssessment.due_on.between(
                today - timedelta(weeks=rules.WORK_WEEKS), today - timedelta(days=rules.GRACE_DAYS)
            ),
        )
        .order_by(Assessment.weight.desc(), ClassAssessment.due_on.desc())
    ).all()
    handed_in = set(
        db.execute(
            select(
                AssessmentAttempt.learner_id,
                AssessmentAttempt.class_id,
                AssessmentAttempt.assessment_id,
            ).where(
                AssessmentAttempt.district_id == viewer.district_id,
                AssessmentAttempt.class_id.in_(classes),
                AssessmentAttempt.learner_id.in_(learners),
                (func.date(AssessmentAttempt.submitted_at) <= today) | AssessmentAttempt.banked,
            )
        ).tuples()
    )
    enrolled = {(learner, class_id) for learner, class_id, _ in handed_in}
    steps: dict[UUID, str] = {}
    for learner in learners:
        for class_id, assessment, title, due_on in due:
            mine = (learner, class_id) in enrolled or len(classes) == 1
            if mine and (learner, class_id, assessment) not in handed_in:
                steps[learner] = (
                    f"Agree on a day to hand in “{title}” (due {due_on.day} {due_on:%B}); "
                    "it counts most."
                )
                break
    return steps
