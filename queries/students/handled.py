"""What the school's people did about their flags this week, so that it can be seen and undone."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.dialects.postgresql import distinct_on

import privacy
from db.tables import Flag, FlagEvent
from privacy import Viewer, people
from queries.students.reasons import name_of
from queries.students.undoing import UNDO_WITHIN

WEEK: Final = timedelta(days=7)


@dataclass(frozen=True)
class Handled:
    """Flags of one learner that the viewer acted on at one time."""

    learner_id: UUID
    name: str
    flags: tuple[UUID, ...]
    rules: tuple[str, ...]
    action: str
    until: date | None
    reason: str
    at: datetime
    can_undo: bool


def handled_this_week(viewer: Viewer, *, now: datetime) -> tuple[Handled, ...]:
    """The viewer's own actions of the last seven days that still stand, the latest first."""
    with privacy.session(viewer) as db:
        rows = db.execute(
            select(
                FlagEvent.learner_id,
                FlagEvent.flag_id,
                FlagEvent.action,
                FlagEvent.until,
                FlagEvent.reason,
                FlagEvent.at,
                FlagEvent.staff_id,
                Flag.rule,
            )
            .join(
                Flag,
                and_(Flag.district_id == FlagEvent.district_id, Flag.flag_id == FlagEvent.flag_id),
            )
            .ext(distinct_on(FlagEvent.flag_id))
            .where(
                FlagEvent.district_id == viewer.district_id,
                FlagEvent.at > now - WEEK,
                FlagEvent.staff_id.is_not(None),
                FlagEvent.flag_id.in_(
                    select(FlagEvent.flag_id).where(
                        FlagEvent.district_id == viewer.district_id,
                        FlagEvent.staff_id == viewer.staff_id,
                        FlagEvent.at > now - WEEK,
                    )
                ),
            )
            .order_by(FlagEvent.flag_id, FlagEvent.at.desc())
        ).all()
        mine = [r for r in rows if r.action != "undone" and r.staff_id == viewer.staff_id]
        names = people.names(db, viewer, [row.learner_id for row in mine])
    together: dict[tuple[UUID, datetime], list[int]] = {}
    for i, row in enumerate(mine):
        together.setdefault((row.learner_id, row.at), []).append(i)
    return tuple(
        Handled(
            learner,
            str(names[learner]),
            tuple(mine[i].flag_id for i in places),
            tuple(dict.fromkeys(name_of(mine[i].rule) for i in places)),
            mine[places[0]].action,
            mine[places[0]].until,
            mine[places[0]].reason,
            at,
            now - at <= UNDO_WITHIN and mine[places[0]].action not in ("planned", "raised"),
        )
        for (learner, at), places in sorted(
            together.items(), key=lambda item: -item[0][1].timestamp()
        )
        if learner in names
    )
