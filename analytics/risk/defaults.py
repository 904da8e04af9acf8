"""The model a new district starts with: weights set by hand, from nobody's records.

Its level was set so that a generated class averages RATE; it is not calibrated on real outcomes.

Directions and rough sizes are what the early-warning literature agrees on: work not handed in and
silence weigh most, then marks, then absence and earlier attempts. Its interval is wide on purpose,
and the first term that ends replaces it.
"""

from typing import Final

import numpy as np

from analytics.risk.curves import COLUMNS
from analytics.risk.fitting import Fit
from analytics.risk.model import Model, Stage

VERSION: Final = "shipped-2"
RATE: Final = 0.2  # of learners that fail or leave a course, where nothing is known
LEVEL: Final = -5.2  # log-odds with nothing against her: a usual class then averages RATE
SPREAD: Final = 0.8
FULL_WEIGHT: Final = {  # log-odds from the safest to the riskiest end of each feature
    "missed_share": 2.2,
    "last_missed": 0.6,
    "days_late": 0.5,
    "ahead": 0.3,
    "score_standing": 0.7,
    "score": 1.6,
    "latest_score": 0.7,
    "clicks_standing": 0.2,
    "days_standing": 0.5,
    "recent_standing": 0.6,
    "idle": 1.2,
    "early_standing": 0.2,
    "setbacks": 0.7,
    "credits": 0.2,
    "absent_share": 1.4,
}
KNOWN_TYPICAL: Final = 0.25  # how high a ramp stands in for what is unknown


def shipped() -> Model:
    """The hand-set model: one stage for every day, each feature's weight spread over its curve."""
    pieces = {name: sum(c.feature == name for c in COLUMNS) for name in FULL_WEIGHT}
    weights = [
        0.0 if column.free else FULL_WEIGHT[column.feature] / pieces[column.feature]
        for column in COLUMNS
    ]
    size = 1 + len(COLUMNS)
    fit = Fit(np.array([LEVEL, *weights]), np.zeros((size, size)))
    means = np.array([0.0 if column.free else KNOWN_TYPICAL for column in COLUMNS])
    stage = Stage(28, fit, (), 0.0, means, RATE, {})
    return Model((stage,), slope=1.0, centre=0.0, spread=SPREAD)
