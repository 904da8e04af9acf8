"""Changes that one person asks for and another agrees to: what waits, and asking."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID, uuid4

from sqlalchemy import Connection, insert, select

import privacy
from db.tables import Institution, RoleRequest, Staff
from privacy import Viewer
from queries.trail import record

OPEN_FOR: Final = timedelta(days=7)  # as chalkline.asked_by_another says
Kind = Literal["role", "account", "reset"]


@dataclass(frozen=True)
class Request:
    """A change that waits for a second person."""

    request_id: UUID
    kind: Kind
    staff_id: UUID
    name: str
    role: str | None
    school_id: UUID | None
    school: str | None
    asked_by: UUID
    asker: str
    asked_at: datetime


def waiting(viewer: Viewer, *, now: datetime) -> list[Request]:
    """What was asked for within a week and nobody has decided, the oldest first."""
    asker, about = Staff.__table__.alias("asker"), Staff.__table__.alias("about")
    with privacy.session(viewer) as db:
        rows = db.execute(
            select(
                RoleRequest.request_id,
                RoleRequest.kind,
                RoleRequest.staff_id,
                about.c.display_name,
                RoleRequest.role,
                RoleRequest.school_id,
                Institution.name,
                RoleRequest.asked_by,
                asker.c.display_name,
                RoleRequest.asked_at,
            )
            .join(
                asker,
                (asker.c.district_id == RoleRequest.district_id)
                & (asker.c.staff_id == RoleRequest.asked_by),
            )
            .join(
                about,
                (about.c.district_id == RoleRequest.district_id)
                & (about.c.staff_id == RoleRequest.staff_id),
            )
            .outerjoin(
                Institution,
                (Institution.district_id == RoleRequest.district_id)
                & (Institution.institution_id == RoleRequest.school_id),
            )
            .where(
                RoleRequest.district_id == viewer.district_id,
                RoleRequest.decided_at.is_(None),
                RoleRequest.asked_at > now - OPEN_FOR,
            )
            .order_by(RoleRequest.asked_at)
        ).all()
    return [Request(*row) for row in rows]


def ask(
    db: Connection,
    viewer: Viewer,
    *,
    kind: Kind,
    staff_id: UUID,
    role: str | None = None,
    school_id: UUID | None = None,
) -> None:
    """Writes a request down; the database lets somebody else do it within a week."""
    request = uuid4()
    db.execute(
        insert(RoleRequest)
        .values(
            district_id=viewer.district_id,
            request_id=request,
            kind=kind,
            staff_id=staff_id,
            role=role,
            school_id=school_id,
            asked_by=viewer.staff_id,
        )
        .inline()
    )
    detail = {"request": str(request), "kind": kind, "staff": str(staff_id), "role": role}
    record(db, viewer, "asked a second person", detail=detail)
