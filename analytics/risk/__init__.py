"""The chance that a learner will fail or leave a course, with reasons that are the model."""

from analytics.risk.boosted import Boosted, train_boosted
from analytics.risk.clearing import Clearing, clearings
from analytics.risk.defaults import shipped
from analytics.risk.definitions import FACTS, FEATURES, Feature, features
from analytics.risk.model import Model, Scores, score
from analytics.risk.training import STAGES, Snapshots, TooLittleError, days_for, train
from analytics.risk.wording import Reason, reasons

__all__ = [
    "FACTS",
    "FEATURES",
    "STAGES",
    "Boosted",
    "Clearing",
    "Feature",
    "Model",
    "Reason",
    "Scores",
    "Snapshots",
    "TooLittleError",
    "clearings",
    "days_for",
    "features",
    "reasons",
    "score",
    "shipped",
    "train",
    "train_boosted",
]
