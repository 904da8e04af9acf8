"""The one next step worth taking for a learner, from her gravest reason; one sentence each."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, and_, func, select

from analytics import rules
from analytics.order import blocker
from db.tables import (
    Assessment,
    AssessmentAttempt,
    ClassAssessment,
    Competency,
    CompetencyEdge,
    Mastery,
)
from privacy import Viewer
from queries.students.proposed import Proposed
from queries.students.reasons import Reason

CONTACT: Final = (
    "Contact home today: ask what keeps the learner away, and agree on the next school day."
)
TALK: Final = "Talk with the learner this week, then close the flag with what came of it."
CHECK_IN: Final = "Two minutes in person this week: ask what changed, and agree on one next lesson."


def next_steps(
    db: Connection,
    viewer: Viewer,
    reasons: Mapping[UUID, Sequence[Reason]],
    *,
    today: date,
    proposed: Mapping[UUID, Sequence[Proposed]],
) -> dict[UUID, str]:
    """A step for each learner, given her reasons, the gravest first, and what stands proposed."""
    first = {learner: mine[0] for learner, mine in reasons.items() if mine}
    owing = _by(rules.MISSING_WORK, first) | _by(rules.RISK, first)
    work = _work_to_hand_in(db, viewer, owing, today=today)
    answered = {
        learner: mine
        for learner, reason in first.items()
        if (mine := fitting(proposed.get(learner, ()), reason))
    }
    low = _by(rules.LOW_MASTERY, first)
    practice = _to_practise(
        db, viewer, {learner: low[learner] for learner in low if learner not in answered}
    )
    steps: dict[UUID, str] = {}
    for learner, reason in first.items():
        match reason.rule:
            case rules.MISSING_WORK | rules.RISK:
                steps[learner] = work.get(learner, CHECK_IN)
            case rules.LOW_MASTERY:
                mine = answered.get(learner)
                steps[learner] = mine.step if mine else practice.get(learner, CHECK_IN)
            case rules.FALLING_ACTIVITY:
                steps[learner] = CHECK_IN
            case rules.ATTENDANCE:
                steps[learner] = CONTACT
            case _:
                steps[learner] = TALK
    return steps


def fitting(proposed: Sequence[Proposed], reason: Reason) -> Proposed | None:
    """The proposal that answers a reason: low mastery's, in the same class."""
    if reason.rule != rules.LOW_MASTERY:
        return None
    return next((one for one in proposed if one.class_id == reason.class_id), None)


def _by(rule: str, first: Mapping[UUID, Reason]) -> dict[UUID, Reason]:
    return {learner: reason for learner, reason in first.items() if reason.rule == rule}


def _work_to_hand_in(
    db: Connection, viewer: Viewer, reasons: Mapping[UUID, Reason], *, today: date
) -> dict[UUID, str]:
    """The missing piece that weighs most, of two that weigh the same the latest."""
    if not reasons:
        return {}
    classes = {reason.class_id for reason in reasons.values()}
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
                AssessmentAttempt.learner_id.in_(list(reasons)),
                (func.date(AssessmentAttempt.submitted_at) <= today) | AssessmentAttempt.banked,
            )
        )
    )
    steps: dict[UUID, str] = {}
    for learner, reason in reasons.items():
        for class_id, assessment, title, due_on in due:
            missing = (learner, class_id, assessment) not in handed_in
            if class_id == reason.class_id and missing and due_on:
                day = f"{due_on.day} {due_on:%B}"
                steps[learner] = f"Agree on a day to hand in “{title}”, due on {day}."
                break
    return steps


def _to_practise(db: Connection, viewer: Viewer, reasons: Mapping[UUID, Reason]) -> dict[UUID, str]:
    """The prerequisite that holds up the learner's lowest competency, else that competency."""
    if not reasons:
        return {}
    lowest = {
        learner: UUID(reason.evidence["competencies"][0]["competency_id"])
        for learner, reason in reasons.items()
    }
    labels: dict[UUID, dict[UUID, str]] = {}
    for learner, competency, label in db.execute(
        select(Mastery.learner_id, Mastery.competency_id, Mastery.label).where(
            Mastery.district_id == viewer.district_id, Mastery.learner_id.in_(list(reasons))
        )
    ):
        labels.setdefault(learner, {})[competency] = label
    known = {competency for mine in labels.values() for competency in mine}
    before: dict[UUID, list[UUID]] = {}
    for earlier, later in db.execute(
        select(CompetencyEdge.prerequisite_id, CompetencyEdge.competency_id).where(
            CompetencyEdge.prerequisite_id.in_(known), CompetencyEdge.competency_id.in_(known)
        )
    ):
        before.setdefault(later, []).append(earlier)
    named = dict(
        db.execute(
            select(Competency.competency_id, Competency.code + " (" + Competency.title + ")").where(
                Competency.competency_id.in_(known | set(lowest.values()))
            )
        ).all()
    )
    steps = {}
    for learner, competency in lowest.items():
        by = blocker(competency, before, labels.get(learner, {}))
        steps[learner] = (
            f"Go back to {named[by]} first: {named[competency].split(' ')[0]} builds on it."
            if by
            else f"Work through one example of {named[competency]} together, then a short new set."
        )
    return steps
