"""Scores what has news, raises and closes the model's flags, a district a transaction.

A class is scored again when refresh has made it again, and every running class on a new day, after
a training, and after an administrator's decision. The first week of a class belongs to the rules.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from time import monotonic
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Engine, text

from analytics.rules import LINE, MARGIN, RISK, Finding
from db.locks import Work, alone
from db.people import Progress, quiet
from db.refresh.due import SCORES, note_due, waiting
from db.refresh.facts import Facts, Key
from db.refresh.flags import bring_flags
from db.risk import store
from db.risk.scoring import Score, score_classes

KEPT_DAYS: Final = 35  # of daily scores; of older days the Mondays stay, so that time can be shown
TOLD: Final = 3  # reasons that a flag quotes


@dataclass(frozen=True)
class Brought:
    """What a scoring of one district did."""

    district_id: int
    model_version: str
    line: float
    classes: int
    learners: int
    at_risk: int
    flags_raised: int
    flags_resolved: int
    seconds: float


def bring_scores(
    engine: Engine,
    *,
    now: datetime,
    districts: Sequence[int] | None = None,
    everything: bool = False,
    progress: Progress = quiet,
) -> list[Brought]:
    """Scores every class that waits (with `everything`: every running class) as of the state's day.

    Raises RiskError when a model that was chosen is gone; what was scored before stays.
    """
    with engine.begin() as connection:
        found = waiting(connection, districts)
        if everything:
            found = list(connection.scalars(text(_KNOWN), {"districts": districts}))
    done = []
    for district in found:
        with engine.begin() as connection:
            brought = _bring(connection, district, now, everything, progress)
        if brought is not None:
            done.append(brought)
    return done


def _bring(
    connection: Connection, district: int, now: datetime, everything: bool, progress: Progress
) -> Brought | None:
    began = monotonic()
    given = {"district": district, "name": SCORES}
    alone(connection, Work.STATE, district)
    here = connection.execute(text(_HERE), given).one()
    decision = store.decision(connection, district)
    if decision is not None and decision.kind != store.in_use_kind(connection, district):
        store.decide(connection, district, decision.kind)
    stored = store.model_for(connection, district, here.as_of)
    line = decision.line if decision else LINE
    seen = f"{stored.version}/{decision.decision_id if decision else ''}"
    if everything or here.seen != seen or here.scored_on != here.as_of:
        note_due(connection, district, None)
    due = list(connection.scalars(text(_TAKE), given))
    if not due:
        return None
    scored, made = score_classes(
        connection, stored, district=district, as_of=here.as_of, only=set(due), line=line,
        progress=progress,
    )  # fmt: skip
    given |= {"as_of": here.as_of, "now": now, "seen": seen, "keep": KEPT_DAYS}
    given["was"] = here.scored_on
    facts = _facts(connection, given, due, made, line)
    change = bring_flags(connection, given, facts, scope="class", who=due, origin="model")
    connection.execute(text(_STAMP), given | {"classes": list({one.class_id for one in made})})
    connection.execute(text(_SCORED), given)
    if here.scored_on != here.as_of:
        connection.execute(text(_FORGET), given)
    return Brought(
        district, stored.version, line, scored.classes, scored.learners, scored.at_risk,
        change.raised, change.resolved, round(monotonic() - began, 3),
    )  # fmt: skip


def _facts(
    connection: Connection,
    given: dict[str, Any],
    due: Sequence[UUID],
    made: Sequence[Score],
    line: float,
) -> Facts:
    """Whose chance stands above the line; a flag that stands already stays within the margin."""
    where = given | {"classes": list(due), "rule": RISK}
    standing = {tuple(row) for row in connection.execute(text(_STANDING), where)}
    findings: dict[Key, Finding] = {}
    for one in made:
        stands = (one.learner_id, one.class_id) in standing
        if one.chance >= line - (MARGIN if stands else 0):
            findings[one.learner_id, one.class_id, RISK] = _finding(one, line)
    return Facts(
        findings,
        {},
        frozenset(connection.scalars(text(_RUNNING), where)),
        frozenset((one.learner_id, one.class_id) for one in made),
    )


def _finding(one: Score, line: float) -> Finding:
    below = f"Clears when the chance falls below {(line - MARGIN) * 100:.0f} %."
    return Finding(
        RISK,
        round(one.chance, 3),
        {
            "chance": round(one.chance, 3),
            "low": round(one.low, 3),
            "high": round(one.high, 3),
            "usual": round(one.usual, 3),
            "line": line,
            "why": [{"matter": why["matter"], "words": why["words"]} for why in one.reasons[:TOLD]],
            "clears": one.clears[0]["words"] if one.clears else below,
        },
    )


def scored_on(connection: Connection, district: int) -> date | None:
    """The day of the latest scores."""
    day: date | None = connection.scalar(
        text("SELECT as_of FROM chalkline.watermarks WHERE district_id = :d AND name = :name"),
        {"d": district, "name": SCORES},
    )
    return day


_KNOWN = """
SELECT district_id FROM chalkline.watermarks WHERE name = 'state'
  AND (CAST(:districts AS integer[]) IS NULL OR district_id = ANY (CAST(:districts AS integer[])))
ORDER BY district_id
"""
_HERE = """
SELECT s.as_of, r.as_of AS scored_on, coalesce(r.seen, '') AS seen
FROM chalkline.watermarks s
LEFT JOIN chalkline.watermarks r ON r.district_id = s.district_id AND r.name = :name
WHERE s.district_id = :district AND s.name = 'state'
"""
_TAKE = "DELETE FROM chalkline.risk_due WHERE district_id = :district RETURNING class_id"
_STANDING = """
SELECT learner_id, class_id FROM chalkline.flags
WHERE district_id = :district AND origin = 'model' AND rule = :rule AND closed_on IS NULL
  AND class_id = ANY (CAST(:classes AS uuid[]))
"""
_RUNNING = """
SELECT class_id FROM chalkline.classes
WHERE district_id = :district AND class_id = ANY (CAST(:classes AS uuid[]))
  AND starts_on <= :as_of AND ends_on > :as_of
"""
# An open page compares this stamp: scores come a moment after the state they rest on.
_STAMP = """
UPDATE chalkline.enrollment_state t SET updated_at = clock_timestamp()
FROM (SELECT class_id, min(learner_id::text)::uuid AS learner_id FROM chalkline.enrollment_state
      WHERE district_id = :district AND class_id = ANY (CAST(:classes AS uuid[]))
      GROUP BY class_id) one
WHERE t.district_id = :district AND t.class_id = one.class_id AND t.learner_id = one.learner_id
"""
_SCORED = """
INSERT INTO chalkline.watermarks AS w
    (district_id, name, seen_xid, seen, as_of, version, updated_at)
VALUES (:district, :name, 0, :seen, :as_of, 1, :now)
ON CONFLICT (district_id, name) DO UPDATE
SET seen = excluded.seen, as_of = excluded.as_of, version = w.version + 1,
    updated_at = excluded.updated_at
"""
_FORGET = """
DELETE FROM chalkline.risk_scores
WHERE district_id = :district AND as_of < CAST(:as_of AS date) - CAST(:keep AS integer)
  AND extract(isodow FROM as_of) <> 1
"""
