"""Feeds the estimate at the flag's line: who stood how near it before such plans began."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, text

from analytics import effects
from analytics.effects import Jump
from analytics.rules import LINE
from db.effects.weeks import Weeks

BANDWIDTH: Final = 0.15  # of a chance, on either side of the line
WITHIN: Final = timedelta(days=14)  # after a scoring in which a plan counts as its consequence
NO_SCORES: Final = "no chances are kept from the days before these plans began"
FEW_PLANS: Final = "too few of those near the line had such a plan"
OTHERS: Final = "standing over the line led to plans of other types as well"

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class AtTheLine:
    """What the line says about a type of plan; `why` it can not, in words, where it can not."""

    found: Jump | None
    why: str = ""


def at_the_line(
    connection: Connection,
    district: int,
    *,
    kind: str,
    weeks: Weeks,
    least: int,
    owners: int,
) -> AtTheLine:
    """The effect of a type of plan on learners at the line, of those scored on one day.

    The running variable is a learner's
    highest chance on the day after which most plans of the type began; the outcome is how her
    weekly mean changed from before that day to after WITHIN. Whoever was in a plan already is
    left out. Nothing is said with fewer than `least` learners of a kind near the line, with a plan
    or without, or with fewer than `owners` owners.
    """
    plans = connection.execute(
        text(_PLANS), {"district": district, "since": weeks.mondays[0]}
    ).all()
    day = _day(connection, district, [one.starts_on for one in plans if one.type == kind])
    if day is None:
        return AtTheLine(None, NO_SCORES)
    given = {"district": district, "day": day}
    chances = {
        row.learner_id: float(row.chance)
        for row in connection.execute(text(_CHANCES), given)
        if row.learner_id in weeks.place
    }
    for one in plans:
        if one.starts_on <= day and (one.ended_on is None or one.ended_on > day):
            chances.pop(one.learner_id, None)
    line = connection.scalar(text(_LINE), given)
    line = LINE if line is None else round(float(line), 2)
    return _estimated(plans, kind, chances, weeks, day, line, least, owners)


def _estimated(
    plans: Sequence[Any],
    kind: str,
    chances: Mapping[UUID, float],
    weeks: Weeks,
    day: date,
    line: float,
    least: int,
    owners: int,
) -> AtTheLine:
    learners = [one for one in sorted(chances) if not np.isnan(_changed(weeks, one, day))]
    begun = [one for one in plans if day < one.starts_on <= day + WITHIN]
    ours = {one.learner_id: one.owner_id for one in begun if one.type == kind}
    theirs = {one.learner_id for one in begun if one.type != kind}
    running = np.array([chances[one] for one in learners], float)
    planned = np.array([one in ours for one in learners], float)
    other = np.array([one in theirs for one in learners], float)
    where = {"threshold": line, "bandwidth": BANDWIDTH}
    if why := effects.obstacle(running, planned, **where):
        return AtTheLine(None, why)
    near = np.abs(running - line) < BANDWIDTH
    with_plan = int(planned[near].sum())
    by = {ours[one] for one, close in zip(learners, near, strict=True) if close and one in ours}
    if with_plan < least or int(near.sum()) - with_plan < least or len(by) < owners:
        return AtTheLine(None, FEW_PLANS)
    if not effects.obstacle(running, other, **where):
        return AtTheLine(None, OTHERS)
    outcome = np.array([_changed(weeks, one, day) for one in learners], float)
    return AtTheLine(effects.jump(running, outcome, planned, **where))


def _changed(weeks: Weeks, learner: UUID, day: date) -> float:
    """The weekly mean after plans had begun less that before the day; nan with too few weeks."""
    start, after = weeks.first_after(day), weeks.first_after(day + WITHIN)
    own = weeks.values[weeks.place[learner]]
    parts = own[max(0, start - effects.BEFORE) : start], own[after : after + effects.AFTER]
    if any(int((~np.isnan(part)).sum()) < effects.LEAST_WEEKS for part in parts):
        return float("nan")
    return float(np.nanmean(parts[1]) - np.nanmean(parts[0]))


def _day(connection: Connection, district: int, starts: Sequence[date]) -> date | None:
    """The day of scores after which most of the plans began; of equal ones the latest."""
    days = connection.scalars(
        text(_DAYS),
        {"district": district, "first": min(starts) - WITHIN, "last": max(starts)},
    ).all()
    began = {day: sum(day < one <= day + WITHIN for one in starts) for day in days}
    return max(began, key=lambda day: (began[day], day)) if any(began.values()) else None


_PLANS = """
SELECT learner_id, owner_id, type, starts_on, ended_on FROM chalkline.interventions
WHERE district_id = :district AND (ended_on IS NULL OR ended_on >= :since)
"""
_DAYS = """
SELECT DISTINCT as_of FROM chalkline.risk_scores
WHERE district_id = :district AND as_of >= :first AND as_of < :last ORDER BY 1
"""
_CHANCES = """
SELECT learner_id, max(probability) AS chance FROM chalkline.risk_scores
WHERE district_id = :district AND as_of = :day GROUP BY learner_id
"""
_LINE = """
SELECT line FROM chalkline.risk_decisions
WHERE district_id = :district AND decided_at < CAST(:day AS date) + 1
ORDER BY decided_at DESC LIMIT 1
"""
