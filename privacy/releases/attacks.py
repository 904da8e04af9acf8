"""The two oldest attacks on published figures, run on an invented school: with and without us.

Averaging asks the same again until the noise cancels. Differencing asks before and after one
learner leaves. Both are run against the very mechanism that releases figures; everybody is made up.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np
from numpy.typing import NDArray

from privacy.releases.accounting import COUNT_RHO, Z, certain
from privacy.releases.measuring import Rows, measure
from privacy.releases.question import Question

ABSENT: Final = Question("count", 0, 1)  # how many learners are often absent
ENROLLED: Final = 500
ASKED: Final = 1_000


@dataclass(frozen=True)
class Averaging:
    """`fresh` is the mean of the first 1, 2, ... answers with noise of their own, which Chalkline
    never gives; `stored` is the one answer that it gives every time.
    """

    truth: int
    stored: int
    fresh: tuple[float, ...]


@dataclass(frozen=True)
class Differencing:
    """Absent learners before and after one of them left: exact, and as released in two weeks."""

    exact: tuple[int, int]
    released: tuple[int, int]
    margin: float  # of a difference of two releases, at 95 %
    certain: float  # how sure the best guess is, for two releases; half is a coin


def averaging(rng: np.random.Generator) -> Averaging:
    """One invented school; the attacker asks ASKED times how many of it are often absent."""
    absent = _school(rng)
    # A group's noise is drawn on its own, so that many equal groups are as many answers.
    answers = _answers(absent, ASKED + 1)
    fresh = np.cumsum(answers[1:]) / np.arange(1, ASKED + 1)
    return Averaging(int(absent.sum()), int(answers[0]), tuple(fresh.tolist()))


def differencing(rng: np.random.Generator) -> Differencing:
    """One invented school; a learner who is often absent leaves between two weeks."""
    absent = _school(rng)
    without = np.delete(absent, int(np.argmax(absent)))
    before, after = _answers(absent, 1), _answers(without, 1)
    scale = float(1 / np.sqrt(2 * float(COUNT_RHO)))
    return Differencing(
        exact=(int(absent.sum()), int(without.sum())),
        released=(max(int(before[0]), 0), max(int(after[0]), 0)),
        margin=float(Z * scale * np.sqrt(2)),
        certain=certain(COUNT_RHO / Decimal(2)),
    )


def _school(rng: np.random.Generator) -> NDArray[np.float64]:
    absent = (rng.random(ENROLLED) < rng.uniform(0.06, 0.14)).astype(np.float64)
    absent[0] = 1.0  # somebody has to leave
    return absent


def _answers(absent: NDArray[np.float64], times: int) -> NDArray[np.float64]:
    asked = measure(ABSENT, Rows([absent.tolist()] * times, None)).count
    assert asked is not None
    return np.array(asked.values, dtype=np.float64)
