"""Rotates the keys that wrap learners' data keys: rewrap, verify, destroy the old one.

Online: readers open a key under the old KEK or the new one, and read again where the old one went
in between (`privacy.datakeys`); loaders hold the KEKs they seal with (`db.keys.hold_keys`).
Resumable: what is left to do is always what the database and the key store say, so a rotation
that was killed is finished by the next call, and makes no further key.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, Engine

from db import keys as stored
from db.audit.keyuse import KeyLife, tell_keys
from db.keys import StoredKey, Use
from db.people import Progress, quiet
from privacy.datakeys import data_keys
from privacy.keystore import KeyInfo, KeyStore, KeyStoreError, Wrapped, learner_context

ROTATE_AFTER: Final = timedelta(days=90)
_AT_ONCE: Final = 5000  # data keys rewrapped in one transaction
_PAUSE: Final = 0.2  # seconds between looks whether loaders have ended
ACTOR: Final = "rotation"


class RotationError(KeyStoreError):
    """A rotation that can not begin or end; nothing is lost, and the sentence says what to do."""


@dataclass(frozen=True)
class Rotated:
    """What a rotation did; `retired` are the KEKs destroyed, `waiting` those that a load uses."""

    kek_id: str
    resumed: bool
    rewrapped: int
    verified: int
    retired: tuple[str, ...]
    waiting: tuple[str, ...]


@dataclass(frozen=True)
class KeyAge:
    """One KEK: how old it is in days, how many learners' keys it wraps, whether it is overdue."""

    kek_id: str
    state: str
    created_at: datetime
    retired_at: datetime | None
    age_days: int
    learners: int
    overdue: bool


def key_ages(connection: Connection, keystore: KeyStore, *, now: datetime) -> list[KeyAge]:
    """Every KEK, oldest first; those that wrap something and are missing from the store too."""
    counts = stored.keys_by_kek(connection)
    current, every = keystore.current().kek_id, keystore.keys()
    ages = []
    for key in every:
        number = counts.pop(key.kek_id, 0)
        old = now - key.created_at >= ROTATE_AFTER
        state = "current" if key.kek_id == current else "retired" if key.retired_at else "old"
        ages.append(
            KeyAge(
                key.kek_id,
                state,
                key.created_at,
                key.retired_at,
                ((key.retired_at or now) - key.created_at).days,
                number,
                overdue=state == "old" or (state == "current" and old),
            )
        )
    missing = [KeyAge(kek, "missing", now, None, 0, number, True) for kek, number in counts.items()]
    return missing + ages


def is_due(keystore: KeyStore, *, now: datetime) -> bool:
    """Whether the current KEK is 90 days old, or an earlier rotation was not finished."""
    return now - keystore.current().created_at >= ROTATE_AFTER or bool(_old(keystore))


def rotate(
    engine: Engine,
    keystore: KeyStore,
    *,
    now: datetime,
    progress: Progress = quiet,
    patience: float = 60.0,
) -> Rotated:
    """One rotation from wherever the last one was left; waits `patience` seconds for loaders.

    The old KEKs are destroyed only when every data key opened under the new one, as stored.
    """
    with engine.connect() as watch:
        if not stored.start_rotating(watch):
            raise RotationError("Another rotation is at work. Wait until it has ended.")
        watch.commit()
        try:
            resumed = bool(_old(keystore))
            current = keystore.current() if resumed else keystore.rotate(now=now)
            with engine.begin() as connection:
                tell(connection, keystore)
            rewrapped, verified = 0, 0
            deadline = time.monotonic() + patience
            while True:
                rewrapped += _rewrap_all(engine, keystore, current, now, progress)
                checked = verify(engine, keystore, progress=progress)
                if checked.shut:
                    raise RotationError(_damaged(checked.shut))
                verified = checked.opened
                gone = _destroy_old(engine, keystore, now)
                if gone is not None or time.monotonic() > deadline:
                    break
                time.sleep(_PAUSE)
        finally:
            watch.rollback()
            stored.stop_rotating(watch)
            watch.commit()
    waiting = tuple(key.kek_id for key in _old(keystore))
    return Rotated(current.kek_id, resumed, rewrapped, verified, gone or (), waiting)


def tell(connection: Connection, keystore: KeyStore) -> int:
    """Adds what the audit trail does not tell yet of keys made and destroyed; returns the rows."""
    every = keystore.keys()
    lives = [KeyLife(key.kek_id, key.created_at, key.retired_at) for key in every]
    return tell_keys(connection, lives)


@dataclass(frozen=True)
class Verified:
    """How many data keys open, and whose do not: (district, learner's identifier)."""

    opened: int
    shut: tuple[tuple[int, UUID], ...]


def verify(engine: Engine, keystore: KeyStore, *, progress: Progress = quiet) -> Verified:
    """Opens every data key as it is stored."""
    with engine.begin() as connection:
        of = sum(stored.keys_by_kek(connection).values())
        districts = stored.districts_with_keys(connection)
    opened, shut = 0, []
    for district in districts:
        after: UUID | None = None
        while True:
            with engine.begin() as connection:
                some = stored.in_order(connection, district, after=after, most=_AT_ONCE)
                good = [key for key in some if _opens(keystore, key)]
                stored.note_uses(connection, _uses(good, "verifying"))
            if not some:
                break
            shut += [] if len(good) == len(some) else _shut(engine, keystore, some)
            opened += len(some)
            after = some[-1].learner_id
            progress("Verifying", opened, of)
    return Verified(opened - len(shut), tuple(shut))


def _shut(engine: Engine, keystore: KeyStore, keys: Sequence[StoredKey]) -> list[tuple[int, UUID]]:
    """Whose keys do not open as they stand now: one rewrapped meanwhile does."""
    shut = []
    for key in keys:
        with engine.begin() as connection:
            try:
                data_keys(connection, keystore, key.district_id, [key.learner_id])
            except KeyStoreError:
                shut.append((key.district_id, key.learner_id))
    return shut


def _damaged(shut: Sequence[tuple[int, UUID]]) -> str:
    district, learner = shut[0]
    many = "One learner's data key does" if len(shut) == 1 else f"{len(shut)} data keys do"
    return (
        f"{many} not open (the first: district {district}, learner {learner}), so no old key was "
        "destroyed. Restore these rows from a backup, or erase these learners, and rotate again."
    )


def _old(keystore: KeyStore) -> list[KeyInfo]:
    """KEKs that still exist and no longer wrap: an unfinished rotation."""
    current, every = keystore.current(), keystore.keys()
    return [key for key in every if key.retired_at is None and key != current]


def _rewrap_all(
    engine: Engine, keystore: KeyStore, current: KeyInfo, now: datetime, progress: Progress
) -> int:
    done = 0
    with engine.begin() as connection:
        counts = stored.keys_by_kek(connection)
        districts = stored.districts_with_keys(connection)
    of = sum(number for kek, number in counts.items() if kek != current.kek_id)
    for district in districts:
        after: UUID | None = None
        while True:
            with engine.begin() as connection:
                old = stored.in_order(
                    connection, district, after=after, most=_AT_ONCE, not_under=current.kek_id
                )
                if not old:
                    break
                new = [fresh for key in old if (fresh := _rewrapped(keystore, key))]
                done += stored.rewrap(connection, new, now=now)
                stored.note_uses(connection, [*_uses(old, "unwrapping"), *_uses(new, "rewrapping")])
            after = old[-1].learner_id
            progress("Rewrapping", done, of)
    return done


def _rewrapped(keystore: KeyStore, key: StoredKey) -> StoredKey | None:
    """The key under the current KEK; None for one that does not open: `verify` names it."""
    context = learner_context(str(key.district_id), key.learner_id)
    try:
        plain = keystore.unwrap(Wrapped(key.kek_id, key.wrapped), context=context)
    except KeyStoreError:
        return None
    fresh = keystore.wrap(plain, context=context)
    return replace(key, kek_id=fresh.kek_id, wrapped=fresh.blob)


def _destroy_old(engine: Engine, keystore: KeyStore, now: datetime) -> tuple[str, ...] | None:
    """The KEKs destroyed; None while something may still need one of them."""
    with engine.begin() as connection:
        if not stored.only_we_hold_keys(connection):
            return None
        counts = stored.keys_by_kek(connection)
        old = _old(keystore)
        if any(counts.get(key.kek_id) for key in old):
            return None
        for key in old:
            keystore.retire(key.kek_id, now=now)
        stored.note_uses(connection, [Use(None, ACTOR, key.kek_id, "destroyed", 1) for key in old])
        tell(connection, keystore)
    return tuple(key.kek_id for key in old)


def _opens(keystore: KeyStore, key: StoredKey) -> bool:
    try:
        keystore.unwrap(
            Wrapped(key.kek_id, key.wrapped),
            context=learner_context(str(key.district_id), key.learner_id),
        )
    except KeyStoreError:
        return False
    return True


def _uses(keys: Sequence[StoredKey], purpose: str) -> list[Use]:
    counts: dict[tuple[int, str], int] = {}
    for key in keys:
        place = (key.district_id, key.kek_id)
        counts[place] = counts.get(place, 0) + 1
    return [Use(district, ACTOR, kek, purpose, n) for (district, kek), n in counts.items()]
