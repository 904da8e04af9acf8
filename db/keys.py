"""Walks through wrapped data keys and notes key uses; no key is ever seen here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, func, insert, select, text

from db.tables import DataKey, KeyUsage

ROTATING: Final = 7_242_620  # session lock: one rotation at a time
SEALING: Final = 7_242_621  # shared by whoever seals; alone for whoever destroys a KEK


@dataclass(frozen=True)
class StoredKey:
    """A learner's data key as it is stored."""

    district_id: int
    learner_id: UUID
    kek_id: str
    wrapped: bytes


@dataclass(frozen=True)
class Use:
    """So many uses of a key by somebody for one purpose."""

    district_id: int | None
    actor: str
    kek_id: str
    purpose: str
    uses: int


def hold_keys(connection: Connection) -> None:
    """Keeps the present KEKs from being destroyed until this transaction ends.

    Call it before sealing: else a key could go between sealing a name and storing it.
    """
    connection.execute(select(func.pg_advisory_xact_lock_shared(SEALING)))


def only_we_hold_keys(connection: Connection) -> bool:
    """Whether nobody is sealing; then nobody starts to until this transaction ends."""
    if not connection.scalar(select(func.pg_try_advisory_xact_lock(SEALING))):
        return False
    connection.execute(text("LOCK TABLE chalkline.data_keys IN SHARE MODE"))
    return True


def start_rotating(connection: Connection) -> bool:
    """Takes the lock of rotations for this connection; False when another one is at work."""
    return bool(connection.scalar(select(func.pg_try_advisory_lock(ROTATING))))


def stop_rotating(connection: Connection) -> None:
    """Gives the lock back; a killed process's is given back by the server."""
    connection.execute(select(func.pg_advisory_unlock(ROTATING)))


def keys_by_kek(connection: Connection) -> dict[str, int]:
    """How many learners' data keys each KEK wraps."""
    rows = connection.execute(
        select(DataKey.kek_id, func.count().label("number")).group_by(DataKey.kek_id)
    )
    return {row.kek_id: row.number for row in rows}


def districts_with_keys(connection: Connection) -> list[int]:
    """Districts that have learners with keys."""
    return list(
        connection.scalars(select(DataKey.district_id).distinct().order_by(DataKey.district_id))
    )


def in_order(
    connection: Connection,
    district: int,
    *,
    after: UUID | None,
    most: int,
    not_under: str | None = None,
) -> Sequence[StoredKey]:
    """The next data keys of a district by learner; `not_under` leaves out those of that KEK, and
    locks the rest against erasure until the transaction ends (those locked by others are left out).
    """
    query = (
        select(DataKey.district_id, DataKey.learner_id, DataKey.kek_id, DataKey.wrapped)
        .where(DataKey.district_id == district)
        .order_by(DataKey.learner_id)
        .limit(most)
    )
    if after is not None:
        query = query.where(DataKey.learner_id > after)
    if not_under is not None:
        query = query.where(DataKey.kek_id != not_under).with_for_update(skip_locked=True)
    return [StoredKey(*row) for row in connection.execute(query)]


def rewrap(connection: Connection, keys: Sequence[StoredKey], *, now: datetime) -> int:
    """Puts newly wrapped keys in place of the old; returns how many are stored."""
    return connection.execute(
        text(_REWRAP),
        {
            "districts": [key.district_id for key in keys],
            "learners": [key.learner_id for key in keys],
            "keks": [key.kek_id for key in keys],
            "wrapped": [key.wrapped for key in keys],
            "now": now,
        },
    ).rowcount


def note_uses(connection: Connection, uses: Iterable[Use]) -> None:
    """Adds to the log of key uses."""
    rows = [
        {
            "district_id": use.district_id,
            "actor": use.actor,
            "kek_id": use.kek_id,
            "purpose": use.purpose,
            "uses": use.uses,
        }
        for use in uses
    ]
    if rows:
        connection.execute(insert(KeyUsage).inline(), rows)


_REWRAP = """
UPDATE chalkline.data_keys k
SET kek_id = n.kek_id, wrapped = n.wrapped, rewrapped_at = :now
FROM unnest(CAST(:districts AS integer[]), CAST(:learners AS uuid[]), CAST(:keks AS text[]),
            CAST(:wrapped AS bytea[])) AS n (district_id, learner_id, kek_id, wrapped)
WHERE k.district_id = n.district_id AND k.learner_id = n.learner_id
"""
