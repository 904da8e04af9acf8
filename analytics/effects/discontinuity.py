"""The effect at a flag's threshold: learners just over it, who got plans, beside those just under.

A fuzzy regression discontinuity: local linear on both sides, a triangular kernel, being over the
threshold as the instrument for having a plan (Hahn, Todd, van der Klaauw 2001; robust standard
errors of two-stage least squares).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

Floats = NDArray[np.float64]

LEVEL: Final = 0.95
LEAST: Final = 20  # learners within the bandwidth, on either side
STRONG: Final = 10.0  # F of the first stage, below which the instrument is weak (Staiger, Stock)
TOO_FEW: Final = "too few learners stood near the line"
_NOTHING: Final = 1e-9
WEAK: Final = "standing over the line hardly decided who got such a plan"


@dataclass(frozen=True)
class Jump:
    """The effect of a plan on learners at the threshold, and how many stood near it."""

    learners: int
    estimate: float
    low: float
    high: float


def obstacle(running: Floats, planned: Floats, *, threshold: float, bandwidth: float) -> str:
    """Why nothing can be estimated at the threshold, in words; empty where something can."""
    over, near, weight = _side(running, threshold, bandwidth)
    if min(int((near & (over == 1)).sum()), int((near & (over == 0)).sum())) < LEAST:
        return TOO_FEW
    at = (running[near] - threshold) / bandwidth
    strength = _first_stage(at, over[near], planned[near], weight[near])
    return "" if strength >= STRONG else WEAK


def jump(
    running: Floats, outcome: Floats, planned: Floats, *, threshold: float, bandwidth: float
) -> Jump | None:
    """None with too few learners near the threshold, or where it hardly decides who has a plan.

    `planned` is 1 for a learner with a plan; over the threshold means running >= threshold.
    """
    if obstacle(running, planned, threshold=threshold, bandwidth=bandwidth):
        return None
    over, near, weight = _side(running, threshold, bandwidth)
    at, over, weight = (running[near] - threshold) / bandwidth, over[near], weight[near]
    y, d = outcome[near], planned[near]
    shared = _shared(at, over)
    instruments = np.column_stack([over, shared])
    regressors = np.column_stack([d, shared])
    weighted = instruments * weight[:, None]
    inverse = np.linalg.inv(weighted.T @ regressors)
    effect = inverse @ (weighted.T @ y)
    residual = y - regressors @ effect
    meat = (weighted * residual[:, None] ** 2).T @ weighted
    error = float(np.sqrt((inverse @ meat @ inverse.T)[0, 0] * len(y) / (len(y) - 4)))
    reach = float(ndtri(0.5 + LEVEL / 2)) * error
    return Jump(len(y), float(effect[0]), float(effect[0]) - reach, float(effect[0]) + reach)


def _side(
    running: Floats, threshold: float, bandwidth: float
) -> tuple[Floats, NDArray[np.bool_], Floats]:
    """(1 over the threshold, whether near it, the kernel's weight) of each learner."""
    at = (running - threshold) / bandwidth
    weight = np.clip(1 - np.abs(at), 0, None)
    return (at >= 0).astype(float), weight > 0, weight


def _shared(at: Floats, over: Floats) -> Floats:
    """A line of its own on either side."""
    return np.stack([np.ones_like(at), at, at * over], axis=1)


def _first_stage(at: Floats, over: Floats, planned: Floats, weight: Floats) -> float:
    """F of being over the threshold on having a plan; endless where it decides without doubt."""
    first, error = _least_squares(np.column_stack([over, _shared(at, over)]), planned, weight)
    if error < _NOTHING:
        return float("inf") if abs(float(first[0])) > _NOTHING else 0.0
    return float((first[0] / error) ** 2)


def _least_squares(x: Floats, y: Floats, weight: Floats) -> tuple[Floats, float]:
    """Weighted coefficients and the robust standard error of the first."""
    weighted = x * weight[:, None]
    inverse = np.linalg.inv(weighted.T @ x)
    found: Floats = inverse @ (weighted.T @ y)
    residual = y - x @ found
    meat = (weighted * residual[:, None] ** 2).T @ weighted
    return found, float(np.sqrt((inverse @ meat @ inverse)[0, 0]))
