"""What a person has looked at herself, as the audit trail has it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select

import privacy
from db.audit.unusual import OPENED, SAW, VIEWED
from db.tables import AuditEntry, Learner
from privacy import Viewer, people

MOST: Final = 50
SHOWN: Final = (VIEWED, SAW, OPENED, "exported table")


@dataclass(frozen=True)
class Look:
    """One row of the trail; `learner` is a name while she is still the viewer's to see."""

    at: datetime
    action: str
    learner: str | None
    how_many: int


def own_looks(viewer: Viewer) -> list[Look]:
    """The latest rows of the viewer's own about learners and files."""
    with privacy.session(viewer) as db:
        rows = db.execute(
            select(AuditEntry.at, AuditEntry.action, AuditEntry.subject, AuditEntry.detail)
            .where(
                AuditEntry.district_id == viewer.district_id,
                AuditEntry.actor == viewer.staff_id,
                AuditEntry.action.in_(SHOWN),
            )
            .order_by(AuditEntry.at.desc())
            .limit(MOST)
        ).all()
        subjects = {row.subject for row in rows if row.subject is not None}
        known: dict[UUID, UUID] = {}
        if subjects and viewer.role in ("teacher", "counselor"):
            known = {
                row.anonymous_id: row.learner_id
                for row in db.execute(
                    select(Learner.anonymous_id, Learner.learner_id).where(
                        Learner.district_id == viewer.district_id,
                        Learner.anonymous_id.in_(subjects),
                    )
                )
            }
        names = people.names(db, viewer, known.values())
    return [
        Look(
            at=row.at,
            action=row.action,
            learner=str(names[known[row.subject]]) if row.subject in known else None,
            how_many=len(row.detail.get("subjects") or ()) or row.detail.get("rows") or 1,
        )
        for row in rows
    ]
