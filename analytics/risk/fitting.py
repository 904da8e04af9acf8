"""Fits a logistic regression whose weights may be held at zero or above, by Newton's method.

Penalised maximum likelihood: the penalty of a weight is the precision of a normal prior at 0, so
with little data a curve is flat and a course is like the others.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

STEPS: Final = 60
CLOSE_ENOUGH: Final = 1e-8  # relative change of the loss
LEVEL_PENALTY: Final = 1e-6  # the intercept is as good as free


@dataclass(frozen=True)
class Fit:
    """Weights (the first is the intercept) and their covariance; a weight held at 0 has none."""

    weights: Floats
    covariance: Floats


def sigmoid(z: Floats) -> Floats:
    """Chance from log-odds.

    >>> sigmoid(np.array([0.0, 800.0, -800.0])).tolist()
    [0.5, 1.0, 0.0]
    """
    small = np.exp(-np.abs(z))
    chance: Floats = np.where(z >= 0, 1.0, small) / (1.0 + small)
    return chance


def logit(p: float) -> float:
    """Log-odds of a chance.

    >>> round(logit(0.75), 4)
    1.0986
    """
    return float(np.log(p / (1 - p)))


def fit(
    columns: Floats,
    truth: Floats,
    *,
    weights: Floats,
    penalty: Floats,
    never_negative: Mask,
) -> Fit:
    """Weights of `columns` (n x p) for `truth` (0 or 1), each row counting `weights`.

    Newton steps over the weights that are free to move, halved until the loss falls; a weight at
    zero that wants to go below stays there (projected Newton, Bertsekas 1982).
    """
    x = np.column_stack([np.ones(len(columns)), columns])
    bounded = np.concatenate([[False], never_negative])
    ridge = np.concatenate([[LEVEL_PENALTY], penalty])
    found = np.zeros(x.shape[1])
    share = (weights @ truth + 0.5) / (weights.sum() + 1.0)
    found[0] = logit(share)
    loss, z = _loss(x, truth, weights, ridge, found)
    for _ in range(STEPS):
        slope, curve = _derivatives(x, truth, weights, ridge, found, z)
        step = _step(slope, curve, bounded & (found <= 0))
        reach = 1.0
        while True:
            tried = found + reach * step
            tried[bounded] = np.maximum(tried[bounded], 0.0)
            new_loss, new_z = _loss(x, truth, weights, ridge, tried)
            if new_loss <= loss or reach < CLOSE_ENOUGH:
                break
            reach /= 2
        if new_loss > loss:
            break
        gained = loss - new_loss
        found, loss, z = tried, new_loss, new_z
        if gained <= CLOSE_ENOUGH * (1.0 + abs(loss)):
            break
    _, curve = _derivatives(x, truth, weights, ridge, found, z)
    return Fit(found, _covariance(curve, ~(bounded & (found <= 0))))


def _loss(x: Floats, y: Floats, w: Floats, ridge: Floats, at: Floats) -> tuple[float, Floats]:
    z = x @ at
    return float(w @ (np.logaddexp(0.0, z) - y * z) + 0.5 * ridge @ (at * at)), z


def _derivatives(
    x: Floats, y: Floats, w: Floats, ridge: Floats, at: Floats, z: Floats
) -> tuple[Floats, Floats]:
    p = sigmoid(z)
    slope = x.T @ (w * (p - y)) + ridge * at
    curve = (x * (w * p * (1 - p))[:, None]).T @ x + np.diag(ridge)
    return slope, curve


def _step(slope: Floats, curve: Floats, at_zero: Mask) -> Floats:
    free = ~(at_zero & (slope > 0))
    while True:
        step = np.zeros(len(slope))
        step[free] = np.linalg.solve(curve[np.ix_(free, free)], -slope[free])
        pushed_out = free & at_zero & (step < 0)
        if not pushed_out.any():
            return step
        free &= ~pushed_out


def _covariance(curve: Floats, free: Mask) -> Floats:
    covariance = np.zeros_like(curve)
    covariance[np.ix_(free, free)] = np.linalg.inv(curve[np.ix_(free, free)])
    return covariance
