"""Adds to the audit trail, in the transaction of the very thing it tells of."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Uuid, func, insert, literal, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from db.audit.unusual import REFUSED, SAW
from db.tables import AuditEntry, Learner
from privacy.viewer import Viewer


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


def saw(db: Connection, viewer: Viewer, learners: Iterable[UUID]) -> None:
    """One line for the names of learners shown together, in the order of their identifiers."""
    who = Learner.anonymous_id
    db.execute(
        insert(AuditEntry).from_select(
            ["district_id", "actor", "role", "action", "detail"],
            select(
                literal(viewer.district_id),
                literal(viewer.staff_id, Uuid),
                literal(viewer.role),
                literal(SAW),
                func.jsonb_build_object(
                    "subjects", func.jsonb_agg(aggregate_order_by(who, who.asc()))
                ),
            ).where(
                Learner.district_id == viewer.district_id, Learner.learner_id.in_(list(learners))
            ),
        )
    )


def signing_in(
    db: Connection,
    action: str,
    *,
    district_id: int | None,
    staff_id: UUID | None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """One line about coming in or going out, before or after there is a role to act in."""
    db.execute(
        insert(AuditEntry)
        .values(
            district_id=district_id,
            actor=staff_id,
            role="sign-in",
            action=action,
            detail=dict(detail or {}),
        )
        .inline()
    )


__all__ = ["REFUSED", "record", "saw", "signing_in"]
