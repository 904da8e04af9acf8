"""Gives learners on nobody's caseload to counselors, by the rules an administrator has made."""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, text

Initials = Callable[[Connection, int, Collection[UUID]], dict[UUID, str]]


def assign(engine: Engine, initials: Initials, *, now: datetime) -> int:
    """Assigns as of each district's today; returns how many learners. A rule made earlier wins.

    A learner who has a counselor keeps her: rules never take a case away.
    """
    given = 0
    with engine.begin() as connection:
        districts = connection.execute(text(_DISTRICTS)).all()
    for district, today in districts:
        with engine.begin() as connection:
            where = {"district": district, "today": today}
            rules = connection.execute(text(_RULES), where).all()
            learners = connection.execute(text(_UNASSIGNED), where).all()
            letters: dict[UUID, str] = {}
            if any(rule.name_from for rule in rules):
                letters = initials(connection, district, [one.learner_id for one in learners])
            rows = []
            for learner in learners:
                letter = letters.get(learner.learner_id, "")
                rule = next((rule for rule in rules if fits(rule, learner, letter)), None)
                if rule is not None:
                    rows.append(
                        {
                            **where,
                            "staff": rule.staff_id,
                            "learner": learner.learner_id,
                            "rule": in_words(rule),
                        }
                    )
            if rows:
                connection.execute(text(_GIVE), rows)
            given += len(rows)
    return given


def fits(rule: Any, learner: Any, letter: str) -> bool:
    """Whether a rule means a learner: each of its conditions holds; a missing one always does."""
    grade = learner.grade_level
    return bool(
        rule.school_id == learner.school_id
        and (rule.grade_from is None or (grade is not None and rule.grade_from <= grade))
        and (rule.grade_to is None or (grade is not None and grade <= rule.grade_to))
        and (rule.name_from is None or rule.name_from <= letter <= rule.name_to)
        and (rule.programme is None or rule.programme in learner.programmes)
    )


def in_words(rule: Any) -> str:
    """As it is kept with the caseload, e.g. "grade 7, A to M"."""
    parts = []
    if rule.grade_from is not None or rule.grade_to is not None:
        low, high = rule.grade_from, rule.grade_to
        parts.append(f"grade {low}" if low == high else f"grades {low or 0} to {high or 13}")
    if rule.name_from is not None:
        parts.append(f"{rule.name_from} to {rule.name_to}")
    if rule.programme:
        parts.append(rule.programme.replace("_", " "))
    return ", ".join(parts) or "all of the school"


_DISTRICTS = """
SELECT i.district_id, chalkline.today(i.district_id) AS today FROM chalkline.institutions i
WHERE i.kind = 'district' AND EXISTS (
    SELECT FROM chalkline.caseload_rules r
    WHERE r.district_id = i.district_id AND r.ended_at IS NULL) ORDER BY 1
"""
_RULES = """
SELECT staff_id, school_id, grade_from, grade_to, name_from, name_to, programme
FROM chalkline.caseload_rules WHERE district_id = :district AND ended_at IS NULL
ORDER BY made_at, rule_id
"""
_UNASSIGNED = """
SELECT l.learner_id, l.school_id, l.grade_level, l.programmes FROM chalkline.learners l
WHERE l.district_id = :district AND (l.left_on IS NULL OR l.left_on > :today)
  AND l.retention_state IN ('active', 'due', 'held')
  AND NOT EXISTS (
      SELECT FROM chalkline.caseloads c
      WHERE c.district_id = l.district_id AND c.learner_id = l.learner_id
        AND c.starts_on <= :today AND (c.ends_on IS NULL OR c.ends_on >= :today))
"""
_GIVE = """
INSERT INTO chalkline.caseloads (district_id, staff_id, learner_id, starts_on, rule)
VALUES (:district, :staff, :learner, :today, :rule) ON CONFLICT DO NOTHING
"""
