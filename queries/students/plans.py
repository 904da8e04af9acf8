"""Plans to help a learner: what was agreed, how far it has come, and which reviews are due."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, and_, select

import privacy
from db.tables import Intervention, PlanEffect, ProgressPoint, Staff
from privacy import NotAllowed, Viewer, people
from queries.rows import AnyRow


@dataclass(frozen=True)
class Point:
    """How far the goal was reached on a day, in percent, as somebody recorded it."""

    on_date: date
    value: float
    who: str


@dataclass(frozen=True)
class Plan:
    """A plan with its owner and progress; `learner` only where a list of many is shown."""

    plan_id: UUID
    learner_id: UUID
    owner_id: UUID
    owner: str
    type: str
    tier: int
    goal: str
    measure: str | None
    goal_from: float | None
    goal_to: float | None
    strategy: str
    schedule: str
    starts_on: date
    review_on: date
    ended_on: date | None
    outcome: str | None
    flags: tuple[UUID, ...]
    informed: tuple[str, ...] = ()
    points: tuple[Point, ...] = ()
    learner: str = ""
    verdict: str | None = None

    def overdue(self, today: date) -> bool:
        """Whether it should have been looked at before today."""
        return self.ended_on is None and self.review_on < today


def plans_of(db: Connection, viewer: Viewer, learner: UUID) -> tuple[Plan, ...]:
    """A learner's plans, running ones first, then the latest ended."""
    rows = db.execute(
        _plans(viewer, Intervention.learner_id == learner).order_by(
            Intervention.ended_on.desc().nulls_first(), Intervention.starts_on.desc()
        )
    ).all()
    return _with_points(db, viewer, rows)


def the_plan(viewer: Viewer, *, plan: UUID) -> Plan:
    """One plan by name; NotAllowed, in words, for a plan that is not the viewer's business."""
    with privacy.session(viewer) as db:
        rows = db.execute(_plans(viewer, Intervention.intervention_id == plan)).all()
        if not rows:
            raise NotAllowed(
                "This plan is about a learner you are not responsible for today. Ask its owner."
            )
        found = _with_points(db, viewer, rows)[0]
        names = people.names(db, viewer, [found.learner_id])
    return replace(found, learner=str(names.get(found.learner_id, "A learner of another class")))


def reviews(viewer: Viewer, *, today: date, until: date) -> tuple[Plan, ...]:
    """Running plans to review by a day, the longest overdue first.

    A counselor's are those of her caseload and her own; a teacher's those she owns.
    """
    running = and_(Intervention.ended_on.is_(None), Intervention.review_on <= until)
    if viewer.role != "counselor":
        running = and_(running, Intervention.owner_id == viewer.staff_id)
    with privacy.session(viewer) as db:
        rows = db.execute(
            _plans(viewer, running).order_by(Intervention.review_on, Intervention.intervention_id)
        ).all()
        names = people.names(db, viewer, [row.learner_id for row in rows])
    return tuple(
        replace(_plan(row), learner=str(names[row.learner_id]))
        for row in rows
        if row.learner_id in names
    )


def _plans(viewer: Viewer, where: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Intervention.intervention_id,
            Intervention.learner_id,
            Intervention.owner_id,
            Staff.display_name,
            Intervention.type,
            Intervention.tier,
            Intervention.goal,
            Intervention.measure,
            Intervention.goal_from,
            Intervention.goal_to,
            Intervention.strategy,
            Intervention.schedule,
            Intervention.starts_on,
            Intervention.review_on,
            Intervention.ended_on,
            Intervention.outcome,
            Intervention.flags,
            Intervention.informed,
            PlanEffect.verdict,
        )
        .join(
            Staff,
            and_(
                Staff.district_id == Intervention.district_id,
                Staff.staff_id == Intervention.owner_id,
            ),
        )
        .outerjoin(
            PlanEffect,
            and_(
                PlanEffect.district_id == Intervention.district_id,
                PlanEffect.intervention_id == Intervention.intervention_id,
            ),
        )
        .where(Intervention.district_id == viewer.district_id, where)
    )


def _plan(row: AnyRow) -> Plan:
    return Plan(
        row.intervention_id,
        row.learner_id,
        row.owner_id,
        row.display_name,
        row.type,
        row.tier,
        row.goal,
        row.measure,
        row.goal_from,
        row.goal_to,
        row.strategy,
        str((row.schedule or {}).get("words", "")),
        row.starts_on,
        row.review_on,
        row.ended_on,
        row.outcome,
        tuple(row.flags),
        verdict=row.verdict,
    )


def _with_points(db: Connection, viewer: Viewer, rows: Sequence[AnyRow]) -> tuple[Plan, ...]:
    points: dict[UUID, list[Point]] = {}
    for plan, on_date, value, who in db.execute(
        select(
            ProgressPoint.intervention_id,
            ProgressPoint.on_date,
            ProgressPoint.value,
            Staff.display_name,
        )
        .join(
            Staff,
            and_(
                Staff.district_id == ProgressPoint.district_id,
                Staff.staff_id == ProgressPoint.recorded_by,
            ),
        )
        .where(
            ProgressPoint.district_id == viewer.district_id,
            ProgressPoint.intervention_id.in_([row.intervention_id for row in rows]),
        )
        .order_by(ProgressPoint.on_date)
    ):
        points.setdefault(plan, []).append(Point(on_date, value, who))
    wanted = {one for row in rows for one in row.informed}
    named = dict(
        db.execute(
            select(Staff.staff_id, Staff.display_name).where(
                Staff.district_id == viewer.district_id, Staff.staff_id.in_(wanted)
            )
        ).all()
    )
    return tuple(
        replace(
            _plan(row),
            points=tuple(points.get(row.intervention_id, ())),
            informed=tuple(named[one] for one in row.informed if one in named),
        )
        for row in rows
    )
