"""How long a password that somebody else chose lets its owner in: 14 days, or what is set."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select

from db.tables import Account, Institution
from privacy import trail
from privacy.accounts import KnownAccount
from privacy.session import NotAllowed, signin_session

DAYS: Final = 14  # unless the district's setting 'first_password_days' says otherwise
RUN_OUT: Final = (
    "Your first password was good for {days} days and has run out. Ask whoever keeps your school's "
    "staff list for a new one."
)


def check(account: KnownAccount, *, now: datetime) -> None:
    """NotAllowed, in words, when the password is a first one and has run out; that is noted.

    Call it after the password was found right: nobody else is to learn of it.
    """
    with signin_session() as db:
        row = db.execute(
            select(
                Account.must_change_password,
                func.coalesce(Account.first_password_at, Account.created_at).label("told_at"),
                Institution.settings["first_password_days"].astext.label("days"),
            )
            .join(
                Institution,
                (Institution.district_id == Account.district_id) & (Institution.kind == "district"),
            )
            .where(
                Account.district_id == account.district_id,
                Account.account_id == account.account_id,
            )
        ).one_or_none()
        if row is None or not row.must_change_password:
            return
        days = int(row.days) if row.days else DAYS
        if now < row.told_at + timedelta(days=days):
            return
        trail.signing_in(
            db,
            trail.REFUSED,
            district_id=account.district_id,
            staff_id=account.staff_id,
            detail={"why": "first password has run out"},
        )
    raise NotAllowed(RUN_OUT.format(days=days))
