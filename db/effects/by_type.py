"""Pools what was measured of plans into figures about types of plan, once a week."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from math import ceil, floor
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, text

from analytics import effects
from analytics.effects import Compared

OWNERS: Final = 3  # a figure that one person's plans make would be a figure about her
LEAST_PLANS: Final = 5


def store_types(
    connection: Connection,
    district: int,
    compared: Sequence[tuple[Any, Compared]],
    today: date,
    least: int,
    now: datetime,
) -> int:
    """Stores the types' figures, unless this week's stand already."""
    monday = today - timedelta(days=today.weekday())
    where = {"district": district, "monday": monday}
    if connection.scalar(text(_THIS_WEEK), where):
        return 0
    connection.execute(text(_FORGET_TYPES), where)
    groups: dict[tuple[str, str], list[tuple[Any, Compared]]] = {}
    for plan, found in compared:
        groups.setdefault((plan.type, plan.measure), []).append((plan, found))
    rows = []
    for (kind, measure), members in sorted(groups.items()):
        people: set[UUID] = {plan.learner_id for plan, _ in members}
        owners: set[UUID] = {plan.owner_id for plan, _ in members}
        whole = effects.pooled([found for _, found in members])
        if whole is None or len(people) < least or len(owners) < OWNERS:
            continue
        rows.append(
            {
                **where,
                "type": kind,
                "measure": measure,
                "plans": len(people),
                "estimate": round(whole.estimate, 1),
                "low": floor(whole.low * 10) / 10,  # outward, so that it still holds what it says
                "high": ceil(whole.high * 10) / 10,
                "verdict": effects.verdict(whole.low, whole.high, effects.WORTHWHILE[measure]),
                "now": now,
            }
        )
    if rows:
        connection.execute(text(_STORE_TYPE), rows)
    return len(rows)


_THIS_WEEK = """
SELECT 1 FROM chalkline.type_effects
WHERE district_id = :district AND week_of >= CAST(:monday AS date) LIMIT 1
"""
_STORE_TYPE = """
INSERT INTO chalkline.type_effects
    (district_id, type, measure, method, plans, estimate, low, high, verdict, week_of, updated_at)
VALUES (:district, :type, :measure, 'matching', :plans, :estimate, :low, :high, :verdict, :monday,
        :now)
"""
_FORGET_TYPES = "DELETE FROM chalkline.type_effects WHERE district_id = :district"
