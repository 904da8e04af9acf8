"""The codes on paper that prove who somebody is when her authenticator app is lost."""

import hashlib
import secrets
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update

from db.tables import RecoveryCode
from privacy.passwords import SIGNS

CODES: Final = 10  # recovery codes at a time


def made_anew(db: Connection, district: int, account: UUID) -> list[str]:
    """Ten new codes in place of the old; only their hashes are kept."""
    made = [_code() for _ in range(CODES)]
    forget(db, district, account)
    db.execute(
        insert(RecoveryCode),
        [
            {"district_id": district, "account_id": account, "code_hash": _hash(account, code)}
            for code in made
        ],
    )
    return made


def left(db: Connection, district: int, account: UUID) -> int:
    """How many of an account's codes are not used yet."""
    unused = (*_of(district, account), RecoveryCode.used_at.is_(None))
    return db.scalar(select(func.count()).select_from(RecoveryCode).where(*unused)) or 0


def spent(db: Connection, district: int, account: UUID, typed: str, *, now: datetime) -> bool:
    """Whether what was typed is an unused code; it is used from here on."""
    found = db.execute(
        update(RecoveryCode)
        .where(
            *_of(district, account),
            RecoveryCode.code_hash == _hash(account, typed),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
        .returning(RecoveryCode.used_at)
    )
    return found.one_or_none() is not None


def forget(db: Connection, district: int, account: UUID) -> None:
    """Deletes an account's codes."""
    db.execute(delete(RecoveryCode).where(*_of(district, account)))


def _of(district: int, account: UUID) -> tuple[ColumnElement[bool], ...]:
    return RecoveryCode.district_id == district, RecoveryCode.account_id == account


def _code() -> str:
    """119 bits, in six groups of four: enough that a plain hash of it can not be searched.

    >>> len(_code())
    29
    """
    return "-".join("".join(secrets.choice(SIGNS) for _ in range(4)) for _ in range(6))


def _hash(account: UUID, typed: str) -> bytes:
    plain = "".join(sign for sign in typed.lower() if sign in SIGNS)
    return hashlib.sha256(account.bytes + plain.encode()).digest()
