"""Reads what was known of enrolments at the end of a day: the facts the risk model starts from.

Every figure counts only what had happened by then: work handed in, marks known, interactions,
joining and leaving, other classes' outcomes. Rows about later days can not change it, so a score
can be replayed for any day. Protected attributes and learning style are not read.

Where the source does not say when work was marked, the mark counts as known `marking_days` after
the later of the day it was due and the day it was handed in.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

import pandas as pd
from sqlalchemy import Connection, text

from analytics.risk.definitions import EARLY_DAYS, FACTS, LATE_FROM, LATE_TO, RECENT_DAYS
from analytics.rules import ATTENDANCE_DAYS, GRACE_DAYS, WORK_WEEKS

MARKING_DAYS: Final = 0
AT_ONCE: Final = 20_000  # rows of one statement: more would only cost memory
RULE_FACTS: Final = (
    "rule_due", "rule_missing", "rule_since",
    "days_28", "days_before", "clicks_28", "clicks_before", "last_on", "enrolled_on",
)  # fmt: skip
_COLUMNS: Final = ("class_id", "learner_id", "course", "term", "as_of", "day", *FACTS, *RULE_FACTS)


@dataclass(frozen=True)
class Cut:
    """A class, and the day at whose end it is looked at."""

    class_id: UUID
    as_of: date


def facts(
    connection: Connection,
    *,
    district: int,
    cuts: Sequence[Cut],
    from_state: bool = False,
    marking_days: int = MARKING_DAYS,
) -> pd.DataFrame:
    """One row per cut and learner then enrolled, by class, day and learner.

    `from_state` reads activity_days, which refresh keeps up to the district's own today; without
    it the days are added up from the interactions themselves, for any day and for longer.
    `term` is the day the term began. Uses a temporary table until the transaction ends.
    """
    if not cuts:
        return _frame([])
    given = {
        "district": district,
        "marking": marking_days,
        "grace": GRACE_DAYS,
        "work_days": 7 * WORK_WEEKS,
        "school_days": ATTENDANCE_DAYS,
        "recent": RECENT_DAYS,
        "early": EARLY_DAYS,
        "late_from": LATE_FROM,
        "late_to": LATE_TO,
    }
    connection.execute(text(_PLANNING), {"nested": "off"})
    if not from_state:
        connection.execute(text("DROP TABLE IF EXISTS chalkline_risk_days"))
        connection.execute(text(_DAYS), given | _where(cuts))
        connection.execute(text("ANALYZE chalkline_risk_days"))
    source = "chalkline.activity_days" if from_state else "chalkline_risk_days"
    statement = text(_FACTS.replace("activity_source", source))
    found = [
        _frame(connection.execute(statement, given | _where(some)).all())
        for some in _batches(connection, district, cuts)
    ]
    connection.execute(text(_PLANNING), {"nested": "on"})
    order = ["class_id", "as_of", "learner_id"]
    return pd.concat(found).sort_values(order, ignore_index=True)


def _batches(connection: Connection, district: int, cuts: Sequence[Cut]) -> Iterator[list[Cut]]:
    """The cuts in batches of about AT_ONCE enrolments."""
    given = {"district": district, **_where(cuts)}
    sizes = {row.class_id: row.learners for row in connection.execute(text(_SIZES), given)}
    batch: list[Cut] = []
    rows = 0
    for cut in cuts:
        size = sizes.get(cut.class_id, 0)
        if batch and rows + size > AT_ONCE:
            yield batch
            batch, rows = [], 0
        batch.append(cut)
        rows += size
    if batch:
        yield batch


def _where(cuts: Sequence[Cut]) -> dict[str, Any]:
    return {"classes": [cut.class_id for cut in cuts], "days": [cut.as_of for cut in cuts]}


def _frame(rows: Sequence[Any]) -> pd.DataFrame:
    """Rows as a table, figures as numbers at once: as Python objects they would fill the memory."""
    found = pd.DataFrame(rows, columns=list(_COLUMNS))
    return found.astype(dict.fromkeys(FACTS, float) | {"day": int})


_SIZES = """
SELECT class_id, count(*) AS learners FROM chalkline.enrollments
WHERE district_id = :district AND class_id = ANY (CAST(:classes AS uuid[])) GROUP BY class_id
"""
_CUTS = """
cuts AS MATERIALIZED (
    SELECT k.class_id, k.as_of, c.course_id, o.code AS course, m.starts_on AS term, c.starts_on,
           i.timezone AS tz, (k.as_of + 1)::timestamp AT TIME ZONE i.timezone AS cut
    FROM unnest(CAST(:classes AS uuid[]), CAST(:days AS date[])) AS k (class_id, as_of)
    JOIN chalkline.classes c ON c.district_id = :district AND c.class_id = k.class_id
    JOIN chalkline.academic_terms m ON m.district_id = :district AND m.term_id = c.term_id
    JOIN chalkline.courses o ON o.course_id = c.course_id
    JOIN chalkline.institutions i ON i.district_id = :district AND i.kind = 'district')
"""

# Under policies the planner takes these tables for nearly empty: it would sort millions of days on
# disk, and compare every row with every other.
_PLANNING = """
SELECT set_config('work_mem', '64MB', true), set_config('enable_nestloop', :nested, true)
"""

_DAYS = f"""
CREATE TEMPORARY TABLE chalkline_risk_days ON COMMIT DROP AS
WITH {_CUTS},
spans AS MATERIALIZED (
    SELECT class_id, tz, max(cut) AS cut,
           min((starts_on - CAST(:early AS integer))::timestamp AT TIME ZONE tz) AS since
    FROM cuts GROUP BY class_id, tz)
SELECT CAST(:district AS integer) AS district_id, class_id, learner_id, on_date,
       sum(clicks)::integer AS clicks
FROM (
    SELECT i.class_id, i.learner_id, (i.occurred_at AT TIME ZONE s.tz)::date AS on_date,
           sum(i.clicks) AS clicks
    FROM chalkline.learning_interactions i JOIN spans s ON s.class_id = i.class_id
    WHERE i.district_id = :district AND i.occurred_at < s.cut
      AND i.occurred_at >= s.since
      AND i.occurred_at BETWEEN (SELECT min(since) FROM spans) AND (SELECT max(cut) FROM spans)
    GROUP BY 1, 2, 3
    UNION ALL
    SELECT DISTINCT r.class_id, r.learner_id, (r.answered_at AT TIME ZONE s.tz)::date, 0
    FROM chalkline.item_responses r JOIN spans s ON s.class_id = r.class_id
    WHERE r.district_id = :district AND r.answered_at < s.cut AND r.answered_at >= s.since
) AS rows GROUP BY class_id, learner_id, on_date
"""

# Coursework of zero weight counts only in a class where no coursework carries weight; exams come
# when it is too late. Banked work was handed in before the class began.
_FACTS = f"""
WITH {_CUTS},
scope AS MATERIALIZED (
    SELECT k.*, e.learner_id, e.enrolled_on, e.prior_attempts, e.studied_credits
    FROM cuts k
    JOIN chalkline.enrollments e ON e.district_id = :district AND e.class_id = k.class_id
    WHERE e.enrolled_on <= k.as_of AND (e.left_on IS NULL OR e.left_on > k.as_of)),
active AS MATERIALIZED (
    SELECT k.class_id, k.as_of, a.learner_id,
           sum(a.clicks) FILTER (WHERE a.on_date >= k.starts_on) AS clicks,
           count(*) FILTER (WHERE a.on_date >= k.starts_on) AS active_days,
           count(*) FILTER (WHERE a.on_date > k.as_of - CAST(:recent AS integer)) AS recent_days,
           sum(a.clicks) FILTER (WHERE a.on_date < k.starts_on) AS early_clicks,
           max(a.on_date) AS last_on,
           count(*) FILTER (WHERE a.on_date > k.as_of - 28) AS days_28,
           sum(a.clicks) FILTER (WHERE a.on_date > k.as_of - 28) AS clicks_28,
           count(*) FILTER (WHERE a.on_date <= k.as_of - 28 AND a.on_date > k.as_of - 56)
               AS days_before,
           sum(a.clicks) FILTER (WHERE a.on_date <= k.as_of - 28 AND a.on_date > k.as_of - 56)
               AS clicks_before
    FROM cuts k
    JOIN activity_source a ON a.district_id = :district AND a.class_id = k.class_id
     AND a.on_date <= k.as_of AND a.on_date >= k.starts_on - CAST(:early AS integer)
    GROUP BY k.class_id, k.as_of, a.learner_id),
coursework AS MATERIALIZED (
    SELECT s.class_id, s.assessment_id, s.due_on, a.weight,
           bool_or(a.weight > 0) OVER (PARTITION BY s.class_id) AS weighted
    FROM chalkline.class_assessments s
    JOIN chalkline.assessments a ON a.district_id = :district AND a.assessment_id = s.assessment_id
    WHERE s.district_id = :district AND s.class_id = ANY (CAST(:classes AS uuid[]))
      AND a.format <> 'exam'),
work AS MATERIALIZED (
    SELECT class_id, assessment_id, due_on,
           CASE WHEN weighted THEN weight ELSE 1 END::float8 AS weight
    FROM coursework WHERE weight > 0 OR NOT weighted),
attempts AS MATERIALIZED (
    SELECT t.class_id, t.learner_id, t.assessment_id, t.percent::float8 AS percent, t.banked,
           w.due_on, w.weight,
           (coalesce(t.submitted_at, t.marked_at) AT TIME ZONE z.tz)::date AS on_date,
           (t.marked_at AT TIME ZONE z.tz)::date AS marked_on
    FROM chalkline.assessment_attempts t
    JOIN work w ON w.class_id = t.class_id AND w.assessment_id = t.assessment_id
    CROSS JOIN (SELECT DISTINCT tz FROM cuts) z
    WHERE t.district_id = :district AND t.class_id = ANY (CAST(:classes AS uuid[]))
      AND t.status <> 'in_progress'),
handed_in AS MATERIALIZED (
    SELECT k.class_id, k.as_of, t.learner_id, t.assessment_id, t.due_on, t.weight,
           bool_or(t.banked) AS banked, min(t.on_date) AS on_date, max(t.percent) FILTER (
               WHERE coalesce(t.marked_on,
                   greatest(t.on_date, t.due_on) + CAST(:marking AS integer)) <= k.as_of) AS percent
    FROM cuts k JOIN attempts t ON t.class_id = k.class_id
     AND coalesce(t.on_date, CASE WHEN t.banked THEN k.starts_on END) <= k.as_of
    GROUP BY k.class_id, k.as_of, t.learner_id, t.assessment_id, t.due_on, t.weight),
done AS MATERIALIZED (
    SELECT class_id, as_of, learner_id,
           count(*) FILTER (WHERE due_on > as_of AND NOT banked) AS ahead,
           avg(least(greatest(on_date - due_on, :late_from), :late_to)) FILTER (
               WHERE due_on <= as_of AND NOT banked) AS days_late,
           sum(weight * percent) / nullif(sum(weight) FILTER (WHERE percent IS NOT NULL), 0)
               AS score,
           (array_agg(percent ORDER BY on_date DESC, due_on DESC, assessment_id)
               FILTER (WHERE percent IS NOT NULL))[1] AS latest_score
    FROM handed_in GROUP BY class_id, as_of, learner_id),
owed AS MATERIALIZED (
    SELECT s.class_id, s.as_of, s.learner_id, count(*) AS due, sum(w.weight) AS due_weight,
           count(*) FILTER (WHERE h.assessment_id IS NULL) AS missed,
           coalesce(sum(w.weight) FILTER (WHERE h.assessment_id IS NULL), 0) AS missed_weight,
           (array_agg(h.assessment_id IS NULL ORDER BY w.due_on DESC, w.assessment_id DESC))[1]
               AS last_missed,
           count(*) FILTER (WHERE w.due_on > s.as_of - CAST(:work_days AS integer)
               AND w.due_on + CAST(:grace AS integer) < s.as_of) AS rule_due,
           count(*) FILTER (WHERE w.due_on > s.as_of - CAST(:work_days AS integer)
               AND w.due_on + CAST(:grace AS integer) < s.as_of AND h.assessment_id IS NULL)
               AS rule_missing,
           min(w.due_on) FILTER (WHERE w.due_on > s.as_of - CAST(:work_days AS integer)
               AND w.due_on + CAST(:grace AS integer) < s.as_of AND h.assessment_id IS NULL)
               AS rule_since
    FROM scope s
    JOIN work w ON w.class_id = s.class_id AND w.due_on <= s.as_of AND w.due_on >= s.enrolled_on
    LEFT JOIN handed_in h ON h.class_id = s.class_id AND h.as_of = s.as_of
     AND h.learner_id = s.learner_id AND h.assessment_id = w.assessment_id
    GROUP BY s.class_id, s.as_of, s.learner_id),
elsewhere AS MATERIALIZED (
    SELECT s.class_id, s.as_of, s.learner_id, count(*) AS setbacks
    FROM scope s
    JOIN chalkline.enrollments e ON e.district_id = :district AND e.learner_id = s.learner_id
     AND e.class_id <> s.class_id
    JOIN chalkline.classes c ON c.district_id = :district AND c.class_id = e.class_id
     AND c.course_id <> s.course_id
    WHERE (e.status = 'withdrawn' AND e.left_on <= s.as_of)
       OR (c.ends_on <= s.as_of AND (e.status IN ('failed', 'withdrawn')
                                     OR e.final_result IN ('fail', 'withdrawn')))
    GROUP BY s.class_id, s.as_of, s.learner_id),
at_school AS MATERIALIZED (
    SELECT p.learner_id, p.as_of, count(*) AS school_days,
           count(*) FILTER (WHERE d.status IN ('absent', 'excused')) AS absent_days
    FROM (SELECT DISTINCT learner_id, as_of FROM scope) p
    CROSS JOIN LATERAL (
        SELECT t.status FROM chalkline.attendance t
        WHERE t.district_id = :district AND t.learner_id = p.learner_id
          AND t.on_date <= p.as_of AND t.on_date > p.as_of - 56
        ORDER BY t.on_date DESC LIMIT CAST(:school_days AS integer)) d
    GROUP BY p.learner_id, p.as_of)
SELECT s.class_id, s.learner_id, s.course, s.term, s.as_of, s.as_of - s.starts_on AS day,
       coalesce(o.due, 0), coalesce(o.due_weight, 0), coalesce(o.missed, 0),
       coalesce(o.missed_weight, 0), o.last_missed::integer, coalesce(d.ahead, 0),
       d.days_late::float8, d.score, d.latest_score,
       coalesce(a.clicks, 0), coalesce(a.active_days, 0), coalesce(a.recent_days, 0),
       s.as_of - coalesce(a.last_on, s.enrolled_on) AS idle, coalesce(a.early_clicks, 0),
       s.prior_attempts + coalesce(x.setbacks, 0), s.studied_credits,
       coalesce(t.school_days, 0), coalesce(t.absent_days, 0),
       coalesce(o.rule_due, 0), coalesce(o.rule_missing, 0), o.rule_since,
       coalesce(a.days_28, 0), coalesce(a.days_before, 0), coalesce(a.clicks_28, 0),
       coalesce(a.clicks_before, 0), a.last_on, greatest(s.enrolled_on, s.starts_on)
FROM scope s
LEFT JOIN active a USING (class_id, as_of, learner_id)
LEFT JOIN owed o USING (class_id, as_of, learner_id)
LEFT JOIN done d USING (class_id, as_of, learner_id)
LEFT JOIN elsewhere x USING (class_id, as_of, learner_id)
LEFT JOIN at_school t USING (learner_id, as_of)
ORDER BY s.class_id, s.as_of, s.learner_id
"""
