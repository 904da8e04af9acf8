"""Measures alerts by what they would have done in classes that have ended, for every line.

Writes alert_quality, alert_groups and alert_lines, from which the page on alert quality reads.
What concerns fewer than the district's least group is left out here, before it is stored.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import numpy as np
import orjson
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import Connection, text

from analytics import alerts, risk
from analytics.alerts import LINES, Replay, group_cells, shown_groups
from analytics.risk import Snapshots, TooLittleError
from analytics.risk.evaluation import rule_severities
from analytics.risk.training import splits

Floats = NDArray[np.float64]

ANY_RULE: Final = "any rule"
KINDS: Final = ("transparent", "boosted")


@dataclass(frozen=True)
class History:
    """Enrolments of classes that have ended, on several days, as nobody's own outcome shaped it.

    `chances` (by kind of model) come from models that had not seen the row's outcome; rows of
    `facts` stand in step with them.
    """

    facts: pd.DataFrame
    truth: Floats
    chances: Mapping[str, Floats]
    window: tuple[date, date]


def unseen(history: Snapshots, facts: pd.DataFrame, window: tuple[date, date]) -> History | None:
    """What models trained without them foretold: of the last term by the earlier ones, or, with
    one term, of each fold of classes by the others. None where there is too little to train on."""
    chances = {kind: np.full(len(history.truth), np.nan) for kind in KINDS}
    for seen, apart in splits(history):
        some, other = history.some(seen), history.some(apart)
        try:
            model = risk.train(some)
        except TooLittleError:
            continue
        chances["transparent"][apart] = risk.score(
            model, other.features, other.identity
        ).probability
        chances["boosted"][apart] = risk.train_boosted(some).probability(
            other.features, other.identity
        )
    known = ~np.isnan(chances["transparent"])
    if not known.any():
        return None
    return History(
        facts[known].reset_index(drop=True),
        history.truth[known],
        {kind: found[known] for kind, found in chances.items()},
        window,
    )


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
    ended = _Ended(connection, district, history)
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


class _Ended:
    """The history by enrolment: who taught it, when it ended, and what an alert would have done."""

    def __init__(self, connection: Connection, district: int, history: History) -> None:
        self.history = history
        facts = history.facts
        keys = facts["class_id"].astype(str) + facts["learner_id"].astype(str)
        self.enrolment, self.first_rows = pd.factorize(keys)[0], ~keys.duplicated().to_numpy()
        classes = sorted(set(facts["class_id"]))
        given = {"district": district, "classes": classes}
        spans = {row.class_id: row for row in connection.execute(text(_SPANS), given)}
        left = {
            (row.class_id, row.learner_id): row.left_on
            for row in connection.execute(text(_LEFT), given)
        }
        self.last_day = np.array([
            ((left.get((c, who)) or spans[c].ends_on) - spans[c].starts_on).days
            for c, who in zip(facts["class_id"], facts["learner_id"], strict=True)
        ], dtype=float)  # fmt: skip
        self.teachers = [spans[c].teachers for c in facts["class_id"][self.first_rows]]
        self.weeks = {
            (teacher, spans[c].starts_on.toordinal() // 7 + week)
            for c in classes
            for teacher in spans[c].teachers
            for week in range(1, max(2, (spans[c].ends_on - spans[c].starts_on).days // 7))
        }
        starts = [spans[c].starts_on.toordinal() for c in facts["class_id"][self.first_rows]]
        self.starts = np.array(starts, dtype=float)
        self.learners = facts["learner_id"][self.first_rows].to_numpy(object)
        self.protected = pd.DataFrame(
            connection.execute(text(_PROTECTED), {"district": district}).all(),
            columns=["attribute", "learner_id", "value"],
        )

    def replay(self, speaks: NDArray[np.bool_]) -> Replay:
        """What an alert that speaks on these rows would have done."""
        day = self.history.facts["day"].to_numpy(float)
        return alerts.replay(self.enrolment, day, speaks, self.last_day, self.history.truth)

    def by_rule(self) -> dict[str, Replay]:
        """Each rule, and any of them."""
        found = rule_severities(self.history.facts)
        worst = np.max(list(found.values()), axis=0)
        each = {rule: self.replay(severity > 0) for rule, severity in found.items()}
        return {**each, ANY_RULE: self.replay(worst > 0)}

    def line(self, kind: str, percent: int) -> dict[str, Any]:
        """A line's row, but for today."""
        found = self.replay(self.history.chances[kind] >= percent / 100)
        weeks: dict[tuple[UUID, int], int] = {}
        for place in np.flatnonzero(found.flagged).tolist():
            week = int(self.starts[place] + found.first_day[place]) // 7
            for teacher in self.teachers[place]:
                weeks[teacher, week] = weeks.get((teacher, week), 0) + 1
        count = found.tally
        return {
            "kind": kind, "line": percent, "learners": count.learners,
            "went_wrong": count.went_wrong, "flagged": count.flagged,
            "flagged_right": count.flagged_right, "lead_days": found.lead_days,
            "teacher_weeks": float(len(self.weeks)) or None,
            "busiest_week": max(weeks.values(), default=0),
        }  # fmt: skip

    def groups(self, replays: Mapping[str, Replay], k: int) -> list[dict[str, Any]]:
        """Error rates by group, without those that would tell of few."""
        rows = []
        for attribute, own in self.protected.groupby("attribute", sort=True):
            values = own.drop_duplicates("learner_id").set_index("learner_id")["value"]
            groups = values.reindex(self.learners).to_numpy(object)
            cells = {
                alert: group_cells(
                    replays[alert].truth, replays[alert].flagged, self.learners, groups
                )
                for alert in (*KINDS, ANY_RULE)
            }
            shown = shown_groups(list(cells.values()), k)
            rows += [
                {
                    "alert": alert, "attribute": attribute, "group_value": name,
                    "shown": name in shown, **(asdict(cell) if name in shown else {}),
                }
                for alert, by_name in cells.items()
                for name, cell in by_name.items()
            ]  # fmt: skip
        return rows


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
_SPANS = """
SELECT c.class_id, c.starts_on, c.ends_on, array(
    SELECT DISTINCT s.staff_id FROM chalkline.class_staff s
    WHERE s.district_id = :district AND s.class_id = c.class_id) AS teachers
FROM chalkline.classes c
WHERE c.district_id = :district AND c.class_id = ANY (CAST(:classes AS uuid[]))
"""
_LEFT = """
SELECT class_id, learner_id, left_on FROM chalkline.enrollments
WHERE district_id = :district AND class_id = ANY (CAST(:classes AS uuid[])) AND left_on IS NOT NULL
"""
_PROTECTED = """
SELECT attribute, learner_id, value FROM chalkline.protected_attributes
WHERE district_id = :district AND attribute <> 'learning_style'
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
