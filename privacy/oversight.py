"""What a security officer may see and end of other people's sessions; no learner is in it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from db.tables import Account, Staff, WebSession
from privacy import trail
from privacy.accounts import forget_failures
from privacy.second_factor import remove
from privacy.session import NotAllowed, session, signin_session
from privacy.viewer import Viewer
from privacy.web_sessions import IDLE, end_all


@dataclass(frozen=True)
class OpenSession:
    """One browser in which somebody of the district is signed in now."""

    account_id: UUID
    name: str
    role: str
    client: str
    method: str
    created_at: datetime
    last_seen_at: datetime


def open_sessions(viewer: Viewer, *, now: datetime) -> list[OpenSession]:
    """Everybody's of her district, the latest first. NotAllowed in any other role."""
    _only_security(viewer)
    with signin_session() as db:
        rows = db.execute(
            select(
                WebSession.account_id,
                Staff.display_name,
                WebSession.role,
                WebSession.client,
                WebSession.method,
                WebSession.created_at,
                WebSession.last_seen_at,
            )
            .join(
                Account,
                (Account.district_id == WebSession.district_id)
                & (Account.account_id == WebSession.account_id),
            )
            .join(
                Staff,
                (Staff.district_id == Account.district_id) & (Staff.staff_id == Account.staff_id),
            )
            .where(
                WebSession.district_id == viewer.district_id,
                WebSession.revoked_at.is_(None),
                WebSession.absolute_expires_at > now,
                WebSession.last_seen_at > now - IDLE,
            )
            .order_by(WebSession.last_seen_at.desc())
        ).all()
    return [OpenSession(*row) for row in rows]


def sign_out(viewer: Viewer, *, account_id: UUID, now: datetime) -> None:
    """Ends every session of somebody of her district. NotAllowed in any other role."""
    _only_security(viewer)
    with session(viewer) as db:
        trail.record(db, viewer, "signed somebody out", detail={"account": str(account_id)})
    with signin_session() as db:
        end_all(db, viewer.district_id, account_id, now=now)


def start_over(viewer: Viewer, *, staff_id: UUID, now: datetime) -> None:
    """After a new first password: no second factor, no wait, signed in nowhere."""
    with signin_session() as db:
        account = db.execute(
            select(Account.account_id, Account.sign_in_name).where(
                Account.district_id == viewer.district_id, Account.staff_id == staff_id
            )
        ).one_or_none()
        if account is not None:
            remove(db, viewer.district_id, account.account_id)
            forget_failures(db, account.sign_in_name)
            end_all(db, viewer.district_id, account.account_id, now=now)


def _only_security(viewer: Viewer) -> None:
    if viewer.role != "security":
        raise NotAllowed(
            f"Sessions of others are the security officer's to see, and you are {viewer.role}. "
            "Ask her if one must be ended."
        )
