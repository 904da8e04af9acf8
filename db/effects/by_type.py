"""Stores what each type of plan does over a district, by two ways of estimating it."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from math import ceil, floor
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, text

from analytics import effects
from analytics.effects import Compared, Jump, Pooled
from db.effects.line import AtTheLine, at_the_line
from db.effects.weeks import Weeks

OWNERS: Final = 3  # a figure that one person's plans make would be a figure about her
LEAST_PLANS: Final = 5


def store_types(
    connection: Connection,
    district: int,
    known: Mapping[str, Weeks],
    compared: Sequence[tuple[Any, Compared]],
    *,
    today: date,
    least: int,
    now: datetime,
) -> int:
    """Stores the types' figures by both ways of estimating, unless this week's stand already."""
    least = max(least, LEAST_PLANS)
    monday = today - timedelta(days=today.weekday())
    where = {"district": district, "monday": monday}
    if connection.scalar(text(_THIS_WEEK), where):
        return 0
    connection.execute(
        text("DELETE FROM chalkline.type_effects WHERE district_id = :district"), where
    )
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
        about = {**where, "type": kind, "measure": measure, "now": now}
        rows.append({**about, **_figure(measure, whole, "matching", len(people))})
        line = at_the_line(
            connection,
            district,
            kind=kind,
            weeks=known[measure],
            least=least,
            owners=OWNERS,
        )
        rows.append({**about, **_of_the_line(measure, line, len(people))})
    if rows:
        connection.execute(text(_STORE_TYPE), rows)
    return len(rows) // 2


def _figure(measure: str, found: Pooled | Jump, method: str, learners: int) -> dict[str, Any]:
    return {
        "method": method,
        "plans": learners,
        "estimate": round(found.estimate, 1),
        "low": floor(found.low * 10) / 10,  # outward, so that it still holds what it says
        "high": ceil(found.high * 10) / 10,
        "verdict": effects.verdict(found.low, found.high, effects.WORTHWHILE[measure]),
        "why": "",
    }


def _of_the_line(measure: str, line: AtTheLine, learners: int) -> dict[str, Any]:
    if line.found is not None:
        return _figure(measure, line.found, "discontinuity", line.found.learners)
    nothing = dict.fromkeys(("estimate", "low", "high"))
    said = {"method": "discontinuity", "plans": learners, "verdict": "cannot tell"}
    return {**nothing, **said, "why": line.why}


_THIS_WEEK = """
SELECT 1 FROM chalkline.type_effects
WHERE district_id = :district AND week_of >= CAST(:monday AS date) LIMIT 1
"""
_STORE_TYPE = """
INSERT INTO chalkline.type_effects
    (district_id, type, measure, method, plans, estimate, low, high, verdict, why, week_of,
     updated_at)
VALUES (:district, :type, :measure, :method, :plans, :estimate, :low, :high, :verdict, :why,
        :monday, :now)
"""
