"""Trades a right password for a session: a ticket, good once, for a minute, in one browser."""

import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import insert, select, update

from db.tables import Account, SignInTicket, WebSession
from privacy import first_passwords, trail
from privacy.accounts import KnownAccount
from privacy.roster import roles_today
from privacy.second_factor import Method, has_factor
from privacy.session import NotAllowed, signin_session
from privacy.viewer import Role
from privacy.web_sessions import LONGEST, revoke

TICKET_LIFE = timedelta(seconds=60)


def digest(token: str) -> bytes:
    """What is stored of a token: its holder proves it, a thief of the database can not use it."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def issue_ticket(
    account: KnownAccount, *, browser: bytes, now: datetime, method: Method = "password"
) -> str | None:
    """A ticket that this browser may trade once for a session; None without a role today.

    NotAllowed where the account has a second factor and the password alone was shown, and where
    the password is a first one that has run out.
    """
    if method != "provider":
        first_passwords.check(account, now=now)
    token = secrets.token_urlsafe(32)
    with signin_session() as connection:
        held = roles_today(connection, account.district_id, account.staff_id, now=now)
        if account.disabled or not held:
            return None
        if method == "password" and has_factor(connection, account.district_id, account.account_id):
            raise NotAllowed("This account asks for a code too. Sign in again.")
        connection.execute(
            insert(SignInTicket).values(
                ticket_hash=digest(token),
                district_id=account.district_id,
                account_id=account.account_id,
                role=held[0],
                browser_hash=browser,
                method=method,
                created_at=now,
                expires_at=now + TICKET_LIFE,
            )
        )
    return token


def redeem(
    ticket: str, *, browser: bytes, client: str, former: bytes | None, now: datetime
) -> tuple[str, Role] | None:
    """The new session's token and role; None for a used, old or forged ticket or another browser's.

    `former` is the session this browser had before; it ends here, so no session is ever reused.
    """
    token = secrets.token_urlsafe(32)
    with signin_session() as connection:
        row = connection.execute(
            update(SignInTicket)
            .where(
                SignInTicket.ticket_hash == digest(ticket),
                SignInTicket.browser_hash == browser,
                SignInTicket.used_at.is_(None),
                SignInTicket.expires_at > now,
            )
            .values(used_at=now)
            .returning(
                SignInTicket.district_id,
                SignInTicket.account_id,
                SignInTicket.role,
                SignInTicket.method,
            )
        ).one_or_none()
        if row is None:
            return None
        if former is not None:
            revoke(connection, WebSession.token_hash == former, now=now)
        connection.execute(
            insert(WebSession).values(
                token_hash=digest(token),
                district_id=row.district_id,
                account_id=row.account_id,
                role=row.role,
                created_at=now,
                last_seen_at=now,
                absolute_expires_at=now + LONGEST,
                client=client,
                method=row.method,
            )
        )
        staff_id = connection.scalar(
            select(Account.staff_id).where(
                Account.district_id == row.district_id, Account.account_id == row.account_id
            )
        )
        trail.signing_in(
            connection,
            "signed in",
            district_id=row.district_id,
            staff_id=staff_id,
            detail={"how": row.method, "client": client},
        )
    return token, row.role


def client_family(headers: Mapping[str, str]) -> str:
    """The browser in words that its owner recognises and that identify nobody else.

    >>> client_family({"user-agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"})
    'Firefox on Linux'
    >>> client_family({})
    'Unknown browser'
    """
    agent = headers.get("user-agent", "")
    browsers = {"Edg": "Edge", "OPR": "Opera", "Firefox": "Firefox", "Chrome": "Chrome"}
    browsers |= {"Safari": "Safari"}  # last: Chrome and Edge also say Safari
    systems = {"iPhone": "iPhone", "iPad": "iPad", "Android": "Android", "CrOS": "Chromebook"}
    systems |= {"Windows": "Windows", "Mac OS": "Mac", "Linux": "Linux"}
    browser = next((name for sign, name in browsers.items() if sign in agent), "Unknown browser")
    system = next((name for sign, name in systems.items() if sign in agent), None)
    return f"{browser} on {system}" if system else browser
