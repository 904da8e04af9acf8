"""How well a learner masters a competency: a probability with an interval, from her answers.

Each answer is a trial that shows `theta`, the share of such answers she gets right. A Beta
distribution describes what is known of it: it starts at the competency's mean over all learners
(weight PRIOR_ANSWERS) and each answer adds its credit to one side and the rest to the other.
An answer weighs half as much when it is HALF_LIFE_DAYS older than her latest one on the same
competency, so an estimate follows what she can do now and moves only when she answers.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincc, betaincinv

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MASTERY_LINE: Final = 0.7  # whoever gets more than this share right has mastered a competency
STRUGGLING_LINE: Final = 0.6  # whoever surely gets less than this share right struggles with it
SURE: Final = 0.9  # probability of being above the line from which "mastered" is said
INTERVAL: Final = 0.9  # what low and high hold between them
LEAST_ANSWERS: Final = 4  # fewer answers are not enough evidence for any word
HALF_LIFE_DAYS: Final = 60.0
PRIOR_ANSWERS: Final = 2.0  # what the other learners' mean is worth, in answers
PRIOR_MEAN: Final = 0.65  # of a competency of which nothing is known yet
PRIOR_STRENGTH: Final = 10.0  # answers that PRIOR_MEAN is worth against a competency's own mean
PRIOR_STEP: Final = 0.05

NOT_ENOUGH, STRUGGLING, DEVELOPING, MASTERED = LABELS = (
    "not enough evidence",
    "struggling",
    "developing",
    "mastered",
)


@dataclass(frozen=True)
class Estimates:
    """One entry per learner and competency, all arrays of the same length.

    `probability` is that theta lies above MASTERY_LINE; `low` and `high` bound theta (90 %);
    `next_right` is the expected credit of the next answer; `label` indexes LABELS.
    """

    probability: Floats
    low: Floats
    high: Floats
    next_right: Floats
    label: NDArray[np.int8]


def prior_means(credit: Floats, answers: Floats) -> Floats:
    """Where estimates of a competency start: its mean over all learners, shrunk and rounded.

    Rounded to PRIOR_STEP, because every learner's estimate hangs on it: so one more answer moves
    one learner's estimate and not, by a hair, everybody's.

    >>> prior_means(np.array([0.0, 720.0]), np.array([0.0, 1000.0])).round(2).tolist()
    [0.65, 0.7]
    """
    mean = (credit + PRIOR_MEAN * PRIOR_STRENGTH) / (answers + PRIOR_STRENGTH)
    steps = np.clip(np.round(mean / PRIOR_STEP), 6, 18)  # 0.3 to 0.9
    return np.round(steps * np.float64(PRIOR_STEP), 2)


def weigh(start: Ints, days: Floats, credit: Floats) -> tuple[Floats, Floats]:
    """Running (weight, weighted credit) after each answer.

    `start` holds where each learner-and-competency's answers begin; within one they are in
    order of time (`days`, any origin).

    >>> weight, right = weigh(np.array([0]), np.array([0.0, 60.0]), np.array([1.0, 0.0]))
    >>> weight.tolist(), right.tolist()
    ([1.0, 1.5], [1.0, 0.5])
    """
    weight, right = np.ones_like(credit), credit.astype(np.float64)
    lengths = np.diff(np.append(start, len(credit)))
    # Longest first, so that those still going on at a position are the first so many.
    order = np.argsort(-lengths, kind="stable")
    begins, lengths = start[order], lengths[order]
    going = len(begins)
    for position in range(1, int(lengths[0]) if going else 0):
        going = int(np.searchsorted(-lengths, -position, side="left"))
        here = begins[:going] + position
        keep = np.exp2((days[here - 1] - days[here]) / HALF_LIFE_DAYS)
        weight[here] += keep * weight[here - 1]
        right[here] += keep * right[here - 1]
    return weight, right


def estimate(weight: Floats, right: Floats, answers: Ints, prior_mean: Floats) -> Estimates:
    """What the answers say: `weight` and `right` from `weigh`, `answers` how many, unweighted.

    >>> sums = np.array([9.0, 9.0, 9.0, 2.0]), np.array([9.0, 5.0, 1.0, 0.0])
    >>> found = estimate(*sums, np.array([9, 9, 9, 2]), np.full(4, 0.7))
    >>> [LABELS[label] for label in found.label]
    ['mastered', 'developing', 'struggling', 'not enough evidence']
    >>> found.next_right.round(3).tolist()
    [0.945, 0.582, 0.218, 0.35]
    """
    a = PRIOR_ANSWERS * prior_mean + right
    b = PRIOR_ANSWERS * (1 - prior_mean) + np.maximum(weight - right, 0)
    tail = (1 - INTERVAL) / 2
    probability: Floats = betaincc(a, b, MASTERY_LINE)
    high: Floats = betaincinv(a, b, 1 - tail)
    return Estimates(
        probability=probability,
        low=betaincinv(a, b, tail),
        high=high,
        next_right=a / (a + b),
        label=_labels(probability, high, answers),
    )


def _labels(probability: Floats, high: Floats, answers: Ints) -> NDArray[np.int8]:
    labels = np.full(len(answers), LABELS.index(DEVELOPING), dtype=np.int8)
    labels[high < STRUGGLING_LINE] = LABELS.index(STRUGGLING)
    labels[probability >= SURE] = LABELS.index(MASTERED)
    labels[answers < LEAST_ANSWERS] = LABELS.index(NOT_ENOUGH)
    return labels


def reached(start: Ints, weight: Floats, right: Floats, prior_mean: Floats) -> Ints:
    """Index of the answer with which each learner first mastered her competency; -1 for none.

    `weight` and `right` are per answer (from `weigh`), `start` and `prior_mean` per learner and
    competency.

    >>> right = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    >>> reached(np.array([0]), right, right, np.array([0.7])).tolist()
    [3]
    """
    lengths = np.diff(np.append(start, len(weight)))
    position = np.arange(len(weight)) - np.repeat(start, lengths)
    a = PRIOR_ANSWERS * np.repeat(prior_mean, lengths) + right
    b = PRIOR_ANSWERS * np.repeat(1 - prior_mean, lengths) + np.maximum(weight - right, 0)
    # Only answers with a mean above the line can be sure of it: the costly function for few.
    candidate = (position >= LEAST_ANSWERS - 1) & (a > MASTERY_LINE * (a + b))
    candidate[candidate] = betaincc(a[candidate], b[candidate], MASTERY_LINE) >= SURE
    where = np.where(candidate, np.arange(len(weight)), len(weight))
    if not len(start):
        return np.empty(0, dtype=np.int64)
    first = np.minimum.reduceat(where, start)
    return np.where(first < len(weight), first, -1)
