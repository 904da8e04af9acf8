-- Whom to see: each learner's latest school days. (The document has no attendance.)
SELECT e.learner_id, d.on_date, d.status
FROM (SELECT DISTINCT learner_id FROM guide.course_enrollments
      WHERE course_id = ANY (CAST(:classes AS uuid[])) AND enrollment_date <= :day
        AND CASE WHEN left_on IS NULL THEN completion_status <> 'withdrawn' ELSE left_on > :day END) e
CROSS JOIN LATERAL (
    SELECT t.on_date, t.status FROM chalkline.attendance t
    WHERE t.district_id = :district AND t.learner_id = e.learner_id
      AND t.on_date <= :day AND t.on_date > CAST(:day AS date) - 56
    ORDER BY t.on_date DESC LIMIT CAST(:school_days AS integer)) d
ORDER BY e.learner_id, d.on_date
