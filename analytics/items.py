"""Item analysis from sufficient statistics: difficulty, discrimination, reliability.

The sums are those of `assessment_state`, over learners who answered every item: they add up over
classes, so a figure for a course costs no second look at the answers. Formulas: Crocker & Algina,
Introduction to Classical and Modern Test Theory (1986), chapters 7 and 14.
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Final

LEAST_FOR_DIFFICULTY: Final = 5
LEAST_FOR_DISCRIMINATION: Final = 20
LEAST_FOR_RELIABILITY: Final = 20
UPPER_SHARE: Final = 0.27  # of learners by total, the upper and the lower group (Kelley 1939)


@dataclass(frozen=True)
class ItemSums:
    """Of one item over `n` learners: credit x (0 to 1), and the total t over all items.

    `upper` learners were among the best 27 % by total and earned `upper_right` credit on it.
    """

    n: int
    x: float
    xx: float
    xt: float
    upper: int
    upper_right: float
    lower: int
    lower_right: float

    def __add__(self, other: "ItemSums") -> "ItemSums":
        return ItemSums(
            self.n + other.n,
            self.x + other.x,
            self.xx + other.xx,
            self.xt + other.xt,
            self.upper + other.upper,
            self.upper_right + other.upper_right,
            self.lower + other.lower,
            self.lower_right + other.lower_right,
        )


@dataclass(frozen=True)
class AssessmentSums:
    """Of one assessment over `n` learners with an answer to every item: total t, and each item."""

    n: int
    t: float
    tt: float
    items: Mapping[Hashable, ItemSums]


def combine(parts: Iterable[AssessmentSums]) -> AssessmentSums:
    """The same assessment over several classes.

    >>> one = AssessmentSums(5, 3, 3, {"a": ItemSums(5, 3, 3, 3, 1, 1, 1, 0)})
    >>> combine([one, one]).items["a"].x
    6
    """
    n, t, tt = 0, 0.0, 0.0
    items: dict[Hashable, ItemSums] = {}
    for part in parts:
        n, t, tt = n + part.n, t + part.t, tt + part.tt
        for item, sums in part.items.items():
            items[item] = items[item] + sums if item in items else sums
    return AssessmentSums(n, t, tt, items)


def difficulty(item: ItemSums) -> float | None:
    """Mean credit, for right-or-wrong items the share right: high is easy.

    >>> difficulty(ItemSums(10, 7, 7, 0, 3, 3, 3, 1))
    0.7
    >>> difficulty(ItemSums(4, 4, 4, 0, 1, 1, 1, 1)) is None
    True
    """
    return item.x / item.n if item.n >= LEAST_FOR_DIFFICULTY else None


def point_biserial(item: ItemSums, test: AssessmentSums, *, corrected: bool = True) -> float | None:
    """Correlation of the item with the total; corrected: with the total of the other items.

    Null with too few learners, or when everybody answered alike. Of (item, total) pairs
    (1,3) (1,2) (0,1) (0,0), five times over: r = 0.894, and with the rest (2, 1, 1, 0) 0.707.

    >>> test = AssessmentSums(20, 30.0, 70.0, {})
    >>> item = ItemSums(20, 10.0, 10.0, 25.0, 5, 5, 5, 0)
    >>> round(point_biserial(item, test, corrected=False), 3), round(point_biserial(item, test), 3)
    (0.894, 0.707)
    """
    if item.n < LEAST_FOR_DISCRIMINATION:
        return None
    n, x, xx, xy, y, yy = item.n, item.x, item.xx, item.xt, test.t, test.tt
    if corrected:
        xy, y, yy = item.xt - xx, test.t - x, test.tt - 2 * item.xt + xx
    spread = (n * xx - x * x) * (n * yy - y * y)
    if spread <= 1e-9 * n:
        return None
    return max(-1.0, min(1.0, (n * xy - x * y) / sqrt(spread)))


def d_index(item: ItemSums) -> float | None:
    """Share right in the upper 27 % less the share right in the lower 27 %.

    >>> d_index(ItemSums(20, 12, 12, 0, 5, 5, 5, 1))
    0.8
    """
    if item.n < LEAST_FOR_DISCRIMINATION or not item.upper or not item.lower:
        return None
    return item.upper_right / item.upper - item.lower_right / item.lower


def kr20(test: AssessmentSums) -> float | None:
    """Reliability: k / (k - 1) x (1 - sum of item variances / variance of the total).

    Kuder-Richardson formula 20 for right-or-wrong items, Cronbach's alpha for partial credit
    (the same sums give both). For two items answered (1,1) (1,0) (0,0) (0,0), five times over:
    variances 0.25 and 0.1875, of the total 0.6875: 2 x (1 - 0.4375 / 0.6875) = 0.727.

    >>> a, b = ItemSums(20, 10, 10, 15, 5, 5, 5, 0), ItemSums(20, 5, 5, 10, 5, 5, 5, 0)
    >>> round(kr20(AssessmentSums(20, 15.0, 25.0, {"a": a, "b": b})), 3)
    0.727
    """
    k = len(test.items)
    if test.n < LEAST_FOR_RELIABILITY or k < 2:
        return None
    total = _variance(test.n, test.t, test.tt)
    if total <= 1e-9:
        return None
    parts = sum(_variance(item.n, item.x, item.xx) for item in test.items.values())
    return k / (k - 1) * (1 - parts / total)


def _variance(n: int, total: float, squared: float) -> float:
    return max(0.0, squared / n - (total / n) ** 2)
