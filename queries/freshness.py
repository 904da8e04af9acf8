"""How fresh the state is that pages read, and whether something has changed since a page looked."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, union_all

import privacy
from db.tables import EnrollmentState, Flag, Institution, Watermark
from privacy import Viewer


def data_as_of(viewer: Viewer) -> datetime | None:
    """When the state was last brought up to date, in the district's time; None before the first."""
    with privacy.session(viewer) as db:
        found = db.execute(
            select(func.max(Watermark.updated_at), Institution.timezone)
            .join(Institution, Institution.district_id == Watermark.district_id)
            .where(Watermark.district_id == viewer.district_id, Institution.kind == "district")
            .group_by(Institution.timezone)
        ).one_or_none()
    return found[0].astimezone(ZoneInfo(found[1])) if found else None


def state_changed_at(viewer: Viewer, *, classes: Sequence[UUID]) -> datetime | None:
    """The latest change of these classes' state or flags: what an open page polls.

    The district's version would do, but on a school day it moves every few seconds, and every
    open page would run again for answers given in somebody else's class.
    """
    parts = union_all(
        *(
            select(func.max(table.updated_at)).where(
                table.district_id == viewer.district_id, table.class_id.in_(classes)
            )
            for table in (EnrollmentState, Flag)
        )
    ).subquery()
    with privacy.session(viewer) as db:
        return db.scalar(select(func.max(parts.c[0])))
