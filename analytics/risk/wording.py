"""Puts a score in words: the model's own terms, largest first, beside the class's typical learner.

Terms that speak of one matter are one reason (a mean mark and the latest mark are marks); its
weight is their sum, so the weights of all reasons add up to what sets the learner apart.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from analytics.risk.curves import TERMS
from analytics.risk.fitting import sigmoid
from analytics.risk.model import Scores
from analytics.rules import LINE

MATTERS: Final[Mapping[str, tuple[str, ...]]] = {
    "work": ("missed_share", "last_missed"),
    "lateness": ("days_late",),
    "ahead": ("ahead",),
    "marks": ("score_standing", "score", "latest_score", "unmarked"),
    "activity": ("clicks_standing", "days_standing"),
    "lately": ("recent_standing", "idle"),
    "start": ("early_standing",),
    "history": ("setbacks",),
    "load": ("credits",),
    "attendance": ("absent_share",),
}
LEAST: Final = 0.1  # log-odds; a term that sets her apart by less is not worth a sentence
MOST: Final = 4

Fact = Mapping[Any, Any]


@dataclass(frozen=True)
class Reason:
    """A matter, how much it raises the log-odds above the class's typical learner, and words."""

    matter: str
    weight: float
    words: str


def weights(scores: Scores) -> pd.DataFrame:
    """Each row's weight by matter; the sum is what sets the row apart from its class."""
    position = {term: number for number, term in enumerate(TERMS)}
    return pd.DataFrame(
        {
            matter: scores.terms[:, [position[term] for term in terms]].sum(axis=1)
            for matter, terms in MATTERS.items()
        }
    )


def reasons(scores: Scores, facts: pd.DataFrame) -> list[list[Reason]]:
    """For each row at most MOST reasons that raise its risk, the weightiest first.

    Where a whole class stands high, nothing may set a learner apart; then that is the reason.
    """
    by_matter = weights(scores)
    matters = list(by_matter.columns)
    table = by_matter.to_numpy()
    order = np.argsort(-table, axis=1, kind="stable")[:, :MOST]
    rows = facts.to_dict("records")
    found = [
        [
            Reason(matters[which], round(float(table[row, which]), 3), said)
            for which in order[row].tolist()
            if table[row, which] >= LEAST and (said := words(matters[which], fact))
        ]
        for row, fact in enumerate(rows)
    ]
    usual = sigmoid(scores.log_odds - table.sum(axis=1))
    for row in np.flatnonzero(scores.probability >= LINE).tolist():
        if not found[row]:
            found[row] = [Reason("class", 0.0, _whole_class(float(usual[row])))]
    return found


def _whole_class(chance: float) -> str:
    return f"Little sets her apart: for the middle of the class it is {chance * 100:.0f} %."


def words(matter: str, fact: Fact) -> str:
    """The sentence for a matter from the facts; empty where there is nothing to say.

    >>> words("work", {"missed": 2, "due": 3, "last_missed": 1})
    '2 of the 3 pieces of work due so far are not handed in, the latest among them.'
    """
    match matter:
        case "work":
            return _work(fact)
        case "lateness":
            return _lateness(fact)
        case "ahead":
            return "Has handed in less ahead of time than classmates."
        case "marks":
            return _marks(fact)
        case "activity":
            days = int(fact["active_days"])
            return f"Active on {_count(days, 'day')} since the class began, fewer than most."
        case "lately":
            return (
                f"Active on {int(fact['recent_days'])} of the last 14 days; "
                f"last active {_ago(int(fact['idle']))}."
            )
        case "start":
            return "Looked at less than classmates before the class began."
        case "history":
            times = int(fact["setbacks"])
            return (
                f"Has taken this course before, or failed or left others: {_count(times, 'time')}."
            )
        case "load":
            return f"Studies {int(fact['credits'])} credits at the same time."
        case "attendance":
            return (
                f"Absent on {int(fact['absent_days'])} of the last "
                f"{int(fact['school_days'])} school days."
            )
        case _:
            raise ValueError(f"There is no reason called {matter!r}.")


def _work(fact: Fact) -> str:
    missed, due = int(fact["missed"]), int(fact["due"])
    if not missed:
        return ""
    if due == 1:
        return "The one piece of work due so far is not handed in."
    if missed == due:
        return f"None of the {due} pieces of work due so far is handed in."
    verb = "is" if missed == 1 else "are"
    tail = ", the latest among them" if missed > 1 and fact["last_missed"] == 1 else ""
    return f"{missed} of the {due} pieces of work due so far {verb} not handed in{tail}."


def _lateness(fact: Fact) -> str:
    if pd.isna(fact["days_late"]):
        return ""
    late = round(float(fact["days_late"]))
    if late > 0:
        return f"Hands in {_count(late, 'day')} after the due day on average."
    if late == 0:
        return "Hands in on the due day, later than classmates."
    return f"Hands in {_count(-late, 'day')} before the due day on average, later than classmates."


def _marks(fact: Fact) -> str:
    if pd.isna(fact["score"]):
        return "No mark is known yet."
    mean, latest = round(float(fact["score"])), round(float(fact["latest_score"]))
    if mean == latest:
        return f"Mean mark of {mean} %."
    return f"Mean mark of {mean} %; the latest is {latest} %."


def _ago(days: int) -> str:
    return "today" if days == 0 else f"{_count(days, 'day')} ago"


def _count(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"
