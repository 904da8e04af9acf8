"""Measures alerts as they are: flags really raised, who answered them, and what each line means
today."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, text

from analytics.alerts import LINES
from analytics.risk import features, score
from db.risk import store
from db.risk.alerts import QUALITY, insert_rows, least_group
from db.risk.scoring import facts_today

Floats = NDArray[np.float64]


def measure_now(connection: Connection, district: int, *, now: datetime) -> None:
    """Writes the figures of flags that were raised, and of the learners of running classes."""
    given = {"district": district, "now": now}
    connection.execute(text(_FORGET), given)
    k = least_group(connection, district)
    insert_rows(connection, QUALITY, given, _raised(connection, given, k))
    day = connection.scalar(text(_DAY), given)
    if day is None:
        return
    found = facts_today(connection, district, day, kinds=True)
    chances = _both(connection, district, day, found)
    teachers = int(connection.scalar(text(_TEACHERS), given | {"day": day}) or 0)
    insert_rows(connection, _LINES, given, _today(chances, teachers))


def _both(connection: Connection, district: int, day: Any, found: Any) -> dict[str, Floats]:
    """The chances by the model in use or its transparent twin, and by the latest challenger."""
    model = store.model_for(connection, district, day)
    if not len(found):
        return {"transparent": np.zeros(0)}
    looked = features(found)
    chances = {"transparent": score(model.transparent, looked, found).probability}
    other = model if model.boosted else store.challenger(connection, district, day)
    if other is not None and other.boosted is not None:
        start = score(other.transparent, looked, found).log_odds
        chances["boosted"] = other.boosted.probability(start, looked, found)
    return chances


def _today(chances: Mapping[str, Floats], teachers: int) -> list[dict[str, Any]]:
    rows = []
    for kind, chance in chances.items():
        for percent in LINES:
            above = chance[chance >= percent / 100]
            rows.append(
                {
                    "kind": kind, "line": percent, "now_scored": len(chance),
                    "now_flagged": len(above), "now_false": round(float((1 - above).sum()), 2),
                    "now_teachers": teachers,
                }
            )  # fmt: skip
    return rows


def _raised(connection: Connection, given: Mapping[str, Any], k: int) -> list[dict[str, Any]]:
    """Flags of the last year by rule; counts below k are left empty."""
    rows = []
    for row in connection.execute(text(_RAISED), given).mappings():
        told: dict[str, Any] = {
            "alert": row["rule"], "basis": "raised", "window_from": row["first_on"].isoformat(),
            "window_to": row["last_on"].isoformat(),
        }  # fmt: skip
        if row["raised"] >= k:
            told |= {"raised": row["raised"], "acted_on": row["acted_on"]}
        if row["flagged"] >= k:
            told |= {name: row[name] for name in ("flagged", "flagged_right", "lead_days")}
        rows.append(told)
    return rows


_FORGET = "DELETE FROM chalkline.alert_quality WHERE district_id = :district AND basis = 'raised'"
_DAY = "SELECT as_of FROM chalkline.watermarks WHERE district_id = :district AND name = 'state'"
_TEACHERS = """
SELECT count(DISTINCT s.staff_id) FROM chalkline.class_staff s
JOIN chalkline.classes c ON c.district_id = :district AND c.class_id = s.class_id
WHERE s.district_id = :district AND c.starts_on <= :day AND c.ends_on > :day
"""
_RAISED = """
WITH mine AS (
    SELECT f.rule, f.flag_id, f.raised_on, least(e.left_on, c.ends_on) AS ended_on,
           CASE WHEN e.final_result IS NOT NULL THEN e.final_result IN ('fail', 'withdrawn')
                WHEN e.status <> 'enrolled' THEN e.status IN ('failed', 'withdrawn') END AS bad,
           EXISTS (SELECT FROM chalkline.flag_events v WHERE v.district_id = :district
                   AND v.flag_id = f.flag_id AND v.staff_id IS NOT NULL) AS acted
    FROM chalkline.flags f
    LEFT JOIN chalkline.classes c ON c.district_id = :district AND c.class_id = f.class_id
    LEFT JOIN chalkline.enrollments e ON e.district_id = :district
     AND e.class_id = f.class_id AND e.learner_id = f.learner_id
    WHERE f.district_id = :district AND f.origin IN ('rule', 'model')
      AND f.raised_on > chalkline.today(:district) - 365)
SELECT rule, min(raised_on) AS first_on, max(raised_on) AS last_on, count(*) AS raised,
       count(*) FILTER (WHERE acted) AS acted_on, count(bad) AS flagged,
       count(*) FILTER (WHERE bad) AS flagged_right,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY ended_on - raised_on) FILTER (WHERE bad)
           AS lead_days
FROM mine GROUP BY rule ORDER BY rule
"""
_LINES = """
INSERT INTO chalkline.alert_lines AS t (district_id, kind, line, now_scored, now_flagged,
    now_false, now_teachers, measured_at)
SELECT :district, r.*, :now FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(
    kind text, line smallint, now_scored integer, now_flagged integer, now_false real,
    now_teachers integer)
ON CONFLICT (district_id, kind, line) DO UPDATE
SET now_scored = excluded.now_scored, now_flagged = excluded.now_flagged,
    now_false = excluded.now_false, now_teachers = excluded.now_teachers,
    measured_at = excluded.measured_at
"""
