"""Carries out what a clerk accepted: her fields sealed anew, search and age group renewed.

One transaction a correction. The old value is overwritten, what was asked is emptied, and copies
that still hold the old one are deleted, to be made again; the trail names fields and no values.
"""

from datetime import date, datetime
from functools import partial
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import Connection, Engine, Row, delete, func, insert, select, update

from db.erasing import lock_learner
from db.tables import AuditEntry, Correction, ErasureRequest, Learner, LearnerPii, SealedExport
from privacy import fields
from privacy.consent import age_group
from privacy.datakeys import data_keys
from privacy.keystore import KeyStore
from privacy.names import name_token
from privacy.people import SEALED, TABLE
from privacy.turns import Turns
from privacy.usage import used_by

PARTS: Final = SEALED  # what of a learner can be corrected here
STORED: Final = "corrections"


def carry_out_corrections(
    engine: Engine, keystore: KeyStore, *, turns: Turns, now: datetime
) -> int:
    """Does what was accepted of verified requests, each in turn; returns how many."""
    index_key = keystore.secret("index")
    waiting = (
        select(
            Correction.district_id,
            Correction.correction_id,
            Correction.request_id,
            Correction.learner_id,
            Correction.asked,
            Correction.decided_by,
        )
        .join(
            ErasureRequest,
            (ErasureRequest.district_id == Correction.district_id)
            & (ErasureRequest.request_id == Correction.request_id)
            & (ErasureRequest.learner_id == Correction.learner_id),
        )
        .where(
            Correction.outcome == "accepted",
            Correction.done_at.is_(None),
            Correction.asked.is_not(None),
            ErasureRequest.kind == "correction",
            ErasureRequest.verified_at.is_not(None),
            ErasureRequest.done_at.is_(None),
        )
        .order_by(Correction.decided_at)
    )
    with engine.begin() as connection:
        found = connection.execute(waiting).all()

    def correct(correction: UUID) -> int:
        mine = waiting.where(Correction.correction_id == correction)
        with engine.begin() as connection:
            row = connection.execute(mine.with_for_update(skip_locked=True)).one_or_none()
            if row is None:
                return 0
            with used_by(row.district_id, "records office", "correction"):
                _correct(connection, keystore, index_key, row, now)
        return 1

    return sum(turns.take(partial(correct, one.correction_id)) for one in found)


def _correct(
    connection: Connection,
    keystore: KeyStore,
    index_key: bytes,
    row: Row[*tuple[Any, ...]],
    now: datetime,
) -> None:
    district, learner = row.district_id, row.learner_id
    subject = lock_learner(connection, district, learner)
    key = data_keys(connection, keystore, district, [learner])[learner]
    asked = opened(key, row.asked, correction=row.correction_id, column="asked", district=district)
    changes: dict[str, str | None] = orjson.loads(asked)
    place = {"table": TABLE, "row": learner, "district": str(district)}
    values: dict[str, Any] = dict(fields.encrypt_row(key, changes, **place))
    values["given_name"] = values.get("given_name") or _stored(connection, row, "given_name")
    values["family_name"] = values.get("family_name") or _stored(connection, row, "family_name")
    name = fields.decrypt_row(
        key, {part: values[part] for part in ("given_name", "family_name")}, **place
    )
    token = name_token(
        index_key,
        str(district),
        given=name["given_name"] or "",
        family=name["family_name"] or "",
    )
    here = [LearnerPii.district_id == district, LearnerPii.learner_id == learner]
    connection.execute(update(LearnerPii).where(*here).values(**values, name_token=token))
    if "birth_date" in changes:
        _age(connection, district, learner, changes["birth_date"])
    connection.execute(
        delete(SealedExport).where(
            SealedExport.district_id == district,
            SealedExport.learner_id == learner,
            SealedExport.kind == "access",
        )
    )
    connection.execute(
        update(Correction)
        .where(Correction.district_id == district, Correction.correction_id == row.correction_id)
        .values(asked=None, done_at=now)
    )
    connection.execute(
        update(ErasureRequest)
        .where(ErasureRequest.district_id == district, ErasureRequest.request_id == row.request_id)
        .values(done_at=now, outcome="corrected")
    )
    connection.execute(
        insert(AuditEntry)
        .values(
            district_id=district,
            actor=row.decided_by,
            role="records",
            action="corrected record",
            subject=subject,
            detail={"request": str(row.request_id), "parts": sorted(changes)},
        )
        .inline()
    )


def sealed(key: bytes, text: str, *, correction: UUID, column: str, district: int) -> bytes:
    """A column of a correction under the learner's data key."""
    return fields.encrypt(
        key, text, table=STORED, column=column, row=correction, district=str(district)
    )


def opened(key: bytes, stored: bytes, *, correction: UUID, column: str, district: int) -> str:
    """The reverse of `sealed`."""
    return fields.decrypt(
        key, stored, table=STORED, column=column, row=correction, district=str(district)
    )


def _stored(connection: Connection, row: Row[*tuple[Any, ...]], part: str) -> bytes:
    found: bytes = connection.execute(
        select(LearnerPii.__table__.c[part]).where(
            LearnerPii.district_id == row.district_id, LearnerPii.learner_id == row.learner_id
        )
    ).scalar_one()
    return found


def _age(connection: Connection, district: int, learner: UUID, born: str | None) -> None:
    today = connection.scalar(select(func.chalkline.today(district)))
    group = age_group(date.fromisoformat(born), today) if born and today else "unknown"
    connection.execute(
        update(Learner)
        .where(Learner.district_id == district, Learner.learner_id == learner)
        .values(age_group=group)
    )
