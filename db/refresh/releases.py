"""Takes the weekly snapshot that figures about groups are made of: one row per learner and slice.

Names, identifiers and dates stay behind. A learner is counted at her home school; in each of her
courses, subjects, Bloom levels and terms once, however many classes of it she sits in; and in no
more of them than MOST says, so that what one learner can do to a figure is bounded.
"""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, text

from analytics.rules import ABSENT_LEAST, ABSENT_SHARE

MOST: Final[Mapping[str, int]] = {"all": 1, "course": 8, "subject": 6, "bloom": 6, "term": 3}
COMPLETE_SHARE: Final = 0.75  # of the sections opened so far: whoever has these keeps up
VERSIONS_KEPT: Final = 8  # older weeks' rows are dropped unless an exact figure has shown them


def release_rows(connection: Connection, given: Mapping[str, Any]) -> int:
    """Makes the week's rows unless they are made; returns how many.

    The first refresh of a week decides them; whatever comes later waits for the next week.
    """
    made = connection.execute(text(_VERSION), given).one_or_none()
    if made is None:
        return 0
    where = {
        **given,
        "version": made.data_version,
        "complete": COMPLETE_SHARE,
        "absent_least": ABSENT_LEAST,
        "absent_share": ABSENT_SHARE,
        "slices": list(MOST),
        "most": list(MOST.values()),
    }
    rows = connection.execute(text(_ROWS), where).rowcount
    connection.execute(text(_FORGET), {**given, "kept": VERSIONS_KEPT})
    return rows


# A week between two terms is of the year of the one before: a school year that ended and came back
# would have a second budget, and figures that are compared with nothing.
_VERSION = """
INSERT INTO chalkline.release_versions (district_id, data_version, school_year, as_of, made_at)
SELECT :district, date_trunc('week', CAST(:as_of AS date))::date,
       coalesce((SELECT max(t.school_year) FROM chalkline.academic_terms t
                 WHERE t.district_id = :district AND t.starts_on <= :as_of),
                extract(year FROM CAST(:as_of AS date) + interval '5 months')),
       :as_of, :now
WHERE EXISTS (SELECT FROM chalkline.enrollment_state s WHERE s.district_id = :district)
ON CONFLICT DO NOTHING RETURNING data_version
"""
# Every week that an exact figure has shown in this school year is compared with, and kept.
_FORGET = """
WITH compared AS (
    SELECT DISTINCT shown.week::date AS week
    FROM chalkline.releases r, jsonb_each(r.answer) level, jsonb_array_elements(level.value) figure,
         jsonb_array_elements_text(figure -> 'weeks') AS shown (week)
    WHERE r.district_id = :district AND r.regime = 'exact' AND r.data_version = (
        SELECT max(o.data_version) FROM chalkline.releases o WHERE o.district_id = :district
          AND o.regime = 'exact' AND o.metric = r.metric)),
old AS (
    UPDATE chalkline.release_versions v SET kept = false
    WHERE v.district_id = :district AND v.kept
      AND v.data_version NOT IN (SELECT week FROM compared WHERE week IS NOT NULL)
      AND v.data_version < (
        SELECT min(n.data_version) FROM (
            SELECT data_version FROM chalkline.release_versions WHERE district_id = :district
            ORDER BY 1 DESC LIMIT :kept) n)
    RETURNING v.data_version)
DELETE FROM chalkline.release_rows r
WHERE r.district_id = :district AND r.data_version IN (SELECT data_version FROM old)
"""
_ROWS = """
WITH here AS MATERIALIZED (
    SELECT s.*, c.course_id::text AS course, c.term_id::text AS term, k.subject,
           c.ends_on >= :as_of AND s.as_of = :as_of AS running
    FROM chalkline.enrollment_state s
    JOIN chalkline.classes c ON c.district_id = :district AND c.class_id = s.class_id
    JOIN chalkline.courses k ON k.course_id = c.course_id
    WHERE s.district_id = :district AND s.enrolled),
marked AS MATERIALIZED (
    SELECT t.class_id, t.learner_id, sum(t.percent::float8) AS percent,
           sum(a.passing_percent::float8) AS line
    FROM chalkline.assessment_attempts t
    JOIN chalkline.assessments a ON a.district_id = :district AND a.assessment_id = t.assessment_id
    WHERE t.district_id = :district AND t.percent IS NOT NULL AND t.status <> 'in_progress'
      AND coalesce(t.marked_at < :cut, true)
    GROUP BY t.class_id, t.learner_id),
understood AS MATERIALIZED (
    SELECT p.class_id, p.learner_id, sum(p.comprehension::float8) AS shown,
           count(p.comprehension) AS checks
    FROM chalkline.section_progress p
    WHERE p.district_id = :district AND p.comprehension IS NOT NULL
    GROUP BY p.class_id, p.learner_id),
taught AS (
    SELECT h.learner_id, s.slice, s.key, bool_or(h.active_days_28 > 0)::integer AS active,
           avg(h.progress::float8) AS progress, avg(h.score_mean::float8) AS score,
           sum(m.percent) AS percent, sum(m.line) AS line,
           sum(h.work_due) AS due, sum(h.work_missing + h.work_late) AS not_on_time,
           sum(h.minutes_28::float8) / 4 AS minutes, sum(u.shown) AS shown, sum(u.checks) AS checks,
           max(h.days_enrolled_28) AS days, max(h.days_absent_28) AS absent
    FROM here h
    LEFT JOIN marked m ON m.class_id = h.class_id AND m.learner_id = h.learner_id
    LEFT JOIN understood u ON u.class_id = h.class_id AND u.learner_id = h.learner_id
    CROSS JOIN LATERAL (VALUES ('all', '', h.running), ('course', h.course, h.running),
        ('subject', h.subject, h.running), ('term', h.term, true)) AS s (slice, key, counts)
    WHERE s.counts GROUP BY h.learner_id, s.slice, s.key),
known AS (
    SELECT m.learner_id, s.slice, s.key, count(*) FILTER (WHERE m.label = 'mastered') AS mastered,
           count(*) FILTER (WHERE m.label <> 'not enough evidence') AS assessed,
           count(*) FILTER (WHERE m.mastered_at >= CAST(:cut AS timestamptz) - interval '28 days')
               AS lately
    FROM chalkline.mastery m JOIN chalkline.competencies c USING (competency_id)
    CROSS JOIN LATERAL (VALUES ('all', ''), ('subject', c.subject),
        ('bloom', c.bloom_level::text)) AS s (slice, key)
    WHERE m.district_id = :district AND s.key IS NOT NULL
      AND m.learner_id IN (SELECT learner_id FROM here WHERE running)
    GROUP BY m.learner_id, s.slice, s.key),
flagged AS (
    SELECT f.learner_id, bool_or(EXISTS (
               SELECT FROM chalkline.flag_events e WHERE e.district_id = :district
                 AND e.flag_id = f.flag_id AND e.staff_id IS NOT NULL AND e.action <> 'raised')
           OR EXISTS (
               SELECT FROM chalkline.interventions i WHERE i.district_id = :district
                 AND i.learner_id = f.learner_id AND i.ended_on IS NULL)) AS reached
    FROM chalkline.flags f WHERE f.district_id = :district AND f.closed_on IS NULL
    GROUP BY f.learner_id),
offered AS MATERIALIZED (
    SELECT DISTINCT school_id, grade_level FROM chalkline.classes
    WHERE district_id = :district AND grade_level IS NOT NULL AND ends_on >= :as_of),
people AS MATERIALIZED (
    SELECT l.learner_id, l.school_id, coalesce(
               (SELECT o.grade_level FROM offered o WHERE o.school_id = l.school_id
                ORDER BY abs(o.grade_level - coalesce(l.grade_level, 0)), o.grade_level LIMIT 1),
               -1) AS grade_level,
           cardinality(l.accessibility_needs) > 0 AS accommodated,
           coalesce((SELECT jsonb_object_agg(p.attribute, p.value)
                     FROM chalkline.protected_attributes p
                     WHERE p.district_id = :district AND p.learner_id = l.learner_id
                       AND p.attribute <> 'learning_style'), '{}') || jsonb_build_object(
               'age_group', l.age_group,
               'accommodation',
               CASE WHEN cardinality(l.accessibility_needs) > 0 THEN 'yes' ELSE 'no' END,
               'language', CASE WHEN l.home_language IS NULL THEN 'not recorded'
                   WHEN lower(l.home_language) IN ('en', 'eng', 'english') THEN 'English'
                   ELSE 'another language' END,
               'programme', CASE cardinality(l.programmes) WHEN 0 THEN 'none'
                   WHEN 1 THEN l.programmes[1] ELSE 'several' END) AS traits,
           encode(substring(sha256(s.row_pad || convert_to(
               :district || '/' || l.learner_id, 'UTF8')) FOR 16), 'hex')::uuid AS row_key
    FROM chalkline.learners l, chalkline.context_secrets s
    WHERE l.district_id = :district AND s.secret_id = 1
      AND l.learner_id IN (SELECT learner_id FROM here)),
counted AS (
    SELECT learner_id, slice, key, t AS taught, k AS known, row_number() OVER (
               PARTITION BY learner_id, slice ORDER BY md5(learner_id || key)) AS place
    FROM taught t FULL JOIN known k USING (learner_id, slice, key))
INSERT INTO chalkline.release_rows (district_id, data_version, slice, row_key, slice_key,
    school_id, grade_level, traits, figures)
SELECT :district, CAST(:version AS date), c.slice, p.row_key, c.key, p.school_id, p.grade_level,
       CASE c.slice WHEN 'all' THEN p.traits ELSE '{}' END,
       jsonb_strip_nulls(jsonb_build_object(
           'enrolment', CASE WHEN (c.taught).learner_id IS NOT NULL THEN 1 END,
           'active', (c.taught).active,
           'progress', round((100 * (c.taught).progress)::numeric, 3),
           'completion', ((c.taught).progress >= :complete)::integer,
           'assessment_mean', round((c.taught).score::numeric, 3),
           'pass', ((c.taught).percent >= (c.taught).line)::integer,
           'on_time', CASE WHEN (c.taught).due > 0 THEN round(
               (100.0 * (1 - (c.taught).not_on_time::numeric / (c.taught).due)), 3) END,
           'time_on_task', round((c.taught).minutes::numeric, 1),
           'content_effectiveness', round(
               (100 * (c.taught).shown / nullif((c.taught).checks, 0))::numeric, 3),
           'mastery', round(
               100 * (c.known).mastered::numeric / nullif((c.known).assessed, 0), 3),
           'learning_velocity', (c.known).lately)
       || CASE WHEN c.slice = 'all' AND (c.taught).learner_id IS NOT NULL THEN jsonb_build_object(
           'attendance', round(
               100 * (1 - (c.taught).absent::numeric / nullif((c.taught).days, 0)), 3),
           'chronic_absence', CASE WHEN (c.taught).days > 0 THEN
               ((c.taught).absent >= :absent_least
                AND (c.taught).absent >= :absent_share * (c.taught).days)::integer END,
           'flagged', (f.learner_id IS NOT NULL)::integer,
           'reached', coalesce(f.reached, false)::integer,
           'accommodation_success', CASE WHEN p.accommodated THEN
               ((c.taught).percent >= (c.taught).line)::integer END) ELSE '{}' END)
FROM counted c
JOIN unnest(CAST(:slices AS text[]), CAST(:most AS integer[])) AS m (slice, most)
  ON m.slice = c.slice AND c.place <= m.most
JOIN people p ON p.learner_id = c.learner_id
LEFT JOIN flagged f ON f.learner_id = c.learner_id
WHERE c.slice <> 'all' OR (c.taught).learner_id IS NOT NULL
"""
