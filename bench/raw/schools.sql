-- How schools and grades stand: learners, active ones, scores, progress, chronic absence.
WITH scope AS MATERIALIZED (
    SELECT e.course_id, e.learner_id, l.school_id, coalesce(l.grade_level, -1) AS grade_level
    FROM guide.course_enrollments e
    JOIN chalkline.classes c ON c.district_id = :district AND c.class_id = e.course_id
    JOIN chalkline.learners l ON l.district_id = :district AND l.learner_id = e.learner_id
    WHERE e.enrollment_date <= :day AND c.starts_on <= :day AND c.ends_on >= :day
      AND CASE WHEN e.left_on IS NULL THEN e.completion_status <> 'withdrawn' ELSE e.left_on > :day END),
active AS (
    SELECT DISTINCT learner_id, course_id FROM guide.learning_interactions
    WHERE timestamp >= (CAST(:day AS date) - 27)::timestamp AT TIME ZONE :tz AND timestamp < :cut
    UNION
    SELECT a.learner_id, g.course_id FROM guide.assessment_attempts a
    JOIN guide.educational_assessments g ON g.id = a.assessment_id
    WHERE (a.submitted_at IS NULL
           OR a.submitted_at >= (CAST(:day AS date) - 27)::timestamp AT TIME ZONE :tz)
      AND EXISTS (
          SELECT FROM jsonb_each(a.responses) r
          WHERE (r.value ->> 'at')::timestamptz < :cut AND (r.value ->> 'at')::timestamptz
              >= (CAST(:day AS date) - 27)::timestamp AT TIME ZONE :tz)),
counted AS (
    SELECT g.* FROM guide.educational_assessments g
    WHERE g.weight_in_course > 0 OR NOT EXISTS (
        SELECT FROM guide.educational_assessments o
        WHERE o.course_id = g.course_id AND o.weight_in_course > 0)),
marks AS (
    SELECT c.course_id, b.learner_id,
           sum(greatest(c.weight_in_course, 1e-9) * b.percent)
               / sum(greatest(c.weight_in_course, 1e-9)) AS mean
    FROM counted c
    JOIN (SELECT assessment_id, learner_id, max(percentage_score)::float8 AS percent
          FROM guide.assessment_attempts
          WHERE completion_status <> 'in_progress' AND percentage_score IS NOT NULL
            AND coalesce(marked_at < :cut, true)
            AND (banked OR coalesce(coalesce(submitted_at, marked_at, started_at) < :cut, true))
          GROUP BY assessment_id, learner_id) b ON b.assessment_id = c.id
    GROUP BY c.course_id, b.learner_id),
opened AS MATERIALIZED (
    SELECT c.class_id AS course_id, x.section_id FROM chalkline.classes c
    JOIN chalkline.sections x ON x.course_id = c.course_id
    WHERE c.district_id = :district AND c.starts_on + 7 * x.opens_week <= :day
      AND EXISTS (SELECT FROM guide.section_progress p WHERE p.course_id = c.class_id)),
opened_count AS (SELECT course_id, count(*) AS sections FROM opened GROUP BY course_id),
done AS (
    SELECT p.course_id, p.learner_id, count(*) AS sections
    FROM guide.section_progress p JOIN opened USING (course_id, section_id)
    WHERE p.status IN ('completed', 'mastered') AND coalesce(p.completion_timestamp < :cut, true)
    GROUP BY p.course_id, p.learner_id),
away AS (
    SELECT l.learner_id, count(*) AS days,
           count(*) FILTER (WHERE d.status IN ('absent', 'excused')) AS absent
    FROM (SELECT DISTINCT learner_id FROM scope) l
    CROSS JOIN LATERAL (
        SELECT t.status FROM chalkline.attendance t
        WHERE t.district_id = :district AND t.learner_id = l.learner_id
          AND t.on_date <= :day AND t.on_date > CAST(:day AS date) - 56
        ORDER BY t.on_date DESC LIMIT CAST(:school_days AS integer)) d
    GROUP BY l.learner_id),
people AS (
    SELECT s.school_id, s.grade_level, s.learner_id, bool_or(a.learner_id IS NOT NULL) AS active,
           avg((coalesce(d.sections, 0)::float8 / o.sections)::real::float8) AS progress,
           avg(m.mean::real::float8) AS score
    FROM scope s
    LEFT JOIN active a USING (course_id, learner_id)
    LEFT JOIN marks m USING (course_id, learner_id)
    LEFT JOIN opened_count o USING (course_id)
    LEFT JOIN done d USING (course_id, learner_id)
    GROUP BY s.school_id, s.grade_level, s.learner_id)
SELECT p.school_id, p.grade_level, count(*) AS learners, count(*) FILTER (WHERE p.active) AS active_28,
       sum(p.progress) AS sum_progress, sum(p.score) AS sum_score, count(p.score) AS scored,
       count(*) FILTER (WHERE w.absent >= :absent_least AND w.absent >= :absent_share * w.days)
           AS chronically_absent
FROM people p LEFT JOIN away w USING (learner_id)
GROUP BY p.school_id, p.grade_level
