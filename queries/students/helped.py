"""Whether a plan helped, as the job last measured it; and what its type does in the district."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import pandas as pd
from sqlalchemy import select

import privacy
from db.tables import PlanEffect
from privacy import Viewer


@dataclass(frozen=True)
class Picture:
    """Before and after. `weeks`: week, own, alike. Estimates are None without a comparison;
    `without` is how learners alike changed, `learners` how many of them there are.
    """

    measure: str
    verdict: str
    why: str
    as_of: date
    weeks: pd.DataFrame
    before: float | None
    after: float | None
    trend_after: float | None
    without: float | None
    estimate: float | None
    low: float | None
    high: float | None
    learners: int
    regression: bool


def picture_of(viewer: Viewer, *, plan: UUID) -> Picture | None:
    """None before the job has first looked at the plan, or where it has no measure."""
    with privacy.session(viewer) as db:
        row = db.execute(
            select(
                PlanEffect.measure,
                PlanEffect.verdict,
                PlanEffect.why,
                PlanEffect.as_of,
                PlanEffect.picture,
            ).where(
                PlanEffect.district_id == viewer.district_id, PlanEffect.intervention_id == plan
            )
        ).one_or_none()
    if row is None:
        return None
    found: dict[str, Any] = row.picture
    weeks = [date.fromisoformat(week) for week in found.get("weeks", [])]
    own = found.get("own") or [None] * len(weeks)
    alike = found.get("alike") or [None] * len(weeks)
    return Picture(
        row.measure,
        row.verdict,
        row.why,
        row.as_of,
        pd.DataFrame({"week": weeks, "own": own, "alike": alike}).astype(
            {"own": "float64", "alike": "float64"}
        ),
        found.get("before"),
        found.get("after"),
        found.get("trend_after"),
        found.get("without"),
        found.get("estimate"),
        found.get("low"),
        found.get("high"),
        int(found.get("learners", 0)),
        bool(found.get("regression", False)),
    )
