"""A district's learners, week by week, in each of the measures that a plan may aim at."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, text

WEEKS: Final = 40
AWAKE: Final = 0.5  # a week in which fewer of a district's learners have a value is a holiday


@dataclass(frozen=True)
class Weeks:
    """`values` holds a learner a row and a whole week a column; nan: nothing known of that week."""

    learners: list[UUID]
    mondays: list[date]
    values: NDArray[np.float64]

    @property
    def place(self) -> Mapping[UUID, int]:
        """The row of each learner."""
        return {learner: row for row, learner in enumerate(self.learners)}

    def first_after(self, day: date) -> int:
        """The place of the first week that begins on or after a day."""
        return sum(monday < day for monday in self.mondays)


def weekly(connection: Connection, district: int, measure: str, *, today: date) -> Weeks:
    """The last WEEKS whole weeks before today's; percentages from 0 to 100, activity in days.

    Days of work are counted for the week in which it was due. Weeks of holiday are left out.
    """
    monday = today - timedelta(days=today.weekday())
    first = monday - timedelta(weeks=WEEKS)
    given: dict[str, Any] = {"district": district, "first": first, "monday": monday}
    rows = connection.execute(text(_SQL[measure]), given).all()
    learners = sorted({row.learner_id for row in rows})
    place = {learner: number for number, learner in enumerate(learners)}
    values = np.full((len(learners), WEEKS), np.nan)
    for row in rows:
        values[place[row.learner_id], row.week] = row.value
    known = (~np.isnan(values)).sum(axis=0)
    awake = known >= AWAKE * max(1, known.max(initial=0))
    mondays = [first + timedelta(weeks=week) for week in range(WEEKS)]
    if measure == "activity":  # nothing done in a week of school is nought, while one is there
        there = np.zeros_like(values, bool)
        for row in connection.execute(text(_THERE), given):
            if row.learner_id in place:
                there[place[row.learner_id]] = [
                    row.since <= monday and (row.until is None or row.until > monday)
                    for monday in mondays
                ]
        values = np.where(there & awake & np.isnan(values), 0.0, values)
    kept = [week for week in range(WEEKS) if awake[week]]
    return Weeks(learners, [mondays[week] for week in kept], values[:, kept])


_THERE = """
SELECT learner_id, min(enrolled_on) AS since,
       CASE WHEN bool_and(left_on IS NOT NULL) THEN max(left_on) END AS until
FROM chalkline.enrollments WHERE district_id = :district GROUP BY learner_id
"""
_WEEK = "((t.{0} - CAST(:first AS date)) / 7)::integer AS week"
_WITHIN = "t.{0} >= :first AND t.{0} < :monday"
_SQL: Final[Mapping[str, str]] = {
    "attendance": f"""
SELECT t.learner_id, {_WEEK.format("on_date")},
       100 * avg((t.status IN ('present', 'late'))::integer)::float8 AS value
FROM chalkline.attendance t
WHERE t.district_id = :district AND {_WITHIN.format("on_date")} GROUP BY 1, 2
""",
    "activity": f"""
SELECT t.learner_id, {_WEEK.format("on_date")}, count(DISTINCT t.on_date)::float8 AS value
FROM chalkline.activity_days t
WHERE t.district_id = :district AND {_WITHIN.format("on_date")} GROUP BY 1, 2
""",
    "answers": f"""
SELECT t.learner_id, {_WEEK.format("on_date")},
       100 * sum(t.right_answers)::float8 / sum(t.answers) AS value
FROM chalkline.activity_days t
WHERE t.district_id = :district AND {_WITHIN.format("on_date")}
GROUP BY 1, 2 HAVING sum(t.answers) >= 3
""",
    "work": f"""
SELECT e.learner_id, {_WEEK.format("due_on")},
       100 * avg((a.learner_id IS NOT NULL)::integer)::float8 AS value
FROM chalkline.class_assessments t
JOIN chalkline.enrollments e
  ON e.district_id = t.district_id AND e.class_id = t.class_id AND e.enrolled_on <= t.due_on
 AND (e.left_on IS NULL OR e.left_on > t.due_on)
LEFT JOIN LATERAL (
    SELECT a.learner_id FROM chalkline.assessment_attempts a
    WHERE a.district_id = t.district_id AND a.class_id = t.class_id
      AND a.learner_id = e.learner_id AND a.assessment_id = t.assessment_id
      AND (a.banked OR a.submitted_at < t.due_on + 1) LIMIT 1) a ON true
WHERE t.district_id = :district AND {_WITHIN.format("due_on")} GROUP BY 1, 2
""",
}
