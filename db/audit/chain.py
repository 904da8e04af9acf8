"""Gives every new row of the audit trail its place: position, the hash before it, its own hash.

A job does it, one at a time, for rows whose writers have committed: so writers never wait for
each other, and one that rolls back leaves no gap.
"""

from collections.abc import Iterator
from hashlib import sha256
from typing import Final

from sqlalchemy import Connection, func, select, text

from db.tables import AuditEntry

FIRST: Final = bytes(32)  # what stands before the first row
MOST: Final = 20_000  # rows a transaction
_LOCK: Final = 7_242_619  # advisory lock: one chain, one writer

# What is hashed is the line that COPY writes, so no second way of writing a row can differ.
ROW: Final = "audit_id, district_id, at AT TIME ZONE 'UTC', actor, role, action, subject, detail"
_WAITING: Final = (
    f"COPY (SELECT {ROW} FROM chalkline.audit_log WHERE position IS NULL "
    "ORDER BY at, audit_id LIMIT {most}) TO STDOUT"
)
_PLACE: Final = text(
    "UPDATE chalkline.audit_log a SET position = n.position, previous = n.previous, hash = n.hash "
    "FROM unnest(CAST(:ids AS uuid[]), CAST(:positions AS bigint[]), CAST(:previous AS bytea[]),"
    " CAST(:hashes AS bytea[])) AS n (audit_id, position, previous, hash) "
    "WHERE a.audit_id = n.audit_id AND a.position IS NULL"
)


def chain(connection: Connection, *, most: int = MOST) -> int:
    """Places up to `most` waiting rows, oldest first; returns how many. Commit afterwards."""
    one_at_a_time(connection)
    position, previous = end(connection)
    ids, positions, before, hashes = [], [], [], []
    for line in copied(connection, _WAITING.format(most=most)):
        position += 1
        ids.append(line[:36].decode())
        positions.append(position)
        before.append(previous)
        previous = link(previous, b"%d\t%s" % (position, line))
        hashes.append(previous)
    if ids:
        connection.execute(
            _PLACE, {"ids": ids, "positions": positions, "previous": before, "hashes": hashes}
        )
    return len(ids)


def link(previous: bytes, row: bytes) -> bytes:
    """A row's hash: over the one before it and its own line, position first."""
    return sha256(previous + row).digest()


def end(connection: Connection) -> tuple[int, bytes]:
    """Position and hash of the last row in the chain; (0, `FIRST`) for an empty one."""
    last = connection.execute(
        select(AuditEntry.position, AuditEntry.hash)
        .where(AuditEntry.position.is_not(None))
        .order_by(AuditEntry.position.desc())
        .limit(1)
    ).one_or_none()
    return (0, FIRST) if last is None else (last[0] or 0, last[1] or FIRST)


def waiting(connection: Connection) -> int:
    """Rows that have no place yet."""
    counted = select(func.count()).select_from(AuditEntry).where(AuditEntry.position.is_(None))
    return connection.scalar(counted) or 0


def one_at_a_time(connection: Connection) -> None:
    """Waits until nobody else chains or signs; until the transaction ends."""
    connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))


def copied(connection: Connection, statement: str) -> Iterator[bytes]:
    """The lines of a COPY TO STDOUT, without their ends."""
    cursor = connection.connection.cursor()
    try:
        cursor.execute("SET LOCAL datestyle = 'ISO, YMD'")
        with cursor.copy(statement) as copy:
            for block in copy:
                yield bytes(block)[:-1]  # a row each, and its end of line
    finally:
        cursor.close()
