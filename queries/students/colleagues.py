"""The colleagues one works with at one's schools, and the word that something concerns them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import Connection, and_, insert, select, update

import privacy
from db.tables import Notification, Staff, StaffRole
from privacy import Viewer, people

NEWEST: Final = 20


@dataclass(frozen=True)
class Colleague:
    """A teacher or counselor of one of the viewer's schools."""

    staff_id: UUID
    name: str
    role: str


@dataclass(frozen=True)
class Notice:
    """Who wants the viewer to look, and at whom if the viewer is responsible for her today."""

    notification_id: UUID
    kind: str
    who: str
    learner_id: UUID | None
    learner: str
    at: datetime
    read: bool


def colleagues(viewer: Viewer, *, role: str | None = None) -> list[Colleague]:
    """Teachers and counselors of the viewer's schools today, by name, without herself."""
    here = select(StaffRole.school_id).where(
        StaffRole.district_id == viewer.district_id, StaffRole.staff_id == viewer.staff_id
    )
    roles = [role] if role else ["teacher", "counselor"]
    with privacy.session(viewer) as db:
        rows = db.execute(
            select(Staff.staff_id, Staff.display_name, StaffRole.role)
            .distinct()
            .join(
                StaffRole,
                and_(
                    StaffRole.district_id == Staff.district_id,
                    StaffRole.staff_id == Staff.staff_id,
                ),
            )
            .where(
                Staff.district_id == viewer.district_id,
                Staff.staff_id != viewer.staff_id,
                StaffRole.role.in_(roles),
                StaffRole.starts_on <= viewer.today,
                StaffRole.ends_on.is_(None) | (StaffRole.ends_on >= viewer.today),
                # One role alone is asked for to hand over: counselors do so across schools.
                StaffRole.school_id.in_(here) | (StaffRole.role == role),
            )
            .order_by(Staff.display_name)
        ).all()
    return [Colleague(*row) for row in rows]


def notify(
    db: Connection,
    viewer: Viewer,
    whom: Collection[UUID],
    *,
    kind: str,
    learner: UUID | None,
    now: datetime,
) -> None:
    """Tells each of them that something concerns them: by whom and about whom, never what."""
    for one in dict.fromkeys(whom):
        if one == viewer.staff_id:
            continue
        db.execute(
            insert(Notification)
            .values(
                district_id=viewer.district_id,
                notification_id=uuid4(),
                staff_id=one,
                from_id=viewer.staff_id,
                kind=kind,
                learner_id=learner,
                at=now,
            )
            .inline()
        )


def notices(viewer: Viewer) -> list[Notice]:
    """The newest notices to the viewer; a name only of a learner who is hers today."""
    with privacy.session(viewer) as db:
        rows = db.execute(
            select(
                Notification.notification_id,
                Notification.kind,
                Staff.display_name,
                Notification.learner_id,
                Notification.at,
                Notification.read_at,
            )
            .join(
                Staff,
                and_(
                    Staff.district_id == Notification.district_id,
                    Staff.staff_id == Notification.from_id,
                ),
            )
            .where(
                Notification.district_id == viewer.district_id,
                Notification.staff_id == viewer.staff_id,
            )
            .order_by(Notification.at.desc())
            .limit(NEWEST)
        ).all()
        names = people.names(db, viewer, [row.learner_id for row in rows if row.learner_id])
    return [
        Notice(
            row.notification_id,
            row.kind,
            row.display_name,
            row.learner_id if row.learner_id in names else None,
            str(names[row.learner_id]) if row.learner_id in names else "",
            row.at,
            row.read_at is not None,
        )
        for row in rows
    ]


def have_read(viewer: Viewer, *, now: datetime) -> None:
    """Marks all of the viewer's notices as read."""
    with privacy.session(viewer) as db:
        db.execute(
            update(Notification)
            .where(
                Notification.district_id == viewer.district_id,
                Notification.staff_id == viewer.staff_id,
                Notification.read_at.is_(None),
            )
            .values(read_at=now)
        )
