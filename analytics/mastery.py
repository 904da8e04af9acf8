"""The words for what a learner can do, and the lines between them."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

MASTERY_LINE: Final = 0.7  # whoever gets more than this share right has mastered a competency
STRUGGLING_LINE: Final = 0.6  # whoever surely gets less than this share right struggles with it
MASTERED_SHARE: Final = 0.85  # of those called "mastered", how many get the next answer right
INTERVAL: Final = 0.9  # what low and high hold between them
LEAST_ANSWERS: Final = 4  # fewer answers are not enough evidence for any word
HALF_LIFE_DAYS: Final = 60.0  # in which what was shown of a competency counts half

NOT_ENOUGH, STRUGGLING, DEVELOPING, MASTERED = LABELS = (
    "not enough evidence",
    "struggling",
    "developing",
    "mastered",
)


@dataclass(frozen=True)
class Estimates:
    """One entry per learner and competency, all arrays of the same length.

    `probability` is that theta, the share of usual questions she gets right, lies above
    MASTERY_LINE; `low` and `high` bound theta (90 %); `next_right` is the expected credit of the
    next answer; `label` indexes LABELS.
    """

    probability: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    next_right: NDArray[np.float64]
    label: NDArray[np.int8]
