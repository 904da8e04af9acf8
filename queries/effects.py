"""What each type of plan does in the district: estimated effects, never by member of staff."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

import privacy
from db.tables import TypeEffect
from privacy import Viewer
from queries.rows import AnyRow


@dataclass(frozen=True)
class EffectOfType:
    """The effect of a type of plan on a measure, in its unit, with its 95 % interval.

    By "matching" it is the mean over `plans` learners; by "discontinuity" that on learners at the
    line of the risk flag, `plans` of whom stood within reach of it, or None with `why` not.
    """

    type: str
    measure: str
    method: str
    plans: int
    estimate: float | None
    low: float | None
    high: float | None
    verdict: str
    why: str
    week_of: date


def effects_by_type(viewer: Viewer) -> list[EffectOfType]:
    """Types of plan with enough learners and owners behind them, the largest effect first: a row
    for each of the two ways of estimating.
    """
    with privacy.session(viewer) as db:
        rows: Sequence[AnyRow] = db.execute(
            select(
                TypeEffect.type,
                TypeEffect.measure,
                TypeEffect.method,
                TypeEffect.plans,
                TypeEffect.estimate,
                TypeEffect.low,
                TypeEffect.high,
                TypeEffect.verdict,
                TypeEffect.why,
                TypeEffect.week_of,
            )
            .where(TypeEffect.district_id == viewer.district_id)
            .order_by(TypeEffect.measure, TypeEffect.estimate.desc().nulls_last(), TypeEffect.type)
        ).all()
    return [EffectOfType(*row) for row in rows]
