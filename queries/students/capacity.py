"""How many open cases one can act on: one's own figure if set, else the district's."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, and_, func, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import InstrumentedAttribute

import privacy
from db.tables import Cover, Institution, Staff, StaffSetting
from privacy import Viewer
from queries.students.acting import NotPossible


@dataclass(frozen=True)
class OwnSettings:
    """What a member of staff has set for herself; None follows the district's figure."""

    open_cases: int | None
    weekly_digest: bool
    district: int


def capacity(db: Connection, viewer: Viewer) -> int:
    """The place at which the viewer's list is cut."""
    return db.scalars(
        select(func.coalesce(StaffSetting.open_cases, _of_district(viewer)))
        .select_from(Institution)
        .outerjoin(
            StaffSetting,
            and_(
                StaffSetting.district_id == Institution.district_id,
                StaffSetting.staff_id == viewer.staff_id,
            ),
        )
        .where(Institution.district_id == viewer.district_id, Institution.kind == "district")
    ).one()


def own_settings(viewer: Viewer) -> OwnSettings:
    """The viewer's own settings and what holds without them."""
    with privacy.session(viewer) as db:
        district = db.scalars(
            select(_of_district(viewer)).where(
                Institution.district_id == viewer.district_id, Institution.kind == "district"
            )
        ).one()
        mine = db.execute(
            select(StaffSetting.open_cases, StaffSetting.weekly_digest).where(
                StaffSetting.district_id == viewer.district_id,
                StaffSetting.staff_id == viewer.staff_id,
            )
        ).one_or_none()
    return OwnSettings(mine[0] if mine else None, mine[1] if mine else True, district)


def set_own(viewer: Viewer, *, open_cases: int | None, weekly_digest: bool, now: datetime) -> None:
    """Keeps them; NotPossible, in words, for a number that no one can hold."""
    if open_cases is not None and not 1 <= open_cases <= 200:
        raise NotPossible("A list holds between 1 and 200 cases.")
    with privacy.session(viewer) as db:
        mine = upsert(StaffSetting).values(
            district_id=viewer.district_id,
            staff_id=viewer.staff_id,
            open_cases=open_cases,
            weekly_digest=weekly_digest,
            updated_at=now,
        )
        db.execute(
            mine.on_conflict_do_update(
                index_elements=["district_id", "staff_id"],
                set_={
                    "open_cases": mine.excluded.open_cases,
                    "weekly_digest": mine.excluded.weekly_digest,
                    "updated_at": mine.excluded.updated_at,
                },
            )
        )


def covered_today(db: Connection, viewer: Viewer) -> dict[UUID, str]:
    """The colleagues whose caseload the viewer covers today."""
    return dict(
        db.execute(
            select(Cover.absent_id, Staff.display_name)
            .join(
                Staff,
                and_(Staff.district_id == Cover.district_id, Staff.staff_id == Cover.absent_id),
            )
            .where(
                Cover.district_id == viewer.district_id,
                Cover.covering_id == viewer.staff_id,
                Cover.starts_on <= viewer.today,
                Cover.ends_on >= viewer.today,
            )
        ).all()
    )


def _of_district(viewer: Viewer) -> InstrumentedAttribute[int]:
    return Institution.case_capacity if viewer.role == "counselor" else Institution.alert_capacity
