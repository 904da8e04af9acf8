"""Gives the demo's audit trail two school weeks of looks, and one evening to ask about."""

from datetime import date
from typing import Final

from sqlalchemy import text

from db.demo.target import Target

LOOKS: Final = 360  # by day, over the last ten school days
AT_NIGHT: Final = 27  # records that one teacher opened within ten minutes, three days ago
_LOOKS: Final = """
WITH pairs AS (
    SELECT s.staff_id, l.anonymous_id,
           row_number() OVER (ORDER BY md5(l.learner_id::text || s.staff_id::text)) AS n
    FROM chalkline.class_staff s
    JOIN chalkline.enrollments e ON e.district_id = s.district_id AND e.class_id = s.class_id
    JOIN chalkline.learners l ON l.district_id = e.district_id AND l.learner_id = e.learner_id
    WHERE s.district_id = :district),
days AS (
    SELECT d::date AS day, row_number() OVER (ORDER BY d DESC) - 1 AS back
    FROM generate_series(CAST(:today AS date) - 20, CAST(:today AS date) - 1, interval '1 day') d
    WHERE extract(isodow FROM d) < 6)
INSERT INTO chalkline.audit_log (district_id, audit_id, at, actor, role, action, subject, detail)
SELECT :district, md5(:space || 'look' || n)::uuid,
       (day + time '07:40' + (n * 7919 % 28800) * interval '1 second') AT TIME ZONE timezone,
       staff_id, 'teacher', 'viewed learner', anonymous_id, '{}'
FROM pairs
JOIN days ON days.back = n % 10
JOIN chalkline.institutions i ON i.district_id = :district AND i.kind = 'district'
WHERE n <= :looks
"""
_EVENING: Final = """
WITH chosen AS (
    SELECT s.staff_id FROM chalkline.class_staff s
    JOIN chalkline.enrollments e ON e.district_id = s.district_id AND e.class_id = s.class_id
    WHERE s.district_id = :district
    GROUP BY s.staff_id HAVING count(DISTINCT e.learner_id) >= :many
    ORDER BY md5(s.staff_id::text) LIMIT 1)
INSERT INTO chalkline.audit_log (district_id, audit_id, at, actor, role, action, subject, detail)
SELECT :district, md5(:space || 'evening' || n)::uuid,
       (CAST(:today AS date) - 3 + time '22:50' + n * interval '20 seconds')
           AT TIME ZONE timezone,
       staff_id, 'teacher', 'viewed learner', anonymous_id, '{}'
FROM (SELECT c.staff_id, l.anonymous_id, row_number() OVER (ORDER BY md5(l.learner_id::text)) AS n
      FROM chosen c
      JOIN chalkline.class_staff s ON s.district_id = :district AND s.staff_id = c.staff_id
      JOIN chalkline.enrollments e ON e.district_id = :district AND e.class_id = s.class_id
      JOIN chalkline.learners l ON l.district_id = :district AND l.learner_id = e.learner_id
      GROUP BY c.staff_id, l.anonymous_id, l.learner_id) seen
JOIN chalkline.institutions i ON i.district_id = :district AND i.kind = 'district'
WHERE n <= :many
"""


def write_trail(to: Target, *, today: date) -> None:
    """Adds the rows; the worker chains them and finds what is unusual, as in any district."""
    values = {"district": to.district, "space": to.space, "today": today}
    to.connection.execute(text(_LOOKS), {**values, "looks": LOOKS})
    to.connection.execute(text(_EVENING), {**values, "many": AT_NIGHT})
