"""Lets fade what nobody answers to: by a step each week since the latest answer."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import Connection, text

from db.knowledge.book import said
from db.knowledge.store import InUse
from db.refresh.estimates import day_shown, worded


def faded(connection: Connection, given: Mapping[str, Any], use: InUse) -> set[UUID]:
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
        day_shown(given),
    )
    reached = [row.model_state["reached"] or (np.nan, None) for row in rows]
    words = worded(
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
