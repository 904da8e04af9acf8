"""How fresh the state is that pages read, and whether something has changed since a page looked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, union_all

import privacy
from db.tables import EnrollmentState, Flag, Institution, Watermark
from privacy import Viewer


@dataclass(frozen=True)
class Freshness:
    """When the state was last looked over, in the district's zone; when these classes' changed."""

    as_of: datetime | None
    changed_at: datetime | None


def data_as_of(viewer: Viewer, *, classes: Sequence[UUID] = ()) -> Freshness:
    """How fresh what the viewer sees is; with classes, also what an open page watches.

    The district's version would not do for that: on a school day it moves every few seconds, and
    every open page would run again for answers given in somebody else's class.
    """
    with privacy.session(viewer) as db:
        looked = db.execute(
            select(func.max(Watermark.updated_at), Institution.timezone)
            .join(Institution, Institution.district_id == Watermark.district_id)
            .where(Watermark.district_id == viewer.district_id, Institution.kind == "district")
            .group_by(Institution.timezone)
        ).one_or_none()
        changed = None
        if classes:
            parts = union_all(
                select(func.max(EnrollmentState.updated_at)).where(
                    EnrollmentState.district_id == viewer.district_id,
                    EnrollmentState.class_id.in_(classes),
                ),
                select(func.max(Flag.updated_at)).where(
                    Flag.district_id == viewer.district_id,
                    Flag.class_id.in_(classes),
                    Flag.closed_on.is_(None),
                ),
            ).subquery()
            changed = db.scalar(select(func.max(parts.c[0])))
    as_of = looked[0].astimezone(ZoneInfo(looked[1])) if looked else None
    return Freshness(as_of, changed)
