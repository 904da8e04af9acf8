"""An account's second factor: an authenticator app, and codes on paper for when it is lost."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, delete, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from db.tables import SecondFactor
from privacy import fields, recovery_codes, totp, trail
from privacy.accounts import KnownAccount, Wait, begin_count, settle
from privacy.session import door, signin_session

# Whoever sees many learners, or may change who does.
ROLES_ASKED: Final = frozenset({"administrator", "counselor", "records", "security"})
Method = Literal["password", "password and code", "password and recovery code", "provider"]
_TABLE: Final = "second_factors"
_BLANK: Final = b"\0" * 32


@dataclass(frozen=True)
class Factor:
    """What may be shown of an account's second factor."""

    confirmed_at: datetime | None
    codes_left: int


def demanded(setting: str | None, *, role: str, generated: bool) -> bool:
    """Whether a role may not work without one: by the district's setting, else everywhere but in
    a generated district.

    >>> demanded(None, role="counselor", generated=False)
    True
    >>> demanded(None, role="teacher", generated=False)
    False
    >>> demanded("offered", role="counselor", generated=False)
    False
    >>> demanded("required", role="counselor", generated=True)
    True
    >>> demanded("everyone", role="teacher", generated=True)
    True
    """
    if setting == "everyone":
        return True
    required = setting == "required" or (setting is None and not generated)
    return required and role in ROLES_ASKED


def factor(district_id: int, account_id: UUID) -> Factor:
    """The state of an account's second factor."""
    with signin_session() as db:
        confirmed = db.scalar(
            select(SecondFactor.confirmed_at).where(*_of(district_id, account_id))
        )
        return Factor(confirmed, recovery_codes.left(db, district_id, account_id))


def has_factor(db: Connection, district_id: int, account_id: UUID) -> bool:
    """Whether signing in to this account takes a code."""
    return bool(
        db.scalar(
            select(SecondFactor.confirmed_at.is_not(None)).where(*_of(district_id, account_id))
        )
    )


def asked_of(account: KnownAccount) -> bool:
    """Whether signing in to this account takes a code."""
    with signin_session() as db:
        return has_factor(db, account.district_id, account.account_id)


def begin(district_id: int, account_id: UUID, *, now: datetime) -> bytes:
    """The secret to be shown; the same until it is confirmed, so that a picture stays right."""
    with signin_session() as db:
        row = db.execute(
            select(SecondFactor.secret, SecondFactor.confirmed_at).where(
                *_of(district_id, account_id)
            )
        ).one_or_none()
        if row is not None and row.confirmed_at is None:
            return _opened(district_id, account_id, row.secret)
        if row is not None:
            raise ValueError("This account has a second factor. Remove it before making another.")
        secret = secrets.token_bytes(totp.SECRET_BYTES)
        db.execute(
            upsert(SecondFactor)
            .values(
                district_id=district_id,
                account_id=account_id,
                secret=_sealed(district_id, account_id, secret),
                made_at=now,
            )
            .on_conflict_do_nothing()
        )
        return _secret(db, district_id, account_id) or secret


def confirm(account: KnownAccount, typed: str, *, now: datetime) -> list[str] | Wait | None:
    """The recovery codes, shown this once, when the first code typed is right; None when not."""
    district_id, account_id = account.district_id, account.account_id
    attempt = begin_count(_counter(account_id), whose=account, now=now)
    if isinstance(attempt, Wait):
        return attempt
    with signin_session() as db:
        right = _uses(db, district_id, account_id, typed, now=now)
        if right:
            db.execute(
                update(SecondFactor).where(*_of(district_id, account_id)).values(confirmed_at=now)
            )
            trail.signing_in(
                db, "second factor added", district_id=district_id, staff_id=account.staff_id
            )
    settle(attempt, right=right, now=now, what="code")
    return new_codes(account) if right else None


def check(account: KnownAccount, typed: str, *, now: datetime) -> Method | Wait | None:
    """How the person proved herself: by the app's code or a recovery code; None for a wrong one.

    Wrong codes are counted apart from wrong passwords, so that a right password does not forgive
    them; they earn the same waits.
    """
    attempt = begin_count(_counter(account.account_id), whose=account, now=now)
    if isinstance(attempt, Wait):
        return attempt
    proved: Method | None = None
    with signin_session() as db:
        if _uses(db, account.district_id, account.account_id, typed, now=now):
            proved = "password and code"
        elif recovery_codes.spent(db, account.district_id, account.account_id, typed, now=now):
            proved = "password and recovery code"
    settle(attempt, right=proved is not None, now=now, what="code")
    return proved


def new_codes(account: KnownAccount) -> list[str]:
    """Ten new recovery codes in place of the old; only their hashes are kept."""
    district_id, account_id = account.district_id, account.account_id
    with signin_session() as db:
        made = recovery_codes.made_anew(db, district_id, account_id)
        trail.signing_in(
            db, "recovery codes made", district_id=district_id, staff_id=account.staff_id
        )
    return made


def remove(db: Connection, district_id: int, account_id: UUID) -> None:
    """Forgets an account's second factor and its recovery codes; the caller notes it."""
    db.execute(delete(SecondFactor).where(*_of(district_id, account_id)))
    recovery_codes.forget(db, district_id, account_id)


def _uses(db: Connection, district: int, account: UUID, typed: str, *, now: datetime) -> bool:
    """Whether the code is right and new; using it makes it old, in one statement."""
    step = totp.matching_step(_secret(db, district, account) or _BLANK, typed, now=now)
    if step is None:
        return False
    used = db.execute(
        update(SecondFactor)
        .where(*_of(district, account), SecondFactor.last_step < step)
        .values(last_step=step)
        .returning(SecondFactor.last_step)
    )
    return used.one_or_none() is not None


def _secret(db: Connection, district: int, account: UUID) -> bytes | None:
    sealed = db.scalar(select(SecondFactor.secret).where(*_of(district, account)))
    return _opened(district, account, sealed) if sealed is not None else None


def _sealed(district: int, account: UUID, secret: bytes) -> bytes:
    key = door().keystore.secret("second factor")
    return fields.encrypt(
        key, secret.hex(), table=_TABLE, column="secret", row=account, district=str(district)
    )


def _opened(district: int, account: UUID, sealed: bytes) -> bytes:
    key = door().keystore.secret("second factor")
    return bytes.fromhex(
        fields.decrypt(
            key, sealed, table=_TABLE, column="secret", row=account, district=str(district)
        )
    )


def _of(district: int, account: UUID) -> tuple[ColumnElement[bool], ...]:
    return SecondFactor.district_id == district, SecondFactor.account_id == account


def _counter(account: UUID) -> str:
    """The name under which wrong codes are counted; nobody's sign-in name holds a blank."""
    return f"code for {account}"
