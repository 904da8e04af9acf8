"""A learner's page as it stood on an earlier day: what was not known then is not there."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from db.tables import Competency, Institution, ItemCompetency, ItemResponse
from privacy import Viewer
from queries.students.history import PastFlag
from queries.students.notes import Note
from queries.students.plans import Plan

STATES = {
    "acknowledged": "acknowledged",
    "snoozed": "snoozed",
    "referred": "referred",
    "planned": "in_plan",
    "dismissed": "dismissed",
    "resolved": "resolved",
}


@dataclass(frozen=True)
class Answered:
    """Answers to a competency up to a day: how many, and the share of credit they earned."""

    code: str
    title: str
    answers: int
    share: float


def answered_by(db: Connection, viewer: Viewer, learner: UUID, day: date) -> tuple[Answered, ...]:
    """What her answers said up to the end of a day, by competency; no estimate, only counts."""
    end = end_of(db, viewer, day)
    rows = db.execute(
        select(
            Competency.code,
            Competency.title,
            func.count(),
            func.avg(ItemResponse.credit),
        )
        .select_from(ItemResponse)
        .join(
            ItemCompetency,
            (ItemCompetency.district_id == ItemResponse.district_id)
            & (ItemCompetency.item_id == ItemResponse.item_id),
        )
        .join(Competency, Competency.competency_id == ItemCompetency.competency_id)
        .where(
            ItemResponse.district_id == viewer.district_id,
            ItemResponse.learner_id == learner,
            ItemResponse.answered_at < end,
        )
        .group_by(Competency.code, Competency.title)
        .order_by(Competency.code)
    ).all()
    return tuple(Answered(code, title, n, float(share)) for code, title, n, share in rows)


def end_of(db: Connection, viewer: Viewer, day: date) -> datetime:
    """The moment at which a day of the district is over."""
    zone = db.scalars(
        select(Institution.timezone).where(
            Institution.district_id == viewer.district_id, Institution.kind == "district"
        )
    ).one()
    return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone))


def flags_by(flags: Iterable[PastFlag], day: date, end: datetime) -> tuple[PastFlag, ...]:
    """The flags as they stood at the end of a day, standing ones first."""
    then = [_flag(flag, day, end) for flag in flags if flag.reason.raised_on <= day]
    return tuple(sorted(then, key=lambda flag: not flag.alive))


def _flag(flag: PastFlag, day: date, end: datetime) -> PastFlag:
    steps = tuple(step for step in flag.steps if step.at < end)
    if flag.closed_on is not None and flag.closed_on <= day:
        return replace(flag, steps=steps)
    states = [STATES.get(step.action, "open") for step in steps]
    state = states[-1] if states and states[-1] not in ("dismissed", "resolved") else "open"
    return replace(flag, state=state, closed_on=None, outcome="", steps=steps)


def notes_by(notes: Iterable[Note], end: datetime) -> tuple[Note, ...]:
    """Notes written by then; a note revised later is not shown, for its earlier text is not read
    here.
    """
    return tuple(note for note in notes if note.written_at < end)


def plans_by(plans: Iterable[Plan], day: date) -> tuple[Plan, ...]:
    """Plans begun by then, with the progress recorded by then; one that ended later still runs."""
    found = []
    for plan in plans:
        if plan.starts_on > day:
            continue
        points = tuple(point for point in plan.points if point.on_date <= day)
        later = plan.ended_on is not None and plan.ended_on > day
        found.append(
            replace(
                plan,
                points=points,
                ended_on=None if later else plan.ended_on,
                outcome=None if later else plan.outcome,
            )
        )
    return tuple(found)
