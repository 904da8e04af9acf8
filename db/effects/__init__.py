"""Measures whether plans helped: each plan by itself, and each type of plan over a district.

A job does this; pages read what it stored. Nothing is kept about fewer than k learners alike, nor
of a type of plan with fewer than k learners or three owners, and a type's figure
is made once a week, so that it can not be watched moving with a single plan.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

import numpy as np
import orjson
from sqlalchemy import Connection, Engine, text

from analytics import effects
from analytics.effects import Compared
from db.effects.by_type import LEAST_PLANS, store_types
from db.effects.weeks import Weeks, weekly
from db.locks import Work, alone

TOO_EARLY: Final = "too early: a plan is looked at from four weeks after its start"
TOO_FEW: Final = "fewer learners alike than can be compared with"
WIDE: Final = "what chance alone does is as large as this change"
SURE: Final = "the change is larger than chance and than the learner's own trend"
TREND: Final = "the learner was on the way there before the plan"
SMALL: Final = "the change is smaller than what would be worth a plan"


@dataclass(frozen=True)
class Measured:
    """How many plans and types of plan of a district were measured."""

    district_id: int
    plans: int
    types: int


def measure_due(engine: Engine, *, now: datetime) -> list[Measured]:
    """Measures districts with a plan that has not been looked at today; none: costs nothing."""
    with engine.begin() as connection:
        due = set(connection.scalars(text(_DUE)))
    return measure_effects(engine, districts=due, now=now) if due else []


def measure_effects(
    engine: Engine, *, now: datetime, districts: Collection[int] | None = None
) -> list[Measured]:
    """Measures districts' plans as of their today (None: all); once more changes only times."""
    with engine.begin() as connection:
        rows = connection.execute(text(_DISTRICTS)).all()
    found = []
    for row in rows:
        if districts is not None and row.district_id not in districts:
            continue
        with engine.begin() as connection:
            alone(connection, Work.EFFECTS, row.district_id)
            found.append(
                _measure(connection, row.district_id, row.today, max(5, row.least_group), now)
            )
    return found


def _measure(
    connection: Connection, district: int, today: date, least: int, now: datetime
) -> Measured:
    plans = connection.execute(text(_PLANS), {"district": district, "today": today}).all()
    compared: list[tuple[Any, Compared]] = []
    known: dict[str, Weeks] = {}
    for measure in sorted({plan.measure for plan in plans}):
        mine = [plan for plan in plans if plan.measure == measure]
        weeks = known[measure] = weekly(connection, district, measure, today=today)
        helped = {plan.learner_id for plan in plans}
        others = np.array([learner not in helped for learner in weeks.learners], bool)
        rows = []
        for plan in mine:
            answer = _compare(weeks, others, plan, least)
            if answer is not None:
                compared.append((plan, answer))
            rows.append(_row(weeks, others, plan, answer, today))
        connection.execute(
            text(_STORE),
            [row | {"district": district, "as_of": today, "now": now} for row in rows],
        )
    types = store_types(connection, district, known, compared, today=today, least=least, now=now)
    return Measured(district, len(plans), types)


def _compare(weeks: Weeks, others: Any, plan: Any, least: int) -> Compared | None:
    place = weeks.place.get(plan.learner_id)
    start = weeks.first_after(plan.starts_on)
    last = weeks.first_after(plan.ended_on) if plan.ended_on else len(weeks.mondays)
    if place is None or start < effects.LEAST_WEEKS or last - start < effects.LEAST_WEEKS:
        return None
    return effects.compared(
        weeks.values[place, :last], weeks.values[others, :last], start, least=least
    )


def _row(
    weeks: Weeks, others: Any, plan: Any, found: Compared | None, today: date
) -> dict[str, Any]:
    early = today < plan.starts_on + timedelta(weeks=effects.LEAST_WEEKS)
    if found is None:
        said, why, picture = "cannot tell", TOO_EARLY if early else TOO_FEW, _alone(weeks, plan)
    else:
        said, why = _verdict(found, plan.measure)
        picture = _alone(weeks, plan) | _beside(weeks, others, plan, found)
    return {
        "plan": plan.intervention_id,
        "learner": plan.learner_id,
        "measure": plan.measure,
        "verdict": said,
        "why": why,
        "picture": orjson.dumps(picture).decode(),
    }


def _verdict(found: Compared, measure: str) -> tuple[str, str]:
    said = effects.verdict(found.low, found.high, effects.WORTHWHILE[measure])
    if said == "helped" and found.after <= found.trend_after:
        return "cannot tell", TREND
    return said, {"helped": SURE, "did not": SMALL, "cannot tell": WIDE}[said]


def _alone(weeks: Weeks, plan: Any) -> dict[str, Any]:
    """The learner's own weeks around the start."""
    start = weeks.first_after(plan.starts_on)
    window = slice(max(0, start - effects.BEFORE), start + effects.AFTER)
    place = weeks.place.get(plan.learner_id)
    own = [] if place is None else weeks.values[place, window].tolist()
    return {
        "weeks": [str(monday) for monday in weeks.mondays[window]],
        "own": [None if value != value else round(value, 2) for value in own],
    }


def _beside(weeks: Weeks, others: Any, plan: Any, found: Compared) -> dict[str, Any]:
    start = weeks.first_after(plan.starts_on)
    window = slice(max(0, start - effects.BEFORE), start + effects.AFTER)
    theirs = weeks.values[others][found.alike][:, window]
    known = (~np.isnan(theirs)).sum(axis=0)
    sums = np.nansum(theirs, axis=0)
    return {
        "alike": [
            round(float(total / count), 1) if count >= LEAST_PLANS else None
            for total, count in zip(sums, known, strict=True)
        ],
        "learners": len(found.alike),
        "before": round(found.before, 2),
        "after": round(found.after, 2),
        "trend_after": round(found.trend_after, 2),
        "without": round(found.without, 1),
        "estimate": round(found.estimate, 2),
        "low": round(found.low, 2),
        "high": round(found.high, 2),
        "regression": bool(found.without >= effects.WORTHWHILE[plan.measure] / 2),
    }


_DISTRICTS = """
SELECT district_id, chalkline.today(district_id) AS today, least_group
FROM chalkline.institutions WHERE kind = 'district' ORDER BY 1
"""
# Only once the state that is measured has been made.
_DUE = """
SELECT DISTINCT i.district_id FROM chalkline.interventions i
JOIN chalkline.watermarks w ON w.district_id = i.district_id AND w.name = 'state'
CROSS JOIN LATERAL (SELECT chalkline.today(i.district_id) AS day) t
WHERE i.measure IS NOT NULL AND i.starts_on <= t.day AND i.starts_on > t.day - 365
  AND w.as_of >= t.day
  AND NOT EXISTS (
      SELECT FROM chalkline.plan_effects e WHERE e.district_id = i.district_id
        AND e.intervention_id = i.intervention_id AND e.as_of >= t.day)
"""
_PLANS = """
SELECT intervention_id, learner_id, owner_id, type, measure, starts_on, ended_on
FROM chalkline.interventions
WHERE district_id = :district AND measure IS NOT NULL AND starts_on <= :today
  AND starts_on > CAST(:today AS date) - 365
ORDER BY intervention_id
"""
_STORE = """
INSERT INTO chalkline.plan_effects AS e
    (district_id, intervention_id, learner_id, measure, verdict, why, picture, as_of, updated_at)
VALUES (:district, :plan, :learner, :measure, :verdict, :why, CAST(:picture AS jsonb), :as_of, :now)
ON CONFLICT (district_id, intervention_id) DO UPDATE
SET measure = excluded.measure, verdict = excluded.verdict, why = excluded.why,
    picture = excluded.picture, as_of = excluded.as_of, updated_at = excluded.updated_at
"""
