"""Reads what learners did, added up per learner and band: the input of a district's patterns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from db.arrays import Kind, read

WINDOW: Final = 56  # days looked back on: eight weeks
MONTH: Final = 28
TIMES: Final = ("before 8", "8 to 12", "12 to 16", "16 to 20", "after 20")
PACES: Final = ("under half of the plan", "half to three quarters", "about as planned",
                "a quarter to twice over", "more than twice")  # fmt: skip
LENGTHS: Final = (
    "under 5 minutes",
    "5 to 15 minutes",
    "15 to 30 minutes",
    "30 to 60 minutes",
    "over an hour",
)
DELAYS: Final = ("at once", "within a day", "1 to 2 days", "2 to 4 days", "longer")
FORMATS: Final = ("text", "video", "interactive", "assessment", "simulation", "discussion")

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Table:
    """Learners x bands: how much, and of how many tries what sum (None: nothing to try)."""

    labels: Sequence[str]
    amount: Floats
    hits: Floats
    tries: Floats

    def offered(self) -> "Table":
        """Without bands that nobody of the whole district has anything in."""
        used = np.flatnonzero(self.amount.sum(axis=0) > 0)
        return Table(
            [self.labels[int(n)] for n in used],
            self.amount[:, used],
            self.hits[:, used],
            self.tries[:, used],
        )


def table(
    connection: Connection,
    query: str,
    given: Mapping[str, Any],
    learners: Sequence[UUID],
    labels: Sequence[str],
) -> Table:
    """What a query of learner, band, amount, hits and tries gives, as tables."""
    columns: Sequence[tuple[str, Kind]] = (
        ("learner", "int"), ("band", "int"), ("amount", "real"), ("hits", "real"),
        ("tries", "real"),
    )  # fmt: skip
    found = read(connection, f"{_WHO} {query}", {**given, "learners": list(learners)}, columns)
    place = found["learner"] * len(labels) + found["band"]

    def spread(name: str) -> Floats:
        flat = np.bincount(place, found[name], len(learners) * len(labels))
        return flat.reshape(len(learners), len(labels)).astype(np.float64)

    return Table(labels, spread("amount"), spread("hits"), spread("tries"))


def per_learner(
    connection: Connection, query: str, given: Mapping[str, Any], learners: Sequence[UUID]
) -> dict[str, NDArray[Any]]:
    """What the engagement query gives, a value a learner, NaN where nothing is known."""
    names = ("active", "handed_in", "completed")
    found = read(
        connection,
        f"{_WHO} {query}",
        {**given, "learners": list(learners)},
        (("learner", "int"), *((name, "real") for name in names)),
    )
    filled = {}
    for name in names:
        values = np.full(len(learners), np.nan)
        values[found["learner"]] = np.where(found[name] < 0, np.nan, found[name])
        filled[name] = values
    return filled


def completions(
    connection: Connection, given: Mapping[str, Any], learners: Sequence[UUID], weeks: int
) -> Floats:
    """Learners x weeks, oldest first: mean share of their courses completed in each."""
    found = read(
        connection,
        f"{_WHO} {VELOCITY}",
        {**given, "learners": list(learners), "weeks": weeks},
        (("learner", "int"), ("week", "int"), ("share", "real"), ("courses", "real")),
    )
    table = np.full((len(learners), weeks), np.nan)
    known = np.unique(found["learner"])
    table[known] = 0.0
    there = found["week"] >= 0
    np.add.at(
        table,
        (found["learner"][there], weeks - 1 - found["week"][there]),
        (found["share"] / np.maximum(found["courses"], 1))[there],
    )
    return table


_WHO = """
WITH who AS MATERIALIZED (
    SELECT learner_id, (n - 1)::integer AS n
    FROM unnest(CAST(:learners AS uuid[])) WITH ORDINALITY AS p(learner_id, n))
"""
# By the clock of the schools. What lies on midnight to the second is a source that counts days.
TIME_OF_DAY = """
SELECT who.n AS learner, width_bucket(extract(hour FROM s.started_at AT TIME ZONE :tz)::integer,
           ARRAY[8, 12, 16, 20]) AS band,
       sum(coalesce(s.active_seconds, 0))::float8 AS amount,
       0::float8 AS hits, 0::float8 AS tries
FROM who JOIN chalkline.learning_sessions s
  ON s.district_id = :district AND s.learner_id = who.learner_id
WHERE s.started_at >= :from AND s.started_at < :cut
GROUP BY 1, 2
UNION ALL
SELECT who.n, width_bucket(extract(hour FROM r.answered_at AT TIME ZONE :tz)::integer,
           ARRAY[8, 12, 16, 20]), 0, sum(r.credit)::float8, count(*)::float8
FROM who JOIN chalkline.item_responses r
  ON r.district_id = :district AND r.learner_id = who.learner_id
WHERE r.answered_at >= :from AND r.answered_at < :cut
GROUP BY 1, 2
"""
PACE = """
SELECT who.n AS learner,
       width_bucket(p.seconds_spent / 60.0 / s.estimated_minutes,
                    ARRAY[0.5, 0.75, 1.25, 2.0]::float8[]) AS band,
       count(*)::float8 AS amount, coalesce(sum(p.comprehension), 0)::float8 AS hits,
       count(p.comprehension)::float8 AS tries
FROM who JOIN chalkline.section_progress p
  ON p.district_id = :district AND p.learner_id = who.learner_id
JOIN chalkline.sections s ON s.section_id = p.section_id AND s.estimated_minutes > 0
WHERE p.completed_at < :cut AND p.seconds_spent > 0
GROUP BY 1, 2
"""
SESSION_LENGTH = """
SELECT who.n AS learner,
       width_bucket(s.active_seconds / 60.0, ARRAY[5, 15, 30, 60]) AS band,
       count(*)::float8 AS amount, coalesce(sum(a.hits), 0)::float8 AS hits,
       coalesce(sum(a.tries), 0)::float8 AS tries
FROM who JOIN chalkline.learning_sessions s
  ON s.district_id = :district AND s.learner_id = who.learner_id
LEFT JOIN (
    SELECT i.session_id, count(*) FILTER (WHERE i.outcome = 'successful') AS hits,
           count(*) AS tries
    FROM chalkline.learning_interactions i
    WHERE i.district_id = :district AND i.occurred_at >= :from AND i.occurred_at < :cut
      AND i.type IN ('practice_activity', 'knowledge_check') AND i.session_id IS NOT NULL
    GROUP BY i.session_id) a ON a.session_id = s.session_id
WHERE s.started_at >= :from AND s.started_at < :cut AND s.active_seconds IS NOT NULL
GROUP BY 1, 2
"""
CONTENT_FORMAT = """
SELECT who.n AS learner,
       array_position(ARRAY['text', 'video', 'interactive', 'assessment', 'simulation',
                            'discussion'], s.content_type) - 1 AS band,
       sum(coalesce(p.seconds_spent, 0))::float8 AS amount,
       coalesce(sum(p.comprehension), 0)::float8 AS hits, count(p.comprehension)::float8 AS tries
FROM who JOIN chalkline.section_progress p
  ON p.district_id = :district AND p.learner_id = who.learner_id
JOIN chalkline.sections s ON s.section_id = p.section_id
WHERE p.status <> 'not_started' AND p.last_opened_at < :cut
GROUP BY 1, 2
"""
# A piece of work, how long its mark took, and how the next of its kind went beside the class.
FEEDBACK_DELAY = """
, work AS (
    SELECT t.learner_id, t.class_id, a.format, t.submitted_at,
           extract(epoch FROM t.marked_at - t.submitted_at) / 86400.0 AS days,
           t.percent / 100.0 - avg(t.percent / 100.0) OVER (PARTITION BY t.assessment_id) AS beyond
    FROM chalkline.assessment_attempts t
    JOIN chalkline.assessments a
      ON a.district_id = :district AND a.assessment_id = t.assessment_id
    WHERE t.district_id = :district AND t.marked_at < :cut AND t.submitted_at IS NOT NULL
      AND t.percent IS NOT NULL AND NOT t.banked AND t.attempt_number = 1),
following AS (
    SELECT learner_id, days, lead(beyond) OVER (
        PARTITION BY learner_id, class_id, format ORDER BY submitted_at) AS next FROM work)
SELECT who.n AS learner,
       width_bucket(f.days, ARRAY[0.02, 1, 2, 4]::float8[]) AS band,
       count(*)::float8 AS amount, coalesce(sum(f.next), 0)::float8 AS hits,
       count(f.next)::float8 AS tries
FROM who JOIN following f ON f.learner_id = who.learner_id
WHERE f.days >= 0
GROUP BY 1, 2
"""
ENGAGEMENT = """
SELECT who.n AS learner, avg(s.active_days_28)::float8 AS active,
       coalesce(avg(1 - s.work_missing::float8 / nullif(s.work_due, 0)), -1) AS handed_in,
       coalesce(avg(s.progress), -1)::float8 AS completed
FROM who JOIN chalkline.enrollment_state s
  ON s.district_id = :district AND s.learner_id = who.learner_id
WHERE s.enrolled AND s.as_of = :as_of
GROUP BY 1
"""
# Per learner: of the courses of her running classes, the share completed in each week, 0 the last;
# and a zero for who has completed nothing where others of the class have.
VELOCITY = """
, running AS MATERIALIZED (
    SELECT who.n, e.learner_id, e.class_id, c.course_id,
           count(*) OVER (PARTITION BY who.n) AS courses
    FROM who
    JOIN chalkline.enrollments e ON e.district_id = :district AND e.learner_id = who.learner_id
    JOIN chalkline.classes c ON c.district_id = :district AND c.class_id = e.class_id
    WHERE c.starts_on <= :as_of AND c.ends_on >= :as_of
      AND e.enrolled_on <= :as_of AND (e.left_on IS NULL OR e.left_on > :as_of)),
size AS (
    SELECT course_id, count(*) AS sections FROM chalkline.sections
    WHERE course_id IN (SELECT course_id FROM running) GROUP BY course_id)
SELECT r.n AS learner, ((:as_of - (p.completed_at AT TIME ZONE :tz)::date) / 7)::integer AS week,
       sum(1.0 / z.sections)::float8 AS share, max(r.courses)::float8 AS courses
FROM running r
JOIN size z ON z.course_id = r.course_id
JOIN chalkline.section_progress p ON p.district_id = :district
 AND p.class_id = r.class_id AND p.learner_id = r.learner_id
WHERE p.completed_at < :cut
  AND p.completed_at >= (CAST(:as_of AS date) + 1 - 7 * CAST(:weeks AS integer)) AT TIME ZONE :tz
GROUP BY 1, 2
UNION ALL
SELECT DISTINCT r.n, -1, 0::float8, 1::float8 FROM running r
WHERE r.class_id IN (
    SELECT p.class_id FROM chalkline.section_progress p
    WHERE p.district_id = :district AND p.completed_at < :cut)
"""
