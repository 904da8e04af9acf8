"""Which roles a member of staff holds on a district's day; the roster is their only source."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Date, DateTime, cast, func, literal, or_, select

from db.tables import Institution, StaffRole
from privacy.viewer import ROLES, Role


def roles_today(
    connection: Connection, district_id: int, staff_id: UUID, *, now: datetime
) -> tuple[Role, ...]:
    """The roles a person holds today by the roster, in the order in which they are offered."""
    today = district_day(now)
    held = connection.scalars(
        select(StaffRole.role)
        .distinct()
        .join(
            Institution,
            (Institution.district_id == StaffRole.district_id) & (Institution.kind == "district"),
        )
        .where(
            StaffRole.district_id == district_id,
            StaffRole.staff_id == staff_id,
            held_on(today),
        )
    ).all()
    return in_order(held)


def district_day(now: datetime | ColumnElement[datetime]) -> ColumnElement[date]:
    """The district's day: its fixed clock for historical data, else the date where it lies."""
    moment = now if isinstance(now, ColumnElement) else literal(now, DateTime(timezone=True))
    return func.coalesce(
        Institution.clock_on, cast(func.timezone(Institution.timezone, moment), Date)
    )


def held_on(day: ColumnElement[date]) -> ColumnElement[bool]:
    """The roles that hold on that day, first and last day included."""
    return (StaffRole.starts_on <= day) & or_(StaffRole.ends_on.is_(None), StaffRole.ends_on >= day)


def in_order(roles: Sequence[str] | None) -> tuple[Role, ...]:
    """The roles in the order in which they are offered.

    >>> in_order(["counselor", "teacher"]), in_order(None)
    (('teacher', 'counselor'), ())
    """
    return tuple(role for role in ROLES if role in (roles or ()))
