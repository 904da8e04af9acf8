"""Turns one row per learner into noisy whole numbers: the only code that sees both.

The order is that of DESIGN.md: public groups, one row per learner, clamp and centre, noise. What
follows (suppression, ratios, intervals) is `figures`, which sees noisy numbers only.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np
from numpy.typing import NDArray

from privacy.releases.accounting import (
    BINS_RHO,
    COUNT_RHO,
    EVERYBODYS_SUM_RHO,
    FREE,
    LEARNERS_RHO,
    MEMBERS_RHO,
    SUM_RHO,
    Cost,
)
from privacy.releases.noise import Noisy, noisy
from privacy.releases.question import Question

STEPS: Final = 1_000  # whole numbers between a value's centre and its bound
MOVED: Final = Decimal(2)  # of a count: a change takes her from one cell and adds her to another
TURNED: Final = Decimal(4)  # of a sum: a change takes her from one bound to the other
# Who comes to be, or ceases to be, one of those the question is about moves its sum half as far as
# TURNED allows; what is left over pays for the count of them, at the list's prices (a test).
COVERED: Final = Decimal(0)


@dataclass(frozen=True)
class Rows:
    """The values of the learners of each public group, in the list's order.

    `everybody`: how many learners each group has, with or without a value; None where that is not
    known to include those with one. `most`: groups that one learner can be in.
    """

    values: Sequence[Sequence[float]]
    everybody: Sequence[int] | None
    most: int = 1

    def __post_init__(self) -> None:
        if self.everybody is not None and any(
            len(some) > all_ for some, all_ in zip(self.values, self.everybody, strict=True)
        ):
            raise ValueError("A group has more values than learners; nothing was released.")


@dataclass(frozen=True)
class Measured:
    """The noisy numbers of every group; those of `bins` group after group.

    `total` counts steps from the centre of the bounds. `members` is, of everybody, those the
    question is about minus the others; `learners`, where that can not be told, just the former.
    `count` is learners of whom it is true.
    """

    total: Noisy | None = None
    members: Noisy | None = None
    learners: Noisy | None = None
    count: Noisy | None = None
    bins: Noisy | None = None

    @property
    def cost(self) -> Cost:
        """What all of it costs together."""
        parts = (self.total, self.members, self.learners, self.count, self.bins)
        return sum((part.cost for part in parts if part is not None), FREE)


def price(question: Question, *, denominated: bool, times: Decimal = Decimal(1)) -> Cost:
    """What `measure` will charge, before anything is read; `denominated`: `everybody` is known."""
    match question.kind:
        case "count":
            return _times(COUNT_RHO, MOVED, times)
        case "histogram" | "quantile":
            return _times(BINS_RHO, MOVED, times)
        case "sum" | "mean" | "rate" if question.everybody and denominated:
            return _times(EVERYBODYS_SUM_RHO, TURNED, times)
        case "sum" | "mean" | "rate" if denominated:
            return _times(SUM_RHO, TURNED, times) + _times(MEMBERS_RHO, COVERED, times)
        case "sum" | "mean" | "rate":
            return _times(SUM_RHO, TURNED, times) + _times(LEARNERS_RHO, MOVED, times)


def measure(question: Question, rows: Rows, *, times: Decimal = Decimal(1)) -> Measured:
    """The question's noisy numbers, for `times` its price.

    A metric or grain that needs more exact figures has `times` above 1; the audit of the mechanism
    buys far more through the same code, so that fewer runs show a missing tenth of the noise.
    """
    values = [np.asarray(some, dtype=np.float64) for some in rows.values]
    together = _together(rows.most)
    match question.kind:
        case "count":
            middle = (question.low + question.high) / 2
            true = [int((some > middle).sum()) for some in values]
            return Measured(
                count=noisy(true, sensitivity=together, changed=MOVED, rho=COUNT_RHO * times)
            )
        case "histogram" | "quantile":
            bars = np.concatenate(
                [_bars(question, some) for some in values] or [np.zeros(0, np.int64)]
            )
            return Measured(
                bins=noisy(bars, sensitivity=together, changed=MOVED, rho=BINS_RHO * times)
            )
        case "sum" | "mean" | "rate":
            return _summed(question, rows, values, times)


def _summed(
    question: Question, rows: Rows, values: Sequence[NDArray[np.float64]], times: Decimal
) -> Measured:
    together = _together(rows.most)
    totals = [int(centred(question, some).sum()) for some in values]
    have = [len(some) for some in values]
    if rows.everybody is None:
        return Measured(
            total=noisy(totals, sensitivity=together * STEPS, changed=TURNED, rho=SUM_RHO * times),
            learners=noisy(have, sensitivity=together, changed=MOVED, rho=LEARNERS_RHO * times),
        )
    lack = [all_ - some for all_, some in zip(rows.everybody, have, strict=True)]
    if question.everybody:
        # Whoever has no value counts as the lowest: nothing done, nothing true of her.
        lowest = [total - STEPS * without for total, without in zip(totals, lack, strict=True)]
        return Measured(
            total=noisy(
                lowest,
                sensitivity=together * STEPS,
                changed=TURNED,
                rho=EVERYBODYS_SUM_RHO * times,
            )
        )
    return Measured(
        total=noisy(totals, sensitivity=together * STEPS, changed=TURNED, rho=SUM_RHO * times),
        members=noisy(
            [some - without for some, without in zip(have, lack, strict=True)],
            sensitivity=together,
            changed=COVERED,
            rho=MEMBERS_RHO * times,
        ),
    )


def centred(question: Question, value: NDArray[np.float64]) -> NDArray[np.int64]:
    """Values clamped to their bounds, in whole steps from the middle between these.

    Whole numbers, because a sum of floats depends on its order, which can give a learner away.

    >>> centred(Question("mean", 0, 100), np.array([-7.0, 50.0, 75.0, 1e9])).tolist()
    [-1000, 0, 500, 1000]
    """
    middle, half = (question.low + question.high) / 2, (question.high - question.low) / 2
    clamped = np.clip(value, question.low, question.high)
    return np.rint((clamped - middle) / half * STEPS).astype(np.int64)


def _bars(question: Question, value: NDArray[np.float64]) -> NDArray[np.int64]:
    bars = len(question.edges) - 1
    clamped = np.clip(value, question.low, question.high)
    bar = np.minimum(np.searchsorted(question.edges, clamped, "right") - 1, bars - 1)
    return np.bincount(bar, minlength=bars).astype(np.int64)


def _together(most: int) -> float:
    """How far a learner who adds 1 to `most` cells moves the whole answer, never rounded down."""
    return 1.0 if most == 1 else math.nextafter(math.sqrt(most), math.inf)


def _times(rho: Decimal, changed: Decimal, times: Decimal) -> Cost:
    return Cost(rho * times, changed * rho * times)
