"""Raises, keeps and closes flags and class notices by the rules, after the state was made."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal
from uuid import UUID

import orjson
from sqlalchemy import Connection, text

from analytics.rules import ATTENDANCE, DISMISSED_DAYS, Finding, may_be_raised_again
from db.refresh.facts import CLEARED, ENDED, LEFT, Facts, Key

WAKE: Final = "the snooze is over"
RETURNED: Final = "the evidence returned"
BY_DATA: Final = (CLEARED, LEFT, ENDED)  # any other outcome was a person's

# In these a person has taken over: data no longer closes the flag, only an outcome does.
_IN_HAND: Final = ("referred", "in_plan")


@dataclass(frozen=True)
class Change:
    """What a refresh did to flags."""

    raised: int
    resolved: int
    touched: int

    def __add__(self, other: "Change") -> "Change":
        return Change(
            self.raised + other.raised,
            self.resolved + other.resolved,
            self.touched + other.touched,
        )


NOTHING: Final = Change(0, 0, 0)


def bring_flags(
    connection: Connection,
    given: Mapping[str, Any],
    facts: Facts,
    *,
    scope: str,
    who: Sequence[UUID],
    origin: Literal["rule", "model"] = "rule",
) -> Change:
    """Makes the flags of a scope (`class` or `learner`, those in `who`) say what the facts say.

    A flag dismissed as wrong stays away for DISMISSED_DAYS unless the evidence got much worse; so
    does one that a person has settled, for as long as its evidence has not gone in between. One
    that was resolved and whose evidence returns within that time is reopened, with its history.
    """
    today: date = given["as_of"]
    where = {**given, "who": list(who), "rule": ATTENDANCE, "origin": origin}
    live = {
        (row.learner_id, row.class_id, row.rule): row
        for row in connection.execute(text(_LIVE[scope]), where)
    }
    closed = {
        (row.learner_id, row.class_id, row.rule): row
        for row in connection.execute(text(_CLOSED[scope]), {**where, "days": DISMISSED_DAYS})
    }
    raised, back, quiet = [], [], []
    for key, finding in facts.findings.items():
        if key in live:
            continue
        match _comes_back(closed.get(key), finding, today=today, was=given["was"]):
            case "new":
                raised.append(_row(key, finding))
            case "reopened":
                back.append(_row(key, finding) | {"flag_id": str(closed[key].flag_id)})
            case "silent" if closed[key].state == "resolved" and closed[key].seen_on < today:
                quiet.append({"flag_id": str(closed[key].flag_id)})
    kept = [
        {"flag_id": str(live[key].flag_id), "severity": f.severity, "evidence": dict(f.evidence)}
        for key, f in facts.findings.items()
        if key in live and _differs(live[key], f, today)
    ]
    gone = [
        {"flag_id": str(row.flag_id), "outcome": facts.why_gone(key)}
        for key, row in live.items()
        if key not in facts.findings and row.state not in _IN_HAND
    ]
    new = _run(connection, _RAISE, where, raised)
    new += _run(connection, _REOPEN, {**where, "reason": RETURNED}, back)
    touched = _run(connection, _KEEP, where, kept) + _run(connection, _STILL_SO, where, quiet)
    resolved = _run(connection, _RESOLVE, where, gone)
    awake = connection.execute(text(_WAKE[scope]), {**where, "reason": WAKE}).rowcount
    return Change(new, resolved, touched + awake)


def _comes_back(
    closed: Any | None, finding: Finding, *, today: date, was: date | None
) -> Literal["new", "reopened", "silent"]:
    """What a finding does whose latest flag was closed lately (None: was not)."""
    if closed is None:
        return "new"
    by_data = closed.state == "resolved" and closed.outcome in BY_DATA
    gone_since = was is not None and max(closed.seen_on, closed.closed_on) < was
    may = may_be_raised_again(
        dismissed_on=closed.closed_on,
        severity_then=closed.severity,
        severity=finding.severity,
        today=today,
    )
    if closed.state == "dismissed":
        return "new" if may else "silent"
    return "reopened" if by_data or gone_since or may else "silent"


def _differs(row: Any, finding: Finding, today: date) -> bool:
    return bool(
        row.seen_on != today
        or row.evidence != finding.evidence
        or abs(row.severity - finding.severity) > 1e-6
    )


def _row(key: Key, finding: Finding) -> dict[str, Any]:
    learner, class_id, rule = key
    return {
        "learner_id": str(learner),
        "class_id": class_id and str(class_id),
        "rule": rule,
        "severity": finding.severity,
        "evidence": dict(finding.evidence),
    }


def _run(
    connection: Connection, statement: str, where: Mapping[str, Any], rows: Iterable[dict[str, Any]]
) -> int:
    listed = list(rows)
    if not listed:
        return 0
    done = connection.execute(text(statement), {**where, "rows": orjson.dumps(listed).decode()})
    return done.rowcount


_OF_CLASS = "f.class_id = ANY (CAST(:who AS uuid[])) AND f.rule <> :rule"
_OF_LEARNER = "f.class_id IS NULL AND f.rule = :rule AND f.learner_id = ANY (CAST(:who AS uuid[]))"
_SCOPES = {"class": _OF_CLASS, "learner": _OF_LEARNER}

_LIVE = {
    scope: f"""
SELECT f.flag_id, f.learner_id, f.class_id, f.rule, f.state, f.severity, f.evidence, f.seen_on
FROM chalkline.flags f
WHERE f.district_id = :district AND f.origin = :origin AND f.closed_on IS NULL AND {which}"""
    for scope, which in _SCOPES.items()
}
_CLOSED = {
    scope: f"""
SELECT DISTINCT ON (f.learner_id, f.class_id, f.rule)
       f.flag_id, f.learner_id, f.class_id, f.rule, f.state, f.outcome, f.closed_on, f.seen_on,
       f.severity
FROM chalkline.flags f
WHERE f.district_id = :district AND f.origin = :origin
  AND f.closed_on > CAST(:as_of AS date) - CAST(:days AS integer) AND {which}
ORDER BY f.learner_id, f.class_id, f.rule, f.closed_on DESC, f.raised_on DESC"""
    for scope, which in _SCOPES.items()
}

# Between our look and these statements a person may have acted: whatever is closed stays closed.
_RAISE = """
WITH raised AS (
    INSERT INTO chalkline.flags
        (district_id, flag_id, learner_id, class_id, origin, rule, severity, evidence, raised_on,
         seen_on, updated_at)
    SELECT :district, gen_random_uuid(), n.learner_id, n.class_id, :origin, n.rule, n.severity,
           n.evidence, :as_of, :as_of, :now
    FROM jsonb_to_recordset(CAST(:rows AS jsonb))
         AS n(learner_id uuid, class_id uuid, rule text, severity real, evidence jsonb)
    ON CONFLICT DO NOTHING
    RETURNING flag_id, learner_id, class_id)
INSERT INTO chalkline.flag_events (district_id, flag_id, learner_id, class_id, action, at)
SELECT :district, flag_id, learner_id, class_id, 'raised', :now FROM raised
"""
_KEEP = """
UPDATE chalkline.flags f
SET severity = n.severity, evidence = n.evidence, seen_on = :as_of, updated_at = :now
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS n(flag_id uuid, severity real, evidence jsonb)
WHERE f.district_id = :district AND f.flag_id = n.flag_id AND f.closed_on IS NULL
"""
_REOPEN = """
WITH reopened AS (
    UPDATE chalkline.flags f
    SET state = 'open', closed_on = NULL, outcome = NULL, severity = n.severity,
        evidence = n.evidence, seen_on = :as_of, updated_at = :now
    FROM jsonb_to_recordset(CAST(:rows AS jsonb))
         AS n(flag_id uuid, severity real, evidence jsonb)
    WHERE f.district_id = :district AND f.flag_id = n.flag_id AND f.state = 'resolved'
    RETURNING f.flag_id, f.learner_id, f.class_id)
INSERT INTO chalkline.flag_events (district_id, flag_id, learner_id, class_id, action, reason, at)
SELECT :district, flag_id, learner_id, class_id, 'reopened', :reason, :now FROM reopened
"""
_STILL_SO = """
UPDATE chalkline.flags f SET seen_on = :as_of
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS n(flag_id uuid)
WHERE f.district_id = :district AND f.flag_id = n.flag_id
"""
_RESOLVE = """
WITH resolved AS (
    UPDATE chalkline.flags f
    SET state = 'resolved', outcome = n.outcome, snoozed_until = NULL, updated_at = :now,
        closed_on = greatest(CAST(:as_of AS date), f.raised_on)
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS n(flag_id uuid, outcome text)
    WHERE f.district_id = :district AND f.flag_id = n.flag_id AND f.closed_on IS NULL
    RETURNING f.flag_id, f.learner_id, f.class_id, f.outcome)
INSERT INTO chalkline.flag_events (district_id, flag_id, learner_id, class_id, action, reason, at)
SELECT :district, flag_id, learner_id, class_id, 'resolved', outcome, :now FROM resolved
"""
_WAKE = {
    scope: f"""
WITH awake AS (
    UPDATE chalkline.flags f SET state = 'open', snoozed_until = NULL, updated_at = :now
    WHERE f.district_id = :district AND f.state = 'snoozed' AND f.snoozed_until <= :as_of
      AND {which}
    RETURNING f.flag_id, f.learner_id, f.class_id)
INSERT INTO chalkline.flag_events (district_id, flag_id, learner_id, class_id, action, reason, at)
SELECT :district, flag_id, learner_id, class_id, 'reopened', :reason, :now FROM awake"""
    for scope, which in _SCOPES.items()
}
