"""What each type of plan does in the district: estimated effects, never by member of staff."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

import privacy
from db.tables import TypeEffect
from privacy import Viewer


@dataclass(frozen=True)
class EffectOfType:
    """The mean effect of a type of plan on a measure, in its unit, with its 95 % interval."""

    type: str
    measure: str
    plans: int
    estimate: float
    low: float
    high: float
    verdict: str
    week_of: date


def effects_by_type(viewer: Viewer) -> list[EffectOfType]:
    """Types of plan with enough learners and owners behind them, the largest effect first."""
    with privacy.session(viewer) as db:
        rows = db.execute(
            select(
                TypeEffect.type,
                TypeEffect.measure,
                TypeEffect.plans,
                TypeEffect.estimate,
                TypeEffect.low,
                TypeEffect.high,
                TypeEffect.verdict,
                TypeEffect.week_of,
            )
            .where(TypeEffect.district_id == viewer.district_id)
            .order_by(TypeEffect.measure, TypeEffect.estimate.desc())
        ).all()
    return [EffectOfType(*row) for row in rows]
