"""Differential item functioning: is a question harder for one group than for its equals?

Learners are matched by their total on the same paper, and the odds of a right answer compared
within each total (Mantel & Haenszel 1959; Holland & Thayer 1988). ETS classes after Zieky (1993):
A negligible, B moderate, C large.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import erfc, exp, log, sqrt
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

LEAST_IN_GROUP: Final = 50  # of the smaller group; fewer find only the grossest differences
LEAST_IN_ALL: Final = 200
_DELTA: Final = -2.35  # from log odds to the delta scale: 4 / 1.7
_MODERATE, _LARGE = 1.0, 1.5
_SURE: Final = 1.645  # one-sided 5 %, for "larger than 1"
_CHANCE: Final = 0.05
_CHANCE_OF_MANY: Final = 0.01  # of the questions a district calls unfair, at most so many are not

Ets = Literal["A", "B", "C"]


@dataclass(frozen=True)
class Difference:
    """One question and one group against all others. `delta` below zero: harder for the group.

    `low` and `high` bound delta (95 %).
    """

    focal: int
    reference: int
    odds_ratio: float
    delta: float
    low: float
    high: float
    p: float
    ets: Ets


def tables(
    total: NDArray[np.float64], right: NDArray[np.bool_], focal: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Questions x totals x 2 x 2: reference and focal group by right and wrong.

    `right` is learners x questions.

    >>> import numpy as np
    >>> right = np.array([[1], [1], [0], [1], [0], [0]], bool)
    >>> tables(np.ones(6), right, np.array([0, 0, 0, 1, 1, 1], bool)).tolist()
    [[[[2.0, 1.0], [1.0, 2.0]]]]
    """
    levels, level = np.unique(np.round(total, 6), return_inverse=True)
    place = 2 * level + focal
    member = np.zeros((2 * len(levels), len(total)))
    member[place, np.arange(len(total))] = 1
    hits = member @ right
    found = np.stack([hits, member.sum(axis=1)[:, None] - hits], axis=-1)
    by_question: NDArray[np.float64] = found.reshape(len(levels), 2, -1, 2).transpose(2, 0, 1, 3)
    return by_question


def differences(
    total: NDArray[np.float64], right: NDArray[np.bool_], focal: NDArray[np.bool_]
) -> list[Difference | None]:
    """Compares a group with the others on each question; None where too few would carry it.

    In two steps (Holland & Thayer 1988): questions that differ much by the total of all are left
    out of the total that the others are matched by, lest one unfair question make its neighbours
    look unfair the other way round.
    """
    inside, outside = int(focal.sum()), int((~focal).sum())
    if min(inside, outside) < LEAST_IN_GROUP or inside + outside < LEAST_IN_ALL:
        return [None] * right.shape[1]
    sizes = {"focal": inside, "reference": outside}
    found = [difference(each, **sizes) for each in tables(total, right, focal)]
    suspect = np.array([one is not None and one.ets == "C" for one in found])
    if not suspect.any() or 2 * suspect.sum() > len(suspect):
        return found
    clean = total - right[:, suspect].sum(axis=1)
    again = [difference(each, **sizes) for each in tables(clean, right, focal)]
    for number in np.flatnonzero(suspect):
        own = right[:, [number]]
        again[number] = difference(tables(clean + own[:, 0], own, focal)[0], **sizes)
    return again


def difference(
    each: NDArray[np.float64], *, focal: int = 0, reference: int = 0
) -> Difference | None:
    """Compares two groups over totals x 2 x 2 tables; None where they can not be compared.

    Totals that tell nothing (all right, all wrong, one group alone) are left out. The variance of
    the log odds ratio is that of Robins, Breslow & Greenland (1986); chi-squared is corrected for
    continuity.
    """
    both = (each.sum(axis=2) > 0).all(axis=1) & (each.sum(axis=1) > 0).all(axis=1)
    each = each[both]
    (a, b), (c, d) = each[:, 0].T, each[:, 1].T
    n = each.sum(axis=(1, 2))
    r, s = a * d / n, b * c / n
    if r.sum() == 0 or s.sum() == 0:
        return None
    ratio = float(r.sum() / s.sum())
    same, cross = (a + d) / n, (b + c) / n
    variance = float(
        (same * r).sum() / (2 * r.sum() ** 2)
        + (same * s + cross * r).sum() / (2 * r.sum() * s.sum())
        + (cross * s).sum() / (2 * s.sum() ** 2)
    )
    expected = (a + b) * (a + c) / n
    spread = float(((a + b) * (c + d) * (a + c) * (b + d) / (n * n * np.maximum(n - 1, 1))).sum())
    chi2 = max(0.0, abs(float((a - expected).sum())) - 0.5) ** 2 / spread if spread else 0.0
    p = erfc(sqrt(chi2 / 2))  # of chi-squared with one degree of freedom
    delta, error = _DELTA * log(ratio), abs(_DELTA) * sqrt(variance)
    return Difference(
        focal,
        reference,
        ratio,
        delta,
        delta - 1.96 * error,
        delta + 1.96 * error,
        p,
        classed(delta, error, p),
    )


def classed(delta: float, error: float, p: float, *, chance: float = _CHANCE) -> Ets:
    """The ETS class: A unless sure and at least 1; C if at least 1.5 and surely above 1.

    >>> classed(-0.9, 0.1, 0.001), classed(-1.2, 0.2, 0.001), classed(-2.0, 0.3, 0.001)
    ('A', 'B', 'C')
    >>> classed(-2.0, 0.9, 0.04), classed(-2.0, 1.5, 0.2)
    ('B', 'A')
    """
    if p >= chance or abs(delta) < _MODERATE:
        return "A"
    if abs(delta) >= _LARGE and abs(delta) - _SURE * error > _MODERATE:
        return "C"
    return "B"


def surely(found: Sequence[Difference]) -> list[Difference]:
    """The same, classed anew by p-values that allow for how many comparisons were made.

    Benjamini & Hochberg (1995): of the differences still called B or C, one in a hundred at most
    is expected to be chance. Without it, a thousand comparisons call fifty sound questions unfair.
    """
    if not found:
        return []
    p = np.array([one.p for one in found])
    order = np.argsort(p)
    raised = p[order] * len(p) / np.arange(1, len(p) + 1)
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(np.minimum.accumulate(raised[::-1])[::-1], 1.0)
    return [
        replace(
            one,
            p=float(q),
            ets=classed(one.delta, (one.high - one.low) / 3.92, float(q), chance=_CHANCE_OF_MANY),
        )
        for one, q in zip(found, adjusted, strict=True)
    ]


def odds(delta: float) -> float:
    """How many times as high the odds of a right answer are for the group, at equal totals.

    >>> round(odds(-2.35), 2), odds(0)
    (0.37, 1.0)
    """
    return exp(delta / abs(_DELTA))
