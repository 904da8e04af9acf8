"""The mastery model: what a learner knows of each skill, from her answers in order.

`fit` makes a Model of a school's answers, `update` takes one more answer into a learner's State,
`next_right` and `mastery` say what is known. `replay`, `standing` and
`estimates` do the same for many.
"""

from analytics.knowledge.answers import Answers, in_order
from analytics.knowledge.estimating import (
    Answer,
    Estimate,
    class_lift,
    estimates,
    mastery,
    next_right,
    standing,
    update,
)
from analytics.knowledge.fitting import fit
from analytics.knowledge.model import DEFAULT, Model
from analytics.knowledge.replay import replay
from analytics.knowledge.traces import State

__all__ = [
    "DEFAULT",
    "Answer",
    "Answers",
    "Estimate",
    "Model",
    "State",
    "class_lift",
    "estimates",
    "fit",
    "in_order",
    "mastery",
    "next_right",
    "replay",
    "standing",
    "update",
]
