"""Makes mastery: what the knowledge model says of each learner and competency.

A new answer is taken into what the model remembers of the learner; her other answers are not read
again, unless one came late. What nobody answers to fades, by a step each week since the latest
answer, so that a new day moves one estimate in seven.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import numpy as np
import orjson
from sqlalchemy import Connection, text

from analytics.knowledge.crowd import ANSWERS
from analytics.mastery import LABELS, MASTERED, Estimates
from db.knowledge.answers import SECONDS_A_DAY, answers
from db.knowledge.book import Book, carried_on, opened, said, skill_ease
from db.knowledge.store import InUse, model_for
from db.people import Progress
from db.refresh.dirty import UNSEEN_HERE
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
    "state": "text",
}
_KEYS: Final = ("learner_id", "competency_id")
_VALUES: Final = (
    *(name for name in _TYPES if name not in (*_KEYS, "bloom", "state")),
    "bloom_level",
    "model_state",
)


@dataclass(frozen=True)
class Estimated:
    """Learners of whom an answer changed an estimate, and those whose word a day's fading did."""

    answered: set[UUID]
    faded: set[UUID]


def mastery(
    connection: Connection,
    given: Mapping[str, Any],
    learners: Collection[UUID] | None,
    progress: Progress,
    *,
    rolled: bool = False,
) -> Estimated:
    """Takes the new answers of these learners in (None: everybody's, from the first one on), and
    on a new day lets fade what is due."""
    use = model_for(connection, given)
    if learners is None:
        everybody = list(connection.scalars(text(_EVERYBODY), given))
        return Estimated(_estimated(connection, given, use, everybody, {}, progress), set())
    some = sorted(learners)
    kept = _remembered(connection, given, use, some)
    changed = _estimated(connection, given, use, some, kept, progress)
    return Estimated(changed, _faded(connection, given, use) if rolled else set())


def _remembered(
    connection: Connection, given: Mapping[str, Any], use: InUse, learners: Sequence[UUID]
) -> dict[UUID, Any]:
    """What is remembered of the learners whose new answers all came after it; the others' whole
    history has to be read again."""
    if not learners:
        return {}
    where = {**given, "learners": list(learners), "version": use.version}
    late = set(connection.scalars(text(_LATE), where))
    rows = connection.execute(text(_KNOWN), where)
    return {row.learner_id: row for row in rows if row.learner_id not in late}


def _estimated(
    connection: Connection,
    given: Mapping[str, Any],
    use: InUse,
    learners: Sequence[UUID],
    kept: Mapping[UUID, Any],
    progress: Progress,
) -> set[UUID]:
    changed: set[UUID] = set()
    for at in range(0, len(learners), BATCH):
        batch = learners[at : at + BATCH]
        held = [one for one in batch if one in kept]
        since = [kept[one].last_answer_at if one in kept else None for one in batch]
        found = answers(connection, given, learners=batch, since=since)
        rows = connection.execute(text(_HELD), {**given, "learners": held}).all() if held else []
        overall = {one: kept[one].overall for one in held}
        book = carried_on(opened(batch, overall, rows, found, use), found, use)
        where = {**given, "learners": batch, "version": use.version}
        changed.update(
            replace(
                connection,
                "mastery",
                where | _columns(book, use, given),
                keys=_KEYS,
                values=_VALUES,
                within=_OF_LEARNERS,
                fresh=_FRESH,
            )
        )
        replace(
            connection,
            "learner_knowledge",
            where | _totals(book),
            keys=("learner_id",),
            values=("model_version", "overall", "last_answer_at"),
            within=_OF_LEARNERS,
            fresh=_TOTALS,
        )
        progress("mastery", min(at + BATCH, len(learners)), len(learners))
    return changed


def _columns(book: Book, use: InUse, given: Mapping[str, Any]) -> dict[str, list[Any]]:
    """The rows to write, column by column."""
    now = said(
        use.model, book.overall[book.learner], book.traces, skill_ease(book, use.model), _day(given)
    )
    return {
        "learner_id": [book.learners[row] for row in book.learner.tolist()],
        "competency_id": [book.skills[code] for code in book.skill.tolist()],
        **_words(now, book.reached.tolist(), book.minutes.tolist()),
        "evidence": book.traces[:, ANSWERS].astype(np.int64).tolist(),
        "credit": book.credit.tolist(),
        "bloom": book.level.tolist(),
        "first_answer_at": [_moment(at) for at in book.first.tolist()],
        "last_answer_at": [_moment(at) for at in book.last.tolist()],
        "state": book.states(),
    }


def _words(
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


def _totals(book: Book) -> dict[str, list[Any]]:
    last = np.zeros(len(book.learners))
    np.maximum.at(last, book.learner, book.last)
    some = np.flatnonzero(last > 0).tolist()
    return {
        "known": [book.learners[row] for row in some],
        "overall": [orjson.dumps(book.overall[row].tolist()).decode() for row in some],
        "last": [_moment(last[row]) for row in some],
    }


def _faded(connection: Connection, given: Mapping[str, Any], use: InUse) -> set[UUID]:
    """Estimates a whole week older than on the day shown before; learners whose word changed."""
    rows = connection.execute(text(_DUE), {**given, "version": use.version}).all()
    if not rows:
        return set()
    ease = {one: use.model.skill_ease(str(one)) for one in {row.competency_id for row in rows}}
    now = said(
        use.model,
        np.array([row.overall for row in rows], dtype=np.float64),
        np.array([row.model_state["trace"] for row in rows], dtype=np.float64),
        np.array([ease[row.competency_id] for row in rows]),
        _day(given),
    )
    reached = [row.model_state["reached"] or (np.nan, None) for row in rows]
    words = _words(
        now,
        [when for when, _ in reached],
        [np.nan if minutes is None else minutes for _, minutes in reached],
    )
    columns = {
        "learner_id": [row.learner_id for row in rows],
        "competency_id": [row.competency_id for row in rows],
    }
    connection.execute(text(_FADE), {**given, **columns, **words})
    return {
        row.learner_id
        for row, label in zip(rows, words["label"], strict=True)
        if row.label != label
    }


def _day(given: Mapping[str, Any]) -> float:
    """The end of the day shown, in days since 1970."""
    cut: datetime = given["cut"]
    return cut.timestamp() / SECONDS_A_DAY


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


_EVERYBODY = """
SELECT learner_id FROM chalkline.item_responses WHERE district_id = :district
UNION SELECT learner_id FROM chalkline.mastery WHERE district_id = :district ORDER BY 1
"""
_OF_LEARNERS = "t.learner_id = ANY (CAST(:learners AS uuid[]))"
_KNOWN = """
SELECT learner_id, overall, last_answer_at FROM chalkline.learner_knowledge
WHERE district_id = :district AND learner_id = ANY (CAST(:learners AS uuid[]))
  AND model_version = :version
"""
_LATE = f"""
SELECT DISTINCT t.learner_id
FROM chalkline.learner_knowledge k
JOIN chalkline.item_responses t ON t.district_id = :district AND t.learner_id = k.learner_id
 AND t.answered_at <= k.last_answer_at
WHERE k.district_id = :district AND k.learner_id = ANY (CAST(:learners AS uuid[]))
  AND {UNSEEN_HERE}
"""
_HELD = """
SELECT learner_id, competency_id, model_state, credit::float8 AS credit,
       coalesce(array_position(enum_range(NULL::chalkline.bloom_level), bloom_level), 0) AS level,
       extract(epoch FROM first_answer_at)::float8 AS first_at,
       extract(epoch FROM last_answer_at)::float8 AS last_at
FROM chalkline.mastery
WHERE district_id = :district AND learner_id = ANY (CAST(:learners AS uuid[]))
ORDER BY learner_id, competency_id
"""
_WEEKS = "floor(extract(epoch FROM CAST({0} AS timestamptz) - m.last_answer_at) / 604800)"
_DUE = f"""
SELECT m.learner_id, m.competency_id, m.model_state, m.label, k.overall
FROM chalkline.mastery m
JOIN chalkline.learner_knowledge k ON k.district_id = :district AND k.learner_id = m.learner_id
WHERE m.district_id = :district AND k.model_version = :version
  AND {_WEEKS.format(":cut")} > {_WEEKS.format(":was_cut")}
ORDER BY 1, 2
"""
_FADE = """
UPDATE chalkline.mastery m
SET probability = f.probability, low = f.low, high = f.high, next_right = f.next_right,
    label = f.label, mastered_at = f.mastered_at, minutes_to_mastery = f.minutes, updated_at = :now
FROM unnest(
    CAST(:learner_id AS uuid[]), CAST(:competency_id AS uuid[]), CAST(:probability AS real[]),
    CAST(:low AS real[]), CAST(:high AS real[]), CAST(:next_right AS real[]),
    CAST(:label AS text[]), CAST(:mastered_at AS timestamptz[]),
    CAST(:minutes_to_mastery AS real[]))
  AS f(learner_id, competency_id, probability, low, high, next_right, label, mastered_at, minutes)
WHERE m.district_id = :district AND m.learner_id = f.learner_id
  AND m.competency_id = f.competency_id
"""
_ARRAYS = ", ".join(f"CAST(:{name} AS {type_}[])" for name, type_ in _TYPES.items())
_FRESH = f"""
SELECT {", ".join(name for name in _TYPES if name not in ("bloom", "state"))},
       (enum_range(NULL::chalkline.bloom_level))[nullif(bloom, 0)] AS bloom_level,
       state::jsonb AS model_state
FROM unnest({_ARRAYS}) AS k({", ".join(_TYPES)})
"""
_TOTALS = """
SELECT learner_id, CAST(:version AS text) AS model_version, overall::jsonb AS overall,
       last_answer_at
FROM unnest(CAST(:known AS uuid[]), CAST(:overall AS text[]), CAST(:last AS timestamptz[]))
  AS k(learner_id, overall, last_answer_at)
"""
