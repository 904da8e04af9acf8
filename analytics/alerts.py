"""How well alerts do: precision, recall, lead time, whom they wrong, and what a line would mean.

An enrolment counts once, at its first flag. What may be told about groups is decided here too,
before anything is stored: `shown_groups` withholds groups with a small cell, and with them as many
others as it takes that nobody can work those out from the totals.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.scoring import Interval, wilson

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

LINES: Final = tuple(range(20, 95, 5))  # percent: the lines that can be tried and chosen
FLOOR: Final = 1.25  # a flag must be this many times as likely to be right as picking anybody
LEAST_FLAGGED: Final = 20  # enrolments, below which nothing is concluded about an alert
Verdict = Literal["too few to say", "retire", "doubtful", "keep"]


@dataclass(frozen=True)
class Tally:
    """Enrolments looked at, those that failed or left, those flagged, and those both."""

    learners: int
    went_wrong: int
    flagged: int
    flagged_right: int

    @property
    def precision(self) -> Interval:
        """Of the flagged, the share that failed or left."""
        return wilson(self.flagged_right, self.flagged)

    @property
    def recall(self) -> Interval:
        """Of those that failed or left, the share that was flagged."""
        return wilson(self.flagged_right, self.went_wrong)

    @property
    def floor(self) -> float:
        """The precision below which the alert is not worth a teacher's time."""
        return min(1.0, FLOOR * self.went_wrong / self.learners) if self.learners else 1.0


def verdict(tally: Tally) -> Verdict:
    """`retire` when even the upper end of the precision lies below the floor.

    >>> verdict(Tally(1000, 300, 200, 60)), verdict(Tally(1000, 300, 200, 160))
    ('retire', 'keep')
    >>> verdict(Tally(1000, 300, 40, 14)), verdict(Tally(1000, 300, 8, 1))
    ('doubtful', 'too few to say')
    """
    if tally.flagged < LEAST_FLAGGED:
        return "too few to say"
    found = tally.precision
    if found.high < tally.floor:
        return "retire"
    return "doubtful" if found.value < tally.floor else "keep"


@dataclass(frozen=True)
class Replay:
    """What an alert would have done: one row per enrolment.

    `first_day` is the day of the class of the first flag (null: never), `last_day` the day on
    which the learner left or the class ended, `truth` 1 for failed or left.
    """

    first_day: Floats
    last_day: Floats
    truth: Floats

    @property
    def flagged(self) -> Mask:
        """Whether each enrolment was flagged at all."""
        return ~np.isnan(self.first_day)

    @property
    def tally(self) -> Tally:
        """The counts."""
        right = self.flagged & (self.truth == 1)
        return Tally(
            len(self.truth), int(self.truth.sum()), int(self.flagged.sum()), int(right.sum())
        )

    @property
    def lead_days(self) -> float | None:
        """Median days from the first flag to leaving or the end, where the flag was right."""
        right = self.flagged & (self.truth == 1)
        return float(np.median((self.last_day - self.first_day)[right])) if right.any() else None


def replay(
    enrolment: NDArray[np.int64], day: Floats, speaks: Mask, last_day: Floats, truth: Floats
) -> Replay:
    """From rows (an enrolment on a day) to enrolments; `last_day` and `truth` are of the rows'.

    >>> found = replay(np.array([0, 0, 1]), np.array([14., 21, 14]), np.array([False, True, False]),
    ...                np.array([80., 80, 90]), np.array([1., 1, 0]))
    >>> found.first_day.tolist(), found.lead_days
    ([21.0, nan], 59.0)
    """
    rows = pd.DataFrame(
        {"e": enrolment, "first": np.where(speaks, day, np.nan), "last": last_day, "truth": truth}
    )
    by = rows.groupby("e", sort=True).agg({"first": "min", "last": "max", "truth": "max"})
    return Replay(by["first"].to_numpy(), by["last"].to_numpy(), by["truth"].to_numpy())


@dataclass(frozen=True)
class Cell:
    """A group's enrolments by outcome, and how many of each were flagged."""

    passed: int
    passed_flagged: int
    failed: int
    failed_flagged: int

    @property
    def cells(self) -> tuple[int, int, int, int]:
        """The four disjoint counts that must not be small."""
        return (
            self.passed - self.passed_flagged,
            self.passed_flagged,
            self.failed - self.failed_flagged,
            self.failed_flagged,
        )

    @property
    def wrongly_flagged(self) -> Interval:
        """Of those who passed, the share flagged (false positive rate)."""
        return wilson(self.passed_flagged, self.passed)

    @property
    def missed(self) -> Interval:
        """Of those who failed or left, the share not flagged (false negative rate)."""
        return wilson(self.failed - self.failed_flagged, self.failed)

    @property
    def precision(self) -> Interval:
        """Of the flagged, the share that failed or left."""
        return wilson(self.failed_flagged, self.failed_flagged + self.passed_flagged)


def group_cells(
    truth: Floats, flagged: Mask, learners: NDArray[np.object_], groups: NDArray[np.object_]
) -> dict[str, Cell]:
    """The counts of each group, each learner once: failed or left any class, flagged in any.

    Learners of no known group are the group `unknown`.
    """
    table = pd.DataFrame(
        {
            "learner": learners,
            "group": pd.Series(groups).fillna("unknown").astype(str).to_numpy(object),
            "bad": truth == 1,
            "hit": flagged,
        }
    )
    people = table.groupby("learner", sort=False).agg(
        {"group": "first", "bad": "max", "hit": "max"}
    )
    found = {}
    for name, own in people.groupby("group", sort=True):
        bad, hit = own["bad"].to_numpy(bool), own["hit"].to_numpy(bool)
        found[str(name)] = Cell(
            int((~bad).sum()), int((~bad & hit).sum()), int(bad.sum()), int((bad & hit).sum())
        )
    return found


def shown_groups(tables: Sequence[Mapping[str, Cell]], k: int) -> frozenset[str]:
    """The groups whose counts may be told in all of these tables (of the same groups), where the
    totals over all groups are known.

    A group with a cell below k is withheld. What is withheld must be at least two groups, and
    together have no cell below k: otherwise the next smallest group is withheld as well.

    >>> big, small = Cell(50, 10, 40, 20), Cell(9, 1, 9, 3)
    >>> sorted(shown_groups([{"a": big, "b": big, "c": small}], 5))
    ['b']
    >>> sorted(shown_groups([{"a": big, "b": small}], 5))
    []
    """
    least = {name: min(min(one[name].cells) for one in tables) for name in tables[0]}
    rest = sorted(least, key=lambda name: (least[name], name))
    hidden = [name for name in rest if least[name] < k]
    rest = [name for name in rest if name not in hidden]
    while hidden and rest and not all(_safe([one[n] for n in hidden], k) for one in tables):
        hidden.append(rest.pop(0))
    return frozenset(rest)


def _safe(hidden: list[Cell], k: int) -> bool:
    """Whether what is withheld could be split among its groups in at least k ways."""
    return len(hidden) >= 2 and all(
        sum(column) >= k for column in zip(*(one.cells for one in hidden), strict=True)
    )
