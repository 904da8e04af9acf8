"""Neighbouring districts to audit the mechanism with, asked in the very way Chalkline asks it.

A call of `measure` with many equal groups is as many runs of it: the noise of groups is drawn one
by one. So 20,000 runs cost a second, and 100,000 (bench/privacy.py) five.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from analytics.auditing import Verdict, audited
from privacy.releases.accounting import Cost
from privacy.releases.measuring import Measured, Rows, measure, price
from privacy.releases.question import Question

Group = tuple[list[float], int]  # values, and learners in all
Neighbour = Literal["added", "removed", "changed", "moved"]


@dataclass(frozen=True)
class Audit:
    """A question and the worst neighbours for it: the groups in which she counts, before and after.

    `times` is how many times the price is paid, so that fewer runs show what is wrong.
    """

    question: Question
    times: Decimal
    before: tuple[Group, ...]
    after: tuple[Group, ...]
    change: bool = False  # judged by the cost of a change
    denominated: bool = True
    most: int = 1

    def claim(self) -> Decimal:
        """The zCDP that is charged for it."""
        cost: Cost = price(self.question, denominated=self.denominated, times=self.times)
        return cost.changed if self.change else cost.rho

    def verdict(self, runs: int) -> Verdict:
        """What an attacker can be sure of after so many runs on each of the two districts."""
        return audited(self._runs(self.before, runs), self._runs(self.after, runs))

    def _runs(self, groups: tuple[Group, ...], runs: int) -> NDArray[np.float64]:
        rows = Rows(
            [values for values, _ in groups] * runs,
            [learners for _, learners in groups] * runs if self.denominated else None,
            self.most,
        )
        return _answers(measure(self.question, rows, times=self.times), runs)


def _answers(measured: Measured, runs: int) -> NDArray[np.float64]:
    parts = (
        measured.total,
        measured.members,
        measured.learners,
        measured.count,
        measured.bins,
    )
    return np.hstack(
        [np.array(part.values, dtype=np.float64).reshape(runs, -1) for part in parts if part]
    )


RATE = Question("rate", 0, 1)
EVERYBODYS_RATE = Question("rate", 0, 1, everybody=True)
COUNT = Question("count", 0, 1)
MEAN = Question("mean", 0, 100)
BANDS = Question("histogram", 0, 100, edges=(0, 25, 50, 75, 100))

_some = [1.0, 0.0, 1.0]
_scores = [10.0, 60.0, 60.0]

AUDITS: Final[Mapping[str, Audit]] = {
    "a rate: one learner added": Audit(
        EVERYBODYS_RATE, Decimal(50), ((_some, 3),), (([*_some, 1.0], 4),)
    ),
    "a rate: one learner removed": Audit(
        EVERYBODYS_RATE, Decimal(50), ((_some, 3),), ((_some[1:], 2),)
    ),
    "a rate: one learner changed": Audit(
        EVERYBODYS_RATE, Decimal(50), ((_some, 3),), (([1.0, 1.0, 1.0], 3),), change=True
    ),
    "a rate: one learner moved": Audit(
        EVERYBODYS_RATE, Decimal(50), ((_some, 3), ([], 0)), ((_some[1:], 2), ([0.0], 1)), True
    ),
    "a rate of some: one learner added": Audit(
        RATE, Decimal(25), ((_some, 3),), (([*_some, 1.0], 4),)
    ),
    "a rate of some: one learner comes to be one of them": Audit(
        RATE, Decimal(25), ((_some, 4),), (([*_some, 1.0], 4),), change=True
    ),
    "a rate of some: one learner changed": Audit(
        RATE, Decimal(25), ((_some, 3),), (([1.0, 1.0, 1.0], 3),), change=True
    ),
    "a mean: one absurd value added": Audit(
        MEAN, Decimal(25), ((_scores, 3),), (([*_scores, 1e12], 4),)
    ),
    "a count: one learner added": Audit(COUNT, Decimal(6), ((_some, 3),), (([*_some, 1.0], 4),)),
    "a count: one learner moved": Audit(
        COUNT, Decimal(6), ((_some, 3), ([], 0)), ((_some[1:], 2), ([1.0], 1)), change=True
    ),
    "score bands: one learner removed": Audit(
        BANDS, Decimal(12), ((_scores, 3),), ((_scores[1:], 2),)
    ),
    "score bands: one learner changed": Audit(
        BANDS, Decimal(12), ((_scores, 3),), (([60.0, 60.0, 60.0], 3),), change=True
    ),
    "a rate by course: one learner of eight courses added": Audit(
        RATE, Decimal(25), ((_some, 3),) * 8, (([*_some, 1.0], 4),) * 8, denominated=False, most=8
    ),
}  # fmt: skip
