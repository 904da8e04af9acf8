"""Opens learners' data keys, also while a rotation wraps them anew."""

from collections.abc import Collection, Iterable
from uuid import UUID

from sqlalchemy import Connection, select

from db.tables import DataKey
from privacy.keystore import KeyStore, UnknownKeyError, Wrapped, learner_context


def data_keys(
    db: Connection, keystore: KeyStore, district: int, learners: Collection[UUID]
) -> dict[UUID, bytes]:
    """The data keys of those of the learners whose rows the connection sees."""
    rows = _rows(db, district, learners)
    return open_keys(db, keystore, district, rows)


def open_keys(
    db: Connection, keystore: KeyStore, district: int, rows: Iterable[tuple[UUID, str, bytes]]
) -> dict[UUID, bytes]:
    """The data keys of rows just read: (learner, KEK, wrapped).

    A rotation may rewrap a key and destroy its KEK between our reading and opening it; then the
    row is read again, once.
    """
    keys, missed = {}, []
    for learner, kek, wrapped in rows:
        try:
            keys[learner] = _unwrap(keystore, district, learner, kek, wrapped)
        except UnknownKeyError:
            missed.append(learner)
    for learner, kek, wrapped in _rows(db, district, missed) if missed else []:
        keys[learner] = _unwrap(keystore, district, learner, kek, wrapped)
    return keys


def _rows(
    db: Connection, district: int, learners: Collection[UUID]
) -> list[tuple[UUID, str, bytes]]:
    rows = db.execute(
        select(DataKey.learner_id, DataKey.kek_id, DataKey.wrapped).where(
            DataKey.district_id == district, DataKey.learner_id.in_(learners)
        )
    )
    return [(learner, kek, wrapped) for learner, kek, wrapped in rows]


def _unwrap(keystore: KeyStore, district: int, learner: UUID, kek: str, wrapped: bytes) -> bytes:
    return keystore.unwrap(Wrapped(kek, wrapped), context=learner_context(str(district), learner))
