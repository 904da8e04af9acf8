"""One learner by name with the flags that stand about her: what a plan or a meeting begins with."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import and_, select

import privacy
from db.tables import Class, Flag
from privacy import Viewer, people
from queries.students.reasons import COLUMNS, Reason, reason_of


@dataclass(frozen=True)
class Waiting:
    """A learner and her standing flags that are in no plan yet, the gravest first."""

    learner_id: UUID
    name: str
    reasons: tuple[Reason, ...]


def waiting(viewer: Viewer, *, learner: UUID, today: date) -> Waiting | None:
    """None for a learner who is not the viewer's."""
    with privacy.session(viewer) as db:
        names = people.names(db, viewer, [learner])
        rows = db.execute(
            select(*COLUMNS, Class.title)
            .outerjoin(
                Class, and_(Class.district_id == Flag.district_id, Class.class_id == Flag.class_id)
            )
            .where(
                Flag.district_id == viewer.district_id,
                Flag.learner_id == learner,
                Flag.closed_on.is_(None),
                Flag.state != "in_plan",
            )
            .order_by(Flag.severity.desc(), Flag.raised_on, Flag.flag_id)
        ).all()
    if learner not in names:
        return None
    reasons = tuple(reason_of(row, class_title=row.title or "", today=today) for row in rows)
    return Waiting(learner, str(names[learner]), reasons)
