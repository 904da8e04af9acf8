"""Turns noisy numbers into figures with margins; works on noise only, so it costs nothing.

Suppress on the noisy count, then ratio, clamp, interval. Two margins, both at 95 %: `noise` is
what the mechanism added, `sampling` is how far this year's learners may lie from what the school
does in the long run (the largest it can be for such a value, since its spread is not released).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from privacy.releases.accounting import Z
from privacy.releases.measuring import STEPS
from privacy.releases.numbers import Numbers
from privacy.releases.question import Question

LEAST: Final = 10  # learners a released figure is about
WIDEST: Final = 0.2  # of the range between the bounds: a wider margin says nothing

FEW = "too few learners"
VAGUE = "margin too wide"


@dataclass(frozen=True)
class Figure:
    """One group's figure, in the metric's unit; `hidden` says why there is none, else is empty.

    `low` and `high` hold both margins, inside the metric's bounds. `learners` is noisy, with the
    margin `learners_noise`. A histogram has `shares` (0 to 1, of its bars), each within `noise`.
    """

    group: str
    value: float | None
    noise: float | None
    sampling: float | None
    low: float | None
    high: float | None
    learners: int | None
    learners_noise: float | None
    hidden: str = ""
    shares: tuple[float, ...] = ()


def figures(question: Question, counted: Numbers, groups: Sequence[str]) -> tuple[Figure, ...]:
    """Every group's figure, hidden where the noisy count is too small or the margin too wide.

    A rate is told in percent, everything else in its own unit.
    """
    return tuple(
        _figure(
            question,
            group,
            float(counted.learners[at]),
            float(counted.learners_variance[at]),
            counted.total[at],
            float(counted.total_variance[at]),
        )
        for at, group in enumerate(groups)
    )


def least(variance: float) -> float:
    """The noisy count below which a figure is hidden: what shows, at 97.5 %, LEAST or more.

    >>> round(least(25.0), 1)
    19.8
    """
    return LEAST + Z * math.sqrt(variance)


def whole_percents(shares: Sequence[float]) -> list[int]:
    """Shares of a whole as whole percents that add up to 100 and never more (largest remainder).

    >>> whole_percents([1 / 3, 1 / 3, 1 / 3]), whole_percents([0.995, 0.005])
    ([34, 33, 33], [100, 0])
    """
    exact = [max(share, 0.0) * 100 for share in shares]
    down = [math.floor(share) for share in exact]
    rest = round(sum(exact)) - sum(down)
    order = sorted(range(len(exact)), key=lambda at: (down[at] - exact[at], at))
    return [share + (at in order[:rest]) for at, share in enumerate(down)]


def _figure(
    question: Question,
    group: str,
    learners: float,
    doubt: float,
    total: NDArray[np.float64] | float,
    variance: float,
) -> Figure:
    count, count_noise = max(round(learners), 0), round(Z * math.sqrt(doubt), 1)
    blank = Figure(group, None, None, None, None, None, count, count_noise)
    if learners < least(doubt):
        return replace(blank, learners=None, learners_noise=None, hidden=FEW)
    match question.kind:
        case "count":
            return _count(blank, float(total), variance)
        case "mean" | "rate":
            return _mean(question, blank, float(total), variance, learners, doubt)
        case "sum":
            return _sum(question, blank, float(total), variance, learners, doubt)
        case "quantile":
            return _quantile(question, blank, np.asarray(total), variance)
        case "histogram":
            return _histogram(blank, np.asarray(total), variance)


def _count(blank: Figure, total: float, variance: float) -> Figure:
    noise = Z * math.sqrt(variance)
    value = max(round(total), 0)
    # How many a school has is no sample of anything, so a count has no sampling margin.
    return replace(
        blank,
        value=float(value),
        noise=round(noise, 1),
        sampling=0.0,
        low=float(max(math.floor(total - noise), 0)),
        high=float(max(math.ceil(total + noise), 0)),
    )


def _mean(
    question: Question, blank: Figure, total: float, variance: float, learners: float, doubt: float
) -> Figure:
    middle, half = (question.low + question.high) / 2, (question.high - question.low) / 2
    off = total / STEPS / learners  # of half the range, from the middle
    mean = min(max(middle + half * off, question.low), question.high)
    inside = (mean - middle) / half
    noise = Z * half * math.sqrt(variance / STEPS**2 + inside**2 * doubt) / learners
    if noise > WIDEST * 2 * half:
        return replace(blank, hidden=VAGUE)
    # Bhatia and Davis: values between two bounds with this mean vary at most so much.
    sampling = Z * math.sqrt((mean - question.low) * (question.high - mean) / learners)
    return _between(question, blank, mean, noise, sampling)


def _sum(
    question: Question, blank: Figure, total: float, variance: float, learners: float, doubt: float
) -> Figure:
    middle, half = (question.low + question.high) / 2, (question.high - question.low) / 2
    value = middle * learners + half * total / STEPS
    noise = Z * math.sqrt(middle**2 * doubt + half**2 * variance / STEPS**2)
    least_sum = question.low * learners
    return replace(
        blank,
        value=max(value, least_sum),
        noise=noise,
        sampling=0.0,
        low=max(value - noise, least_sum),
        high=max(value + noise, least_sum),
    )


def _quantile(
    question: Question, blank: Figure, bars: NDArray[np.float64], variance: float
) -> Figure:
    counts = np.maximum(bars, 0.0)
    everybody = float(counts.sum())
    rank = question.quantile * everybody
    below = np.searchsorted(np.cumsum(counts), rank)
    share = question.quantile
    # Noise of (bars below) - share * (all bars).
    doubt = variance * (below * (1 - share) ** 2 + (len(counts) - below) * share**2)
    off = Z * math.sqrt(float(doubt))
    chance = Z * math.sqrt(everybody * share * (1 - share))

    def at(position: float) -> float:
        steps = np.concatenate([[0.0], np.cumsum(counts)])
        inside = min(max(position, 0.0), everybody)
        return float(np.interp(inside, steps, question.edges))

    value = at(rank)
    noise = max(at(rank + off) - value, value - at(rank - off))
    sampling = max(at(rank + chance) - value, value - at(rank - chance))
    if noise > WIDEST * (question.high - question.low):
        return replace(blank, hidden=VAGUE)
    return _between(question, blank, value, noise, sampling)


def _histogram(blank: Figure, bars: NDArray[np.float64], variance: float) -> Figure:
    counts = np.maximum(bars, 0.0)
    everybody = max(float(counts.sum()), 1.0)
    shares = tuple(float(share) for share in counts / everybody)
    noise = Z * math.sqrt(variance) / everybody
    if noise > WIDEST:
        return replace(blank, hidden=VAGUE)
    sampling = Z * math.sqrt(0.25 / everybody)
    return replace(blank, noise=noise, sampling=sampling, shares=shares)


def _between(
    question: Question, blank: Figure, value: float, noise: float, sampling: float
) -> Figure:
    both = math.hypot(noise, sampling)
    unit = 100.0 if question.kind == "rate" else 1.0
    return replace(
        blank,
        value=unit * value,
        noise=unit * noise,
        sampling=unit * sampling,
        low=unit * max(value - both, question.low),
        high=unit * min(value + both, question.high),
    )
