"""The statistics that a comparison of sections rests on, and when a figure may be shown at all."""

from typing import Final

import numpy as np

from analytics.content.lessons import Floats, Ints

LEAST_CLUSTERS: Final = 5  # classes, from which on their own spread is asked


def releasable(holder: Ints, k: int) -> bool:
    """Whether a figure over these learners (each by her teacher) may be shown to a teacher.

    There are at least k, and whoever takes her own learners off it is left with k others or none.

    >>> import numpy as np
    >>> releasable(np.array([1] * 9 + [2] * 3), 5), releasable(np.array([1] * 9 + [2] * 5), 5)
    (False, True)
    >>> releasable(np.array([1] * 9), 5), releasable(np.array([1] * 4), 5)
    (True, False)
    """
    if len(holder) < k:
        return False
    _, counts = np.unique(holder, return_counts=True)
    others = len(holder) - int(counts.max())
    return others == 0 or others >= k


def adjusted(right: Floats, before: Floats, section: Ints, sections: int) -> Floats:
    """Share right after a section less what the learner's earlier record foretold for the course.

    The slope is common to all sections and found within them, so that a section is not credited
    with whom it had (analysis of covariance).
    """
    there = ~np.isnan(right)
    if not there.any():
        return np.full(len(right), np.nan)
    count = np.maximum(np.bincount(section[there], minlength=sections), 1)
    y = right - (np.bincount(section[there], right[there], sections) / count)[section]
    x = before - (np.bincount(section[there], before[there], sections) / count)[section]
    spread = float((x[there] ** 2).sum())
    slope = float((x[there] * y[there]).sum()) / spread if spread > 0 else 0.0
    means = [right[there & (section == s)].mean() for s in np.unique(section[there])]
    foretold = float(np.mean(means)) + slope * (before - before[there].mean())
    beyond: Floats = right - foretold
    return beyond


def error_of_mean(value: Floats, group: Ints) -> float:
    """Standard error of a mean, the larger of the plain one and the one between classes.

    Where all failed or all succeeded, one of each is added: five of five is not certainty.

    >>> import numpy as np
    >>> round(error_of_mean(np.array([0.0, 1.0] * 8), np.zeros(16, int)), 3)
    0.129
    >>> round(error_of_mean(np.ones(5), np.zeros(5, int)), 3)
    0.175
    """
    n = len(value)
    mean = float(value.mean())
    spread = float(((value - mean) ** 2).sum())
    if spread == 0 and mean in (0.0, 1.0):
        middle = (mean * n + 1) / (n + 2)
        spread = n * middle * (1 - middle)
    plain = float(np.sqrt(spread / max(n - 1, 1) / n))
    classes, which = np.unique(group, return_inverse=True)
    if len(classes) < LEAST_CLUSTERS:
        return plain
    sums = np.bincount(which, value - mean)
    clustered = np.sqrt(len(classes) / (len(classes) - 1) * float((sums**2).sum())) / n
    return max(plain, float(clustered))
