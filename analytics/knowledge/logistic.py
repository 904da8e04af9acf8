"""Logistic regression with weights of fixed sign, and the bend that makes forecasts come true."""

from typing import Final, NamedTuple

import numpy as np
from scipy.optimize import lsq_linear
from scipy.special import expit

from analytics.knowledge.answers import Floats

NEWTON_STEPS: Final = 25
RIDGE: Final = 1.0  # strength of the pull of each weight toward its `middle`


class Bend(NamedTuple):
    """Turns log-odds into log-odds that come true, never changing their order: far below nought
    they count `low` times, far above `high` times (beta calibration: Kull et al. 2017)."""

    shift: float = 0.0
    low: float = 1.0
    high: float = 1.0


STRAIGHT: Final = Bend()


def bent(bend: Bend, log_odds: Floats) -> Floats:
    """Probabilities of these log-odds after the bend.

    >>> bent(STRAIGHT, np.array([0.0, 2.0])).round(2).tolist()
    [0.5, 0.88]
    >>> bent(Bend(high=0.5), np.array([2.0])).round(2).tolist()
    [0.72]
    """
    chances: Floats = expit(bend.shift + _sides(log_odds) @ np.array([bend.low, bend.high]))
    return chances


def fit_bend(log_odds: Floats, credit: Floats) -> Bend:
    """The bend under which the forecasts come true; next to straight where there are few."""
    columns = np.column_stack([np.ones(len(credit)), _sides(log_odds)])
    middle, low = np.array(STRAIGHT), np.array([-np.inf, 0.0, 0.0])
    found = logistic(columns, credit, middle=middle, low=low, high=np.full(3, np.inf))
    return Bend(*(float(value) for value in found))


def _sides(log_odds: Floats) -> Floats:
    return np.column_stack([-np.logaddexp(0, -log_odds), np.logaddexp(0, log_odds)])


def logistic(
    columns: Floats, credit: Floats, *, middle: Floats, low: Floats, high: Floats
) -> Floats:
    """Most likely weights between `low` and `high`, drawn to `middle`; the first, that of the
    constant, is free of the pull. Newton's method, each step a bounded least squares."""
    pull = np.append(0.0, np.full(columns.shape[1] - 1, RIDGE))
    weights = middle.astype(np.float64)
    for _ in range(NEWTON_STEPS):
        p = expit(columns @ weights)
        slope = columns.T @ (p - credit) + pull * (weights - middle)
        curve = (columns * (p * (1 - p))[:, None]).T @ columns + np.diag(pull + 1e-6)
        root = np.linalg.cholesky(curve)
        target = np.linalg.solve(root, curve @ weights - slope)
        weights, before = lsq_linear(root.T, target, bounds=(low, high)).x, weights
        if np.abs(weights - before).max() < 1e-5:
            break
    return np.asarray(weights, dtype=np.float64)
