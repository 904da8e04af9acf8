"""Renews sealed fields that stand in a format no longer written, and proves that all of them open.

Online and resumable: a batch is one transaction, readers read both formats, and what is left to do
is what the headers say.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Engine, Table, false, func, or_, select, update

from db.people import Progress, quiet
from db.tables import Correction, InterventionNote, LearnerPii, Message, SealedExport
from privacy import fields
from privacy.datakeys import data_keys
from privacy.keystore import KeyStore, KeyStoreError
from privacy.usage import used_by

_AT_ONCE: Final = 500  # rows in one transaction


@dataclass(frozen=True)
class Sealed:
    """A table with sealed columns; `row` is the column that the seal is bound to."""

    table: Table
    row: str
    columns: tuple[str, ...]


def _table(mapped: Any) -> Table:
    table: Table = mapped.__table__
    return table


SEALED: Final = (
    Sealed(
        _table(LearnerPii),
        "learner_id",
        ("given_name", "family_name", "email", "birth_date", "contacts"),
    ),
    Sealed(_table(InterventionNote), "note_id", ("body",)),
    Sealed(_table(Message), "message_id", ("body",)),
    Sealed(_table(SealedExport), "export_id", ("content",)),
    Sealed(_table(Correction), "correction_id", ("asked", "reason", "statement")),
)


@dataclass(frozen=True)
class VerifiedFields:
    """How many fields open, and whose do not: (district, learner's identifier)."""

    opened: int
    shut: tuple[tuple[int, UUID], ...]


def old_fields(connection: Connection) -> int:
    """How many rows have a field in a format that is no longer written."""
    return sum(
        connection.scalar(select(func.count()).select_from(s.table).where(_is_old(s))) or 0
        for s in SEALED
    )


def renew_fields(engine: Engine, keystore: KeyStore, *, progress: Progress = quiet) -> int:
    """Writes every such field in the current format; returns how many. FieldError stops it."""
    with engine.begin() as connection:
        of = old_fields(connection)
    done = renewed = 0
    for sealed in SEALED:
        while of:
            with engine.begin() as connection, used_by(None, "rotation", "renewing fields"):
                rows = connection.execute(
                    select(sealed.table)
                    .where(_is_old(sealed))
                    .limit(_AT_ONCE)
                    .with_for_update(skip_locked=True)
                ).all()
                if not rows:
                    break
                for row in rows:
                    renewed += _renew(connection, keystore, sealed, row._mapping)
            done += len(rows)
            progress("Renewing fields", done, of)
    return renewed


def verify_fields(
    engine: Engine, keystore: KeyStore, *, progress: Progress = quiet
) -> VerifiedFields:
    """Opens every sealed field."""
    opened, shut = 0, []
    for sealed in SEALED:
        with engine.begin() as connection:
            of = connection.scalar(select(func.count()).select_from(sealed.table))
        where, done = sealed.table.c, 0
        after: tuple[int, UUID] | None = None
        while True:
            query = select(sealed.table).order_by(where.district_id, where[sealed.row])
            if after is not None:
                district, last = after
                query = query.where(
                    or_(
                        where.district_id > district,
                        (where.district_id == district) & (where[sealed.row] > last),
                    )
                )
            with engine.begin() as connection, used_by(None, "rotation", "verifying fields"):
                rows = connection.execute(query.limit(_AT_ONCE)).all()
                keys = _keys(connection, keystore, rows)
                for row in rows:
                    good = _opens(keys, sealed, row._mapping)
                    opened += good
                    if not good:
                        shut.append((row.district_id, row.learner_id))
            if not rows:
                break
            after = rows[-1].district_id, rows[-1]._mapping[sealed.row]
            done += len(rows)
            progress(f"Verifying {sealed.table.name}", done, of)
    return VerifiedFields(opened, tuple(shut))


def _is_old(sealed: Sealed) -> Any:
    old = [form.header for form in fields.RETIRING]
    columns = (sealed.table.c[name] for name in sealed.columns)
    return or_(false(), *(func.substr(column, 1, 2).in_(old) for column in columns))


def _renew(connection: Connection, keystore: KeyStore, sealed: Sealed, row: Any) -> int:
    district, learner = row["district_id"], row["learner_id"]
    place: dict[str, Any] = {
        "table": sealed.table.name,
        "row": row[sealed.row],
        "district": str(district),
    }
    key = data_keys(connection, keystore, district, [learner])[learner]
    old = {
        name: row[name]
        for name in sealed.columns
        if row[name] is not None and row[name][:2] != fields.CURRENT.header
    }
    fresh = fields.encrypt_row(key, fields.decrypt_row(key, old, **place), **place)
    connection.execute(
        update(sealed.table)
        .where(
            sealed.table.c.district_id == district,
            sealed.table.c[sealed.row] == row[sealed.row],
        )
        .values(**fresh)
    )
    return len(fresh)


def _keys(
    connection: Connection, keystore: KeyStore, rows: Sequence[Any]
) -> dict[tuple[int, UUID], bytes]:
    """By district and learner; one that does not open is left out."""
    wanted: dict[int, set[UUID]] = {}
    for row in rows:
        wanted.setdefault(row.district_id, set()).add(row.learner_id)
    keys: dict[tuple[int, UUID], bytes] = {}
    for district, learners in wanted.items():
        try:
            found = data_keys(connection, keystore, district, learners)
        except KeyStoreError:
            found = _those_that_open(connection, keystore, district, learners)
        keys |= {(district, learner): key for learner, key in found.items()}
    return keys


def _those_that_open(
    connection: Connection, keystore: KeyStore, district: int, learners: set[UUID]
) -> dict[UUID, bytes]:
    keys: dict[UUID, bytes] = {}
    for learner in learners:
        with suppress(KeyStoreError):
            keys |= data_keys(connection, keystore, district, [learner])
    return keys


def _opens(keys: dict[tuple[int, UUID], bytes], sealed: Sealed, row: Any) -> bool:
    key = keys.get((row["district_id"], row["learner_id"]))
    if key is None:
        return False
    try:
        fields.decrypt_row(
            key,
            {name: row[name] for name in sealed.columns},
            table=sealed.table.name,
            row=row[sealed.row],
            district=str(row["district_id"]),
        )
    except fields.FieldError:
        return False
    return True
