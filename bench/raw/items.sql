-- How a course's questions work: per class, assessment and item the sums of item analysis.
WITH firsts AS MATERIALIZED (
    SELECT DISTINCT ON (g.id, t.learner_id) g.course_id, g.source_id, t.learner_id, t.responses
    FROM guide.educational_assessments g
    JOIN guide.assessment_attempts t ON t.assessment_id = g.id
    JOIN guide.course_enrollments e ON e.course_id = g.course_id AND e.learner_id = t.learner_id
    WHERE g.course_id = ANY (CAST(:classes AS uuid[]))
      AND t.completion_status <> 'in_progress' AND NOT t.banked
      AND coalesce(coalesce(t.submitted_at, t.marked_at, t.started_at) < :cut, true)
      AND e.enrollment_date <= :day
      AND CASE WHEN e.left_on IS NULL THEN e.completion_status <> 'withdrawn' ELSE e.left_on > :day END
    ORDER BY g.id, t.learner_id, t.attempt_number),
lengths AS MATERIALIZED (
    SELECT assessment_id, count(*) AS length FROM chalkline.assessment_items
    WHERE district_id = :district AND assessment_id IN (SELECT source_id FROM firsts)
    GROUP BY assessment_id),
answers AS MATERIALIZED (
    SELECT f.course_id, f.source_id, f.learner_id, r.key AS item, r.value ->> 'answer' AS answer,
           (r.value ->> 'credit')::real::float8 AS credit
    FROM firsts f CROSS JOIN LATERAL jsonb_each(f.responses) r
    WHERE (r.value ->> 'at')::timestamptz < :cut),
totals AS (
    SELECT a.course_id, a.source_id, a.learner_id, sum(a.credit) AS total
    FROM answers a JOIN lengths l ON l.assessment_id = a.source_id
    GROUP BY a.course_id, a.source_id, a.learner_id, l.length HAVING count(*) = l.length),
placed AS MATERIALIZED (
    SELECT *, row_number() OVER (PARTITION BY course_id, source_id ORDER BY total DESC, learner_id) AS best,
           row_number() OVER (PARTITION BY course_id, source_id ORDER BY total, learner_id DESC) AS worst,
           ceil(:share * count(*) OVER (PARTITION BY course_id, source_id)) AS most
    FROM totals)
SELECT a.course_id, a.source_id AS assessment_id, a.item::uuid AS item_id,
       count(p.total) AS n, sum(a.credit) FILTER (WHERE p.total IS NOT NULL) AS x,
       sum(a.credit * a.credit) FILTER (WHERE p.total IS NOT NULL) AS xx, sum(a.credit * p.total) AS xt,
       sum(p.total) AS total, sum(p.total * p.total) AS squared,
       count(*) FILTER (WHERE p.best <= p.most) AS upper,
       coalesce(sum(a.credit) FILTER (WHERE p.best <= p.most), 0) AS upper_right,
       count(*) FILTER (WHERE p.worst <= p.most) AS lower,
       coalesce(sum(a.credit) FILTER (WHERE p.worst <= p.most), 0) AS lower_right,
       array_agg(a.answer) AS chosen
FROM answers a LEFT JOIN placed p USING (course_id, source_id, learner_id)
GROUP BY a.course_id, a.source_id, a.item
