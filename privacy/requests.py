"""Carries out what people asked for about a learner's record: corrections, copies, erasures."""

from datetime import datetime
from functools import partial
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import Engine, delete, exists, insert, select, update

from db.erasing import WHOLE
from db.locks import Work, alone
from db.tables import ErasureRequest, SealedExport
from privacy import copies
from privacy.corrections import carry_out_corrections
from privacy.erasure import Cause, Custody, carry_out, held
from privacy.turns import Turns

ERASED: Final = "erased"


def run_requests(engine: Engine, custody: Custody, *, now: datetime) -> dict[str, int]:
    """Corrects, then makes the copies and does the erasures that wait; holds go on holding.

    What fails for one learner is raised when everybody else's is done.
    """
    turns = Turns()
    done = {
        "corrected": carry_out_corrections(engine, custody.keystore, turns=turns, now=now),
        "copies": _copies(engine, custody, turns, now),
        "erased": _erasures(engine, custody, turns, now),
    }
    with engine.begin() as connection:
        done["copies deleted"] = connection.execute(
            delete(SealedExport).where(SealedExport.expires_on < now.date())
        ).rowcount
    turns.end()
    return {name: number for name, number in done.items() if number}


def _copies(engine: Engine, custody: Custody, turns: Turns, now: datetime) -> int:
    """One for each verified request for access that has none yet."""
    made = exists().where(
        SealedExport.district_id == ErasureRequest.district_id,
        SealedExport.request_id == ErasureRequest.request_id,
    )
    waiting = (
        select(ErasureRequest.district_id, ErasureRequest.request_id, ErasureRequest.learner_id)
        .where(
            ErasureRequest.kind == "access",
            ErasureRequest.verified_at.is_not(None),
            ErasureRequest.done_at.is_(None),
            ErasureRequest.learner_id.is_not(None),
            ~made,
        )
        .order_by(ErasureRequest.due_on)
    )
    with engine.begin() as connection:
        found = connection.execute(waiting).all()

    def copy(request: UUID) -> int:
        mine = waiting.where(ErasureRequest.request_id == request)
        with engine.begin() as connection:
            row = connection.execute(mine.with_for_update(skip_locked=True)).one_or_none()
            if row is None:
                return 0
            export = uuid4()
            content = copies.sealed(
                connection, custody.keystore, row.district_id, row.learner_id, export=export
            )
            connection.execute(
                insert(SealedExport).values(
                    district_id=row.district_id,
                    export_id=export,
                    learner_id=row.learner_id,
                    request_id=row.request_id,
                    kind="access",
                    content=content,
                    made_at=now,
                    expires_on=now.date() + copies.KEPT_FOR,
                )
            )
        return 1

    return sum(turns.take(partial(copy, one.request_id)) for one in found)


def _erasures(engine: Engine, custody: Custody, turns: Turns, now: datetime) -> int:
    with engine.begin() as connection:
        waiting = connection.execute(
            select(ErasureRequest.district_id, ErasureRequest.request_id).where(
                ErasureRequest.kind == "erasure",
                ErasureRequest.verified_at.is_not(None),
                ErasureRequest.approved_by.is_not(None),
                ErasureRequest.done_at.is_(None),
            )
        ).all()
    return sum(turns.take(partial(_erase, engine, custody, *row, now)) for row in waiting)


def _erase(engine: Engine, custody: Custody, district: int, request: Any, now: datetime) -> int:
    here = [ErasureRequest.district_id == district, ErasureRequest.request_id == request]
    with engine.begin() as connection:
        alone(connection, Work.ERASING, district)  # a hold that is being placed comes first
        asked = connection.execute(
            select(
                ErasureRequest.learner_id, ErasureRequest.approved_by, ErasureRequest.keep_history
            )
            .where(*here, ErasureRequest.done_at.is_(None))
            .with_for_update(skip_locked=True)
        ).one_or_none()
        if asked is None or (
            asked.learner_id is not None and held(connection, district, asked.learner_id)
        ):
            return 0
        number = 0
        if asked.learner_id is not None:
            number = carry_out(
                connection,
                custody,
                district,
                [asked.learner_id],
                action="anonymise" if asked.keep_history else "delete",
                category=WHOLE,
                cause=Cause("erased learner", asked.approved_by, {"request": str(request)}),
                now=now,
            )
        connection.execute(update(ErasureRequest).where(*here).values(done_at=now, outcome=ERASED))
    return number
