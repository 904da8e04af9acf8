"""The risk model over the database: facts as known on a day, training, scores, evaluation."""

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

import pandas as pd
from sqlalchemy import Connection

from analytics import risk
from analytics.risk.definitions import IDENTITY
from db.risk.evaluating import evaluate
from db.risk.history import RiskError, classes
from db.risk.known import MARKING_DAYS, Cut, facts
from db.risk.scoring import FIRST_DAY, Scored, score
from db.risk.store import use
from db.risk.training import Trained, train

__all__ = [
    "FIRST_DAY",
    "Cut",
    "RiskError",
    "Scored",
    "Trained",
    "evaluate",
    "facts",
    "features",
    "score",
    "train",
    "use",
]


def features(
    connection: Connection,
    *,
    district: int,
    of: Sequence[UUID],
    day: int | None = None,
    as_of: date | None = None,
    marking_days: int = MARKING_DAYS,
) -> pd.DataFrame:
    """The model's features of these classes' learners, with who they are, as known on a day.

    The day is either counted from each class's own first day, or a date.
    """
    if (day is None) == (as_of is None):
        raise RiskError("Give either the day of the class or the date, and not both.")
    cuts = [
        Cut(one.class_id, as_of or one.starts_on + timedelta(days=day or 0))
        for one in classes(connection, district)
        if one.class_id in set(of)
    ]
    found = facts(connection, district=district, cuts=cuts, marking_days=marking_days)
    return pd.concat([found[list(IDENTITY)], risk.features(found)], axis=1)
