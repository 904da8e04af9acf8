-- Who has mastered what: every answer of a class's learners, to whatever competency, in order.
SELECT a.learner_id, extract(epoch FROM (r.value ->> 'at')::timestamptz)::float8 AS at,
       r.key::uuid AS item_id, (r.value ->> 'credit')::real::float8 AS credit, g.course_id,
       array_agg(ic.competency_id ORDER BY ic.competency_id) AS competencies
FROM guide.course_enrollments e
JOIN guide.assessment_attempts a ON a.learner_id = e.learner_id
JOIN guide.educational_assessments g ON g.id = a.assessment_id
CROSS JOIN LATERAL jsonb_each(a.responses) r
JOIN chalkline.item_competencies ic ON ic.district_id = :district AND ic.item_id = r.key::uuid
WHERE e.course_id = CAST(:class AS uuid) AND e.enrollment_date <= :day
  AND (e.left_on IS NULL OR e.left_on > :day) AND (r.value ->> 'at')::timestamptz < :cut
GROUP BY a.learner_id, a.id, r.key, r.value, g.course_id
ORDER BY 1, 2, 3, a.id
