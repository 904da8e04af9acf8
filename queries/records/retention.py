"""What fell due, rule by rule, and the two decisions that it takes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, and_, func, select, update

import privacy
from db.tables import RetentionBatch, RetentionItem, RetentionRule, Staff
from privacy import NotAllowed, Viewer, people
from privacy.usage import used_for
from queries.rows import AnyRow
from queries.trail import record

LISTED: Final = 50  # learners of a batch who are listed; the rest is a number
GONE: Final = "A colleague has decided on this batch already. Reload the page."


@dataclass(frozen=True)
class Batch:
    """Learners for whom a rule fell due and who wait for a decision, or to be carried out."""

    batch_id: UUID
    policy: str
    category: str
    trigger: str
    delay_days: int
    action: str
    citation: str
    why: str
    prepared_at: datetime
    proposed_by: UUID | None
    proposed_by_name: str | None
    approved: bool
    due: int
    held: int
    done: int


@dataclass(frozen=True)
class Item:
    """A learner of a batch."""

    name: str
    since: date | None
    state: str


@dataclass(frozen=True)
class SetRule:
    """A rule as the office sees it."""

    rule_id: UUID
    policy: str
    category: str
    source: str
    legal_basis: str
    trigger: str
    delay_days: int
    action: str
    active: bool
    citation: str
    why: str


def batches(viewer: Viewer) -> list[Batch]:
    """Those not finished, oldest first."""
    of = RetentionItem
    number = {
        state: func.count().filter(of.state == state).label(state)
        for state in ("due", "held", "done")
    }
    with privacy.session(viewer) as db:
        rows = db.execute(
            select(
                RetentionBatch.batch_id,
                RetentionRule.policy,
                RetentionRule.category,
                RetentionRule.trigger,
                RetentionRule.delay_days,
                RetentionRule.action,
                RetentionRule.citation,
                RetentionRule.why,
                RetentionBatch.prepared_at,
                RetentionBatch.proposed_by,
                Staff.display_name,
                RetentionBatch.approved_by.is_not(None),
                number["due"],
                number["held"],
                number["done"],
            )
            .join(
                RetentionRule,
                and_(
                    RetentionRule.district_id == RetentionBatch.district_id,
                    RetentionRule.rule_id == RetentionBatch.rule_id,
                ),
            )
            .join(
                of,
                and_(
                    of.district_id == RetentionBatch.district_id,
                    of.batch_id == RetentionBatch.batch_id,
                ),
            )
            .outerjoin(
                Staff,
                and_(
                    Staff.district_id == RetentionBatch.district_id,
                    Staff.staff_id == RetentionBatch.proposed_by,
                ),
            )
            .where(
                RetentionBatch.district_id == viewer.district_id,
                RetentionBatch.finished_at.is_(None),
                RetentionBatch.refused_at.is_(None),
            )
            .group_by(
                RetentionBatch.district_id,
                RetentionBatch.batch_id,
                RetentionRule.district_id,
                RetentionRule.rule_id,
                Staff.display_name,
            )
            .order_by(RetentionBatch.prepared_at, RetentionBatch.batch_id)
        ).all()
    answers: Sequence[AnyRow] = rows
    return [Batch(*row) for row in answers]


def items(viewer: Viewer, *, batch_id: UUID) -> list[Item]:
    """The first learners of a batch, by name; looking at them is noted."""
    with privacy.session(viewer) as db, used_for("records office: retention"):
        rows = db.execute(
            select(RetentionItem.learner_id, RetentionItem.since, RetentionItem.state)
            .where(
                RetentionItem.district_id == viewer.district_id,
                RetentionItem.batch_id == batch_id,
                RetentionItem.state.in_(("due", "held")),
            )
            .order_by(RetentionItem.since, RetentionItem.learner_id)
            .limit(LISTED)
        ).all()
        names = people.names(db, viewer, [row.learner_id for row in rows])
        record(
            db,
            viewer,
            "looked at retention batch",
            detail={"batch": str(batch_id), "learners": len(rows)},
        )
    return [
        Item(str(names.get(row.learner_id, "erased since")), row.since, row.state) for row in rows
    ]


def propose(viewer: Viewer, *, batch: Batch, now: datetime) -> None:
    """The first person's yes."""
    _decide(
        viewer,
        batch,
        "proposed retention batch",
        [RetentionBatch.proposed_by.is_(None)],
        proposed_by=viewer.staff_id,
        proposed_at=now,
    )


def approve(viewer: Viewer, *, batch: Batch, now: datetime) -> None:
    """The second person's yes; the job carries it out within a minute or two."""
    if batch.proposed_by == viewer.staff_id:
        raise NotAllowed(
            "You proposed this batch yourself. A second person must approve it: ask a colleague "
            "of the records office."
        )
    _decide(
        viewer,
        batch,
        "approved retention batch",
        [RetentionBatch.proposed_by.is_not(None), RetentionBatch.approved_by.is_(None)],
        approved_by=viewer.staff_id,
        approved_at=now,
    )


def refuse(viewer: Viewer, *, batch: Batch, now: datetime) -> None:
    """Keeps all of them; the rule asks again in a year."""
    _decide(
        viewer,
        batch,
        "refused retention batch",
        [RetentionBatch.approved_by.is_(None)],
        refused_by=viewer.staff_id,
        refused_at=now,
    )


def rules(viewer: Viewer) -> list[SetRule]:
    """Every rule of the district, those in force first."""
    with privacy.session(viewer) as db:
        rows = db.execute(
            select(
                RetentionRule.rule_id,
                RetentionRule.policy,
                RetentionRule.category,
                RetentionRule.source,
                RetentionRule.legal_basis,
                RetentionRule.trigger,
                RetentionRule.delay_days,
                RetentionRule.action,
                RetentionRule.active,
                RetentionRule.citation,
                RetentionRule.why,
            )
            .where(RetentionRule.district_id == viewer.district_id)
            .order_by(RetentionRule.active.desc(), RetentionRule.policy, RetentionRule.delay_days)
        ).all()
    return [SetRule(*row) for row in rows]


def switch(viewer: Viewer, *, rule: SetRule, active: bool) -> None:
    """Puts a rule in force or out of it."""
    with privacy.session(viewer) as db:
        db.execute(
            update(RetentionRule)
            .where(
                RetentionRule.district_id == viewer.district_id,
                RetentionRule.rule_id == rule.rule_id,
            )
            .values(active=active)
        )
        record(
            db,
            viewer,
            "switched retention rule",
            detail={"rule": str(rule.rule_id), "active": active},
        )


def _decide(viewer: Viewer, batch: Batch, action: str, where: list[Any], **values: Any) -> None:
    with privacy.session(viewer) as db:
        _change(db, viewer, batch, where, values)
        record(db, viewer, action, detail={"batch": str(batch.batch_id), "learners": batch.due})


def _change(
    db: Connection, viewer: Viewer, batch: Batch, where: list[Any], values: dict[str, Any]
) -> None:
    changed = db.execute(
        update(RetentionBatch)
        .where(
            RetentionBatch.district_id == viewer.district_id,
            RetentionBatch.batch_id == batch.batch_id,
            RetentionBatch.finished_at.is_(None),
            RetentionBatch.refused_at.is_(None),
            *where,
        )
        .values(**values)
    ).rowcount
    if not changed:
        raise NotAllowed(GONE)
