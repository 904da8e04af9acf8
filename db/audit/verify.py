"""Reads the whole audit trail and says whether it is what was written, or which row is not."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final
from uuid import uuid4

from sqlalchemy import Connection, insert, select

from db.audit.chain import FIRST, ROW, copied, waiting
from db.audit.checkpoints import AuditError, Checkpoint, Notary
from db.audit.keyuse import changed_uses
from db.audit.merkle import Tree
from db.tables import AuditCheck, AuditCheckpoint

_ALL: Final = (
    f"COPY (SELECT encode(hash, 'hex'), encode(previous, 'hex'), position, {ROW} "
    "FROM chalkline.audit_log WHERE position IS NOT NULL ORDER BY position) TO STDOUT"
)
_BLOCK: Final = 50_000  # rows between two signs of progress


@dataclass(frozen=True)
class Verdict:
    """What was read, and the first fault found; `bad_row` is the row's position in the chain."""

    rows: int
    waiting: int
    checkpoints: int
    fault: str | None = None
    bad_row: int | None = None


def verify(
    connection: Connection,
    notary: Notary,
    *,
    progress: Callable[[int], None] = lambda _: None,
) -> Verdict:
    """One pass over the trail, about five microseconds a row."""
    try:
        kept = list(notary.kept())
        _same_as_in_the_database(connection, kept)
    except AuditError as problem:
        return Verdict(0, waiting(connection), 0, str(problem))
    lines = copied(connection, _ALL)
    rows, fault, bad = _walk(lines, kept, progress)
    for _ in lines:  # a COPY that is broken off takes its transaction with it
        pass
    if fault is None and (changed := changed_uses(connection)):
        bad, fault = changed
    return Verdict(rows, waiting(connection), len(kept), fault, bad)


def keep(connection: Connection, verdict: Verdict, *, now: datetime) -> None:
    """Writes the verdict down for the security officer."""
    connection.execute(
        insert(AuditCheck).values(
            check_id=uuid4(),
            checked_at=now,
            rows=verdict.rows,
            waiting=verdict.waiting,
            checkpoints=verdict.checkpoints,
            fault=verdict.fault,
            bad_row=verdict.bad_row,
        )
    )


def _walk(
    lines: Iterator[bytes], kept: list[Checkpoint], progress: Callable[[int], None]
) -> tuple[int, str | None, int | None]:
    """(rows read, fault, its row): the chain, and its tree at every checkpoint."""
    tree, signed = Tree(), iter(kept)
    due, last_good = next(signed, None), 0
    previous, at = FIRST, 0
    before = previous.hex().encode()
    hashes: list[bytes] = []
    for line in lines:
        at += 1
        said, follows, row = line.split(b"\t", 2)
        if not row.startswith(b"%d\t" % at):
            found = int(row.split(b"\t", 1)[0])
            return at - 1, f"Row {at:,} is missing: row {found:,} follows.", at
        previous = sha256(previous + row).digest()
        here = previous.hex().encode()
        if follows != before or said != here:
            return at - 1, f"Row {at:,} is not what was written: its hash does not fit it.", at
        before = here
        hashes.append(previous)
        if due is not None and at == due.size:
            tree.extend(hashes)
            hashes.clear()
            if tree.root() != due.root:
                return at, _anew(last_good, due), last_good + 1
            last_good, due = due.size, _next(signed, at)
        if at % _BLOCK == 0:
            progress(at)
    if due is not None:
        return at, _cut(at, due), at + 1
    return at, None, None


def _next(signed: Iterator[Checkpoint], size: int) -> Checkpoint | None:
    return next((one for one in signed if one.size > size), None)


def _anew(last_good: int, due: Checkpoint) -> str:
    return (
        f"The trail was written anew from a row between {last_good + 1:,} and {due.size:,} on: its "
        f"chain fits, but not the root signed at {due.at:%Y-%m-%d %H:%M} for {due.size:,} rows."
    )


def _cut(rows: int, due: Checkpoint) -> str:
    return (
        f"The trail ends at row {rows:,}, but {due.size:,} rows were signed at "
        f"{due.at:%Y-%m-%d %H:%M}: rows {rows + 1:,} to {due.size:,} are missing."
    )


def _same_as_in_the_database(connection: Connection, kept: list[Checkpoint]) -> None:
    """Neither side may have lost a checkpoint that the other still has."""
    stored = connection.execute(
        select(AuditCheckpoint.tree_size, AuditCheckpoint.root_hash).order_by(
            AuditCheckpoint.tree_size
        )
    ).all()
    outside = {(one.size, one.root) for one in kept}
    inside = {(row.tree_size, bytes(row.root_hash)) for row in stored}
    if gone := inside - outside:
        raise AuditError(
            f"The folder of checkpoints lacks {len(gone)} that the database knows, the first for "
            f"{min(gone)[0]:,} rows. Restore the folder from its backup."
        )
