"""Scores the learners of running classes as known on a day, and stores chance, reasons, way out."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

import numpy as np
import orjson
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import Connection, Engine, text

from analytics import risk
from analytics.risk import Scores, features
from analytics.risk.clearing import as_json
from analytics.risk.fitting import sigmoid
from analytics.rules import LINE, MARGIN
from db.copying import copy_rows
from db.people import Progress, quiet
from db.risk import store
from db.risk.history import TaughtClass, classes
from db.risk.known import MARKING_DAYS, Cut, facts

FIRST_DAY: Final = 7  # before the first week is over the rules speak and the model does not
_WIDE: Final = 1.645  # standard deviations either way that hold 90 %


@dataclass(frozen=True)
class Scored:
    """What a scoring wrote. `too_early` classes are left to the rules."""

    model_version: str
    classes: int
    learners: int
    too_early: int
    at_risk: int


@dataclass(frozen=True)
class Score:
    """One learner's chance in one class, as it is stored; `clears` says what would lower it."""

    class_id: UUID
    learner_id: UUID
    chance: float
    low: float
    high: float
    usual: float
    reasons: list[dict[str, Any]]
    clears: list[dict[str, Any]]


def score(
    engine: Engine,
    *,
    district: int,
    as_of: date,
    only: Collection[UUID] | None = None,
    line: float = LINE,
    marking_days: int = MARKING_DAYS,
    progress: Progress = quiet,
) -> Scored:
    """Scores every running class (or those of `only`) as known at the end of `as_of`.

    Scoring the same day again gives the same rows. A past day is replayed with the facts, and
    with a model, of that day.
    """
    with engine.begin() as connection:
        stored = store.model_for(connection, district, as_of)
        return score_classes(
            connection, stored, district=district, as_of=as_of, only=only, line=line,
            marking_days=marking_days, progress=progress,
        )[0]  # fmt: skip


def score_classes(
    connection: Connection,
    stored: store.Stored,
    *,
    district: int,
    as_of: date,
    only: Collection[UUID] | None = None,
    line: float = LINE,
    marking_days: int = MARKING_DAYS,
    progress: Progress = quiet,
) -> tuple[Scored, list[Score]]:
    """The same within a transaction, with a given model; also returns what it wrote."""
    running, ripe = _running(connection, district, as_of, only)
    progress("Reading what is known", 0, None)
    found = _facts(
        connection, district, ripe, as_of, marking_days, kinds=stored.boosted is not None
    )
    _forget(connection, district, running, as_of)
    progress("Scoring", 0, len(found))
    made = _scores(stored, found, line) if len(found) else []
    if made:
        _write(connection, district, as_of, stored.version, made)
    at_risk = sum(one.chance >= line for one in made)
    return Scored(stored.version, len(ripe), len(made), len(running) - len(ripe), at_risk), made


def facts_today(connection: Connection, district: int, as_of: date, *, kinds: bool) -> pd.DataFrame:
    """The facts of every class whose first week is over."""
    ripe = _running(connection, district, as_of, None)[1]
    return _facts(connection, district, ripe, as_of, MARKING_DAYS, kinds=kinds)


def _running(
    connection: Connection, district: int, as_of: date, only: Collection[UUID] | None
) -> tuple[list[TaughtClass], list[TaughtClass]]:
    """The classes that run on the day, and those of them whose first week is over."""
    running = [
        one
        for one in classes(connection, district)
        if one.starts_on <= as_of < one.ends_on and (only is None or one.class_id in only)
    ]
    return running, [one for one in running if as_of >= one.starts_on + timedelta(days=FIRST_DAY)]


def _facts(
    connection: Connection,
    district: int,
    ripe: list[TaughtClass],
    as_of: date,
    marking_days: int,
    *,
    kinds: bool,
) -> pd.DataFrame:
    """The facts, from refresh's own days where it has come as far as this day; those of kinds,
    which only the challenger looks at, from the interactions."""
    reached = connection.scalar(text(STATE_OF), {"district": district})
    return facts(
        connection,
        district=district,
        cuts=[Cut(one.class_id, as_of) for one in ripe],
        from_state=reached is not None and reached >= as_of,
        kinds=kinds,
        marking_days=marking_days,
    )


def _forget(connection: Connection, district: int, running: list[TaughtClass], as_of: date) -> None:
    """Takes away the day's earlier scores: somebody may have left since."""
    connection.execute(
        text(_FORGET),
        {"district": district, "as_of": as_of, "classes": [one.class_id for one in running]},
    )


def _scores(stored: store.Stored, found: pd.DataFrame, line: float) -> list[Score]:
    looked = features(found)
    scores = risk.score(stored.transparent, looked, found)
    chance, low, high = _chances(stored, scores, looked, found)
    why = risk.reasons(scores, found)
    out = risk.clearings(stored.transparent, looked, found, line=line - MARGIN)
    usual = {
        (course, day): stored.transparent.base_rate(course, day)
        for course, day in {*zip(found["course"], found["day"], strict=True)}
    }
    return [
        Score(
            class_id, learner, float(chance[row]), float(low[row]), float(high[row]),
            usual[course, day], [asdict(one) for one in why[row]], as_json(out[row]),
        )
        for row, (class_id, learner, course, day) in enumerate(
            zip(found["class_id"], found["learner_id"], found["course"], found["day"], strict=True)
        )
    ]  # fmt: skip


def _write(
    connection: Connection, district: int, as_of: date, version: str, made: list[Score]
) -> None:
    copy_rows(
        connection,
        "risk_scores",
        (
            "district_id", "class_id", "learner_id", "as_of", "model_version",
            "probability", "low", "high", "base_rate", "reasons", "clears_when",
        ),
        (
            (
                district, one.class_id, one.learner_id, as_of, version,
                one.chance, one.low, one.high, one.usual, _json(one.reasons), _json(one.clears),
            )
            for one in made
        ),
    )  # fmt: skip


def _chances(
    stored: store.Stored, scores: Scores, looked: pd.DataFrame, found: pd.DataFrame
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Chance and interval: the transparent model's, or the challenger's where it was chosen, with
    the transparent model's width."""
    if stored.boosted is None:
        return scores.probability, scores.low, scores.high
    chance = np.clip(stored.boosted.probability(scores.log_odds, looked, found), 1e-9, 1 - 1e-9)
    middle, reach = np.log(chance / (1 - chance)), _WIDE * scores.deviation
    return chance, sigmoid(middle - reach), sigmoid(middle + reach)


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


STATE_OF = """
SELECT as_of FROM chalkline.watermarks WHERE district_id = :district AND name = 'state'
"""
_FORGET = """
DELETE FROM chalkline.risk_scores
WHERE district_id = :district AND as_of = :as_of AND class_id = ANY (CAST(:classes AS uuid[]))
"""
