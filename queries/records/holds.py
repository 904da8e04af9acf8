"""Legal holds: orders to keep what would otherwise be erased."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import insert, select, update

import privacy
from db.locks import Work, alone
from db.tables import Learner, LegalHold, Staff
from privacy import NotAllowed, Viewer, people
from queries.trail import record

GONE: Final = "This record is not here, or not open to you. Open the file again."


@dataclass(frozen=True)
class Hold:
    """A hold in force; `name` is None when it keeps the whole district."""

    hold_id: UUID
    learner_id: UUID | None
    name: str | None
    reason: str
    placed_by: str
    placed_on: date


def holds(viewer: Viewer) -> list[Hold]:
    """Those in force, newest first."""
    with privacy.session(viewer) as db:
        rows = db.execute(
            select(LegalHold, Staff.display_name)
            .join(
                Staff,
                (Staff.district_id == LegalHold.district_id)
                & (Staff.staff_id == LegalHold.placed_by),
            )
            .where(LegalHold.district_id == viewer.district_id, LegalHold.lifted_at.is_(None))
            .order_by(LegalHold.placed_at.desc())
        ).all()
        names = people.names(db, viewer, [row.learner_id for row in rows if row.learner_id])
    return [
        Hold(
            row.hold_id,
            row.learner_id,
            str(names[row.learner_id]) if row.learner_id in names else None,
            row.reason,
            row.display_name,
            row.placed_at.date(),
        )
        for row in rows
    ]


def place(viewer: Viewer, *, learner_id: UUID | None, reason: str, now: datetime) -> None:
    """Keeps one learner's record, or (None) the whole district's, until the hold is lifted."""
    if len(reason.strip()) < 5:
        raise NotAllowed("Say why: the case or the order, such as 'Court order 26-114'.")
    with privacy.session(viewer) as db:
        alone(db, Work.ERASING, viewer.district_id)  # what is being erased is gone first, or stays
        here = select(Learner.learner_id).where(
            Learner.district_id == viewer.district_id, Learner.learner_id == learner_id
        )
        if learner_id is not None and db.scalar(here) is None:
            raise NotAllowed(GONE)
        db.execute(
            insert(LegalHold)
            .values(
                district_id=viewer.district_id,
                hold_id=uuid4(),
                learner_id=learner_id,
                reason=reason.strip(),
                placed_by=viewer.staff_id,
                placed_at=now,
            )
            .inline()
        )
        record(db, viewer, "placed legal hold", learner=learner_id)


def lift(viewer: Viewer, *, hold: Hold, now: datetime) -> None:
    """Ends a hold; what it kept back may be decided on again."""
    with privacy.session(viewer) as db:
        changed = db.execute(
            update(LegalHold)
            .where(
                LegalHold.district_id == viewer.district_id,
                LegalHold.hold_id == hold.hold_id,
                LegalHold.lifted_at.is_(None),
            )
            .values(lifted_at=now)
        ).rowcount
        if not changed:
            raise NotAllowed("This hold was lifted before. Reload the page.")
        record(db, viewer, "lifted legal hold", learner=hold.learner_id)
