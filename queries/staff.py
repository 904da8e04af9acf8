"""Who works in the district, in which role, since when, and with which account."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import or_, select

import privacy
from db.tables import Account, Institution, Staff, StaffRole
from privacy import Viewer

# What these see or change reaches a whole district, so one person alone gives none of them.
POWERFUL: Final = frozenset({"administrator", "records", "security"})


@dataclass(frozen=True)
class Post:
    """One role somebody holds, held or will hold, at a school or district-wide."""

    role: str
    school_id: UUID
    school: str
    starts_on: date
    ends_on: date | None


@dataclass(frozen=True)
class Colleague:
    """A member of staff; `from_roster` says that the school's own staff system knows her."""

    staff_id: UUID
    name: str
    from_roster: bool
    posts: tuple[Post, ...]
    account_id: UUID | None
    sign_in_name: str | None
    disabled: bool
    last_sign_in_at: datetime | None

    @property
    def powerful(self) -> bool:
        """Whether a change of her access takes a second person."""
        return any(post.role in POWERFUL for post in self.posts)


def colleagues(viewer: Viewer, *, today: date) -> list[Colleague]:
    """Everybody, by name, with the roles that hold today or will."""
    with privacy.session(viewer) as db:
        people = db.execute(
            select(
                Staff.staff_id,
                Staff.display_name,
                Staff.source_id.is_not(None).label("from_roster"),
                Account.account_id,
                Account.sign_in_name,
                Account.disabled_at.is_not(None).label("disabled"),
                Account.last_sign_in_at,
            )
            .outerjoin(
                Account,
                (Account.district_id == Staff.district_id) & (Account.staff_id == Staff.staff_id),
            )
            .where(Staff.district_id == viewer.district_id)
            .order_by(Staff.display_name, Staff.staff_id)
        ).all()
        held = db.execute(
            select(
                StaffRole.staff_id,
                StaffRole.role,
                StaffRole.school_id,
                Institution.name,
                StaffRole.starts_on,
                StaffRole.ends_on,
            )
            .join(
                Institution,
                (Institution.district_id == StaffRole.district_id)
                & (Institution.institution_id == StaffRole.school_id),
            )
            .where(
                StaffRole.district_id == viewer.district_id,
                or_(StaffRole.ends_on.is_(None), StaffRole.ends_on >= today),
            )
            .order_by(StaffRole.role, Institution.name)
        ).all()
    posts: dict[UUID, list[Post]] = {}
    for row in held:
        post = Post(row.role, row.school_id, row.name, row.starts_on, row.ends_on)
        posts.setdefault(row.staff_id, []).append(post)
    return [
        Colleague(
            one.staff_id,
            one.display_name,
            one.from_roster,
            tuple(posts.get(one.staff_id, ())),
            one.account_id,
            one.sign_in_name,
            bool(one.disabled),
            one.last_sign_in_at,
        )
        for one in people
    ]


def schools(viewer: Viewer) -> dict[str, UUID]:
    """The district itself first, then its schools, by name."""
    with privacy.session(viewer) as db:
        rows = db.execute(
            select(Institution.name, Institution.institution_id)
            .where(Institution.district_id == viewer.district_id)
            .order_by(Institution.kind != "district", Institution.name)
        ).all()
    return {row.name: row.institution_id for row in rows}
