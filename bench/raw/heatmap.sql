-- Who has mastered what: every answer of a class's learners to the competencies of its course.
SELECT a.learner_id, ic.competency_id, extract(epoch FROM (r.value ->> 'at')::timestamptz)::float8,
       (r.value ->> 'credit')::real::float8
FROM guide.course_enrollments e
JOIN guide.assessment_attempts a ON a.learner_id = e.learner_id
CROSS JOIN LATERAL jsonb_each(a.responses) r
JOIN chalkline.item_competencies ic ON ic.district_id = :district AND ic.item_id = r.key::uuid
WHERE e.course_id = CAST(:class AS uuid) AND e.enrollment_date <= :day
  AND (e.left_on IS NULL OR e.left_on > :day)
  AND ic.competency_id = ANY (CAST(:competencies AS uuid[])) AND (r.value ->> 'at')::timestamptz < :cut
ORDER BY 1, 2, 3, ic.item_id, a.id
