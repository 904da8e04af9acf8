"""Keeps browsers signed in: what a session may do now, what keeps it alive and how it ends."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    DateTime,
    Select,
    bindparam,
    delete,
    func,
    select,
    update,
)

from db.tables import (
    Account,
    Institution,
    SecondFactor,
    SignInAttempt,
    SignInTicket,
    Staff,
    StaffRole,
    WebSession,
)
from privacy import trail
from privacy.accounts import MEMORY, KnownAccount, set_password
from privacy.proving import Proof
from privacy.roster import district_day, held_on, in_order, roles_today
from privacy.second_factor import demanded, new_codes, remove
from privacy.session import signin_session
from privacy.viewer import Role, Viewer

IDLE = timedelta(minutes=15)
LONGEST = timedelta(hours=8)
TOUCH_EVERY = timedelta(seconds=60)  # a person's clicks are written down at most this often
KEPT = timedelta(days=30)  # ended sessions, so that a person can look back at them


class Ended(Enum):
    """Why a browser is no longer signed in; the value stands in the address of the sign-in."""

    SIGNED_OUT = "signed-out"
    IDLE = "idle"
    TOO_LONG = "day"
    CLOSED = "closed"  # the account was switched off or the role has ended


@dataclass(frozen=True)
class Standing:
    """What a signed-in browser stands for at this moment."""

    viewer: Viewer
    session: bytes  # the hash of its token
    roles: tuple[Role, ...]  # all that she holds today
    sign_in_name: str
    must_change_password: bool
    has_password: bool
    must_add_factor: bool  # the district asks for a second factor and she has none
    ends_at: datetime  # without another click

    @property
    def account(self) -> KnownAccount:
        """The account, as proofs of identity take it."""
        who = self.viewer
        return KnownAccount(who.district_id, who.account_id, who.staff_id, self.sign_in_name, False)


@dataclass(frozen=True)
class OwnSession:
    """One browser in the list a person sees of her own."""

    token_hash: bytes
    client: str
    created_at: datetime
    last_seen_at: datetime
    here: bool
    method: str  # how she proved who she is


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


def end(session: bytes, *, now: datetime) -> None:
    """Ends one session; its cookie is worth nothing from here on."""
    with signin_session() as connection:
        whose = connection.execute(
            select(WebSession.district_id, Account.staff_id)
            .join(Account, _same_account())
            .where(WebSession.token_hash == session, WebSession.revoked_at.is_(None))
        ).one_or_none()
        revoke(connection, WebSession.token_hash == session, now=now)
        if whose is not None:
            trail.signing_in(
                connection, "signed out", district_id=whose.district_id, staff_id=whose.staff_id
            )


def end_others(viewer: Viewer, *, now: datetime) -> None:
    """Ends every session of this account but the one that asks."""
    with signin_session() as connection:
        end_all(connection, viewer.district_id, viewer.account_id, but=viewer.session, now=now)
        _note(connection, viewer, "signed out everywhere else")


def end_all(
    connection: Connection,
    district_id: int,
    account_id: UUID,
    *,
    now: datetime,
    but: bytes | None = None,
) -> None:
    """Ends an account's sessions and the tickets it has not used yet."""
    mine = (WebSession.district_id == district_id) & (WebSession.account_id == account_id)
    if but is not None:
        mine &= WebSession.token_hash != but
    revoke(connection, mine, now=now)
    connection.execute(
        delete(SignInTicket).where(
            SignInTicket.district_id == district_id, SignInTicket.account_id == account_id
        )
    )


def replace_password(viewer: Viewer, password: str, *, now: datetime) -> None:
    """Stores a person's own new password and ends every session but hers."""
    with signin_session() as connection:
        set_password(
            connection,
            district_id=viewer.district_id,
            account_id=viewer.account_id,
            password=password,
            now=now,
        )
        end_all(connection, viewer.district_id, viewer.account_id, but=viewer.session, now=now)
        _note(connection, viewer, "password changed")


def drop_factor(standing: Standing, proof: Proof, *, now: datetime) -> None:
    """Removes a person's own second factor and ends every session but hers.

    NotAllowed without a fresh proof of who she is.
    """
    proof.check(standing.account, now=now)
    viewer = standing.viewer
    with signin_session() as connection:
        remove(connection, viewer.district_id, viewer.account_id)
        end_all(connection, viewer.district_id, viewer.account_id, but=viewer.session, now=now)
        _note(connection, viewer, "second factor removed")


def renew_codes(account: KnownAccount, proof: Proof, *, now: datetime) -> list[str]:
    """New recovery codes in place of the old. NotAllowed without a fresh proof of who she is."""
    proof.check(account, now=now)
    return new_codes(account)


def own_sessions(viewer: Viewer, *, now: datetime) -> list[OwnSession]:
    """The browsers in which this person is signed in now, the latest first."""
    with signin_session() as connection:
        rows = connection.execute(
            select(
                WebSession.token_hash,
                WebSession.client,
                WebSession.created_at,
                WebSession.last_seen_at,
                WebSession.method,
            )
            .where(
                WebSession.district_id == viewer.district_id,
                WebSession.account_id == viewer.account_id,
                WebSession.revoked_at.is_(None),
                WebSession.absolute_expires_at > now,
                WebSession.last_seen_at > now - IDLE,
            )
            .order_by(WebSession.last_seen_at.desc())
        ).all()
    return [
        OwnSession(
            row.token_hash,
            row.client,
            row.created_at,
            row.last_seen_at,
            here=row.token_hash == viewer.session,
            method=row.method,
        )
        for row in rows
    ]


def work_as(viewer: Viewer, role: str, *, now: datetime) -> bool:
    """Switches the session to another role that the person holds today; False when she does not."""
    with signin_session() as connection:
        if role not in roles_today(connection, viewer.district_id, viewer.staff_id, now=now):
            return False
        connection.execute(
            update(WebSession).where(WebSession.token_hash == viewer.session).values(role=role)
        )
        _note(connection, viewer, "changed role", to=role)
    return True


def tidy(*, now: datetime) -> None:
    """Deletes what no longer decides anything: old tickets, attempts and ended sessions."""
    with signin_session() as connection:
        connection.execute(delete(SignInTicket).where(SignInTicket.expires_at < now - MEMORY))
        connection.execute(delete(SignInAttempt).where(SignInAttempt.at < now - MEMORY))
        connection.execute(delete(WebSession).where(WebSession.absolute_expires_at < now - KEPT))


def revoke(connection: Connection, which: ColumnElement[bool], *, now: datetime) -> None:
    """Ends the sessions that `which` selects, inside the caller's transaction."""
    connection.execute(
        update(WebSession).where(which, WebSession.revoked_at.is_(None)).values(revoked_at=now)
    )


def _note(connection: Connection, viewer: Viewer, action: str, **detail: str) -> None:
    trail.signing_in(
        connection,
        action,
        district_id=viewer.district_id,
        staff_id=viewer.staff_id,
        detail=detail,
    )


def _same_account() -> ColumnElement[bool]:
    return (Account.district_id == WebSession.district_id) & (
        Account.account_id == WebSession.account_id
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
        .join(
            Account,
            _same_account(),
        )
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
