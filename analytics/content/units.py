"""A unit's figures from those of its sections, each section counting by its learners."""

from collections.abc import Sequence
from math import sqrt

from analytics.content.measuring import Figure

_SURE = 1.645  # either way, for the 90 % that a section's figure is given with


def together(figures: Sequence[Figure]) -> Figure | None:
    """Several sections' figures as one, with the interval of their mean.

    >>> a = Figure(100, 0.5, 0.5, 0.4, 0.6, 0.7)
    >>> both = together([a, Figure(300, 0.9, 0.9, 0.8, 1.0, 0.7)])
    >>> round(both.value, 3), round(both.high - both.low, 3), both.learners
    (0.8, 0.158, 300)
    """
    total = sum(one.learners for one in figures)
    if not total:
        return None
    weights = [one.learners / total for one in figures]

    def mean(values: Sequence[float]) -> float:
        return sum(w * v for w, v in zip(weights, values, strict=True))

    errors = [(one.high - one.low) / 2 / _SURE for one in figures]
    reach = _SURE * sqrt(sum((w * e) ** 2 for w, e in zip(weights, errors, strict=True)))
    value = mean([one.value for one in figures])
    return Figure(
        max(one.learners for one in figures),
        mean([one.raw for one in figures]),
        value,
        value - reach,
        value + reach,
        mean([one.course for one in figures]),
    )
