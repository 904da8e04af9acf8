"""Makes school_grade_state: each day's snapshot of every school and grade."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from analytics.rules import ABSENT_LEAST, ABSENT_SHARE
from db.refresh.write import exact, replace

_VALUES = (
    "learners",
    "active_28",
    "sum_progress",
    "sum_score",
    "scored",
    "chronically_absent",
    "flagged",
)


def school_grade_state(
    connection: Connection, given: Mapping[str, Any], classes: Sequence[UUID] | None
) -> int:
    """Makes today's rows of the schools of these classes' learners (None: of all) again."""
    return replace(
        connection,
        "school_grade_state",
        {
            **given,
            "of": None if classes is None else list(classes),
            "absent_least": ABSENT_LEAST,
            "absent_share": ABSENT_SHARE,
        },
        keys=("school_id", "grade_level", "as_of"),
        values=_VALUES,
        within="t.as_of = :as_of AND t.school_id IN (SELECT l.school_id "
        f"FROM chalkline.learners l WHERE l.district_id = :district AND {_CONCERNED})",
        fresh=_FRESH,
    ).total()


_CONCERNED = """(CAST(:of AS uuid[]) IS NULL OR l.learner_id IN (
    SELECT e.learner_id FROM chalkline.enrollment_state e
    WHERE e.district_id = :district AND e.class_id = ANY (CAST(:of AS uuid[]))))"""

# Per learner first: somebody in three classes is one learner.
_FRESH = f"""
WITH schools AS MATERIALIZED (
    SELECT DISTINCT l.school_id FROM chalkline.learners l
    WHERE l.district_id = :district AND {_CONCERNED}),
people AS (
    SELECT l.school_id, coalesce(l.grade_level, -1) AS grade_level, l.learner_id,
           bool_or(s.active_days_28 > 0) AS active,
           avg(s.progress::float8) AS progress, avg(s.score_mean::float8) AS score,
           bool_or(s.days_absent_28 >= :absent_least
                   AND s.days_absent_28 >= :absent_share * s.days_enrolled_28) AS absent
    FROM chalkline.learners l
    JOIN chalkline.enrollment_state s ON s.district_id = :district AND s.learner_id = l.learner_id
    WHERE l.district_id = :district AND l.school_id IN (SELECT school_id FROM schools)
      AND s.enrolled AND s.as_of = :as_of
    GROUP BY l.school_id, l.grade_level, l.learner_id),
flagged AS (
    SELECT DISTINCT learner_id FROM chalkline.flags
    WHERE district_id = :district AND closed_on IS NULL)
SELECT p.school_id, p.grade_level::smallint AS grade_level, CAST(:as_of AS date) AS as_of,
       count(*) AS learners, count(*) FILTER (WHERE p.active) AS active_28,
       {exact("sum(p.progress)")} AS sum_progress,
       {exact("sum(p.score)")} AS sum_score, count(p.score) AS scored,
       count(*) FILTER (WHERE p.absent) AS chronically_absent,
       count(f.learner_id) AS flagged
FROM people p LEFT JOIN flagged f USING (learner_id)
GROUP BY p.school_id, p.grade_level
"""
