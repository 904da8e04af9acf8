"""Draws noisy figures toward what they have in common, each as far as it is unsure.

Empirical Bayes for y_i = true_i + error_i, true_i ~ N(mean, tau^2), error_i ~ N(0, s_i^2):
Efron & Morris, JASA 70 (1975). tau^2 by Paule & Mandel (1982), which needs no distribution; the
intervals are widened for its being estimated after Morris, JASA 78 (1983).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

LEVEL: Final = 0.9
_STEPS: Final = 200
_LEAST_ERROR: Final = 1e-3  # of a share: nothing about learners is known better

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Shrunk:
    """The figures after shrinking, with the mean they were drawn to and their true spread tau."""

    value: Floats
    low: Floats
    high: Floats
    mean: float
    tau: float


def between(y: Floats, error: Floats) -> float:
    """tau^2: the spread of the true figures beyond what their errors explain; 0 if none is left.

    >>> import numpy as np
    >>> round(between(np.array([0.0, 1.0, 2.0]), np.array([0.1, 0.1, 0.1])), 3)
    0.99
    >>> between(np.array([0.0, 0.1, 0.2]), np.array([1.0, 1.0, 1.0]))
    0.0
    """
    if len(y) < 2:
        return 0.0
    variance = np.maximum(error, _LEAST_ERROR) ** 2

    def excess(tau2: float) -> float:
        weight = 1 / (variance + tau2)
        mean = (weight * y).sum() / weight.sum()
        return float((weight * (y - mean) ** 2).sum() - (len(y) - 1))

    if excess(0.0) <= 0:
        return 0.0
    low, high = 0.0, float(np.var(y) * len(y) + variance.max())
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if excess(middle) > 0 else (low, middle)
    return (low + high) / 2


def shrink(y: Floats, error: Floats) -> Shrunk:
    """Each figure with its error drawn toward their mean; a single one stays as it is."""
    error = np.maximum(error, _LEAST_ERROR)
    variance = error**2
    tau2 = between(y, error)
    weight = 1 / (variance + tau2)
    mean = float((weight * y).sum() / weight.sum()) if len(y) else 0.0
    wide = ndtri((1 + LEVEL) / 2)
    if len(y) < 3:
        return Shrunk(y, y - wide * error, y + wide * error, mean, tau2**0.5)
    pull = (len(y) - 3) / (len(y) - 1) * variance / (variance + tau2)
    value = y - pull * (y - mean)
    unsure = 2 / (len(y) - 3) * pull**2 * (y - mean) ** 2 if len(y) > 3 else 0.0
    spread = np.sqrt(variance * (1 - pull * (len(y) - 1) / len(y)) + unsure)
    return Shrunk(value, value - wide * spread, value + wide * spread, mean, tau2**0.5)
