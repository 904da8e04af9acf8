-- How a course's sections work: who began, finished, took how long, understood, asked for help.
SELECT m.position AS unit, s.position, p.course_id, count(*) AS started,
       count(*) FILTER (WHERE p.done) AS completed, count(p.minutes) AS timed,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY p.minutes) AS median_minutes,
       count(p.comprehension) AS checked, sum(p.comprehension) AS understood,
       sum(p.comprehension * p.comprehension) AS understood_squared,
       count(*) FILTER (WHERE p.help > 0) AS helped
FROM (
    SELECT p.course_id, p.section_id,
           coalesce(p.completion_timestamp < :cut, p.status IN ('completed', 'mastered'))
               AND k.known AS done,
           CASE WHEN k.known THEN p.total_time_spent / 60.0 END::float8 AS minutes,
           CASE WHEN k.known THEN p.comprehension_score END::float8 AS comprehension,
           CASE WHEN k.known THEN p.help_requests END AS help
    FROM guide.section_progress p
    JOIN guide.course_enrollments e ON e.course_id = p.course_id AND e.learner_id = p.learner_id
    CROSS JOIN LATERAL (SELECT coalesce(greatest(
        p.last_accessed, p.completion_timestamp, p.first_accessed) < :cut, true) AS known) k
    WHERE p.course_id = ANY (CAST(:classes AS uuid[])) AND p.status <> 'not_started'
      AND coalesce(least(p.first_accessed, p.completion_timestamp, p.last_accessed) < :cut, true)
      AND e.enrollment_date <= :day
      AND CASE WHEN e.left_on IS NULL THEN e.completion_status <> 'withdrawn' ELSE e.left_on > :day END
) p
JOIN chalkline.sections s ON s.section_id = p.section_id
JOIN chalkline.modules m ON m.module_id = s.module_id
GROUP BY m.position, s.position, p.course_id
