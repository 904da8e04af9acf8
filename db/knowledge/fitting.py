"""Fits a district's knowledge model to its own answers, and stores what it foretold of others."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from time import perf_counter
from typing import Any, Final
from uuid import UUID

import numpy as np
from sqlalchemy import Connection, Engine, text

from analytics.knowledge import Answers, Model, class_lift, fit, replay
from analytics.knowledge.answers import Floats, Ints, take
from analytics.knowledge.estimating import forecast
from analytics.knowledge.evaluation import score
from analytics.knowledge.fitting import LEAST_FOR_FIT
from db.knowledge import answers as stored
from db.knowledge import store
from db.knowledge.answers import SECONDS_A_DAY
from db.locks import Work, alone
from db.people import Progress, quiet

MOST_ANSWERS: Final = 220_000  # more tell the weights nothing new; learners are drawn by lot
TESTED: Final = 5  # of so many learners, one is kept aside to test the model on
LEAST_LIFT: Final = 0.05  # log-odds; less is not kept
BATCH: Final = 1_000
EVERY: Final = timedelta(days=7) - timedelta(hours=4)  # a week, at whatever hour of the night


@dataclass(frozen=True)
class Fitted:
    """What a fit gave; `why_not` says in a sentence why there is no new model."""

    version: str | None
    trained_from: date | None = None
    trained_to: date | None = None
    metrics: Mapping[str, Any] | None = None
    why_not: str = ""


def fit_district(
    engine: Engine, *, district: int, now: datetime, progress: Progress = quiet
) -> Fitted:
    """Fits on the answers known by the district's today, and puts the new version to use.

    The figures stored with it are of this very model, on the learners it was not fitted on. The
    next refresh makes every estimate of the district anew.
    """
    with engine.begin() as connection:
        given = {"district": district}
        alone(connection, Work.FITTING, district)
        place = connection.execute(text(_PLACE), given).one()
        where = {"district": district, "cut": place.cut, "tz": place.timezone}
        counts = connection.execute(text(_COUNTS), where).all()
        total = sum(row.answers for row in counts)
        if total < LEAST_FOR_FIT:
            return Fitted(
                None,
                why_not=f"{total:,} answers are too few to fit a model on ({LEAST_FOR_FIT:,} are "
                "needed), so the shipped weights stay in use. Fit again when there are more.",
            )
        chosen = _by_lot([(row.learner_id, row.answers) for row in counts])
        progress("reading answers", 0, len(chosen))
        known, _ = _read(connection, where, chosen)
        began = perf_counter()
        aside = np.random.default_rng(1).permutation(len(known.learners)) % TESTED == 0
        test = aside[known.learner] & (len(known.learners) >= TESTED)
        needs = store.prerequisites(connection, district)
        progress("fitting", 0, None)
        model = fit(take(known, ~test), prerequisites=needs)
        took = perf_counter() - began
        metrics = _metrics(model, take(known, test), took)
        lifts = _lifts(connection, where, model, [row.learner_id for row in counts], progress)
        window = min(row.first_on for row in counts), max(row.last_on for row in counts)
        version = store.keep(
            connection, district, model=model, lifts=lifts, window=window, metrics=metrics, now=now
        )
        return Fitted(version, *window, metrics)


def fit_weekly(
    engine: Engine, *, district: int, now: datetime, progress: Progress = quiet
) -> Fitted | None:
    """Fits when the last fit is a week old; None while it is not due.

    Never in a district's first night: what people see for the first time should not change under
    their eyes an hour later.
    """
    with engine.begin() as connection:
        given = {"district": district, "before": now - EVERY}
        if not connection.scalar(text(_FIT_DUE), given):
            return None
    return fit_district(engine, district=district, now=now, progress=progress)


def _by_lot(counts: list[tuple[UUID, int]]) -> list[UUID]:
    """Learners whose answers come to MOST_ANSWERS, everybody where they do not."""
    order = np.random.default_rng(0).permutation(len(counts))
    total = np.cumsum([counts[place][1] for place in order.tolist()])
    many = int(np.searchsorted(total, MOST_ANSWERS, side="right"))
    return sorted(counts[place][0] for place in order[: max(many, 1)].tolist())


def _read(
    connection: Connection, where: Mapping[str, Any], learners: list[UUID]
) -> tuple[Answers, stored.Answers]:
    """These learners' answers as the model takes them, and as they came."""
    found = stored.answers(connection, where, learners=learners, since=[None] * len(learners))
    opens = np.flatnonzero(found.opens == 1)
    asked: dict[int, tuple[str, ...]] = {}
    for item, skill in sorted(
        set(zip(found.item.tolist(), found.competency.tolist(), strict=True))
    ):
        asked[item] = (*asked.get(item, ()), str(found.competencies[skill]))
    sets = tuple(sorted({tuple(sorted(skills)) for skills in asked.values()}))
    code = {skills: number for number, skills in enumerate(sets)}
    of_item = np.array([code[tuple(sorted(asked[i]))] for i in range(len(found.items))], dtype=int)
    learner, when = found.learner[opens], found.at[opens] / SECONDS_A_DAY
    new = np.append(True, (learner[1:] != learner[:-1]) | (when[1:] != when[:-1]))[: len(opens)]
    return (
        Answers(
            learner=learner,
            item=found.item[opens],
            skills=of_item[found.item[opens]],
            when=when,
            credit=found.credit[opens],
            sitting=np.cumsum(new),
            learners=tuple(map(str, found.learners)),
            items=tuple(map(str, found.items)),
            skill_sets=sets,
        ),
        found,
    )


def _metrics(model: Model, test: Answers, took: float) -> dict[str, Any]:
    said: dict[str, Any] = {
        "answers": model.answers,
        "learners": model.learners,
        "test_answers": len(test),
        "test_learners": len(np.unique(test.learner)),
        "fit_seconds": round(took, 1),
    }
    if len(test):
        found = score(model, test)
        named = ("auc", "auc_low", "auc_high", "accuracy", "brier", "log_loss", "auc_first")
        said |= {name: found[name] for name in (*named, "calibration_error", "labels", "interval")}
    return said


def _lifts(
    connection: Connection,
    where: Mapping[str, Any],
    model: Model,
    learners: list[UUID],
    progress: Progress,
) -> dict[UUID, dict[str, float]]:
    """How much easier each competency is for each class than foretold of its learners."""
    pairs: dict[tuple[UUID, str], int] = {}
    parts: list[tuple[Floats, Floats, Ints]] = []
    for at in range(0, len(learners), BATCH):
        known, found = _read(connection, where, learners[at : at + BATCH])
        ease = np.array(
            [
                model.ease(known.items[item], known.skill_sets[asked])
                for item, asked in zip(known.item.tolist(), known.skills.tolist(), strict=True)
            ]
        )
        told = forecast(model, replay(known, ease, start=model.start()).rows, ease)
        answer = np.cumsum(found.opens) - 1
        codes = [
            pairs.setdefault((found.rooms[room], str(found.competencies[skill])), len(pairs))
            for room, skill in zip(found.room.tolist(), found.competency.tolist(), strict=True)
        ]
        parts.append((known.credit[answer], told[answer], np.array(codes, dtype=np.int64)))
        progress("classes", min(at + BATCH, len(learners)), len(learners))
    credit, expected, group = (np.concatenate(column) for column in zip(*parts, strict=True))
    lifts: dict[UUID, dict[str, float]] = {}
    for (room, skill), lift in zip(
        pairs, class_lift(credit, expected, group, len(pairs)).round(2).tolist(), strict=True
    ):
        if abs(lift) >= LEAST_LIFT:
            lifts.setdefault(room, {})[skill] = lift
    return lifts


_FIT_DUE = """
SELECT EXISTS (SELECT FROM chalkline.job_runs
               WHERE district_id = :district AND job = 'night' AND state = 'done')
   AND NOT EXISTS (SELECT FROM chalkline.knowledge_models
                   WHERE district_id = :district AND kind = 'fitted' AND created_at > :before)
"""
_PLACE = """
SELECT timezone, (chalkline.today(district_id) + 1)::timestamp AT TIME ZONE timezone AS cut
FROM chalkline.institutions WHERE district_id = :district AND kind = 'district'
"""
_COUNTS = """
SELECT r.learner_id, count(*) AS answers,
       min((r.answered_at AT TIME ZONE :tz)::date) AS first_on,
       max((r.answered_at AT TIME ZONE :tz)::date) AS last_on
FROM chalkline.item_responses r
WHERE r.district_id = :district AND r.answered_at < :cut
  AND EXISTS (SELECT FROM chalkline.item_competencies ic
              WHERE ic.district_id = :district AND ic.item_id = r.item_id)
GROUP BY r.learner_id ORDER BY r.learner_id
"""
