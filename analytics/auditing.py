"""Attacks a noisy mechanism from outside: how well can its answers tell two neighbours apart?

Black box and split-sample: on one half of the answers the attacker learns the direction and the
threshold that tell best; on the other half he is judged, with Clopper-Pearson limits, so that what
he is credited with is less than the truth in all but a thousandth of audits.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, ndtri

CONFIDENCE: Final = 0.999
DELTA: Final = 1e-6
_THRESHOLDS: Final = 200


@dataclass(frozen=True)
class Verdict:
    """What the attacker is sure of: `mu`, how many standard deviations the two answers lie apart
    (Gaussian trade-off), the `rho` = mu^2 / 2 that a Gaussian of that mu costs, and `epsilon`.
    """

    mu: float
    rho: float
    epsilon: float


def audited(without: NDArray[np.float64], with_her: NDArray[np.float64]) -> Verdict:
    """Lower bounds on the privacy loss between two neighbours; one answer a row, its numbers a
    column. Both need as many rows.

    >>> rng = np.random.default_rng(1)
    >>> found = audited(rng.normal(0, 1, (20_000, 1)), rng.normal(1, 1, (20_000, 1)))
    >>> 0.85 < found.mu < 1.0
    True
    >>> audited(rng.normal(0, 1, (20_000, 1)), rng.normal(0, 1, (20_000, 1))).mu < 0.05
    True
    """
    half = len(without) // 2
    weights = _direction(without[:half], with_her[:half])
    none, some = without @ weights, with_her @ weights
    threshold = _best(none[:half], some[:half])
    judged = len(without) - half
    false = _upper(int((none[half:] > threshold).sum()), judged)
    missed = _upper(int((some[half:] <= threshold).sum()), judged)
    mu = max(float(ndtri(1 - false) - ndtri(missed)), 0.0)
    right = 1 - missed - DELTA
    epsilon = math.log(right / false) if right > false else 0.0
    return Verdict(mu, mu**2 / 2, epsilon)


def _direction(without: NDArray[np.float64], with_her: NDArray[np.float64]) -> NDArray[np.float64]:
    """Fisher's discriminant, numbers taken as independent."""
    spread = (without.var(axis=0) + with_her.var(axis=0)) / 2
    apart = with_her.mean(axis=0) - without.mean(axis=0)
    weights: NDArray[np.float64] = np.where(spread > 0, apart / np.maximum(spread, 1e-12), apart)
    return weights


def _best(none: NDArray[np.float64], some: NDArray[np.float64]) -> float:
    """The threshold at which the lower bound, on these answers, is largest."""
    places = np.unique(np.quantile(np.concatenate([none, some]), np.linspace(0, 1, _THRESHOLDS)))
    between = (places[:-1] + places[1:]) / 2
    if not len(between):
        return float(places[0])
    n = len(none)
    false = np.array([_upper(int((none > place).sum()), n) for place in between])
    missed = np.array([_upper(int((some <= place).sum()), n) for place in between])
    return float(between[np.argmax(ndtri(1 - false) - ndtri(missed))])


def _upper(hits: int, of: int) -> float:
    """Clopper and Pearson's upper limit of a share."""
    if hits >= of:
        return 1.0
    return float(betaincinv(hits + 1, of - hits, CONFIDENCE))
