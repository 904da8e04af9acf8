"""Erases, anonymises or archives a learner: one transaction each, and a tombstone in the audit.

Erasing destroys the data key and deletes every row: tables, rollups, search tokens, sealed copies
and the rows that future figures are released from. A list of erased identifiers is kept beside the
key file, so that a restored backup can be erased again (`replay`).
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import Connection, Engine, exists, insert, or_, select, update

from db.erasing import WHOLE, delete_rows, lock_learner
from db.refresh.classes import refresh_classes
from db.tables import (
    AuditEntry,
    ErasureRequest,
    Institution,
    Learner,
    LegalHold,
    SealedExport,
)
from privacy import anonymous, copies
from privacy.keystore import KeyStore

ACTIONS: Final = ("delete", "anonymise", "archive")


@dataclass(frozen=True)
class Cause:
    """Why something is erased, and who decided: for the tombstone."""

    action: str
    decided_by: UUID | None
    detail: dict[str, Any]


@dataclass(frozen=True)
class Custody:
    """What erasing needs beside the database."""

    keystore: KeyStore
    erased: Path  # the list of what was erased, kept with the keys


def held(connection: Connection, district: int, learner: UUID) -> bool:
    """Whether something forbids erasing her: a legal hold on her or the whole district, or an open
    request to see her record (34 CFR 99.10(e)).
    """
    hold = exists().where(
        LegalHold.district_id == district,
        LegalHold.lifted_at.is_(None),
        or_(LegalHold.learner_id == learner, LegalHold.learner_id.is_(None)),
    )
    asked = exists().where(
        ErasureRequest.district_id == district,
        ErasureRequest.learner_id == learner,
        ErasureRequest.kind == "access",
        ErasureRequest.done_at.is_(None),
    )
    return bool(connection.scalar(select(or_(hold, asked))))


def carry_out(
    connection: Connection,
    custody: Custody,
    district: int,
    learners: Sequence[UUID],
    *,
    action: str,
    category: str,
    cause: Cause,
    now: datetime,
) -> int:
    """Does to these learners what a rule or request says; returns how many there still were.

    The caller has looked for holds in the same transaction.
    """
    if action == "anonymise":
        fresh = anonymous.entries(connection, district, learners)
        anonymous.keep(connection, district, fresh, k=_least_group(connection, district))
    number = 0
    classes: set[UUID] = set()
    for learner in learners:
        subject = lock_learner(connection, district, learner)
        if subject is None:
            continue
        number += 1
        if action == "archive":
            _archive(connection, custody, district, learner, now)
        whole = category == WHOLE and action != "archive"
        if whole:
            _list_erased(custody.erased, district, learner, now)
        gone, about = delete_rows(
            connection, district, learner, category if whole else _part(category)
        )
        classes |= about
        if whole:
            _forget(connection, district, learner)
        else:
            _mark(connection, district, learner, action)
        connection.execute(
            insert(AuditEntry)
            .values(
                district_id=district,
                actor=cause.decided_by,
                role="records" if cause.decided_by else "job",
                action=cause.action,
                subject=subject,
                detail={**cause.detail, "rows": sum(gone.values()), "tables": sorted(gone)},
            )
            .inline()
        )
    if classes:
        refresh_classes(connection, district, sorted(classes), now=now)
    return number


def replay(engine: Engine, custody: Custody, *, now: datetime) -> int:
    """Erases again whoever a restored backup brought back; returns how many."""
    again = 0
    for district, learner in erased_before(custody.erased):
        with engine.begin() as connection:
            again += carry_out(
                connection,
                custody,
                district,
                [learner],
                action="delete",
                category=WHOLE,
                cause=Cause("erased learner again", None, {"after": "a restored backup"}),
                now=now,
            )
    return again


def erased_before(path: Path) -> list[tuple[int, UUID]]:
    """Who was erased so far: (district, identifier). A line cut short by a crash is passed over."""
    if not path.exists():
        return []
    found = []
    for line in path.read_text(encoding="ascii").splitlines():
        parts = line.split()
        if len(parts) == 3 and len(parts[2]) == 36:
            found.append((int(parts[1]), UUID(parts[2])))
    return list(dict.fromkeys(found))


def _list_erased(path: Path, district: int, learner: UUID, now: datetime) -> None:
    """Before the rows go, so that no crash can lose it; twice does no harm."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        os.write(handle, f"{now:%Y-%m-%d} {district} {learner}\n".encode())
        os.fsync(handle)
    finally:
        os.close(handle)


def _archive(
    connection: Connection, custody: Custody, district: int, learner: UUID, now: datetime
) -> None:
    export = uuid4()
    content = copies.sealed(connection, custody.keystore, district, learner, export=export)
    connection.execute(
        insert(SealedExport).values(
            district_id=district,
            export_id=export,
            learner_id=learner,
            kind="archive",
            content=content,
            made_at=now,
        )
    )


def _part(category: str) -> str:
    """An archived whole record keeps who she is; what she did goes into the archive."""
    return "learning history" if category == WHOLE else category


def _forget(connection: Connection, district: int, learner: UUID) -> None:
    connection.execute(
        update(ErasureRequest)
        .where(ErasureRequest.district_id == district, ErasureRequest.learner_id == learner)
        .values(learner_id=None)
    )


def _mark(connection: Connection, district: int, learner: UUID, action: str) -> None:
    states = {"archive": "archived", "anonymise": "anonymised"}
    if action in states:
        connection.execute(
            update(Learner)
            .where(Learner.district_id == district, Learner.learner_id == learner)
            .values(retention_state=states[action])
        )


def _least_group(connection: Connection, district: int) -> int:
    return int(
        connection.scalar(
            select(Institution.least_group).where(
                Institution.district_id == district, Institution.kind == "district"
            )
        )
        or 20
    )
