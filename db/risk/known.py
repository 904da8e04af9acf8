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
from analytics.risk.kinds import KIND_FACTS
from analytics.rules import ATTENDANCE_DAYS, GRACE_DAYS, WORK_WEEKS
from db.risk.days import CUTS, DAYS, active
from db.risk.work import WORK

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
    kinds: bool = False,
    marking_days: int = MARKING_DAYS,
) -> pd.DataFrame:
    """One row per cut and learner then enrolled, by class, day and learner.

    `from_state` reads activity_days, which refresh keeps up to the district's own today; without
    it the days are added up from the interactions themselves, for any day and for longer. `kinds`
    adds KIND_FACTS, which the challenger looks at; the state does not tell kinds apart.
    `term` is the day the term began. Uses a temporary table until the transaction ends.
    """
    if not cuts:
        return _frame([], kinds)
    from_state = from_state and not kinds
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
        connection.execute(text(DAYS), given | _where(cuts))
        connection.execute(text("ANALYZE chalkline_risk_days"))
    statement = text(_statement(kinds=kinds, from_state=from_state))
    found = [
        _frame(connection.execute(statement, given | _where(some)).all(), kinds)
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


def _frame(rows: Sequence[Any], kinds: bool) -> pd.DataFrame:
    """Rows as a table, figures as numbers at once: as Python objects they would fill the memory."""
    told = KIND_FACTS if kinds else ()
    found = pd.DataFrame(rows, columns=[*_COLUMNS, *told])
    return found.astype(dict.fromkeys((*FACTS, *told), float) | {"day": int})


_SIZES = """
SELECT class_id, count(*) AS learners FROM chalkline.enrollments
WHERE district_id = :district AND class_id = ANY (CAST(:classes AS uuid[])) GROUP BY class_id
"""

# Under policies the planner takes these tables for nearly empty: it would sort millions of days on
# disk, and compare every row with every other.
_PLANNING = """
SELECT set_config('work_mem', '64MB', true), set_config('enable_nestloop', :nested, true)
"""


def _statement(*, kinds: bool, from_state: bool) -> str:
    did = "".join(f",\n       coalesce(a.{fact}, 0)" for fact in KIND_FACTS) if kinds else ""
    return _FACTS.format(active=active(kinds=kinds, from_state=from_state), did=did)


_FACTS = f"""
WITH {CUTS},
scope AS MATERIALIZED (
    SELECT k.*, e.learner_id, e.enrolled_on, e.prior_attempts, e.studied_credits
    FROM cuts k
    JOIN chalkline.enrollments e ON e.district_id = :district AND e.class_id = k.class_id
    WHERE e.enrolled_on <= k.as_of AND (e.left_on IS NULL OR e.left_on > k.as_of)),
{{active}},
{WORK},
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
       coalesce(a.clicks_before, 0), a.last_on, greatest(s.enrolled_on, s.starts_on){{did}}
FROM scope s
LEFT JOIN active a USING (class_id, as_of, learner_id)
LEFT JOIN owed o USING (class_id, as_of, learner_id)
LEFT JOIN done d USING (class_id, as_of, learner_id)
LEFT JOIN elsewhere x USING (class_id, as_of, learner_id)
LEFT JOIN at_school t USING (learner_id, as_of)
ORDER BY s.class_id, s.as_of, s.learner_id
"""
