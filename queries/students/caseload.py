"""The counselor's flags: everybody on her caseload who was referred or flagged, oldest first."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, and_, select

import privacy
from db.tables import Caseload, Class, Flag, Institution, Learner
from privacy import Viewer, people
from queries.rows import AnyRow
from queries.students import notes
from queries.students.notes import Note
from queries.students.reasons import COLUMNS, Reason, reason_of

STATES: Final = ("referred", "open", "acknowledged", "in_plan", "snoozed")


@dataclass(frozen=True)
class Case:
    """A learner of the caseload with her standing flags, the oldest first."""

    learner_id: UUID
    school: str
    grade_level: int | None
    reasons: tuple[Reason, ...]
    states: tuple[str, ...]
    taken_on: bool
    name: str = ""
    notes: tuple[Note, ...] = ()

    @property
    def since(self) -> date:
        """The day on which the oldest of the flags was raised."""
        return min(reason.raised_on for reason in self.reasons)

    @property
    def flags(self) -> tuple[UUID, ...]:
        """The flags that the entry stands for."""
        return tuple(reason.flag_id for reason in self.reasons)


@dataclass(frozen=True)
class Cases:
    """One page of the caseload's open cases, and what the filters can be set to."""

    cases: tuple[Case, ...]
    found: int
    learners: int
    schools: tuple[str, ...]
    rules: tuple[str, ...]


def overdue_cases(
    viewer: Viewer,
    *,
    today: date,
    school: str | None = None,
    rule: str | None = None,
    state: str | None = None,
    first: int = 0,
    most: int = 25,
) -> Cases:
    """Learners with standing flags, whoever has waited longest first.

    Without a state, snoozed flags stay away until their day. Only the cases of the page asked
    for are given names and notes.
    """
    with privacy.session(viewer) as db:
        learners = _caseload(db, viewer)
        rows = _standing(db, viewer, learners)
        wanted = [
            row
            for row in rows
            if school in (None, row.school)
            and rule in (None, row.rule)
            and (row.state == state if state else row.state != "snoozed")
        ]
        found = _by_learner(wanted, viewer, today=today)
        page = found[first : first + most]
        ids = [case.learner_id for case in page]
        names = people.names(db, viewer, ids)
        written = notes.about(db, viewer, ids)
    return Cases(
        tuple(
            replace(
                case,
                name=str(names[case.learner_id]),
                notes=tuple(n for n in written if n.flag_id in case.flags),
            )
            for case in page
        ),
        len(found),
        len(learners),
        tuple(sorted({row.school for row in rows})),
        tuple(sorted({row.rule for row in rows})),
    )


def _caseload(db: Connection, viewer: Viewer) -> Sequence[UUID]:
    return db.scalars(
        select(Caseload.learner_id.distinct()).where(
            Caseload.district_id == viewer.district_id,
            Caseload.staff_id == viewer.staff_id,
            Caseload.starts_on <= viewer.today,
            Caseload.ends_on.is_(None) | (Caseload.ends_on >= viewer.today),
        )
    ).all()


def _standing(db: Connection, viewer: Viewer, learners: Sequence[UUID]) -> Sequence[AnyRow]:
    return db.execute(
        select(
            *COLUMNS,
            Flag.state,
            Flag.referred_to,
            Class.title,
            Institution.name.label("school"),
            Learner.grade_level,
        )
        .join(
            Learner,
            and_(Learner.district_id == Flag.district_id, Learner.learner_id == Flag.learner_id),
        )
        .join(
            Institution,
            and_(
                Institution.district_id == Learner.district_id,
                Institution.institution_id == Learner.school_id,
            ),
        )
        .outerjoin(
            Class, and_(Class.district_id == Flag.district_id, Class.class_id == Flag.class_id)
        )
        .where(
            Flag.district_id == viewer.district_id,
            Flag.learner_id.in_(learners),
            Flag.closed_on.is_(None),
        )
        .order_by(Flag.raised_on, Flag.severity.desc(), Flag.flag_id)
    ).all()


def _by_learner(rows: Sequence[AnyRow], viewer: Viewer, *, today: date) -> list[Case]:
    """One case per learner, in the order of their oldest flags."""
    mine: dict[UUID, list[AnyRow]] = {}
    for row in rows:
        mine.setdefault(row.learner_id, []).append(row)
    return [
        Case(
            learner,
            flags[0].school,
            flags[0].grade_level,
            tuple(reason_of(flag, class_title=flag.title or "", today=today) for flag in flags),
            tuple(state for state in STATES if state in {flag.state for flag in flags}),
            any(flag.referred_to == viewer.staff_id for flag in flags),
        )
        for learner, flags in mine.items()
    ]
