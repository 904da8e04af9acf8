"""The challenger: the transparent model, and boosted trees for what it leaves over.

The trees start from the transparent model's log-odds, so that the level of a course is its own.
They see features together, which curves can not, and what kinds of things a learner does. A
feature that the transparent model knows still bends one way only. The trees explain nothing, so
the challenger is trained beside the transparent model, and the gap is reported.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.risk.definitions import FEATURES, NAMES, UNMARKED
from analytics.risk.fitting import sigmoid
from analytics.risk.kinds import KIND_NAMES
from analytics.risk.model import Model, log_odds
from analytics.risk.training import Snapshots, one_thread

Floats = NDArray[np.float64]

INPUTS: Final = (*NAMES, UNMARKED, *KIND_NAMES, "day")
BENDS: Final = {one.name: 1 if one.rising else -1 for one in FEATURES}
SETTINGS: Final[Mapping[str, Any]] = {
    "max_iter": 100,
    "learning_rate": 0.05,
    "max_leaf_nodes": 8,
    "min_samples_leaf": 300,
    "l2_regularization": 50.0,
    "max_features": 0.2,
    "early_stopping": False,
    "random_state": 0,
}
FORMAT: Final = 2
BEYOND: Final = 1e30  # stands for infinity, which JSON has not: known against unknown
_LEAF: Final = -1


@dataclass(frozen=True)
class Tree:
    """Nodes as columns; `feature` is -1 at a leaf, whose `value` adds to the log-odds."""

    feature: NDArray[np.int64]
    threshold: Floats
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    unknown_left: NDArray[np.bool_]
    value: Floats

    def of(self, inputs: Floats) -> Floats:
        """What the tree adds to each row of inputs."""
        at = np.zeros(len(inputs), dtype=np.int64)
        moving = np.flatnonzero(self.feature[at] != _LEAF)
        while len(moving):
            node = at[moving]
            seen = inputs[moving, self.feature[node]]
            unknown = np.isnan(seen)
            below = np.where(unknown, 0.0, seen) <= self.threshold[node]
            go_left = np.where(unknown, self.unknown_left[node], below)
            at[moving] = np.where(go_left, self.left[node], self.right[node])
            moving = moving[self.feature[at[moving]] != _LEAF]
        return self.value[at]


@dataclass(frozen=True)
class Boosted:
    """A sum of trees on INPUTS, to be added to the log-odds of the transparent model beside it."""

    trees: tuple[Tree, ...]

    def probability(self, start: Floats, features: pd.DataFrame, identity: pd.DataFrame) -> Floats:
        """Chance of failing or leaving, by row; `start` is the transparent model's log-odds."""
        inputs = _inputs(features, identity)
        return sigmoid(start + sum((tree.of(inputs) for tree in self.trees), np.zeros(1)))

    def to_json(self) -> dict[str, Any]:
        """Numbers only: a stored model is never code."""
        return {
            "format": FORMAT,
            "inputs": list(INPUTS),
            "trees": [
                {name: getattr(tree, name).tolist() for name in Tree.__dataclass_fields__}
                for tree in self.trees
            ],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Raises ValueError when the model was made for other features than today's."""
        if not readable(data):
            raise ValueError(
                "This boosted model was trained on other features than this version of Chalkline "
                "reads. Train it again: manage.py train risk."
            )
        return cls(
            tuple(
                Tree(**{name: np.array(column) for name, column in one.items()})
                for one in data["trees"]
            )
        )


def readable(data: Mapping[str, Any]) -> bool:
    """Whether a stored challenger was made for today's features."""
    return data.get("format") == FORMAT and data.get("inputs") == list(INPUTS)


def train_boosted(history: Snapshots, beside: Model) -> Boosted:
    """Grows the trees on all snapshots at once; the day of the class is one of the inputs.

    `beside` is the transparent model trained on the same history.
    """
    inputs = _inputs(history.features, history.identity)
    never_known = np.isnan(inputs).all(axis=0)
    inputs[:, never_known] = 0.0  # the library can not bin a column without a value
    with one_thread():
        start = log_odds(beside, history.features, courses=history.courses, days=history.days)
        grown = grow(inputs, history.truth, start)
    # The library has no public way to a tree's nodes; a test compares the sums with its own.
    return Boosted(tuple(_tree(one[0].nodes) for one in grown._predictors))


def grow(inputs: Floats, truth: Floats, start: Floats) -> Any:
    """The library's trees for `truth`, given log-odds to start from, which it has no option for:
    its loss is told of them instead. Its own sums (`_raw_predict`) are without the start."""
    from sklearn._loss import HalfBinomialLoss  # here: scoring needs no library
    from sklearn.ensemble import HistGradientBoostingClassifier

    class FromStart(HalfBinomialLoss):  # type: ignore[misc]  # the library ships no types
        def fit_intercept_only(self, y_true: Floats, sample_weight: Any = None) -> Floats:
            return np.zeros(1)

        def gradient_hessian(self, y_true: Floats, raw_prediction: Floats, **how: Any) -> Any:
            whole = raw_prediction + start.reshape(raw_prediction.shape)
            return super().gradient_hessian(y_true=y_true, raw_prediction=whole, **how)

    bends = [BENDS.get(name, 0) for name in INPUTS]
    return HistGradientBoostingClassifier(loss=FromStart(), monotonic_cst=bends, **SETTINGS).fit(
        inputs, truth
    )


def _inputs(features: pd.DataFrame, identity: pd.DataFrame) -> Floats:
    own = features[[*NAMES, UNMARKED, *KIND_NAMES]].to_numpy(float)
    return np.column_stack([own, identity["day"].to_numpy(float)])


def _tree(nodes: NDArray[Any]) -> Tree:
    return Tree(
        feature=np.where(nodes["is_leaf"] == 1, _LEAF, nodes["feature_idx"].astype(np.int64)),
        threshold=np.clip(nodes["num_threshold"].astype(float), -BEYOND, BEYOND),
        left=nodes["left"].astype(np.int64),
        right=nodes["right"].astype(np.int64),
        unknown_left=nodes["missing_go_to_left"].astype(bool),
        value=nodes["value"].astype(float),
    )
