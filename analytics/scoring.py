"""How good forecasts of yes or no are: ranking, calibration and error, with intervals.

`truth` holds 0 and 1 and `forecast` probabilities (or, where only the order counts, any score).
A figure that the data can not give (a ranking of one kind only, a share of nobody) is None.
"""

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEVEL: Final = 0.95
SUREST: Final = 1e-15  # no forecast counts as surer: one miss would make the log-loss infinite
BINS: Final = 10


@dataclass(frozen=True)
class Interval:
    """A figure and what bounds it."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Bin:
    """Forecasts of about the same size: their mean, and the share that came true."""

    n: int
    foretold: float
    observed: Interval


def wilson(successes: float, n: float, level: float = LEVEL) -> Interval:
    """A share with Wilson's score interval (1927); of nobody, anything from 0 to 1.

    >>> found = wilson(8, 10)
    >>> round(found.low, 4), found.value, round(found.high, 4)
    (0.4902, 0.8, 0.9433)
    """
    if n <= 0:
        return Interval(float("nan"), 0.0, 1.0)
    z = NormalDist().inv_cdf(0.5 + level / 2)
    share = successes / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    reach = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return Interval(share, max(0.0, middle - reach), min(1.0, middle + reach))


def auc(
    truth: Floats,
    score: Floats,
    *,
    cluster: NDArray[np.int64] | None = None,
    level: float = LEVEL,
) -> Interval | None:
    """Area under the ROC curve with DeLong's interval (DeLong, DeLong & Clarke-Pearson 1988).

    With `cluster` (a code per learner) a learner's answers may hang together (Obuchowski 1997);
    taken as independent they make the interval too narrow. None unless both outcomes occur twice.

    >>> found = auc(np.array([0., 0, 1, 1]), np.array([.1, .4, .35, .8]))
    >>> found.value if found else None
    0.75
    """
    yes = truth == 1
    many, few = int(yes.sum()), int((~yes).sum())
    if many < 2 or few < 2:
        return None
    ranks = _ranks(score)
    below = np.empty(len(score))  # of the other outcome, the share each is ranked right against
    below[yes] = (ranks[yes] - _ranks(score[yes])) / few
    below[~yes] = 1 - (ranks[~yes] - _ranks(score[~yes])) / many
    value = float(below[yes].mean())
    pull = (below - value) / np.where(yes, many, few)
    if cluster is None:
        variance = (pull[yes] ** 2).sum() * many / (many - 1)
        variance += (pull[~yes] ** 2).sum() * few / (few - 1)
    else:
        _, codes = np.unique(cluster, return_inverse=True)
        sums = np.bincount(codes, pull)
        if len(sums) < 2:
            return None
        variance = (sums**2).sum() * len(sums) / (len(sums) - 1)
    reach = float(NormalDist().inv_cdf(0.5 + level / 2) * np.sqrt(variance))
    return Interval(value, max(0.0, value - reach), min(1.0, value + reach))


def _ranks(values: Floats) -> Floats:
    """Ranks from 1; equals share the mean of theirs.

    >>> _ranks(np.array([3.0, 1.0, 3.0])).tolist()
    [2.5, 1.0, 2.5]
    """
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    ranks: Floats = (np.cumsum(count) - (count - 1) / 2)[place]
    return ranks


def average_precision(truth: Floats, score: Floats) -> float | None:
    """Mean precision over the true ones as the cut goes down; equal scores enter together.

    >>> average_precision(np.array([0., 0, 1, 1]), np.array([.1, .4, .35, .8]))
    0.8333333333333333
    """
    total = truth.sum()
    if not total:
        return None
    order = np.argsort(-score, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(score[order])), len(score) - 1)
    found = np.cumsum(truth[order])[ends]
    gained = np.diff(found, prepend=0.0)
    return float((gained / total * found / (ends + 1)).sum())


def flagged(truth: Floats, score: Floats, share: float) -> tuple[float, float] | None:
    """Precision and recall when the top `share` of scores is flagged. Where the cut falls among
    equal scores, those are taken in part: what a draw by lot would give on average.

    >>> flagged(np.array([1., 0, 1, 0]), np.array([.9, .8, .7, .1]), 0.5)
    (0.5, 0.5)
    """
    most = round(share * len(score))
    if not most or not truth.sum():
        return None
    cut = np.sort(score)[-most]
    above, at = score > cut, score == cut
    hits = float(truth[above].sum() + truth[at].mean() * (most - above.sum()))
    return hits / most, hits / float(truth.sum())


def accuracy(truth: Floats, forecast: Floats) -> float | None:
    """Share foretold right when whatever is at least even counts as a yes.

    >>> accuracy(np.array([1., 0, 1, 0]), np.array([.5, .2, .3, .1]))
    0.75
    """
    return float(((forecast >= 0.5) == (truth == 1)).mean()) if len(truth) else None


def brier(truth: Floats, forecast: Floats) -> float | None:
    """Mean squared distance of forecast and truth (Brier 1950).

    >>> brier(np.array([1., 0]), np.array([.5, .5]))
    0.25
    """
    return float(((forecast - truth) ** 2).mean()) if len(truth) else None


def log_loss(truth: Floats, forecast: Floats) -> float | None:
    """Mean surprise, in nats.

    >>> round(log_loss(np.array([1., 0]), np.array([.5, .5])) or 0, 4)
    0.6931
    """
    if not len(truth):
        return None
    sure = np.clip(forecast, SUREST, 1 - SUREST)
    return float(-(truth * np.log(sure) + (1 - truth) * np.log1p(-sure)).mean())


def calibration(truth: Floats, forecast: Floats, bins: int = BINS) -> list[Bin]:
    """What was foretold beside what came true, in `bins` equally full bins (fewer when many
    forecasts are equal: those stay together).

    >>> [(b.n, b.foretold, b.observed.value)
    ...  for b in calibration(np.array([0., 1, 1, 1]), np.array([.4, .4, .9, .9]), 2)]
    [(2, 0.4, 0.5), (2, 0.9, 1.0)]
    """
    if not len(truth):
        return []
    edges = np.unique(np.quantile(forecast, np.linspace(0, 1, bins + 1)[1:-1], method="higher"))
    place = np.searchsorted(edges, forecast, side="right")
    found = []
    for number in np.unique(place).tolist():
        here = place == number
        n = int(here.sum())
        found.append(Bin(n, float(forecast[here].mean()), wilson(float(truth[here].sum()), n)))
    return found


def calibration_error(bins: list[Bin]) -> float | None:
    """Mean distance of foretold and observed over the bins, weighted by their size.

    >>> calibration_error([Bin(3, 0.5, Interval(0.75, 0, 1)), Bin(1, 0.5, Interval(0.5, 0, 1))])
    0.1875
    """
    total = sum(b.n for b in bins)
    if not total:
        return None
    return sum(b.n * abs(b.foretold - b.observed.value) for b in bins) / total
