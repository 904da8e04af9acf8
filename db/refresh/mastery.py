"""Makes mastery: what the knowledge model says of each learner and competency.

A new answer is taken into what the model remembers of the learner; her other answers are not read
again, unless one came late. What nobody answers to fades, by a step each week since the latest
answer, so that a new day moves one estimate in seven.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, text

from db.knowledge.answers import answers
from db.knowledge.book import carried_on, opened
from db.knowledge.store import InUse, model_for
from db.people import Progress
from db.refresh.dirty import UNSEEN_HERE
from db.refresh.estimates import (
    FRESH_KNOWLEDGE,
    FRESH_MASTERY,
    MASTERY_KEYS,
    MASTERY_VALUES,
    knowledge_columns,
    mastery_columns,
)
from db.refresh.fading import faded
from db.refresh.write import replace

BATCH: Final = 1_000  # learners whose answers are in memory at once


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
    return Estimated(changed, faded(connection, given, use) if rolled else set())


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
                where | mastery_columns(book, use, given),
                keys=MASTERY_KEYS,
                values=MASTERY_VALUES,
                within=_OF_LEARNERS,
                fresh=FRESH_MASTERY,
            )
        )
        replace(
            connection,
            "learner_knowledge",
            where | knowledge_columns(book),
            keys=("learner_id",),
            values=("model_version", "overall", "last_answer_at"),
            within=_OF_LEARNERS,
            fresh=FRESH_KNOWLEDGE,
        )
        progress("mastery", min(at + BATCH, len(learners)), len(learners))
    return changed


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
