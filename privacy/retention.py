"""Prepares batches of those for whom a retention rule fell due, and carries out the approved.

Nothing destructive happens without two persons: the job prepares a batch, one person proposes it,
another approves it (the database refuses the same one twice). A hold keeps a learner out until it
is lifted. A batch is carried out a few learners a transaction and goes on where it was killed.
"""

from datetime import date, datetime
from functools import partial
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import Connection, Engine, Row, and_, func, insert, select, update

from db.locks import Work, alone
from db.tables import RetentionBatch, RetentionItem, RetentionRule
from privacy.erasure import ACTIONS, Cause, Custody, carry_out, held
from privacy.falling_due import due, rules, still_due
from privacy.keystore import KeyStore
from privacy.turns import Turns

_AT_ONCE: Final = 25  # learners in one transaction
_LOCK: Final = 7_242_623


def prepare(
    connection: Connection, keystore: KeyStore, district: int, *, today: date, now: datetime
) -> dict[UUID, int]:
    """Makes a batch of what fell due under each rule; learners by batch."""
    connection.execute(select(func.pg_advisory_xact_lock(_LOCK, district)))
    made: dict[UUID, int] = {}
    for rule in rules(connection, district):
        found = due(connection, keystore, district, rule, today=today)
        if not any(not one.held for one in found):
            continue
        batch = uuid4()
        connection.execute(
            insert(RetentionBatch)
            .values(district_id=district, batch_id=batch, rule_id=rule.rule_id, prepared_at=now)
            .inline()
        )
        connection.execute(
            insert(RetentionItem).inline(),
            [
                {
                    "district_id": district,
                    "batch_id": batch,
                    "learner_id": one.learner_id,
                    "anonymous_id": one.anonymous_id,
                    "since": one.since,
                    "state": "held" if one.held else "due",
                }
                for one in found
            ],
        )
        made[batch] = len(found)
    return made


def run_approved(engine: Engine, custody: Custody, *, now: datetime) -> dict[str, int]:
    """Carries out every approved batch to its end; learners by what was done to them."""
    with engine.begin() as connection:
        batches = connection.execute(
            select(
                RetentionBatch.district_id,
                RetentionBatch.batch_id,
                RetentionBatch.approved_by,
                RetentionRule.rule_id,
                RetentionRule.action,
                RetentionRule.category,
            )
            .join(
                RetentionRule,
                and_(
                    RetentionRule.district_id == RetentionBatch.district_id,
                    RetentionRule.rule_id == RetentionBatch.rule_id,
                ),
            )
            .where(
                RetentionBatch.approved_by.is_not(None),
                RetentionBatch.finished_at.is_(None),
                RetentionRule.action.in_(ACTIONS),
            )
            .order_by(RetentionBatch.approved_at)
        ).all()
    done: dict[str, int] = {}
    turns = Turns()
    for row in batches:
        number = turns.take(partial(_whole, engine, custody, row, now))
        if number:
            done[row.action] = done.get(row.action, 0) + number
    turns.end()
    return done


def _whole(engine: Engine, custody: Custody, batch: Row[*tuple[Any, ...]], now: datetime) -> int:
    """A batch to its end; how many learners something was done to."""
    number = 0
    while (some := _step(engine, custody, batch, now)) is not None:
        number += some
    return number


def _step(
    engine: Engine, custody: Custody, batch: Row[*tuple[Any, ...]], now: datetime
) -> int | None:
    """The next few learners of a batch, in one transaction; None when there are no more.

    Days lie between a batch and its approval: who is held by now stays, and so does she for whom
    the rule holds no more.
    """
    district = batch.district_id
    here = [RetentionItem.district_id == district, RetentionItem.batch_id == batch.batch_id]
    detail = {"batch": str(batch.batch_id)}
    cause = Cause(f"retention: {batch.action}", batch.approved_by, detail)
    with engine.begin() as connection:
        alone(connection, Work.ERASING, district)  # a hold that is being placed comes first
        learners = connection.scalars(
            select(RetentionItem.learner_id)
            .where(*here, RetentionItem.state == "due")
            .order_by(RetentionItem.learner_id)
            .limit(_AT_ONCE)
            .with_for_update()
        ).all()
        if not learners:
            connection.execute(
                update(RetentionBatch)
                .where(
                    RetentionBatch.district_id == district,
                    RetentionBatch.batch_id == batch.batch_id,
                )
                .values(finished_at=now)
            )
            return None
        today: date = connection.execute(select(func.chalkline.today(district))).scalar_one()
        reason = still_due(
            connection, custody.keystore, district, batch.rule_id, learners=learners, today=today
        )
        on_hold = [one for one in learners if held(connection, district, one)]
        kept = [one for one in learners if one not in reason and one not in on_hold]
        free = [one for one in learners if one in reason and one not in on_hold]
        number = carry_out(
            connection,
            custody,
            district,
            free,
            action=batch.action,
            category=batch.category,
            cause=cause,
            now=now,
        )
        for state, whom in (("held", on_hold), ("kept", kept), ("done", free)):
            connection.execute(
                update(RetentionItem)
                .where(*here, RetentionItem.learner_id.in_(whom))
                .values(
                    state=state,
                    since=None if state == "done" else RetentionItem.since,
                    done_at=now if state == "done" else None,
                )
            )
    return number
