"""What the rules are asked about: facts of the learners of some classes, and what they answer."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, text

from analytics import rules
from analytics.rules import ClassNotice, Finding
from db.refresh.work import WORK

CLEARED: Final = "the evidence cleared"
LEFT: Final = "the learner has left the class"
ENDED: Final = "the class has ended"

Key = tuple[UUID, UUID | None, str]
"""(learner, class or None, rule)"""


@dataclass(frozen=True)
class Facts:
    """What the rules found, and of whom it was asked at all."""

    findings: Mapping[Key, Finding]
    notices: Mapping[UUID, Sequence[ClassNotice]]
    running: frozenset[UUID]
    present: frozenset[tuple[UUID, UUID | None]]

    def why_gone(self, key: Key) -> str:
        """Why a flag that no longer holds is closed."""
        learner, class_id, _ = key
        if class_id is not None and class_id not in self.running:
            return ENDED
        if (learner, class_id) not in self.present:
            return LEFT
        return CLEARED


def class_facts(connection: Connection, given: Mapping[str, Any], classes: Sequence[UUID]) -> Facts:
    """Asks the rules about work, mastery and activity of each learner of these classes."""
    today: date = given["as_of"]
    where = {**given, "classes": list(classes)}
    enrolled = connection.execute(text(_ENROLLED), where).all()
    sizes: dict[UUID, int] = defaultdict(int)
    findings: dict[Key, Finding] = {}
    for row in enrolled:
        sizes[row.class_id] += 1
        found = rules.falling_activity(
            rules.Activity(
                days=row.active_days_28,
                days_before=row.active_days_before,
                clicks=row.clicks_28,
                clicks_before=row.clicks_before,
                last_on=row.last_active_on,
                enrolled_on=max(row.enrolled_on, row.starts_on),
                class_change=row.class_activity,
                class_days=row.class_days,
            ),
            today=today,
        )
        if found:
            findings[row.learner_id, row.class_id, found.rule] = found
    for row in connection.execute(text(_WORK), where | _WORK_LIMITS):
        found = rules.missing_work(rules.Work(row.due, row.missing, row.since, row.due_since))
        if found:
            findings[row.learner_id, row.class_id, found.rule] = found
    struggles, notices = _mastery_facts(connection, where, sizes)
    for (class_id, learner), some in struggles.items():
        found = rules.low_mastery(some)
        if found:
            findings[learner, class_id, found.rule] = found
    return Facts(
        findings,
        notices,
        frozenset(connection.scalars(text(_RUNNING), where)),
        frozenset((row.learner_id, row.class_id) for row in enrolled),
    )


def _mastery_facts(
    connection: Connection, where: Mapping[str, Any], sizes: Mapping[UUID, int]
) -> tuple[dict[tuple[UUID, UUID], list[rules.Struggle]], dict[UUID, list[ClassNotice]]]:
    """Each learner's struggles, without those that are a notice to the whole class."""
    by_class: dict[UUID, list[tuple[UUID, rules.Struggle]]] = defaultdict(list)
    for row in connection.execute(text(_STRUGGLES), where):
        struggle = rules.Struggle(
            competency_id=row.competency_id,
            code=row.code,
            share=row.next_right,
            low=row.low,
            high=row.high,
            answers=row.evidence,
            last_on=row.last_on,
        )
        by_class[row.class_id].append((row.learner_id, struggle))
    own: dict[tuple[UUID, UUID], list[rules.Struggle]] = defaultdict(list)
    notices: dict[UUID, list[ClassNotice]] = {}
    for class_id, found in by_class.items():
        notices[class_id] = rules.class_notices(
            (struggle.competency_id for _, struggle in found), learners=sizes[class_id]
        )
        shared = {notice.competency_id for notice in notices[class_id]}
        for learner, struggle in found:
            if struggle.competency_id not in shared:
                own[class_id, learner].append(struggle)
    return own, notices


def learner_facts(
    connection: Connection, given: Mapping[str, Any], learners: Sequence[UUID]
) -> Facts:
    """Asks the attendance rule about each of these learners."""
    where = {**given, "learners": list(learners), "school_days": rules.ATTENDANCE_DAYS}
    rows = connection.execute(text(_ATTENDANCE), where).all()
    findings: dict[Key, Finding] = {}
    for row in rows:
        found = rules.attendance(list(zip(row.days or (), row.statuses or (), strict=True)))
        if found:
            findings[row.learner_id, None, found.rule] = found
    return Facts(findings, {}, frozenset(), frozenset((row.learner_id, None) for row in rows))


_WORK_LIMITS = {"grace": rules.GRACE_DAYS, "work_days": 7 * rules.WORK_WEEKS}

_RUNNING = """
SELECT class_id FROM chalkline.classes
WHERE district_id = :district AND class_id = ANY (CAST(:classes AS uuid[]))
  AND starts_on <= :as_of AND ends_on >= :as_of
"""
_ENROLLED = f"""
WITH scope AS MATERIALIZED (
    SELECT s.*, e.enrolled_on, c.starts_on FROM chalkline.enrollment_state s
    JOIN chalkline.enrollments e ON e.district_id = :district
     AND e.class_id = s.class_id AND e.learner_id = s.learner_id
    JOIN chalkline.classes c ON c.district_id = :district AND c.class_id = s.class_id
    WHERE s.district_id = :district AND s.class_id = ANY (CAST(:classes AS uuid[]))
      AND s.enrolled AND c.starts_on <= :as_of AND c.ends_on >= :as_of),
lately AS (
    SELECT s.class_id, percentile_cont(0.5) WITHIN GROUP (ORDER BY a.days) AS days
    FROM scope s CROSS JOIN LATERAL (
        SELECT count(*)::float8 AS days FROM chalkline.activity_days a
        WHERE a.district_id = :district AND a.class_id = s.class_id AND a.learner_id = s.learner_id
          AND a.on_date > CAST(:as_of AS date) - {rules.SILENT_DAYS} AND a.on_date <= :as_of) a
    GROUP BY s.class_id)
SELECT s.class_id, s.learner_id, s.enrolled_on, s.starts_on, s.active_days_28, s.active_days_before,
       s.clicks_28, s.clicks_before, s.last_active_on, s.class_activity, l.days AS class_days
FROM scope s JOIN lately l USING (class_id)
"""
_WORK = f"""
WITH scope AS MATERIALIZED (
    SELECT e.class_id, e.learner_id, e.enrolled_on, e.left_on, CAST(:as_of AS date) AS day
    FROM chalkline.enrollment_state s
    JOIN chalkline.classes c ON c.district_id = :district AND c.class_id = s.class_id
    JOIN chalkline.enrollments e ON e.district_id = :district
     AND e.class_id = s.class_id AND e.learner_id = s.learner_id
    WHERE s.district_id = :district AND s.class_id = ANY (CAST(:classes AS uuid[]))
      AND s.enrolled AND s.missing_since IS NOT NULL
      AND c.starts_on <= :as_of AND c.ends_on >= :as_of),
{WORK},
recent AS MATERIALIZED (
    SELECT * FROM pieces WHERE due AND due_on > day - CAST(:work_days AS integer)
                           AND due_on + CAST(:grace AS integer) < day),
firsts AS (
    SELECT class_id, learner_id, count(*) AS due, count(*) FILTER (WHERE missing) AS missing,
           min(due_on) FILTER (WHERE missing) AS since
    FROM recent GROUP BY class_id, learner_id)
SELECT f.class_id, f.learner_id, f.due, f.missing, f.since,
       count(*) FILTER (WHERE r.due_on >= f.since) AS due_since
FROM firsts f JOIN recent r USING (class_id, learner_id)
GROUP BY f.class_id, f.learner_id, f.due, f.missing, f.since
"""
_STRUGGLES = """
SELECT s.class_id, s.learner_id, m.competency_id, k.code, m.next_right, m.low, m.high, m.evidence,
       (m.last_answer_at AT TIME ZONE :tz)::date AS last_on
FROM chalkline.enrollment_state s
JOIN chalkline.classes c ON c.district_id = :district AND c.class_id = s.class_id
CROSS JOIN LATERAL unnest(s.low_competencies) AS low(competency_id)
JOIN chalkline.mastery m ON m.district_id = :district
 AND m.learner_id = s.learner_id AND m.competency_id = low.competency_id
JOIN chalkline.competencies k ON k.competency_id = m.competency_id
WHERE s.district_id = :district AND s.class_id = ANY (CAST(:classes AS uuid[]))
  AND s.enrolled AND c.starts_on <= :as_of AND c.ends_on >= :as_of
"""
_ATTENDANCE = """
SELECT s.learner_id, d.days, d.statuses
FROM (SELECT s.learner_id, max(s.days_absent_28) AS absent FROM chalkline.enrollment_state s
      JOIN chalkline.classes c ON c.district_id = :district AND c.class_id = s.class_id
      WHERE s.district_id = :district AND s.learner_id = ANY (CAST(:learners AS uuid[]))
        AND s.enrolled AND c.starts_on <= :as_of AND c.ends_on >= :as_of
      GROUP BY s.learner_id) s
LEFT JOIN LATERAL (
    SELECT array_agg(t.on_date ORDER BY t.on_date) AS days,
           array_agg(t.status ORDER BY t.on_date) AS statuses
    FROM (SELECT a.on_date, a.status FROM chalkline.attendance a
          WHERE a.district_id = :district AND a.learner_id = s.learner_id
            AND a.on_date <= :as_of AND a.on_date > CAST(:as_of AS date) - 56
          ORDER BY a.on_date DESC LIMIT CAST(:school_days AS integer)) t
    WHERE s.absent > 0) d ON true
"""
