-- Whom to see: work of the last eight weeks that counts, and whether it was handed in.
SELECT g.course_id, e.learner_id, g.due_on, a.learner_id IS NULL AS missing
FROM guide.educational_assessments g
JOIN guide.course_enrollments e ON e.course_id = g.course_id
LEFT JOIN (
    SELECT DISTINCT t.assessment_id, t.learner_id FROM guide.assessment_attempts t
    JOIN guide.educational_assessments o ON o.id = t.assessment_id
    WHERE o.course_id = ANY (CAST(:classes AS uuid[])) AND t.completion_status <> 'in_progress'
      AND (t.banked OR coalesce(coalesce(t.submitted_at, t.marked_at, t.started_at) < :cut, true))
) a ON a.assessment_id = g.id AND a.learner_id = e.learner_id
WHERE g.course_id = ANY (CAST(:classes AS uuid[]))
  AND (g.weight_in_course > 0 OR NOT EXISTS (
      SELECT FROM guide.educational_assessments o
      WHERE o.course_id = g.course_id AND o.weight_in_course > 0))
  AND g.due_on > CAST(:day AS date) - 7 * CAST(:weeks AS integer)
  AND g.due_on + CAST(:grace AS integer) < :day
  AND g.due_on >= e.enrollment_date AND (e.left_on IS NULL OR g.due_on < e.left_on)
  AND e.enrollment_date <= :day
  AND CASE WHEN e.left_on IS NULL THEN e.completion_status <> 'withdrawn' ELSE e.left_on > :day END
