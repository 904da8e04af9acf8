"""What a signed-in browser stands for, what its person changes about it, and how it ends."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, delete, select, update

from db.tables import Account, SignInAttempt, SignInTicket, WebSession
from privacy import trail
from privacy.accounts import MEMORY, KnownAccount, set_password
from privacy.proving import Proof
from privacy.roster import roles_today
from privacy.second_factor import new_codes, remove
from privacy.session import NotAllowed, signin_session
from privacy.viewer import Role, Viewer

IDLE = timedelta(minutes=15)
LONGEST = timedelta(hours=8)
KEPT = timedelta(days=30)  # ended sessions, so that a person can look back at them


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


def end(session: bytes, *, now: datetime) -> None:
    """Ends one session; its cookie is worth nothing from here on."""
    with signin_session() as connection:
        whose = connection.execute(
            select(WebSession.district_id, Account.staff_id)
            .join(Account, same_account())
            .where(WebSession.token_hash == session, WebSession.revoked_at.is_(None))
        ).one_or_none()
        revoke(connection, WebSession.token_hash == session, now=now)
        if whose is not None:
            trail.signing_in(
                connection, "signed out", district_id=whose.district_id, staff_id=whose.staff_id
            )


def end_others(
    standing: Standing, proof: Proof | None, *, now: datetime, one: bytes | None = None
) -> None:
    """Ends every session of this account but the one that asks, or the `one` named.

    NotAllowed without a proof that it is she; who has no password here has none to show.
    """
    viewer = standing.viewer
    if proof is not None:
        proof.check(standing.account, now=now, whole=False)
    elif standing.has_password:
        raise NotAllowed("Type your password again to sign out elsewhere.")
    with signin_session() as connection:
        if one is None:
            end_all(connection, viewer.district_id, viewer.account_id, but=viewer.session, now=now)
            _note(connection, viewer, "signed out everywhere else")
        else:
            revoke(connection, (WebSession.token_hash == one) & _of(viewer), now=now)
            _note(connection, viewer, "signed out elsewhere")


def _of(viewer: Viewer) -> ColumnElement[bool]:
    return (WebSession.district_id == viewer.district_id) & (
        WebSession.account_id == viewer.account_id
    )


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


def same_account() -> ColumnElement[bool]:
    """What joins a session to its account."""
    return (Account.district_id == WebSession.district_id) & (
        Account.account_id == WebSession.account_id
    )
