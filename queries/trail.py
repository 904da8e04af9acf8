"""Adds to the audit trail, in the transaction of the very thing it tells of."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, insert, select

from db.tables import AuditEntry, Learner
from privacy import Viewer


def record(
    db: Connection,
    viewer: Viewer,
    action: str,
    *,
    learner: UUID | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """One line: who, in which role, did what; about whom by the anonymous identifier.

    `detail` holds identifiers and counts, never a name or a text that somebody typed.
    """
    subject = (
        select(Learner.anonymous_id)
        .where(Learner.district_id == viewer.district_id, Learner.learner_id == learner)
        .scalar_subquery()
    )
    db.execute(
        insert(AuditEntry)
        .values(
            district_id=viewer.district_id,
            actor=viewer.staff_id,
            role=viewer.role,
            action=action,
            subject=subject if learner else None,
            detail=dict(detail or {}),
        )
        .inline()
    )
