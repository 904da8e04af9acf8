"""The SQL that says which work was due, handed in and marked: shared by state and rules."""

# Expects a CTE `scope` (class_id, learner_id, enrolled_on, left_on, day) and the parameters of a
# refresh. Work due before a learner joined or after she left is not hers.
# Zero-weight work counts only in a class where nothing carries weight.
WORK = """
carrying AS (
    SELECT ca.class_id, bool_or(a.weight > 0) AS weighted
    FROM chalkline.class_assessments ca
    JOIN chalkline.assessments a ON a.district_id = :district AND a.assessment_id = ca.assessment_id
    WHERE ca.district_id = :district AND ca.class_id = ANY (CAST(:classes AS uuid[]))
    GROUP BY ca.class_id),
work AS MATERIALIZED (
    SELECT ca.class_id, ca.assessment_id, ca.due_on,
           CASE WHEN w.weighted THEN a.weight ELSE 1 END::float8 AS weight
    FROM chalkline.class_assessments ca
    JOIN chalkline.assessments a ON a.district_id = :district AND a.assessment_id = ca.assessment_id
    JOIN carrying w ON w.class_id = ca.class_id
    WHERE ca.district_id = :district AND (a.weight > 0 OR NOT w.weighted)),
handed_in AS MATERIALIZED (
    SELECT t.class_id, t.learner_id, t.assessment_id,
           min((coalesce(t.submitted_at, t.marked_at, t.started_at) AT TIME ZONE :tz)::date)
               FILTER (WHERE NOT t.banked) AS on_date,
           max(t.percent) FILTER (WHERE coalesce(t.marked_at < :cut, true))::float8 AS percent,
           max(ARRAY[extract(epoch FROM coalesce(t.submitted_at, t.marked_at))::float8, t.percent])
               FILTER (WHERE t.percent IS NOT NULL AND coalesce(t.marked_at < :cut, true)
                       AND NOT t.banked) AS latest
    FROM chalkline.assessment_attempts t
    WHERE t.district_id = :district AND t.class_id = ANY (CAST(:classes AS uuid[]))
      AND t.status <> 'in_progress'
      AND (t.banked OR coalesce(coalesce(t.submitted_at, t.marked_at, t.started_at) < :cut, true))
    GROUP BY t.class_id, t.learner_id, t.assessment_id),
pieces AS (
    SELECT s.class_id, s.learner_id, s.day, w.due_on, w.weight, h.percent, h.latest,
           w.due_on <= s.day AND w.due_on >= s.enrolled_on
               AND (s.left_on IS NULL OR w.due_on < s.left_on) AS due,
           h.assessment_id IS NULL AND w.due_on + CAST(:grace AS integer) < s.day AS missing,
           h.on_date > w.due_on AS late
    FROM scope s
    JOIN work w ON w.class_id = s.class_id
    LEFT JOIN handed_in h ON h.class_id = s.class_id AND h.learner_id = s.learner_id
                         AND h.assessment_id = w.assessment_id)
"""
