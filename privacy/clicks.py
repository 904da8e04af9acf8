"""Says what a signed-in browser may do at a click, and notes the clicks that keep it signed in."""

from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from sqlalchemy import DateTime, Select, bindparam, func, select, update

from db.tables import Account, Institution, SecondFactor, Staff, StaffRole, WebSession
from privacy.roster import district_day, held_on, in_order
from privacy.second_factor import demanded
from privacy.session import signin_session
from privacy.viewer import Viewer
from privacy.web_sessions import IDLE, Standing, same_account

TOUCH_EVERY = timedelta(seconds=60)  # a person's clicks are written down at most this often


class Ended(Enum):
    """Why a browser is no longer signed in; the value stands in the address of the sign-in."""

    SIGNED_OUT = "signed-out"
    IDLE = "idle"
    TOO_LONG = "day"
    CLOSED = "closed"  # the account was switched off or the role has ended


def standing(session: bytes, *, now: datetime) -> Standing | Ended:
    """What the session with this token hash may do now, in one query.

    Looking does not keep a session alive: only `touch` does, which the server calls for what a
    person did and not for what her page repeats by itself.
    """
    with signin_session() as connection:
        row = connection.execute(_STANDING, {"session": session, "now": now}).one_or_none()
    if row is None or row.revoked_at is not None:
        return Ended.SIGNED_OUT
    if row.absolute_expires_at <= now:
        return Ended.TOO_LONG
    if row.last_seen_at + IDLE <= now:
        return Ended.IDLE
    roles = in_order(row.roles)
    if row.disabled_at is not None or row.role not in roles:
        return Ended.CLOSED
    return Standing(
        viewer=Viewer(
            district_id=row.district_id,
            staff_id=row.staff_id,
            account_id=row.account_id,
            role=roles[roles.index(row.role)],
            name=row.display_name,
            district_name=row.name,
            generated=row.generated,
            today=row.today,
            session=session,
        ),
        session=session,
        roles=roles,
        sign_in_name=row.sign_in_name,
        must_change_password=row.must_change_password,
        has_password=row.has_password,
        must_add_factor=row.method != "provider"
        and not row.has_factor
        and demanded(row.second_factor, role=row.role, generated=row.generated),
        ends_at=min(row.last_seen_at + IDLE, row.absolute_expires_at),
    )


def touch(session: bytes, *, now: datetime) -> None:
    """Notes that a person did something, which postpones the end for idleness and no other."""
    with signin_session() as connection:
        connection.execute(
            update(WebSession)
            .where(
                WebSession.token_hash == session,
                WebSession.revoked_at.is_(None),
                WebSession.absolute_expires_at > now,
                WebSession.last_seen_at > now - IDLE,
                WebSession.last_seen_at < now,
            )
            .values(last_seen_at=now)
        )


def _standing() -> Select[*tuple[Any, ...]]:
    today = district_day(bindparam("now", type_=DateTime(timezone=True)))
    return (
        select(
            WebSession.district_id,
            WebSession.account_id,
            WebSession.role,
            WebSession.last_seen_at,
            WebSession.absolute_expires_at,
            WebSession.revoked_at,
            WebSession.method,
            SecondFactor.confirmed_at.is_not(None).label("has_factor"),
            Institution.settings["second_factor"].astext.label("second_factor"),
            Account.staff_id,
            Account.sign_in_name,
            Account.disabled_at,
            Account.must_change_password,
            Account.password_hash.is_not(None).label("has_password"),
            Staff.display_name,
            Institution.name,
            Institution.generated,
            today.label("today"),
            select(func.array_agg(StaffRole.role.distinct()))
            .where(
                StaffRole.district_id == Account.district_id,
                StaffRole.staff_id == Account.staff_id,
                held_on(today),
            )
            .scalar_subquery()
            .label("roles"),
        )
        .join(Account, same_account())
        .outerjoin(
            SecondFactor,
            (SecondFactor.district_id == WebSession.district_id)
            & (SecondFactor.account_id == WebSession.account_id),
        )
        .join(
            Staff,
            (Staff.district_id == Account.district_id) & (Staff.staff_id == Account.staff_id),
        )
        .join(
            Institution,
            (Institution.district_id == WebSession.district_id) & (Institution.kind == "district"),
        )
        .where(WebSession.token_hash == bindparam("session"))
    )


_STANDING = _standing()  # built once: it is asked at every click of everybody
