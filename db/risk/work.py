"""Says what of the coursework was due, handed in and marked by a day's end, for the facts' query.

Coursework of zero weight counts only in a class where no coursework carries weight; exams come
when it is too late. Banked work was handed in before the class began.
"""

from typing import Final

WORK: Final = """
coursework AS MATERIALIZED (
    SELECT s.class_id, s.assessment_id, s.due_on, a.weight,
           bool_or(a.weight > 0) OVER (PARTITION BY s.class_id) AS weighted
    FROM chalkline.class_assessments s
    JOIN chalkline.assessments a ON a.district_id = :district AND a.assessment_id = s.assessment_id
    WHERE s.district_id = :district AND s.class_id = ANY (CAST(:classes AS uuid[]))
      AND a.format <> 'exam'),
work AS MATERIALIZED (
    SELECT class_id, assessment_id, due_on,
           CASE WHEN weighted THEN weight ELSE 1 END::float8 AS weight
    FROM coursework WHERE weight > 0 OR NOT weighted),
attempts AS MATERIALIZED (
    SELECT t.class_id, t.learner_id, t.assessment_id, t.percent::float8 AS percent, t.banked,
           w.due_on, w.weight,
           (coalesce(t.submitted_at, t.marked_at) AT TIME ZONE z.tz)::date AS on_date,
           (t.marked_at AT TIME ZONE z.tz)::date AS marked_on
    FROM chalkline.assessment_attempts t
    JOIN work w ON w.class_id = t.class_id AND w.assessment_id = t.assessment_id
    CROSS JOIN (SELECT DISTINCT tz FROM cuts) z
    WHERE t.district_id = :district AND t.class_id = ANY (CAST(:classes AS uuid[]))
      AND t.status <> 'in_progress'),
handed_in AS MATERIALIZED (
    SELECT k.class_id, k.as_of, t.learner_id, t.assessment_id, t.due_on, t.weight,
           bool_or(t.banked) AS banked, min(t.on_date) AS on_date, max(t.percent) FILTER (
               WHERE coalesce(t.marked_on,
                   greatest(t.on_date, t.due_on) + CAST(:marking AS integer)) <= k.as_of) AS percent
    FROM cuts k JOIN attempts t ON t.class_id = k.class_id
     AND coalesce(t.on_date, CASE WHEN t.banked THEN k.starts_on END) <= k.as_of
    GROUP BY k.class_id, k.as_of, t.learner_id, t.assessment_id, t.due_on, t.weight),
done AS MATERIALIZED (
    SELECT class_id, as_of, learner_id,
           count(*) FILTER (WHERE due_on > as_of AND NOT banked) AS ahead,
           avg(least(greatest(on_date - due_on, :late_from), :late_to)) FILTER (
               WHERE due_on <= as_of AND NOT banked) AS days_late,
           sum(weight * percent) / nullif(sum(weight) FILTER (WHERE percent IS NOT NULL), 0)
               AS score,
           (array_agg(percent ORDER BY on_date DESC, due_on DESC, assessment_id)
               FILTER (WHERE percent IS NOT NULL))[1] AS latest_score
    FROM handed_in GROUP BY class_id, as_of, learner_id),
owed AS MATERIALIZED (
    SELECT s.class_id, s.as_of, s.learner_id, count(*) AS due, sum(w.weight) AS due_weight,
           count(*) FILTER (WHERE h.assessment_id IS NULL) AS missed,
           coalesce(sum(w.weight) FILTER (WHERE h.assessment_id IS NULL), 0) AS missed_weight,
           (array_agg(h.assessment_id IS NULL ORDER BY w.due_on DESC, w.assessment_id DESC))[1]
               AS last_missed,
           count(*) FILTER (WHERE w.due_on > s.as_of - CAST(:work_days AS integer)
               AND w.due_on + CAST(:grace AS integer) < s.as_of) AS rule_due,
           count(*) FILTER (WHERE w.due_on > s.as_of - CAST(:work_days AS integer)
               AND w.due_on + CAST(:grace AS integer) < s.as_of AND h.assessment_id IS NULL)
               AS rule_missing,
           min(w.due_on) FILTER (WHERE w.due_on > s.as_of - CAST(:work_days AS integer)
               AND w.due_on + CAST(:grace AS integer) < s.as_of AND h.assessment_id IS NULL)
               AS rule_since
    FROM scope s
    JOIN work w ON w.class_id = s.class_id AND w.due_on <= s.as_of AND w.due_on >= s.enrolled_on
    LEFT JOIN handed_in h ON h.class_id = s.class_id AND h.as_of = s.as_of
     AND h.learner_id = s.learner_id AND h.assessment_id = w.assessment_id
    GROUP BY s.class_id, s.as_of, s.learner_id)"""
