-- Whom to see: a class's learners with what they did, from interactions and answers.
WITH days AS MATERIALIZED (
    SELECT course_id, learner_id, on_date, sum(clicks) AS clicks FROM (
        SELECT i.course_id, i.learner_id, (i.timestamp AT TIME ZONE :tz)::date AS on_date, i.clicks
        FROM guide.learning_interactions i
        WHERE i.course_id = ANY (CAST(:classes AS uuid[]))
          AND i.timestamp >= (CAST(:day AS date) - 83)::timestamp AT TIME ZONE :tz
          AND i.timestamp < :cut
        UNION ALL
        SELECT g.course_id, a.learner_id, ((r.value ->> 'at')::timestamptz AT TIME ZONE :tz)::date, 0
        FROM guide.educational_assessments g
        JOIN guide.assessment_attempts a ON a.assessment_id = g.id
        CROSS JOIN LATERAL jsonb_each(a.responses) r
        WHERE g.course_id = ANY (CAST(:classes AS uuid[]))
          AND (a.submitted_at IS NULL
               OR a.submitted_at >= (CAST(:day AS date) - 83)::timestamp AT TIME ZONE :tz)
          AND (r.value ->> 'at')::timestamptz >= (CAST(:day AS date) - 83)::timestamp AT TIME ZONE :tz
          AND (r.value ->> 'at')::timestamptz < :cut) each_time
    GROUP BY course_id, learner_id, on_date),
seen AS (
    SELECT e.course_id, e.learner_id, e.enrollment_date, max(d.on_date) AS last_on,
           count(d.on_date) FILTER (WHERE d.on_date > CAST(:day AS date) - 14) AS days_14,
           count(d.on_date) FILTER (WHERE d.on_date > CAST(:day AS date) - 28) AS days_28,
           count(d.on_date) FILTER (WHERE d.on_date <= CAST(:day AS date) - 28
                                      AND d.on_date > CAST(:day AS date) - 56) AS days_before,
           coalesce(sum(d.clicks) FILTER (WHERE d.on_date > CAST(:day AS date) - 28), 0)
               AS clicks_28,
           coalesce(sum(d.clicks) FILTER (WHERE d.on_date <= CAST(:day AS date) - 28
                                            AND d.on_date > CAST(:day AS date) - 56), 0)
               AS clicks_before,
           array_agg((CAST(:day AS date) - d.on_date) / 7) FILTER (WHERE d.clicks > 0) AS weeks_ago,
           array_agg(d.clicks) FILTER (WHERE d.clicks > 0) AS clicks
    FROM guide.course_enrollments e
    LEFT JOIN days d ON d.course_id = e.course_id AND d.learner_id = e.learner_id
    WHERE e.course_id = ANY (CAST(:classes AS uuid[])) AND e.enrollment_date <= :day
      AND CASE WHEN e.left_on IS NULL THEN e.completion_status <> 'withdrawn'
               ELSE e.left_on > :day END
    GROUP BY e.course_id, e.learner_id, e.enrollment_date)
SELECT s.*, greatest(s.enrollment_date, c.starts_on) AS since,
       -- Only of those who did nothing in twelve weeks: when did they last?
       CASE WHEN s.last_on IS NOT NULL THEN s.last_on ELSE greatest(
           (SELECT max((i.timestamp AT TIME ZONE :tz)::date) FROM guide.learning_interactions i
            WHERE i.learner_id = s.learner_id AND i.course_id = s.course_id AND i.timestamp < :cut),
           (SELECT max(((r.value ->> 'at')::timestamptz AT TIME ZONE :tz)::date)
            FROM guide.educational_assessments g
            JOIN guide.assessment_attempts a
              ON a.assessment_id = g.id AND a.learner_id = s.learner_id
            CROSS JOIN LATERAL jsonb_each(a.responses) r
            WHERE g.course_id = s.course_id AND (r.value ->> 'at')::timestamptz < :cut))
       END AS latest_on
FROM seen s
JOIN chalkline.classes c ON c.district_id = :district AND c.class_id = s.course_id
