"""Enrolments that have ended, and what an alert would have done for each."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import Connection, text

from analytics import alerts, risk
from analytics.alerts import Replay, group_cells, shown_groups
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
        scored = risk.score(model, other.features, other.identity)
        chances["transparent"][apart] = scored.probability
        chances["boosted"][apart] = risk.train_boosted(some, model).probability(
            scored.log_odds, other.features, other.identity
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


class Ended:
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
