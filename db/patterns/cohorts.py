"""Puts every enrolled learner of a district into a k-anonymous cohort by school and grade."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

import orjson
from sqlalchemy import Connection, text

from analytics.cohorts import ANY, Cohort, cohorts, diversity

_SPACE = UUID("2f0f0a53-5c3f-4d0e-8a6b-3f7d6f1c9a10")
_NO_GRADE = -1


@dataclass(frozen=True)
class Cohorts:
    """The learners in a fixed order, and the cohorts as places in it."""

    learners: list[UUID]
    found: dict[UUID, Cohort]


def form(connection: Connection, given: Mapping[str, Any]) -> Cohorts:
    """Forms the cohorts anew: writes learner_groups and each learner's group.

    Only groups and memberships that differ are written, and a cohort keeps its identifier while
    it is the same school and grade.
    """
    rows = connection.execute(text(_LEARNERS), given).all()
    made = cohorts(
        [row.school_id for row in rows],
        [_NO_GRADE if row.grade_level is None else row.grade_level for row in rows],
        k=given["k"],
    )
    attributes = _attributes(connection, given, [row.learner_id for row in rows])
    found: dict[UUID, Cohort] = {}
    for cohort in made:
        found[_identifier(given, cohort)] = cohort
    # Who stays counted in a figure that nobody updates any more would be miscounted.
    connection.execute(text(_FORGET_PATTERNS), {**given, "kept": list(found)})
    for identifier, cohort in found.items():
        said = {
            "school": str(cohort.school),
            "grade": str(cohort.grade) if cohort.grade != _NO_GRADE else ANY,
            "l_diversity": diversity(cohort, attributes),
        }
        connection.execute(
            text(_GROUP),
            {
                **given,
                "group": identifier,
                "said": orjson.dumps(said).decode(),
                "size": cohort.size,
            },
        )
    learners = [row.learner_id for row in rows]
    places = [(learners[n], identifier) for identifier, one in found.items() for n in one.members]
    connection.execute(
        text(_MEMBERS),
        {**given, "learners": [p[0] for p in places], "groups": [p[1] for p in places]},
    )
    connection.execute(text(_FORGET_GROUPS), {**given, "kept": list(found)})
    return Cohorts(learners, found)


def _identifier(given: Mapping[str, Any], cohort: Cohort) -> UUID:
    return uuid5(_SPACE, f"{given['district']}/{cohort.school}/{cohort.grade}")


def _attributes(
    connection: Connection, given: Mapping[str, Any], learners: Sequence[UUID]
) -> dict[str, list[str | None]]:
    place = {learner: number for number, learner in enumerate(learners)}
    found: dict[str, list[str | None]] = {}
    for row in connection.execute(text(_ATTRIBUTES), given):
        if row.learner_id in place:
            values = found.setdefault(row.attribute, [None] * len(learners))
            values[place[row.learner_id]] = row.value
    return found


_LEARNERS = """
SELECT l.learner_id, l.school_id, l.grade_level FROM chalkline.learners l
WHERE l.district_id = :district AND EXISTS (
    SELECT FROM chalkline.enrollments e
    JOIN chalkline.classes c ON c.district_id = :district AND c.class_id = e.class_id
    WHERE e.district_id = :district AND e.learner_id = l.learner_id
      AND c.starts_on <= :as_of AND c.ends_on >= :as_of
      AND e.enrolled_on <= :as_of AND (e.left_on IS NULL OR e.left_on > :as_of))
ORDER BY l.learner_id
"""
_ATTRIBUTES = """
SELECT learner_id, attribute, value FROM chalkline.protected_attributes
WHERE district_id = :district AND attribute <> 'learning_style'
"""
_GROUP = """
INSERT INTO chalkline.learner_groups AS g (district_id, group_id, generalisation, size, formed_at)
VALUES (:district, :group, CAST(:said AS jsonb), :size, :now)
ON CONFLICT (district_id, group_id) DO UPDATE
SET generalisation = excluded.generalisation, size = excluded.size, formed_at = excluded.formed_at
WHERE (g.generalisation, g.size) IS DISTINCT FROM (excluded.generalisation, excluded.size)
"""
_MEMBERS = """
WITH members AS (
    SELECT * FROM unnest(CAST(:learners AS uuid[]), CAST(:groups AS uuid[]))
        AS m(learner_id, group_id)),
gone AS (
    UPDATE chalkline.learners l SET group_id = NULL
    WHERE l.district_id = :district AND l.group_id IS NOT NULL
      AND l.learner_id NOT IN (SELECT learner_id FROM members))
UPDATE chalkline.learners l SET group_id = m.group_id FROM members m
WHERE l.district_id = :district AND l.learner_id = m.learner_id
  AND l.group_id IS DISTINCT FROM m.group_id
"""
_FORGET_PATTERNS = """
DELETE FROM chalkline.learning_patterns
WHERE district_id = :district AND group_id <> ALL (CAST(:kept AS uuid[]))
"""
_FORGET_GROUPS = """
DELETE FROM chalkline.learner_groups
WHERE district_id = :district AND group_id <> ALL (CAST(:kept AS uuid[]))
"""
