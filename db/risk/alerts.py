"""Measures alerts by what they would have done in classes that have ended, for every line.

Writes alert_quality, alert_groups and alert_lines, from which the page on alert quality reads.
What concerns fewer than the district's least group is left out here, before it is stored.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import orjson
from sqlalchemy import Connection, text

from analytics.alerts import LINES, Replay
from db.risk.ended import Ended, History


def measure_ended(
    connection: Connection, district: int, history: History | None, *, line: float, now: datetime
) -> None:
    """Writes what rules, models and lines would have done in classes that have ended.

    Groups are measured here alone, once a training: were it done for every line tried, two
    answers could be subtracted from each other.
    """
    given = {"district": district, "now": now}
    connection.execute(text(_CLEAR), given)
    if history is None:
        return
    k = least_group(connection, district)
    ended = Ended(connection, district, history)
    replays = ended.by_rule()
    rows = [_quality(k, alert, found, history.window) for alert, found in replays.items()]
    insert_rows(connection, QUALITY, given, rows)
    for kind, chance in history.chances.items():
        replays[kind] = ended.replay(chance >= line)
    insert_rows(connection, _GROUPS, given, ended.groups(replays, k))
    lines = [ended.line(kind, percent) for kind in history.chances for percent in LINES]
    insert_rows(connection, _LINES, given, lines)


def least_group(connection: Connection, district: int) -> int:
    """The district's k."""
    return int(connection.scalar(text(_LEAST), {"district": district}) or 5)


def _quality(k: int, alert: str, found: Replay, window: tuple[date, date]) -> dict[str, Any]:
    count = found.tally
    row = {
        "alert": alert, "basis": "replayed", "window_from": window[0].isoformat(),
        "window_to": window[1].isoformat(), "learners": count.learners,
        "went_wrong": count.went_wrong,
    }  # fmt: skip
    if count.flagged < k:
        return row
    return row | {
        "flagged": count.flagged, "flagged_right": count.flagged_right,
        "lead_days": found.lead_days,
    }  # fmt: skip


def insert_rows(
    connection: Connection, statement: str, given: Mapping[str, Any], rows: list[dict[str, Any]]
) -> None:
    """Inserts rows, given as JSON; what a row does not name stays empty."""
    if rows:
        connection.execute(text(statement), {**given, "rows": orjson.dumps(rows).decode()})


_LEAST = """
SELECT least_group FROM chalkline.institutions WHERE district_id = :district AND kind = 'district'
"""
_CLEAR = """
WITH a AS (DELETE FROM chalkline.alert_quality
           WHERE district_id = :district AND basis = 'replayed'),
     b AS (DELETE FROM chalkline.alert_groups WHERE district_id = :district)
DELETE FROM chalkline.alert_lines WHERE district_id = :district
"""
QUALITY = """
INSERT INTO chalkline.alert_quality (district_id, alert, basis, window_from, window_to, learners,
    went_wrong, flagged, flagged_right, lead_days, raised, acted_on, measured_at)
SELECT :district, r.*, :now FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(
    alert text, basis text, window_from date, window_to date, learners integer,
    went_wrong integer, flagged integer, flagged_right integer, lead_days real, raised integer,
    acted_on integer)
"""
_GROUPS = """
INSERT INTO chalkline.alert_groups (district_id, alert, attribute, group_value, shown, passed,
    passed_flagged, failed, failed_flagged, measured_at)
SELECT :district, r.*, :now FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(
    alert text, attribute text, group_value text, shown boolean, passed integer,
    passed_flagged integer, failed integer, failed_flagged integer)
"""
_LINES = """
INSERT INTO chalkline.alert_lines (district_id, kind, line, learners, went_wrong, flagged,
    flagged_right, teacher_weeks, busiest_week, lead_days, now_scored, now_flagged, now_false,
    now_teachers, measured_at)
SELECT :district, r.*, 0, 0, 0, 0, :now FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(
    kind text, line smallint, learners integer, went_wrong integer, flagged integer,
    flagged_right integer, teacher_weeks real, busiest_week integer, lead_days real)
"""
