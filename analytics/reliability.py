"""How sure a reliability is: the interval of Cronbach's alpha (of KR-20, for right or wrong).

Feldt, The approximate sampling distribution of Kuder-Richardson reliability coefficient twenty,
Psychometrika 30 (1965): (1 - true alpha) / (1 - found alpha) follows F with n - 1 and
(n - 1)(k - 1) degrees of freedom, for n learners and k items.
"""

from dataclasses import dataclass
from typing import Final

from scipy.special import fdtri

LEVEL: Final = 0.9
GOOD: Final = 0.8  # of a test that grades a learner
FAIR: Final = 0.6  # of a quiz; below it a score says little about one learner
_LEAST: Final = 20


@dataclass(frozen=True)
class Reliability:
    """Alpha over `learners` who answered all `items`; the truth lies in it with LEVEL."""

    learners: int
    items: int
    alpha: float
    low: float
    high: float


def interval(alpha: float | None, *, learners: int, items: int) -> Reliability | None:
    """Alpha with its interval; None with fewer than 20 learners or two items.

    By hand, alpha .79 of 41 learners and 26 items: F(.95; 40, 1000) = 1.406, so the lower end is
    1 - .21 x 1.406 = .705; F(.95; 1000, 40) = 1.517, so the upper one is 1 - .21 / 1.517 = .862.

    >>> found = interval(0.79, learners=41, items=26)
    >>> round(found.low, 3), round(found.high, 3)
    (0.705, 0.862)
    """
    if alpha is None or learners < _LEAST or items < 2:
        return None
    within, between = (learners - 1) * (items - 1), learners - 1
    tail = (1 - LEVEL) / 2
    low = 1 - (1 - alpha) * fdtri(between, within, 1 - tail)
    high = 1 - (1 - alpha) * fdtri(between, within, tail)
    return Reliability(learners, items, alpha, float(low), float(high))


def said(found: Reliability) -> str:
    """What it means for a teacher, judged by the lower end.

    >>> said(Reliability(133, 8, 0.71, 0.64, 0.77))
    'good enough to see where a class stands; too rough to grade one learner by'
    """
    if found.low >= GOOD:
        return "good enough to grade a learner by"
    if found.low >= FAIR:
        return "good enough to see where a class stands; too rough to grade one learner by"
    return "too rough to tell learners apart: more or better questions are needed"
