"""Checks who wants to come in: accounts, sign-in attempts and the waits they earn, passwords."""

import hashlib
import hmac
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from db.tables import Account, SignInAttempt
from privacy import passwords, trail
from privacy.session import door, signin_session

FREE_FAILURES = 5  # wrong passwords in a row that cost no wait
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=1)
MEMORY = timedelta(days=1)  # a wrong password older than this no longer counts
LONGEST_NAME = 254


@dataclass(frozen=True)
class Attempt:
    """One go at signing in, already written down as failed; `settle` says if it succeeded."""

    attempt_id: UUID
    name: str
    failures: int  # wrong passwords in a row before this one
    password_hash: str  # nobody's, when the name is unknown
    account: "KnownAccount | None"


@dataclass(frozen=True)
class KnownAccount:
    """An account as the sign-in needs it; never shown to anybody."""

    district_id: int
    account_id: UUID
    staff_id: UUID
    sign_in_name: str
    disabled: bool


@dataclass(frozen=True)
class Wait:
    """Too many wrong passwords: nobody is let in under this name before `until`."""

    until: datetime


def wait_after(failures: int) -> timedelta:
    """How long a name rests after that many wrong passwords in a row.

    >>> [wait_after(n) // timedelta(minutes=1) for n in (4, 5, 6, 7, 11, 400)]
    [0, 1, 2, 4, 60, 60]
    """
    if failures < FREE_FAILURES:
        return timedelta(0)
    doublings = min(failures - FREE_FAILURES, 10)
    return min(FIRST_WAIT * (1 << doublings), LONGEST_WAIT)


def tidy_name(name: str) -> str:
    """The sign-in name that was meant.

    >>> tidy_name(" Ana.Ruiz@School.example ")
    'ana.ruiz@school.example'
    """
    return name.replace("\0", "").strip().lower()[:LONGEST_NAME]


def begin_count(name: str, *, whose: KnownAccount, now: datetime) -> Attempt | Wait:
    """As `begin_attempt`, for a proof other than the password, counted under a name of its own."""
    attempt = begin_attempt(name, now=now)
    return attempt if isinstance(attempt, Wait) else replace(attempt, account=whose)


def begin_attempt(name: str, *, now: datetime) -> Attempt | Wait:
    """Writes a go at signing in down and hands over the hash to compare; the same for any name.

    It counts as failed until `settle` says otherwise and goes of one name queue up, so a hundred
    guesses sent at once are a hundred failures, not one.
    """
    name = tidy_name(name)
    name_hash = _name_hash(name)
    with signin_session() as connection:
        _one_at_a_time(connection, name_hash)
        failures, last = _failures(connection, name_hash, now=now)
        if last is not None and last + wait_after(failures) > now:
            return Wait(last + wait_after(failures))
        attempt_id = uuid4()
        connection.execute(
            insert(SignInAttempt).values(
                attempt_id=attempt_id, name_hash=name_hash, succeeded=False, at=now
            )
        )
        row = connection.execute(
            select(*KNOWN_COLUMNS, Account.password_hash).where(Account.sign_in_name == name)
        ).one_or_none()
    hash_to_compare = (row.password_hash if row else None) or passwords.nobodys_hash()
    return Attempt(attempt_id, name, failures, hash_to_compare, known_account(row) if row else None)


def settle(attempt: Attempt, *, right: bool, now: datetime, what: str = "password") -> None:
    """Writes down how the attempt ended, at the attempt and, for people to see, at the account.

    A wrong one is a line in the audit trail; `what` says what was wrong.
    """
    failures = 0 if right else attempt.failures + 1
    with signin_session() as connection:
        connection.execute(
            update(SignInAttempt)
            .where(SignInAttempt.attempt_id == attempt.attempt_id)
            .values(succeeded=right)
        )
        if not right:
            whose = attempt.account
            trail.signing_in(
                connection,
                trail.REFUSED,
                district_id=whose.district_id if whose else None,
                staff_id=whose.staff_id if whose else None,
                detail={"why": what, "known": whose is not None},
            )
        changed: dict[str, Any] = {
            "failed_attempts": failures,
            "locked_until": now + wait_after(failures) if wait_after(failures) else None,
        }
        changed |= {"last_sign_in_at": now} if right else {"last_failed_at": now}
        connection.execute(
            update(Account).where(Account.sign_in_name == attempt.name).values(**changed)
        )


def set_password(
    connection: Connection,
    *,
    district_id: int,
    account_id: UUID,
    password: str,
    now: datetime,
    must_change: bool = False,
) -> None:
    """Stores a new password; whoever calls this also decides which sessions end with the old."""
    connection.execute(
        update(Account)
        .where(Account.district_id == district_id, Account.account_id == account_id)
        .values(
            password_hash=passwords.hashed(password),
            password_changed_at=now,
            must_change_password=must_change,
            first_password_at=now if must_change else None,
        )
    )


def forget_failures(connection: Connection, sign_in_name: str) -> None:
    """Ends a name's wait, for an administrator who knows who stands in front of her."""
    connection.execute(
        delete(SignInAttempt).where(SignInAttempt.name_hash == _name_hash(tidy_name(sign_in_name)))
    )
    connection.execute(
        update(Account)
        .where(Account.sign_in_name == tidy_name(sign_in_name))
        .values(failed_attempts=0, locked_until=None)
    )


KNOWN_COLUMNS = (
    Account.district_id,
    Account.account_id,
    Account.staff_id,
    Account.sign_in_name,
    Account.disabled_at,
)


def known_account(row: Row[*tuple[Any, ...]]) -> KnownAccount:
    """An account from a row of KNOWN_COLUMNS."""
    return KnownAccount(
        row.district_id, row.account_id, row.staff_id, row.sign_in_name, row.disabled_at is not None
    )


def _failures(
    connection: Connection, name_hash: bytes, *, now: datetime
) -> tuple[int, datetime | None]:
    """Wrong passwords since the last right one, and when the last of them was."""
    mine = (SignInAttempt.name_hash == name_hash) & (SignInAttempt.at > now - MEMORY)
    last_success = (
        select(func.max(SignInAttempt.at)).where(mine, SignInAttempt.succeeded).scalar_subquery()
    )
    row = connection.execute(
        select(func.count(), func.max(SignInAttempt.at)).where(
            mine,
            ~SignInAttempt.succeeded,
            SignInAttempt.at > func.coalesce(last_success, now - MEMORY),
        )
    ).one()
    return row[0], row[1]


def _one_at_a_time(connection: Connection, name_hash: bytes) -> None:
    key = int.from_bytes(name_hash[:8], "big", signed=True)
    connection.execute(select(func.pg_advisory_xact_lock(key)))


def _name_hash(name: str) -> bytes:
    """Keyed, because sooner or later somebody types her password where the name belongs."""
    key = hashlib.sha256(b"chalkline sign-in names" + door().secret).digest()
    return hmac.digest(key, name.encode("utf-8", "surrogatepass"), "sha256")
