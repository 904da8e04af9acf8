"""Starts, reviews and ends plans: each in one transaction with its flags, history and audit."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

import privacy
from db.tables import Flag, Intervention, ProgressPoint
from privacy import NotAllowed, Viewer
from queries.plan_words import MEASURES, PLAN_OUTCOMES, TYPES
from queries.rows import AnyRow
from queries.students.acting import Change, NotPossible, locked, write
from queries.students.colleagues import notify
from queries.students.sealing import key_of
from queries.trail import record

LONGEST: Final = timedelta(days=180)  # between two reviews
SETTLED: Final = ("goal met",)  # outcomes after which a plan's flags are settled too
PLAN_ENDED: Final = "the plan ended"


@dataclass(frozen=True)
class NewPlan:
    """What the form asks for; `review_on` is required, `goal` in terms that can be measured."""

    type: str
    tier: int
    goal: str
    measure: str | None
    goal_from: float | None
    goal_to: float | None
    strategy: str
    schedule: str
    starts_on: date
    review_on: date | None
    informed: tuple[UUID, ...] = ()


def start(
    viewer: Viewer,
    *,
    learner: UUID,
    new: NewPlan,
    flags: Sequence[UUID] = (),
    now: datetime,
) -> UUID:
    """Starts a plan; the flags it answers are in plan until it ends.

    Raises NotPossible, in words, for a plan without a goal or a review day.
    """
    if viewer.role not in ("teacher", "counselor"):
        raise NotAllowed("Teachers and counselors make plans. Ask the learner's counselor.")
    review_on = _checked(new)
    plan = uuid4()
    with privacy.session(viewer) as db:
        key_of(db, viewer, learner)  # refuses, in words, a learner who is not hers
        found = locked(db, viewer, flags) if flags else []
        if any(flag.learner_id != learner for flag in found):
            raise NotAllowed("A plan answers the flags of its own learner only.")
        db.execute(
            insert(Intervention)
            .values(
                district_id=viewer.district_id,
                intervention_id=plan,
                learner_id=learner,
                class_id=next((flag.class_id for flag in found if flag.class_id), None),
                owner_id=viewer.staff_id,
                type=new.type,
                tier=new.tier,
                goal=new.goal.strip(),
                measure=new.measure,
                goal_from=new.goal_from,
                goal_to=new.goal_to,
                strategy=new.strategy.strip(),
                schedule={"words": new.schedule.strip()},
                informed=list(new.informed),
                flags=[flag.flag_id for flag in found],
                starts_on=new.starts_on,
                review_on=review_on,
                created_at=now,
                updated_at=now,
            )
            .inline()
        )
        if found:
            change = Change(
                "planned", {"state": "in_plan", "snoozed_until": None}, detail={"plan": str(plan)}
            )
            write(db, viewer, found, change, now=now)
        notify(db, viewer, new.informed, kind="informed", learner=learner, now=now)
        record(db, viewer, "started plan", learner=learner, detail={"plan": str(plan)})
    return plan


def review(viewer: Viewer, *, plan: UUID, review_on: date, today: date, now: datetime) -> None:
    """Looked at, and goes on until the next review."""
    if not today < review_on <= today + LONGEST:
        raise NotPossible(f"The next review lies between tomorrow and {LONGEST.days} days ahead.")
    with privacy.session(viewer) as db:
        row = _running(db, viewer, plan)
        _change(db, viewer, row, "reviewed plan", {"review_on": review_on}, now=now)


def progress(viewer: Viewer, *, plan: UUID, value: float, today: date, now: datetime) -> None:
    """Records how far the goal is reached today, in percent; a second time a day corrects it."""
    if not 0 <= value <= 100:
        raise NotPossible("Progress is a percentage between 0 and 100.")
    with privacy.session(viewer) as db:
        row = _running(db, viewer, plan)
        point = upsert(ProgressPoint).values(
            district_id=viewer.district_id,
            intervention_id=plan,
            learner_id=row.learner_id,
            on_date=today,
            recorded_by=viewer.staff_id,
            value=value,
            recorded_at=now,
        )
        db.execute(
            point.on_conflict_do_update(
                index_elements=["district_id", "intervention_id", "on_date"],
                set_={
                    "value": point.excluded.value,
                    "recorded_by": point.excluded.recorded_by,
                    "recorded_at": point.excluded.recorded_at,
                },
            )
        )
        record(db, viewer, "recorded progress", learner=row.learner_id, detail={"plan": str(plan)})


def inform(viewer: Viewer, *, plan: UUID, whom: Collection[UUID], now: datetime) -> None:
    """Adds colleagues who know of the plan; each is told that it concerns her, not what it says."""
    with privacy.session(viewer) as db:
        row = _running(db, viewer, plan)
        fresh = [one for one in whom if one not in row.informed]
        _change(db, viewer, row, "informed of plan", {"informed": [*row.informed, *fresh]}, now=now)
        notify(db, viewer, fresh, kind="informed", learner=row.learner_id, now=now)


def pass_on(viewer: Viewer, *, plan: UUID, to: UUID, now: datetime) -> None:
    """Makes a colleague the plan's owner."""
    with privacy.session(viewer) as db:
        row = _running(db, viewer, plan)
        _change(db, viewer, row, "passed on plan", {"owner_id": to}, now=now)
        notify(db, viewer, [to], kind="plan", learner=row.learner_id, now=now)


def end(viewer: Viewer, *, plan: UUID, outcome: str, today: date, now: datetime) -> None:
    """Ends a plan with one of PLAN_OUTCOMES. Goal met: its flags are settled; else they reopen."""
    if outcome not in PLAN_OUTCOMES:
        raise NotPossible("A plan ends with an outcome. Choose what came of it.")
    with privacy.session(viewer) as db:
        row = _running(db, viewer, plan)
        ended_on = max(today, row.starts_on)
        _change(db, viewer, row, "ended plan", {"ended_on": ended_on, "outcome": outcome}, now=now)
        standing = db.scalars(
            select(Flag.flag_id).where(
                Flag.district_id == viewer.district_id,
                Flag.flag_id.in_(row.flags),
                Flag.state == "in_plan",
            )
        ).all()
        if not standing:
            return
        found = locked(db, viewer, standing)
        if outcome in SETTLED:
            values = {"state": "resolved", "closed_on": today, "outcome": outcome}
            write(db, viewer, found, Change("resolved", values, outcome), now=now)
        else:
            write(db, viewer, found, Change("reopened", {"state": "open"}, PLAN_ENDED), now=now)


def _checked(new: NewPlan) -> date:
    """The review day of a plan that is whole; NotPossible says what is missing."""
    if not new.goal.strip():
        raise NotPossible("A plan needs a goal: what will be seen or counted, and by when.")
    if new.type not in TYPES or (new.measure is not None and new.measure not in MEASURES):
        raise NotPossible("Choose the kind of plan, and what it is measured by.")
    if new.review_on is None:
        raise NotPossible("A plan needs a day on which it is reviewed.")
    if not new.starts_on < new.review_on <= new.starts_on + LONGEST:
        raise NotPossible(
            f"The review comes after the start, and within {LONGEST.days} days of it."
        )
    return new.review_on


def _running(db: Connection, viewer: Viewer, plan: UUID) -> AnyRow:
    row = db.execute(
        select(
            Intervention.intervention_id,
            Intervention.learner_id,
            Intervention.starts_on,
            Intervention.ended_on,
            Intervention.flags,
            Intervention.informed,
        )
        .where(Intervention.district_id == viewer.district_id, Intervention.intervention_id == plan)
        .with_for_update()
    ).one_or_none()
    if row is None:
        raise NotAllowed("You are not responsible for this learner today. Reload the page.")
    if row.ended_on is not None:
        raise NotPossible("This plan has ended in the meantime. Reload the page to see how.")
    return row


def _change(
    db: Connection,
    viewer: Viewer,
    row: AnyRow,
    action: str,
    values: dict[str, Any],
    *,
    now: datetime,
) -> None:
    db.execute(
        update(Intervention)
        .where(
            Intervention.district_id == viewer.district_id,
            Intervention.intervention_id == row.intervention_id,
        )
        .values(**values, updated_at=now)
    )
    detail = {"plan": str(row.intervention_id)}
    record(db, viewer, action, learner=row.learner_id, detail=detail)
