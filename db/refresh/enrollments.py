"""Makes enrollment_state: one wide row per enrolment, as of the day (or of the class's last)."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from analytics.rules import ATTENDANCE_DAYS, CURRENT_WEEKS, GRACE_DAYS, WORK_WEEKS
from db.refresh.work import WORK
from db.refresh.write import replace

_VALUES = (
    "as_of",
    "enrolled",
    "last_active_on",
    "active_days_28",
    "active_days_before",
    "clicks_28",
    "clicks_before",
    "minutes_28",
    "help_requests_28",
    "weekly_clicks",
    "class_activity",
    "work_due",
    "work_missing",
    "missing_since",
    "work_late",
    "score_mean",
    "score_recent",
    "score_percentile",
    "days_enrolled_28",
    "days_absent_28",
    "last_absent_on",
    "low_competencies",
    "mastered",
    "assessed",
    "progress",
)
_WEEKS = 12


def enrollment_state(connection: Connection, given: Mapping[str, Any]) -> int:
    """Makes the enrolments of `classes` again; returns rows changed."""
    return replace(
        connection,
        "enrollment_state",
        {
            **given,
            "grace": GRACE_DAYS,
            "work_days": 7 * WORK_WEEKS,
            "current_days": 7 * CURRENT_WEEKS,
            "school_days": ATTENDANCE_DAYS,
        },
        keys=("class_id", "learner_id"),
        values=_VALUES,
        within="t.class_id = ANY (CAST(:classes AS uuid[]))",
        fresh=_FRESH,
    ).total()


def touch(
    connection: Connection,
    district: int,
    *,
    pairs: Collection[tuple[UUID, UUID]],
    learners: Collection[UUID],
    now: datetime,
) -> None:
    """Stamps the enrolments whose days or mastery changed, for pages that ask what moved."""
    connection.execute(
        text(_TOUCH),
        {
            "district": district,
            "classes": [pair[0] for pair in pairs],
            "learners": [pair[1] for pair in pairs],
            "people": list(learners),
            "now": now,
        },
    )


_TOUCH = """
UPDATE chalkline.enrollment_state t SET updated_at = :now
WHERE t.district_id = :district AND t.updated_at < :now AND (
    (t.class_id, t.learner_id) IN (
        SELECT * FROM unnest(CAST(:classes AS uuid[]), CAST(:learners AS uuid[])))
    OR t.learner_id = ANY (CAST(:people AS uuid[])))
"""

_WEEK = (
    "coalesce(sum(a.clicks) FILTER (WHERE a.on_date <= s.day - 7 * {0} "
    "AND a.on_date > s.day - 7 * ({0} + 1)), 0)::integer"
)
_WEEKLY = ", ".join(_WEEK.format(week) for week in reversed(range(_WEEKS)))

# A class that has ended is shown as of its last day: its windows do not run on.
# Chronic absence counts excused days too. Weeks without school do not count as school days:
# only days with a row do, and none older than eight weeks.
_FRESH = f"""
WITH scope AS MATERIALIZED (
    SELECT e.class_id, e.learner_id, e.enrolled_on, e.left_on, c.course_id, c.starts_on, k.day,
           CASE WHEN e.left_on IS NULL THEN e.status <> 'withdrawn' ELSE e.left_on > k.day END
               AS enrolled
    FROM chalkline.classes c
    CROSS JOIN LATERAL (SELECT least(CAST(:as_of AS date), c.ends_on) AS day) k
    JOIN chalkline.enrollments e ON e.district_id = :district AND e.class_id = c.class_id
    WHERE c.district_id = :district AND c.class_id = ANY (CAST(:classes AS uuid[]))
      AND c.starts_on <= :as_of AND e.enrolled_on <= k.day),
courses AS MATERIALIZED (SELECT DISTINCT class_id, course_id, starts_on, day FROM scope),
active AS (
    SELECT s.class_id, s.learner_id,
           count(*) FILTER (WHERE a.on_date > s.day - 28) AS days_28,
           count(*) FILTER
               (WHERE a.on_date <= s.day - 28 AND a.on_date > s.day - 56) AS days_before,
           coalesce(sum(a.clicks) FILTER (WHERE a.on_date > s.day - 28), 0) AS clicks_28,
           coalesce(sum(a.clicks) FILTER
               (WHERE a.on_date <= s.day - 28 AND a.on_date > s.day - 56), 0) AS clicks_before,
           sum(a.seconds) FILTER (WHERE a.on_date > s.day - 28) / 60.0 AS minutes_28,
           coalesce(sum(a.help_requests) FILTER (WHERE a.on_date > s.day - 28), 0) AS help_28,
           ARRAY[{_WEEKLY}] AS weekly, max(a.on_date) AS last_on
    FROM scope s
    JOIN chalkline.activity_days a ON a.district_id = :district AND a.class_id = s.class_id
     AND a.learner_id = s.learner_id AND a.on_date > s.day - {7 * _WEEKS} AND a.on_date <= s.day
    GROUP BY s.class_id, s.learner_id),
{WORK},
papers AS (
    SELECT class_id, learner_id,
           count(*) FILTER (WHERE due) AS due, count(*) FILTER (WHERE due AND missing) AS missing,
           min(due_on) FILTER
               (WHERE due AND missing AND due_on > day - CAST(:work_days AS integer)) AS since,
           count(*) FILTER (WHERE due AND late) AS late,
           sum(weight * percent)
               / nullif(sum(weight) FILTER (WHERE percent IS NOT NULL), 0) AS mean,
           (max(latest))[2] AS recent
    FROM pieces GROUP BY class_id, learner_id),
at_school AS (
    SELECT p.learner_id, p.day, count(*) AS days,
           count(*) FILTER (WHERE d.status IN ('absent', 'excused')) AS absent,
           max(d.on_date) FILTER (WHERE d.status IN ('absent', 'excused')) AS last_on
    FROM (SELECT DISTINCT learner_id, day FROM scope) p
    CROSS JOIN LATERAL (
        SELECT t.on_date, t.status FROM chalkline.attendance t
        WHERE t.district_id = :district AND t.learner_id = p.learner_id
          AND t.on_date <= p.day AND t.on_date > p.day - 56
        ORDER BY t.on_date DESC LIMIT CAST(:school_days AS integer)) d
    GROUP BY p.learner_id, p.day),
competencies AS MATERIALIZED (
    SELECT class_id, competency_id, bool_or(taught) AS taught FROM (
        SELECT c.class_id, cc.competency_id,
               coalesce(c.starts_on + 7 * x.opens_week
                   BETWEEN c.day - CAST(:current_days AS integer) AND c.day, false) AS taught
        FROM courses c
        JOIN chalkline.sections x ON x.course_id = c.course_id
        JOIN chalkline.content_competencies cc ON cc.section_id = x.section_id
        UNION ALL
        SELECT ca.class_id, ic.competency_id, false
        FROM chalkline.class_assessments ca
        JOIN chalkline.assessment_items i
          ON i.district_id = :district AND i.assessment_id = ca.assessment_id
        JOIN chalkline.item_competencies ic ON ic.district_id = :district AND ic.item_id = i.item_id
        WHERE ca.district_id = :district AND ca.class_id IN (SELECT class_id FROM courses)) AS rows
    GROUP BY class_id, competency_id),
knows AS (
    SELECT s.class_id, s.learner_id,
           array_agg(m.competency_id ORDER BY m.next_right, m.competency_id) FILTER (
               WHERE m.label = 'struggling' AND (k.taught OR m.last_answer_at >=
                   (s.day - CAST(:current_days AS integer))::timestamp AT TIME ZONE :tz)) AS low,
           count(*) FILTER (WHERE m.label = 'mastered') AS mastered,
           count(*) FILTER (WHERE m.label <> 'not enough evidence') AS assessed
    FROM scope s
    JOIN chalkline.mastery m ON m.district_id = :district AND m.learner_id = s.learner_id
    JOIN competencies k ON k.class_id = s.class_id AND k.competency_id = m.competency_id
    GROUP BY s.class_id, s.learner_id),
opened AS MATERIALIZED (
    SELECT c.class_id, x.section_id FROM courses c
    JOIN chalkline.sections x ON x.course_id = c.course_id
    WHERE c.starts_on + 7 * x.opens_week <= c.day
      AND EXISTS (SELECT FROM chalkline.section_progress p
                  WHERE p.district_id = :district AND p.class_id = c.class_id)),
opened_count AS (SELECT class_id, count(*) AS sections FROM opened GROUP BY class_id),
done AS (
    SELECT p.class_id, p.learner_id, count(*) AS sections FROM opened o
    JOIN chalkline.section_progress p ON p.district_id = :district
     AND p.class_id = o.class_id AND p.section_id = o.section_id
    WHERE p.class_id = ANY (CAST(:classes AS uuid[]))
      AND p.status IN ('completed', 'mastered') AND coalesce(p.completed_at < :cut, true)
    GROUP BY p.class_id, p.learner_id),
quiet AS (
    SELECT s.class_id, percentile_cont(0.5) WITHIN GROUP
           (ORDER BY a.clicks_28::float8 / a.clicks_before) AS change
    FROM scope s JOIN active a USING (class_id, learner_id)
    WHERE s.enrolled AND a.clicks_before > 0 GROUP BY s.class_id),
ranked AS (
    SELECT s.class_id, s.learner_id,
           percent_rank() OVER (PARTITION BY s.class_id ORDER BY p.mean) AS place
    FROM scope s JOIN papers p USING (class_id, learner_id)
    WHERE s.enrolled AND p.mean IS NOT NULL)
SELECT s.class_id, s.learner_id, s.day AS as_of, s.enrolled,
       coalesce(a.last_on, b.last_on) AS last_active_on,
       coalesce(a.days_28, 0) AS active_days_28, coalesce(a.days_before, 0) AS active_days_before,
       coalesce(a.clicks_28, 0)::integer AS clicks_28,
       coalesce(a.clicks_before, 0)::integer AS clicks_before,
       a.minutes_28::real AS minutes_28, coalesce(a.help_28, 0)::integer AS help_requests_28,
       coalesce(a.weekly, array_fill(0, ARRAY[{_WEEKS}])) AS weekly_clicks,
       q.change::real AS class_activity,
       coalesce(p.due, 0) AS work_due, coalesce(p.missing, 0) AS work_missing,
       p.since AS missing_since, coalesce(p.late, 0) AS work_late,
       p.mean::real AS score_mean, p.recent::real AS score_recent,
       r.place::real AS score_percentile,
       coalesce(d.days, 0) AS days_enrolled_28, coalesce(d.absent, 0) AS days_absent_28,
       d.last_on AS last_absent_on,
       coalesce(m.low, '{{}}') AS low_competencies, coalesce(m.mastered, 0) AS mastered,
       coalesce(m.assessed, 0) AS assessed,
       (coalesce(x.sections, 0)::float8 / o.sections)::real AS progress
FROM scope s
LEFT JOIN active a USING (class_id, learner_id)
LEFT JOIN LATERAL (
    SELECT l.on_date AS last_on FROM chalkline.activity_days l
    WHERE a.last_on IS NULL AND l.district_id = :district AND l.class_id = s.class_id
      AND l.learner_id = s.learner_id AND l.on_date <= s.day
    ORDER BY l.on_date DESC LIMIT 1) b ON true
LEFT JOIN papers p USING (class_id, learner_id)
LEFT JOIN ranked r USING (class_id, learner_id)
LEFT JOIN knows m USING (class_id, learner_id)
LEFT JOIN quiet q USING (class_id)
LEFT JOIN opened_count o USING (class_id)
LEFT JOIN done x USING (class_id, learner_id)
LEFT JOIN at_school d ON d.learner_id = s.learner_id AND d.day = s.day
"""
