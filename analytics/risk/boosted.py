"""The challenger: boosted trees on the same features, to show what the additive model leaves out.

Trees see features together, which curves can not. Each still bends one way only. It explains
nothing, so it is trained beside the transparent model, and the gap is reported.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.risk.definitions import FEATURES, NAMES, UNMARKED
from analytics.risk.fitting import sigmoid
from analytics.risk.training import Snapshots, one_thread

Floats = NDArray[np.float64]

INPUTS: Final = (*NAMES, UNMARKED, "day", "course_rate")
BENDS: Final = {one.name: 1 if one.rising else -1 for one in FEATURES}
SETTINGS: Final[Mapping[str, Any]] = {
    "max_iter": 160,
    "learning_rate": 0.05,
    "max_leaf_nodes": 16,
    "min_samples_leaf": 150,
    "l2_regularization": 20.0,
    "max_features": 0.4,
    "early_stopping": False,
    "random_state": 0,
}
DRAWN: Final = 200  # enrolments' worth of the overall rate that a course's own is mixed with
FORMAT: Final = 1
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
    """A sum of trees on INPUTS, with the share of each known course that failed or left."""

    level: float
    trees: tuple[Tree, ...]
    rate: float
    rates: Mapping[str, float]

    def inputs(self, features: pd.DataFrame, identity: pd.DataFrame) -> Floats:
        """INPUTS of rows of features."""
        return _inputs(features, identity, self.rates, self.rate)

    def probability(self, features: pd.DataFrame, identity: pd.DataFrame) -> Floats:
        """Chance of failing or leaving, by row."""
        inputs = self.inputs(features, identity)
        return sigmoid(self.level + sum((tree.of(inputs) for tree in self.trees), np.zeros(1)))

    def to_json(self) -> dict[str, Any]:
        """Numbers only: a stored model is never code."""
        return {
            "format": FORMAT,
            "inputs": list(INPUTS),
            "level": self.level,
            "rate": self.rate,
            "rates": dict(self.rates),
            "trees": [
                {name: getattr(tree, name).tolist() for name in Tree.__dataclass_fields__}
                for tree in self.trees
            ],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Raises ValueError when the model was made for other features than today's."""
        if data.get("format") != FORMAT or data.get("inputs") != list(INPUTS):
            raise ValueError(
                "This boosted model was trained on other features than this version of Chalkline "
                "reads. Train it again: manage.py train risk."
            )
        return cls(
            float(data["level"]),
            tuple(
                Tree(**{name: np.array(column) for name, column in one.items()})
                for one in data["trees"]
            ),
            float(data["rate"]),
            dict(data["rates"]),
        )


def train_boosted(history: Snapshots) -> Boosted:
    """Grows the trees on all snapshots at once; the day of the class is one of the inputs."""
    from sklearn.ensemble import HistGradientBoostingClassifier  # here: scoring needs no library

    days = max(1, history.identity["day"].nunique())
    rate = float(history.truth.mean())
    by = pd.Series(history.truth).groupby(history.courses)
    drawn = (by.sum() + DRAWN * days * rate) / (by.count() + DRAWN * days)
    rates = {str(course): float(share) for course, share in drawn.items()}
    inputs = _inputs(history.features, history.identity, rates, rate)
    never_known = np.isnan(inputs).all(axis=0)
    inputs[:, never_known] = 0.0  # the library can not bin a column without a value
    with one_thread():
        grown = HistGradientBoostingClassifier(
            monotonic_cst=[BENDS.get(name, 0) for name in INPUTS], **SETTINGS
        ).fit(inputs, history.truth)
    # The library has no public way to a tree's nodes; a test compares the sums with its own.
    level = float(grown._baseline_prediction.ravel()[0])
    return Boosted(level, tuple(_tree(one[0].nodes) for one in grown._predictors), rate, rates)


def _inputs(
    features: pd.DataFrame, identity: pd.DataFrame, rates: Mapping[str, float], rate: float
) -> Floats:
    course = np.array([rates.get(one, rate) for one in identity["course"]])
    own = features[[*NAMES, UNMARKED]].to_numpy(float)
    return np.column_stack([own, identity["day"].to_numpy(float), course])


def _tree(nodes: NDArray[Any]) -> Tree:
    return Tree(
        feature=np.where(nodes["is_leaf"] == 1, _LEAF, nodes["feature_idx"].astype(np.int64)),
        threshold=np.clip(nodes["num_threshold"].astype(float), -BEYOND, BEYOND),
        left=nodes["left"].astype(np.int64),
        right=nodes["right"].astype(np.int64),
        unknown_left=nodes["missing_go_to_left"].astype(bool),
        value=nodes["value"].astype(float),
    )
