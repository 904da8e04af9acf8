"""Did a plan help? Before and after beside learners alike, with an interval and three verdicts."""

from analytics.effects.discontinuity import Jump, jump, obstacle
from analytics.effects.matching import AFTER, BEFORE, LEAST_WEEKS, Compared, compared
from analytics.effects.pooling import Pooled, pooled
from analytics.effects.verdicts import WORTHWHILE, Verdict, verdict

__all__ = [
    "AFTER",
    "BEFORE",
    "LEAST_WEEKS",
    "WORTHWHILE",
    "Compared",
    "Jump",
    "Pooled",
    "Verdict",
    "compared",
    "jump",
    "obstacle",
    "pooled",
    "verdict",
]
