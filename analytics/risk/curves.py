"""Turns features into the columns whose weights the model learns, one per piece of a curve.

Each column is a ramp from 0 (safest) to 1 (riskiest) between two knots of one feature. With
weights that are never negative, a feature's curve never turns back: more missed work can not
lower the risk, and every reason and every "clears when" holds in the direction it says.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.risk.definitions import FEATURES, UNMARKED, Feature

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Column:
    """A ramp of a feature from `start` (0) to `end` (1), or the free indicator of no marks."""

    feature: str
    start: float
    end: float
    free: bool = False

    def of(self, values: Floats) -> Floats:
        """The ramp's height at the feature's values; null stays null.

        >>> Column("score", 40.0, 20.0).of(np.array([50.0, 25.0, 0.0])).tolist()
        [0.0, 0.75, 1.0]
        """
        height: Floats = np.clip((values - self.start) / (self.end - self.start), 0.0, 1.0)
        return height


def _ramps(one: Feature) -> list[Column]:
    knots = one.knots if one.rising else one.knots[::-1]
    return [Column(one.name, a, b) for a, b in pairwise(knots)]


COLUMNS: Final = (
    *(column for one in FEATURES for column in _ramps(one)),
    Column(UNMARKED, 0.0, 1.0, free=True),
)
TERMS: Final = tuple(dict.fromkeys(column.feature for column in COLUMNS))
TERM_OF: Final = np.array([TERMS.index(column.feature) for column in COLUMNS])
NEVER_NEGATIVE: Final = np.array([not column.free for column in COLUMNS])


def ramps(features: pd.DataFrame) -> Floats:
    """The columns of rows of features; null where the feature is."""
    return np.column_stack([one.of(features[one.feature].to_numpy(float)) for one in COLUMNS])


def typical(columns: Floats, weights: Floats) -> Floats:
    """Weighted mean of each column over the rows where it is known; 0 where it never is.

    >>> typical(np.array([[1.0, np.nan], [0.0, np.nan]]), np.array([3.0, 1.0])).tolist()
    [0.75, 0.0]
    """
    known = ~np.isnan(columns)
    total = (known * weights[:, None]).sum(axis=0)
    sums = (np.nan_to_num(columns) * weights[:, None]).sum(axis=0)
    mean: Floats = np.divide(sums, total, out=np.zeros_like(sums), where=total > 0)
    return mean


def filled(columns: Floats, means: Floats) -> Floats:
    """The columns with the typical value where nothing is known, so that unknown weighs nothing."""
    return np.where(np.isnan(columns), means, columns)


def terms(weighted: Floats) -> Floats:
    """Sums of weighted columns by the term they belong to: rows x TERMS."""
    summed = np.zeros((len(weighted), len(TERMS)))
    for column, term in enumerate(TERM_OF):
        summed[:, term] += weighted[:, column]
    return summed
