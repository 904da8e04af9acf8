"""Everything about one learner that those responsible for her may see, on one page."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

import pandas as pd
from sqlalchemy import Connection, and_, func, select

import privacy
from db.tables import (
    ActivityDay,
    Attendance,
    Class,
    Enrollment,
    EnrollmentState,
    Institution,
    Learner,
)
from privacy import NotAllowed, Viewer, people
from queries.rows import AnyRow
from queries.students import history, notes, plans, replay, strengths
from queries.students.chances import Chance, chance_history
from queries.students.history import PastFlag
from queries.students.notes import Note
from queries.students.plans import Plan
from queries.students.proposed import Proposed, proposals
from queries.students.replay import Answered
from queries.students.strengths import Standing
from queries.students.work import scores
from queries.trail import record

WEEKS: Final = 16
NOT_YOURS: Final = (
    "You are not responsible for this learner today, so this page stays closed. Open a learner "
    "from your own list, or ask whoever keeps your school's class lists."
)


@dataclass(frozen=True)
class Enrolled:
    """A class of the learner and how she stands in it; figures are None before the first day."""

    class_id: UUID
    title: str
    last_active_on: date | None
    work_due: int
    work_missing: int
    score_mean: float | None
    progress: float | None


@dataclass(frozen=True)
class LearnerRecord:
    """One learner; `chances` of all days and classes, the newest first.

    Tables: `weeks` (week, value: active days), `attendance` (day, status) and
    `scores` as `components.figures.score_history` takes them, with class_title and state.
    """

    learner_id: UUID
    name: str
    school: str
    grade_level: int | None
    needs: tuple[str, ...]
    programmes: tuple[str, ...]
    home_language: str | None
    classes: tuple[Enrolled, ...]
    flags: tuple[PastFlag, ...]
    chances: tuple[Chance, ...]
    mastery: tuple[Standing, ...]
    proposed: tuple[Proposed, ...]
    notes: tuple[Note, ...]
    plans: tuple[Plan, ...]
    answered: tuple[Answered, ...]  # on an earlier day, in place of mastery
    weeks: pd.DataFrame
    attendance: pd.DataFrame
    scores: pd.DataFrame

    @property
    def last_active_on(self) -> date | None:
        """The last day with activity in any class of the viewer's scope."""
        return max((c.last_active_on for c in self.classes if c.last_active_on), default=None)


def learner_record(
    viewer: Viewer, *, learner_id: UUID, today: date, weeks: int = WEEKS
) -> LearnerRecord:
    """The record, and a line in the audit trail that it was looked at.

    A day before the viewer's today gives the record as it stood then: nothing that came later is
    in it, and in place of an estimate of mastery stands what was answered by that day.
    Raises NotAllowed, in words, for a learner the viewer is not responsible for.
    """
    past = today < viewer.today
    if viewer.role not in ("teacher", "counselor"):
        raise NotAllowed(NOT_YOURS)
    with privacy.session(viewer) as db:
        who = _who(db, viewer, learner_id)
        classes = _classes(db, viewer, learner_id, today)
        ids = [one.class_id for one in classes]
        answer = LearnerRecord(
            learner_id=learner_id,
            name=str(people.names(db, viewer, [learner_id])[learner_id]),
            school=who.name,
            grade_level=who.grade_level,
            needs=tuple(who.accessibility_needs),
            programmes=tuple(who.programmes),
            home_language=who.home_language,
            classes=classes,
            flags=history.flags_of(db, viewer, learner_id, today=today),
            chances=chance_history(db, viewer, learner_id, until=today),
            mastery=() if past else strengths.strengths_first(db, viewer, learner_id),
            proposed=() if past else proposals(db, viewer, [learner_id]).get(learner_id, ()),
            notes=tuple(notes.about(db, viewer, [learner_id])),
            plans=plans.plans_of(db, viewer, learner_id),
            answered=replay.answered_by(db, viewer, learner_id, today) if past else (),
            weeks=_weeks(db, viewer, learner_id, ids, today, weeks),
            attendance=_attendance(db, viewer, learner_id, today, weeks),
            scores=scores(db, viewer, learner=learner_id, classes=ids, today=today),
        )
        record(db, viewer, "viewed learner", learner=learner_id)
        if not past:
            return answer
        return _as_it_stood(answer, today, replay.end_of(db, viewer, today))


def _as_it_stood(found: LearnerRecord, day: date, end: datetime) -> LearnerRecord:
    return replace(
        found,
        # What a class's state says is of today: of an earlier day only its title is known.
        classes=tuple(replace(one, last_active_on=None, score_mean=None) for one in found.classes),
        flags=replay.flags_by(found.flags, day, end),
        notes=replay.notes_by(found.notes, end),
        plans=replay.plans_by(found.plans, day),
    )


def _who(db: Connection, viewer: Viewer, learner: UUID) -> AnyRow:
    found = db.execute(
        select(
            Institution.name,
            Learner.grade_level,
            Learner.accessibility_needs,
            Learner.programmes,
            Learner.home_language,
        )
        .join(
            Institution,
            and_(
                Institution.district_id == Learner.district_id,
                Institution.institution_id == Learner.school_id,
            ),
        )
        .where(Learner.district_id == viewer.district_id, Learner.learner_id == learner)
    ).one_or_none()
    if found is None:
        raise NotAllowed(NOT_YOURS)
    return found


def _classes(db: Connection, viewer: Viewer, learner: UUID, today: date) -> tuple[Enrolled, ...]:
    rows = db.execute(
        select(
            Class.class_id,
            Class.title,
            EnrollmentState.last_active_on,
            func.coalesce(EnrollmentState.work_due, 0),
            func.coalesce(EnrollmentState.work_missing, 0),
            EnrollmentState.score_mean,
            EnrollmentState.progress,
        )
        .select_from(Enrollment)
        .join(
            Class,
            and_(
                Class.district_id == Enrollment.district_id, Class.class_id == Enrollment.class_id
            ),
        )
        .outerjoin(
            EnrollmentState,
            and_(
                EnrollmentState.district_id == Enrollment.district_id,
                EnrollmentState.class_id == Enrollment.class_id,
                EnrollmentState.learner_id == Enrollment.learner_id,
            ),
        )
        .where(
            Enrollment.district_id == viewer.district_id,
            Enrollment.learner_id == learner,
            Class.starts_on <= today,
            Class.ends_on >= today,
        )
        .order_by(Class.title)
    ).all()
    return tuple(Enrolled(*row) for row in rows)


def _weeks(
    db: Connection,
    viewer: Viewer,
    learner: UUID,
    classes: Sequence[UUID],
    today: date,
    weeks: int,
) -> pd.DataFrame:
    """Active days of each of the last weeks, Monday to Sunday, this week included."""
    monday = today - timedelta(days=today.weekday())
    first = monday - timedelta(weeks=weeks - 1)
    week = func.date_trunc("week", ActivityDay.on_date)
    rows = db.execute(
        select(week, func.count(ActivityDay.on_date.distinct()))
        .where(
            ActivityDay.district_id == viewer.district_id,
            ActivityDay.learner_id == learner,
            ActivityDay.class_id.in_(classes),
            ActivityDay.on_date.between(first, today),
        )
        .group_by(week)
    ).all()
    days = {start.date(): count for start, count in rows}
    mondays = [first + timedelta(weeks=i) for i in range(weeks)]
    return pd.DataFrame({"week": mondays, "value": [days.get(start, 0) for start in mondays]})


def _attendance(
    db: Connection, viewer: Viewer, learner: UUID, today: date, weeks: int
) -> pd.DataFrame:
    rows = db.execute(
        select(Attendance.on_date, Attendance.status)
        .where(
            Attendance.district_id == viewer.district_id,
            Attendance.learner_id == learner,
            Attendance.on_date.between(today - timedelta(weeks=weeks), today),
        )
        .order_by(Attendance.on_date)
    ).all()
    return pd.DataFrame([tuple(row) for row in rows], columns=["day", "status"])
