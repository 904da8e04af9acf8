"""What concerns a whole class: one notice where a third of it struggles with the same thing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import Connection, and_, select

from analytics.mastery import STRUGGLING
from db import tables
from db.tables import Competency, Enrollment, Mastery
from privacy import Viewer, people
from queries.students.classes import TaughtClass


@dataclass(frozen=True)
class ClassNotice:
    """A competency to teach again to a class; `names` are those who struggle with it."""

    notice_id: UUID
    class_label: str
    code: str
    title: str
    learners: int
    struggling: int
    raised_on: date
    names: tuple[str, ...]


def notices_of(
    db: Connection, viewer: Viewer, classes: Sequence[TaughtClass]
) -> tuple[ClassNotice, ...]:
    """The standing notices of these classes, the largest share of a class first."""
    notice = tables.ClassNotice
    rows = db.execute(
        select(
            notice.notice_id,
            notice.class_id,
            notice.competency_id,
            notice.learners,
            notice.struggling,
            notice.raised_on,
            Competency.code,
            Competency.title,
        )
        .join(Competency, Competency.competency_id == notice.competency_id)
        .where(
            notice.district_id == viewer.district_id,
            notice.class_id.in_([one.class_id for one in classes]),
            notice.closed_on.is_(None),
        )
    ).all()
    if not rows:
        return ()
    struggling = _struggling(db, viewer, [(row.class_id, row.competency_id) for row in rows])
    names = people.names(db, viewer, [one for many in struggling.values() for one in many])
    labels = {one.class_id: one.label for one in classes}
    return tuple(
        ClassNotice(
            row.notice_id,
            labels[row.class_id],
            row.code,
            row.title,
            row.learners,
            row.struggling,
            row.raised_on,
            tuple(
                sorted(
                    str(names[one])
                    for one in struggling.get((row.class_id, row.competency_id), ())
                    if one in names
                )
            ),
        )
        for row in sorted(rows, key=lambda row: (-row.struggling / row.learners, row.code))
    )


def _struggling(
    db: Connection, viewer: Viewer, wanted: Sequence[tuple[UUID, UUID]]
) -> dict[tuple[UUID, UUID], list[UUID]]:
    """Learners by (class, competency)."""
    rows = db.execute(
        select(Enrollment.class_id, Mastery.competency_id, Mastery.learner_id)
        .join(
            Mastery,
            and_(
                Mastery.district_id == Enrollment.district_id,
                Mastery.learner_id == Enrollment.learner_id,
            ),
        )
        .where(
            Enrollment.district_id == viewer.district_id,
            Enrollment.class_id.in_({class_id for class_id, _ in wanted}),
            Enrollment.status == "enrolled",
            Mastery.competency_id.in_({competency for _, competency in wanted}),
            Mastery.label == STRUGGLING,
        )
    ).all()
    found: dict[tuple[UUID, UUID], list[UUID]] = {}
    for class_id, competency, learner in rows:
        found.setdefault((class_id, competency), []).append(learner)
    return found
