"""A learner's flags from raised to closed, and what people and data did about each."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection, and_, select

from db.tables import Class, Flag, FlagEvent, Staff
from privacy import Viewer
from queries.students.reasons import COLUMNS, Reason, reason_of


@dataclass(frozen=True)
class Step:
    """One change of a flag; `who` is empty where data made it."""

    at: datetime
    action: str
    who: str
    reason: str
    until: date | None


@dataclass(frozen=True)
class PastFlag:
    """A flag, why it was raised, and its history, oldest step first."""

    reason: Reason
    state: str
    closed_on: date | None
    outcome: str
    steps: tuple[Step, ...]

    @property
    def alive(self) -> bool:
        """Whether it still stands."""
        return self.closed_on is None


def flags_of(db: Connection, viewer: Viewer, learner: UUID, *, today: date) -> tuple[PastFlag, ...]:
    """Standing flags first, then closed ones, the latest first."""
    flags = db.execute(
        select(
            *COLUMNS,
            Flag.state,
            Flag.closed_on,
            Flag.outcome,
            Class.title,
        )
        .outerjoin(
            Class,
            and_(Class.district_id == Flag.district_id, Class.class_id == Flag.class_id),
        )
        .where(Flag.district_id == viewer.district_id, Flag.learner_id == learner)
        .order_by(Flag.closed_on.desc().nulls_first(), Flag.severity.desc(), Flag.raised_on)
    ).all()
    events = db.execute(
        select(
            FlagEvent.flag_id,
            FlagEvent.at,
            FlagEvent.action,
            Staff.display_name,
            FlagEvent.reason,
            FlagEvent.until,
        )
        .outerjoin(
            Staff,
            and_(Staff.district_id == FlagEvent.district_id, Staff.staff_id == FlagEvent.staff_id),
        )
        .where(
            FlagEvent.district_id == viewer.district_id,
            FlagEvent.flag_id.in_([flag.flag_id for flag in flags]),
        )
        .order_by(FlagEvent.at)
    ).all()
    steps: dict[UUID, list[Step]] = {}
    for flag_id, at, action, who, why, until in events:
        steps.setdefault(flag_id, []).append(Step(at, action, who or "", why, until))
    return tuple(
        PastFlag(
            reason_of(flag, class_title=flag.title or "", today=today),
            flag.state,
            flag.closed_on,
            flag.outcome or "",
            tuple(steps.get(flag.flag_id, ())),
        )
        for flag in flags
    )
