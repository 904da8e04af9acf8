"""What the knowledge model says, as columns of the rows that are written."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import orjson

from analytics.knowledge.crowd import ANSWERS
from analytics.mastery import LABELS, MASTERED, Estimates
from db.knowledge.answers import SECONDS_A_DAY
from db.knowledge.book import Book, said, skill_ease
from db.knowledge.store import InUse

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
    "state": "text",
}
MASTERY_KEYS: Final = ("learner_id", "competency_id")
MASTERY_VALUES: Final = (
    *(name for name in _TYPES if name not in (*MASTERY_KEYS, "bloom", "state")),
    "bloom_level",
    "model_state",
)


def mastery_columns(book: Book, use: InUse, given: Mapping[str, Any]) -> dict[str, list[Any]]:
    """The estimates of these learners, column by column."""
    now = said(
        use.model,
        book.overall[book.learner],
        book.traces,
        skill_ease(book, use.model),
        day_shown(given),
    )
    return {
        "learner_id": [book.learners[row] for row in book.learner.tolist()],
        "competency_id": [book.skills[code] for code in book.skill.tolist()],
        **worded(now, book.reached.tolist(), book.minutes.tolist()),
        "evidence": book.traces[:, ANSWERS].astype(np.int64).tolist(),
        "credit": book.credit.tolist(),
        "bloom": book.level.tolist(),
        "first_answer_at": [_moment(at) for at in book.first.tolist()],
        "last_answer_at": [_moment(at) for at in book.last.tolist()],
        "state": book.states(),
    }


def worded(
    now: Estimates, reached: Sequence[float], minutes: Sequence[float]
) -> dict[str, list[Any]]:
    """What is said; when mastery was reached is said only of those who have it."""
    has = (now.label == LABELS.index(MASTERED)).tolist()
    return {
        "probability": now.probability.tolist(),
        "low": now.low.tolist(),
        "high": now.high.tolist(),
        "next_right": now.next_right.tolist(),
        "label": [LABELS[label] for label in now.label],
        "mastered_at": [
            _moment(at) if mastered and at == at else None  # NaN is not itself
            for mastered, at in zip(has, reached, strict=True)
        ],
        "minutes_to_mastery": [
            many if mastered and many == many else None
            for mastered, many in zip(has, minutes, strict=True)
        ],
    }


def knowledge_columns(book: Book) -> dict[str, list[Any]]:
    """What is remembered of each learner over all competencies, column by column."""
    last = np.zeros(len(book.learners))
    np.maximum.at(last, book.learner, book.last)
    some = np.flatnonzero(last > 0).tolist()
    return {
        "known": [book.learners[row] for row in some],
        "overall": [orjson.dumps(book.overall[row].tolist()).decode() for row in some],
        "last": [_moment(last[row]) for row in some],
    }


def day_shown(given: Mapping[str, Any]) -> float:
    """The end of the day shown, in days since 1970."""
    cut: datetime = given["cut"]
    return cut.timestamp() / SECONDS_A_DAY


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


_ARRAYS = ", ".join(f"CAST(:{name} AS {type_}[])" for name, type_ in _TYPES.items())
FRESH_MASTERY = f"""
SELECT {", ".join(name for name in _TYPES if name not in ("bloom", "state"))},
       (enum_range(NULL::chalkline.bloom_level))[nullif(bloom, 0)] AS bloom_level,
       state::jsonb AS model_state
FROM unnest({_ARRAYS}) AS k({", ".join(_TYPES)})
"""
FRESH_KNOWLEDGE = """
SELECT learner_id, CAST(:version AS text) AS model_version, overall::jsonb AS overall,
       last_answer_at
FROM unnest(CAST(:known AS uuid[]), CAST(:overall AS text[]), CAST(:last AS timestamptz[]))
  AS k(learner_id, overall, last_answer_at)
"""
