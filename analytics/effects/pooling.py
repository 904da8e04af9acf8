"""A type of plan over many learners: the mean effect by matching, with its interval."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import stdtrit

from analytics.effects.matching import Compared

LEVEL: Final = 0.95


@dataclass(frozen=True)
class Pooled:
    """The mean effect of `plans` plans, in the measure's unit."""

    plans: int
    estimate: float
    low: float
    high: float


def pooled(found: Sequence[Compared]) -> Pooled | None:
    """None with fewer than three plans.

    The variance is that of the plans' own estimates, plus what comes of learners who stand in for
    several (a term for each learner used more than once, after Abadie and Imbens 2006).
    """
    if len(found) < 3:
        return None
    estimates = np.array([one.estimate for one in found])
    count = len(found)
    own = float(((estimates - estimates.mean()) ** 2).sum()) / (count * (count - 1))
    weights: dict[int, float] = {}
    squares: dict[int, float] = {}
    for one in found:
        share = 1 / len(one.alike)
        for learner in one.alike.tolist():
            weights[learner] = weights.get(learner, 0.0) + share
            squares[learner] = squares.get(learner, 0.0) + share**2
    reuse = sum(weights[one] ** 2 - squares[one] for one in weights) / count**2
    spread = float(np.mean([one.changes.var(ddof=1) for one in found]))
    error = float(np.sqrt(own + max(reuse, 0.0) * spread))
    reach = float(stdtrit(count - 1, 0.5 + LEVEL / 2)) * error
    estimate = float(estimates.mean())
    return Pooled(count, estimate, estimate - reach, estimate + reach)
