"""What there is in a database, asked by the command line."""

from typing import Any

from sqlalchemy import Connection, exists, func, select

from db.tables import Account, DataKey, Institution, Learner, Staff, Watermark


def is_empty(connection: Connection) -> bool:
    """Whether no district has been loaded yet."""
    return not connection.scalar(select(exists(select(Institution.district_id))))


def has_keys(connection: Connection) -> bool:
    """Whether any learner's data key is stored: then a new key store would lose her name."""
    return bool(connection.scalar(select(exists(select(DataKey.learner_id)))))


def districts(connection: Connection) -> list[dict[str, Any]]:
    """One dict per district: what it is called, how large it is and how fresh its state."""
    here = Institution.district_id
    learners = select(func.count()).where(Learner.district_id == here).scalar_subquery()
    staff = select(func.count()).where(Staff.district_id == here).scalar_subquery()
    fresh = select(func.max(Watermark.updated_at)).where(Watermark.district_id == here)
    rows = connection.execute(
        select(
            here.label("district"),
            Institution.name,
            Institution.generated,
            func.chalkline.today(here).label("today"),
            learners.label("learners"),
            staff.label("staff"),
            fresh.scalar_subquery().label("state as of"),
        )
        .where(Institution.kind == "district")
        .order_by(here)
    )
    return [dict(row) for row in rows.mappings()]


def sign_in_names(connection: Connection) -> list[dict[str, Any]]:
    """One dict per account."""
    rows = connection.execute(
        select(
            Account.sign_in_name.label("sign in name"),
            Staff.display_name.label("name"),
            Account.district_id.label("district"),
            Account.disabled_at.is_not(None).label("disabled"),
            Account.last_sign_in_at.label("last sign-in"),
        )
        .join(
            Staff,
            (Staff.district_id == Account.district_id) & (Staff.staff_id == Account.staff_id),
        )
        .order_by(Account.district_id, Account.sign_in_name)
    )
    return [dict(row) for row in rows.mappings()]
