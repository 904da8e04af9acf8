"""How cohorts learn: when, how long, from what, how fast; a cohort's figures, never a learner's.

Every learner counts once, however much she did. A band in which fewer than k have done anything
is joined to its neighbour, the empty one included, so that a figure is never about a few.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ACTIVE_FULLY: Final = 12  # days with activity in four weeks that count fully: three a week
LOW, HIGH = 0.5, 0.75  # engagement below and from which a learner counts as low and high
_SURE: Final = 1.645  # either way, for 90 %


@dataclass(frozen=True)
class Band:
    """A part of what a cohort does: its share (0 to 1), and how it went.

    `learners` who did it, to the ten below. `outcome` is the cohort's mean there, each learner
    compared with herself; `low` and `high` bound its difference from her usual (90 %).
    """

    label: str
    learners: int
    share: float
    outcome: float | None = None
    low: float | None = None
    high: float | None = None


def bands(
    amount: Floats,
    labels: Sequence[str],
    *,
    k: int,
    hits: Floats | None = None,
    tries: Floats | None = None,
) -> list[Band]:
    """A cohort's bands from learners x bands: how much of each, and of how many tries what sum.

    Nothing where fewer than k have done anything at all, or the source records no band.

    >>> rows = np.array([[3.0, 1.0]] * 6 + [[1.0, 0.0]] * 2)
    >>> [(one.label, one.share) for one in bands(rows, ("morning", "evening"), k=5)]
    [('morning', 0.81), ('evening', 0.19)]
    >>> [(one.label, one.share) for one in bands(rows, ("morning", "evening"), k=7)]
    [('morning or evening', 1.0)]
    """
    if not labels:
        return []
    amount, kept, hits, tries = joined(amount, labels, k=k, hits=hits, tries=tries)
    there = amount.sum(axis=1) > 0
    if there.sum() < k:
        return []
    share = (amount[there] / amount[there].sum(axis=1, keepdims=True)).mean(axis=0)
    return [
        Band(
            label,
            rounded(int((amount[:, place] > 0).sum()), k=k),
            round(float(share[place]), 2),
            *_outcome(hits, tries, place, k),
        )
        for place, label in enumerate(kept)
    ]


def joined(
    amount: Floats,
    labels: Sequence[str],
    *,
    k: int,
    hits: Floats | None = None,
    tries: Floats | None = None,
) -> tuple[Floats, list[str], Floats | None, Floats | None]:
    """The same with every band that fewer than k are in joined to its smaller neighbour."""
    columns = [[n] for n in range(len(labels))]

    def count(places: list[int]) -> int:
        return int((amount[:, places].sum(axis=1) > 0).sum())

    while len(columns) > 1:
        sizes = [count(places) for places in columns]
        small = min(range(len(columns)), key=lambda n: sizes[n])
        if sizes[small] >= k:
            break
        beside = [n for n in (small - 1, small + 1) if 0 <= n < len(columns)]
        host = min(beside, key=lambda n: sizes[n])
        first, second = sorted((small, host))
        columns[first : second + 1] = [columns[first] + columns[second]]

    def added(table: Floats) -> Floats:
        return np.stack([table[:, places].sum(axis=1) for places in columns], axis=1)

    return (
        added(amount),
        [" or ".join(labels[n] for n in places) for places in columns],
        None if hits is None else added(hits),
        None if tries is None else added(tries),
    )


def _outcome(
    hits: Floats | None, tries: Floats | None, place: int, k: int
) -> tuple[float | None, float | None, float | None]:
    """A band's outcome and the bounds of its difference from the learners' own usual."""
    if hits is None or tries is None:
        return None, None, None
    there = tries[:, place] > 0
    if there.sum() < k:
        return None, None, None
    own = hits.sum(axis=1) / np.maximum(tries.sum(axis=1), 1)
    everybody = tries.sum(axis=1) > 0
    here = hits[there, place] / tries[there, place]
    beyond = here - own[there]
    mean, reach = float(beyond.mean()), _SURE * float(beyond.std(ddof=1) / np.sqrt(there.sum()))
    usual = float(own[everybody].mean())
    return round(usual + mean, 2), round(mean - reach, 2), round(mean + reach, 2)


def rounded(learners: int, *, k: int) -> int:
    """To the ten below, but never below k: 131 of 133 would say that two did not.

    >>> rounded(133, k=5), rounded(7, k=5)
    (130, 5)
    """
    return max(k, learners // 10 * 10)


def engagement(active_days: Floats, handed_in: Floats, completed: Floats) -> Floats:
    """0 to 1: the mean of what is known of three shares, each 0 to 1.

    Days with activity in the last four weeks over twelve; work handed in of work due; sections
    completed of sections opened to the class. NaN where nothing is known.

    >>> engagement(np.array([6.0, 24.0]), np.array([1.0, np.nan]), np.array([0.5, 0.5])).tolist()
    [0.6666666666666666, 0.75]
    """
    parts = np.stack([np.minimum(active_days / ACTIVE_FULLY, 1.0), handed_in, completed])
    known = ~np.isnan(parts)
    total = np.where(known, parts, 0.0).sum(axis=0)
    score: Floats = np.where(known.any(axis=0), total / np.maximum(known.sum(axis=0), 1), np.nan)
    return score


def velocity(completed_on: Sequence[int], sections: int, *, today: int, days: int) -> float:
    """Share of a course completed a week: sections whose day of completion lies in the last
    `days` days (today included), of all the course has, per seven days.

    What is merely touched again, or half done, is not progress. Two of twenty in four weeks:

    >>> velocity([3, 20, 25], 20, today=30, days=28)
    0.0375
    >>> velocity([1, 20, 25], 20, today=30, days=28)
    0.025
    """
    lately = sum(today - days < day <= today for day in completed_on)
    return lately / sections / (days / 7)


def quarters(values: Floats, *, places: int = 2) -> tuple[float, float, float]:
    """Lower quarter, median and upper quarter, rounded.

    >>> quarters(np.array([0.0, 0.25, 0.5, 0.75, 1.0]))
    (0.25, 0.5, 0.75)
    """
    low, middle, high = np.nanquantile(values, (0.25, 0.5, 0.75))
    return round(float(low), places), round(float(middle), places), round(float(high), places)
