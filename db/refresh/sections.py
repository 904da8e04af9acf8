"""Makes section_state: what a class's learners did with each section taught so far."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from db.refresh.write import exact, replace

_VALUES = (
    "learners",
    "started",
    "completed",
    "timed",
    "sum_minutes",
    "sum_minutes_squared",
    "median_minutes",
    "checked",
    "sum_comprehension",
    "sum_comprehension_squared",
    "help_requests",
    "learners_helped",
)


def section_state(connection: Connection, given: Mapping[str, Any]) -> int:
    """Makes the sections of `classes` again; returns rows changed."""
    return replace(
        connection,
        "section_state",
        given,
        keys=("class_id", "section_id"),
        values=_VALUES,
        within="t.class_id = ANY (CAST(:classes AS uuid[]))",
        fresh=_FRESH,
    ).total()


# Over learners enrolled as of the day. A row last touched later says what was begun, no more.
_FRESH = f"""
WITH scope AS MATERIALIZED (
    SELECT class_id, course_id, starts_on FROM chalkline.classes
    WHERE district_id = :district AND class_id = ANY (CAST(:classes AS uuid[]))
      AND starts_on <= :as_of),
enrolled AS MATERIALIZED (
    SELECT e.class_id, e.learner_id FROM scope c
    JOIN chalkline.enrollments e ON e.district_id = :district AND e.class_id = c.class_id
    WHERE e.enrolled_on <= :as_of
      AND CASE WHEN e.left_on IS NULL THEN e.status <> 'withdrawn' ELSE e.left_on > :as_of END),
progress AS (
    SELECT p.class_id, p.section_id,
           k.known AND coalesce(p.completed_at < :cut, p.status IN ('completed', 'mastered'))
               AS completed,
           CASE WHEN k.known THEN p.seconds_spent / 60.0 END::float8 AS minutes,
           CASE WHEN k.known THEN p.comprehension END::float8 AS comprehension,
           CASE WHEN k.known THEN p.help_requests ELSE 0 END AS help
    FROM enrolled e
    JOIN chalkline.section_progress p
      ON p.district_id = :district AND p.class_id = e.class_id AND p.learner_id = e.learner_id
    CROSS JOIN LATERAL (SELECT coalesce(
        greatest(p.last_opened_at, p.completed_at, p.first_opened_at) < :cut, true) AS known) k
    WHERE p.status <> 'not_started'
      AND coalesce(least(p.first_opened_at, p.completed_at, p.last_opened_at) < :cut, true)),
sums AS (
    SELECT class_id, section_id,
           count(*) AS started, count(*) FILTER (WHERE completed) AS completed,
           count(minutes) AS timed, sum(minutes) AS minutes,
           sum(minutes * minutes) AS minutes_squared,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY minutes) AS median_minutes,
           count(comprehension) AS checked, sum(comprehension) AS comprehension,
           sum(comprehension * comprehension) AS comprehension_squared,
           sum(help) AS help, count(*) FILTER (WHERE help > 0) AS helped
    FROM progress GROUP BY class_id, section_id),
size AS (SELECT class_id, count(*) AS learners FROM enrolled GROUP BY class_id)
SELECT c.class_id, s.section_id, coalesce(n.learners, 0) AS learners,
       coalesce(p.started, 0) AS started, coalesce(p.completed, 0) AS completed,
       coalesce(p.timed, 0) AS timed,
       {exact("p.minutes")} AS sum_minutes,
       {exact("p.minutes_squared")} AS sum_minutes_squared,
       p.median_minutes::real AS median_minutes, coalesce(p.checked, 0) AS checked,
       {exact("p.comprehension")} AS sum_comprehension,
       {exact("p.comprehension_squared")} AS sum_comprehension_squared,
       coalesce(p.help, 0)::integer AS help_requests, coalesce(p.helped, 0) AS learners_helped
FROM scope c
JOIN chalkline.sections s ON s.course_id = c.course_id
LEFT JOIN size n ON n.class_id = c.class_id
LEFT JOIN sums p ON p.class_id = c.class_id AND p.section_id = s.section_id
WHERE p.started > 0 OR c.starts_on + 7 * s.opens_week <= :as_of
"""
