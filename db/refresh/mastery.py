"""Makes mastery: an estimate for each learner and competency, from all her answers to it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, text

from analytics.mastery import LABELS, MASTERED, estimate, prior_means, reached, weigh
from db.people import Progress
from db.refresh.answers import SECONDS_A_DAY, Answers, answers
from db.refresh.write import replace

BATCH: Final = 1_000  # learners whose answers are in memory at once

_TYPES: Final = {
    "learner_id": "uuid",
    "competency_id": "uuid",
    "probability": "real",
    "low": "real",
    "high": "real",
    "next_right": "real",
    "label": "text",
    "evidence": "integer",
    "credit": "real",
    "bloom": "smallint",
    "first_answer_at": "timestamptz",
    "last_answer_at": "timestamptz",
    "mastered_at": "timestamptz",
    "minutes_to_mastery": "real",
    "prior": "float8",
}
_KEYS: Final = ("learner_id", "competency_id")
_VALUES: Final = (
    *(name for name in _TYPES if name not in (*_KEYS, "bloom", "prior")),
    "bloom_level",
    "model_state",
)

Priors = Mapping[UUID, float]


def mastery(
    connection: Connection,
    given: Mapping[str, Any],
    learners: Collection[UUID] | None,
    progress: Progress,
) -> set[UUID]:
    """Estimates these learners (None: all) anew; returns those of whom something changed.

    An answer moves its competency's mean over all learners, where every estimate starts. When that
    crosses a step, the other learners' estimates of it are made again too.
    """
    if learners is None:
        everybody = list(connection.scalars(text(_EVERYBODY), given))
        return _estimated(connection, given, everybody, _priors(connection, given, None), progress)
    some = sorted(learners)
    if not some:
        return set()
    priors = _priors(connection, given, some)
    changed = _estimated(connection, given, some, priors, progress)
    moved = connection.execute(
        text(_MOVED),
        {**given, "learners": some, "competencies": list(priors), "priors": list(priors.values())},
    ).all()
    if moved:
        only = {row.competency_id: priors[row.competency_id] for row in moved}
        others = sorted({row.learner_id for row in moved})
        changed |= _estimated(connection, given, others, only, progress, only=list(only))
    return changed


def _priors(
    connection: Connection, given: Mapping[str, Any], learners: Sequence[UUID] | None
) -> dict[UUID, float]:
    """Prior mean per competency (None: all; else of those that these learners answered).

    What other learners answered is already summed up in their estimates.
    """
    rows = connection.execute(text(_SUMS), {**given, "learners": learners}).all()
    means = prior_means(
        np.array([row.credit for row in rows], dtype=np.float64),
        np.array([row.answers for row in rows], dtype=np.float64),
    )
    return {row.competency_id: float(mean) for row, mean in zip(rows, means, strict=True)}


def _estimated(
    connection: Connection,
    given: Mapping[str, Any],
    learners: Sequence[UUID],
    priors: Priors,
    progress: Progress,
    *,
    only: Sequence[UUID] | None = None,
) -> set[UUID]:
    changed: set[UUID] = set()
    for at in range(0, len(learners), BATCH):
        batch = learners[at : at + BATCH]
        found = answers(connection, given, learners=batch, competencies=only)
        changed.update(
            replace(
                connection,
                "mastery",
                {**given, **_columns(found, priors), "learners": batch, "only": only},
                keys=_KEYS,
                values=_VALUES,
                within="t.learner_id = ANY (CAST(:learners AS uuid[])) AND (CAST(:only AS uuid[]) "
                "IS NULL OR t.competency_id = ANY (CAST(:only AS uuid[])))",
                fresh=_FRESH,
            )
        )
        progress("mastery", min(at + BATCH, len(learners)), len(learners))
    return changed


def _columns(found: Answers, priors: Priors) -> dict[str, list[Any]]:
    """The rows to write, column by column, one entry per learner and competency."""
    start, count = found.start, len(found.start)
    length = np.diff(np.append(start, len(found.at)))
    last = start + length - 1
    prior = np.array([priors[competency] for competency in found.competency], dtype=np.float64)
    weight, right = weigh(start, found.at / SECONDS_A_DAY, found.credit)
    now = estimate(weight[last], right[last], length, prior)
    first = reached(start, weight, right, prior)
    first[now.label != LABELS.index(MASTERED)] = -1
    level = np.where(found.credit >= 1, found.level, 0)
    return {
        "learner_id": found.learner,
        "competency_id": found.competency,
        "probability": now.probability.tolist(),
        "low": now.low.tolist(),
        "high": now.high.tolist(),
        "next_right": now.next_right.tolist(),
        "label": [LABELS[label] for label in now.label],
        "evidence": length.tolist(),
        "credit": (np.add.reduceat(found.credit, start) if count else np.empty(0)).tolist(),
        "bloom": (np.maximum.reduceat(level, start) if count else np.empty(0)).tolist(),
        "first_answer_at": [_moment(at) for at in found.at[start]],
        "last_answer_at": [_moment(at) for at in found.at[last]],
        "mastered_at": [_moment(found.at[at]) if at >= 0 else None for at in first],
        "minutes_to_mastery": _minutes(found, first),
        "prior": prior.tolist(),
    }


def _minutes(found: Answers, first: NDArray[np.int64]) -> list[float | None]:
    """Time spent on answers until mastery; None without mastery or where any time is unknown."""
    minutes: list[float | None] = []
    for begin, at in zip(found.start, first, strict=True):
        spent = found.seconds[begin : at + 1]
        known = at >= 0 and bool((spent >= 0).all())
        minutes.append(float(spent.sum()) / 60 if known else None)
    return minutes


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


_EVERYBODY = """
SELECT learner_id FROM chalkline.item_responses WHERE district_id = :district
UNION SELECT learner_id FROM chalkline.mastery WHERE district_id = :district ORDER BY 1
"""

_SUMS = """
WITH answered AS (
    SELECT ic.competency_id, count(*) AS answers, sum(r.credit::float8) AS credit
    FROM chalkline.item_responses r
    JOIN chalkline.item_competencies ic ON ic.district_id = :district AND ic.item_id = r.item_id
    WHERE r.district_id = :district AND r.answered_at < :cut
      AND (CAST(:learners AS uuid[]) IS NULL OR r.learner_id = ANY (CAST(:learners AS uuid[])))
    GROUP BY ic.competency_id)
SELECT a.competency_id, a.answers + coalesce(m.answers, 0) AS answers,
       a.credit + coalesce(m.credit, 0) AS credit
FROM answered a
LEFT JOIN LATERAL (
    SELECT sum(m.evidence) AS answers, sum(m.credit::float8) AS credit FROM chalkline.mastery m
    WHERE CAST(:learners AS uuid[]) IS NOT NULL AND m.district_id = :district
      AND m.competency_id = a.competency_id AND m.learner_id <> ALL (CAST(:learners AS uuid[]))) m
  ON true
ORDER BY a.competency_id
"""

_MOVED = """
SELECT m.learner_id, m.competency_id
FROM unnest(CAST(:competencies AS uuid[]), CAST(:priors AS float8[])) AS k(competency_id, prior)
JOIN chalkline.mastery m ON m.district_id = :district AND m.competency_id = k.competency_id
WHERE m.learner_id <> ALL (CAST(:learners AS uuid[]))
  AND (m.model_state->>'prior')::float8 IS DISTINCT FROM k.prior
"""

_ARRAYS = ", ".join(f"CAST(:{name} AS {type_}[])" for name, type_ in _TYPES.items())
_FRESH = f"""
SELECT {", ".join(name for name in _TYPES if name not in ("bloom", "prior"))},
       (enum_range(NULL::chalkline.bloom_level))[nullif(bloom, 0)] AS bloom_level,
       jsonb_build_object('prior', prior) AS model_state
FROM unnest({_ARRAYS}) AS k({", ".join(_TYPES)})
"""
