"""A counselor hands a learner to a colleague, or has her caseload covered while she is away."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import Connection, and_, insert, select, update

import privacy
from db.tables import Caseload, Cover, Staff, StaffRole
from privacy import NotAllowed, Viewer, people
from queries.students.acting import NotPossible
from queries.students.colleagues import notify
from queries.trail import record

REASONS: Final[Mapping[str, str]] = {
    "moves up": "Moves to another grade or school",
    "better fit": "My colleague knows the learner better",
    "workload": "To share the work",
    "conflict": "I should not work on this case",
}
LONGEST: Final = timedelta(days=120)


@dataclass(frozen=True)
class Covering:
    """Days on which one counselor stands in for another."""

    cover_id: UUID
    absent_id: UUID
    absent: str
    covering: str
    starts_on: date
    ends_on: date


@dataclass(frozen=True)
class Held:
    """Who held a learner's case, from and to which day, and by which rule."""

    who: str
    starts_on: date
    ends_on: date | None
    rule: str


def hand_over(
    viewer: Viewer, *, learners: Sequence[UUID], to: UUID, reason: str, today: date, now: datetime
) -> None:
    """The colleague holds the cases from today, the viewer no longer; history stays with each.

    All of them or, when one is not hers to hand over, none.
    """
    if viewer.role != "counselor":
        raise NotAllowed("Counselors hand over cases. Ask the learner's counselor.")
    if reason not in REASONS:
        raise NotPossible("Choose why the case is handed over.")
    with privacy.session(viewer) as db:
        counselor = db.scalar(
            select(StaffRole.staff_id).where(
                StaffRole.district_id == viewer.district_id,
                StaffRole.staff_id == to,
                StaffRole.role == "counselor",
                StaffRole.ends_on.is_(None) | (StaffRole.ends_on >= today),
            )
        )
        for learner in sorted(set(learners)):
            mine = _held(db, viewer, learner, today)
            if not mine:
                raise NotAllowed("Only a case of your own can be handed over. Reload the page.")
            if counselor is None or to == viewer.staff_id:
                raise NotPossible("A case goes to another counselor. Choose one.")
            record(db, viewer, "handed over case", learner=learner, detail={"reason": reason})
            notify(db, viewer, [to], kind="handover", learner=learner, now=now)
            _give(db, viewer, learner, to, mine, reason=reason, today=today)


def _held(db: Connection, viewer: Viewer, learner: UUID, today: date) -> Sequence[date]:
    """Since when the viewer holds a case: the rows that stand for it today."""
    return db.scalars(
        select(Caseload.starts_on).where(
            Caseload.district_id == viewer.district_id,
            Caseload.staff_id == viewer.staff_id,
            Caseload.learner_id == learner,
            Caseload.starts_on <= today,
            Caseload.ends_on.is_(None) | (Caseload.ends_on >= today),
        )
    ).all()


def _give(
    db: Connection,
    viewer: Viewer,
    learner: UUID,
    to: UUID,
    mine: Sequence[date],
    *,
    reason: str,
    today: date,
) -> None:
    db.execute(
        insert(Caseload)
        .values(
            district_id=viewer.district_id,
            staff_id=to,
            learner_id=learner,
            starts_on=today,
            rule=f"handed over by {viewer.name}: {reason}",
        )
        .inline()
    )
    db.execute(
        update(Caseload)
        .where(
            Caseload.district_id == viewer.district_id,
            Caseload.staff_id == viewer.staff_id,
            Caseload.learner_id == learner,
            Caseload.starts_on.in_(mine),
        )
        .values(ends_on=today - timedelta(days=1))
    )


def held_by(viewer: Viewer, *, learner: UUID) -> list[Held]:
    """Who has held a learner's case so far, for her counselor of today."""
    with privacy.session(viewer) as db:
        rows = db.execute(
            select(Staff.display_name, Caseload.starts_on, Caseload.ends_on, Caseload.rule)
            .join(
                Staff,
                and_(
                    Staff.district_id == Caseload.district_id,
                    Staff.staff_id == Caseload.staff_id,
                ),
            )
            .where(Caseload.district_id == viewer.district_id, Caseload.learner_id == learner)
            .order_by(Caseload.starts_on.desc())
        ).all()
    return [Held(*row) for row in rows]


def my_learners(viewer: Viewer) -> list[tuple[UUID, str]]:
    """The counselor's own learners by name, to choose one from."""
    with privacy.session(viewer) as db:
        ids = db.scalars(
            select(Caseload.learner_id).where(
                Caseload.district_id == viewer.district_id,
                Caseload.staff_id == viewer.staff_id,
                Caseload.starts_on <= viewer.today,
                Caseload.ends_on.is_(None) | (Caseload.ends_on >= viewer.today),
            )
        ).all()
        names = people.names(db, viewer, ids)
    return [(one, str(name)) for one, name in sorted(names.items(), key=lambda x: x[1].sorting)]


def cover(
    viewer: Viewer, *, by: UUID, starts_on: date, ends_on: date, today: date, now: datetime
) -> None:
    """A colleague sees and works the viewer's caseload on these days, and on no other."""
    if viewer.role != "counselor":
        raise NotAllowed("Only a counselor's caseload is covered. Ask your administrator.")
    if not today <= starts_on <= ends_on <= starts_on + LONGEST:
        raise NotPossible(
            f"An absence begins today or later and lasts at most {LONGEST.days} days."
        )
    if by == viewer.staff_id:
        raise NotPossible("Somebody else covers for you. Choose a colleague.")
    with privacy.session(viewer) as db:
        db.execute(
            insert(Cover)
            .values(
                district_id=viewer.district_id,
                cover_id=uuid4(),
                absent_id=viewer.staff_id,
                covering_id=by,
                starts_on=starts_on,
                ends_on=ends_on,
                arranged_by=viewer.staff_id,
                arranged_at=now,
            )
            .inline()
        )
        notify(db, viewer, [by], kind="cover", learner=None, now=now)
        days = {"from": str(starts_on), "to": str(ends_on), "by": str(by)}
        record(db, viewer, "arranged cover", detail=days)


def end_cover(viewer: Viewer, *, which: UUID, today: date, now: datetime) -> None:
    """Ends a cover of the viewer's today; yesterday if it has begun, so sight ends at once."""
    with privacy.session(viewer) as db:
        row = db.execute(
            select(Cover.starts_on).where(
                Cover.district_id == viewer.district_id,
                Cover.cover_id == which,
                Cover.absent_id == viewer.staff_id,
            )
        ).one_or_none()
        if row is None:
            raise NotAllowed("Only whoever is covered ends a cover. Ask your colleague.")
        last = max(row.starts_on, today - timedelta(days=1))
        db.execute(
            update(Cover)
            .where(Cover.district_id == viewer.district_id, Cover.cover_id == which)
            .values(ends_on=last, arranged_by=viewer.staff_id, arranged_at=now)
        )
        record(db, viewer, "ended cover", detail={"cover": str(which)})


def covers(viewer: Viewer) -> Sequence[Covering]:
    """Covers of today and later that the viewer gives or is given."""
    absent, covering = Staff.__table__.alias("absent"), Staff.__table__.alias("covering")
    with privacy.session(viewer) as db:
        rows = db.execute(
            select(
                Cover.cover_id,
                Cover.absent_id,
                absent.c.display_name,
                covering.c.display_name,
                Cover.starts_on,
                Cover.ends_on,
            )
            .join(
                absent,
                (absent.c.district_id == Cover.district_id)
                & (absent.c.staff_id == Cover.absent_id),
            )
            .join(
                covering,
                (covering.c.district_id == Cover.district_id)
                & (covering.c.staff_id == Cover.covering_id),
            )
            .where(
                Cover.district_id == viewer.district_id,
                Cover.ends_on >= viewer.today,
                (Cover.absent_id == viewer.staff_id) | (Cover.covering_id == viewer.staff_id),
            )
            .order_by(Cover.starts_on)
        ).all()
    return [Covering(*row) for row in rows]
