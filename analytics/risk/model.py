"""The transparent risk model: additive curves for a few days of a class, mixed in between.

log-odds = level of the course + the sum of one curve per feature. Nothing else enters, so the
reasons shown are the model. Between the days it was fitted for (its stages), two neighbouring
stages are mixed, which keeps it additive.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Final, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.risk.curves import COLUMNS, TERMS, filled, ramps, terms
from analytics.risk.definitions import NAMES
from analytics.risk.fitting import Fit, sigmoid

Floats = NDArray[np.float64]

CONFIDENCE: Final = 0.9
FORMAT: Final = 1
_DIGITS: Final = 5  # significant digits kept of a stored number


@dataclass(frozen=True)
class Stage:
    """The model for one day of a class; `fit` has the intercept, COLUMNS, then `courses`."""

    day: int
    fit: Fit
    courses: tuple[str, ...]
    course_variance: float  # of the level of a course never seen
    means: Floats  # of COLUMNS, standing in for what is unknown
    rate: float
    rates: Mapping[str, float]  # by course, drawn towards `rate`

    def levels(self, courses: NDArray[Any]) -> Floats:
        """The level of each row's course; a course never seen is like the others."""
        effect = dict(zip(self.courses, self.fit.weights[1 + len(COLUMNS) :], strict=True))
        return np.array([self.fit.weights[0] + effect.get(course, 0.0) for course in courses])

    def weighted(self, columns: Floats) -> Floats:
        """What each column adds to the log-odds."""
        return filled(columns, self.means) * self.fit.weights[1 : 1 + len(COLUMNS)]

    def variance(self, columns: Floats, courses: NDArray[Any]) -> Floats:
        """Of the log-odds, from not knowing the weights exactly."""
        own = (courses[:, None] == np.array(self.courses, dtype=object)[None, :]).astype(float)
        rows = np.column_stack([np.ones(len(columns)), filled(columns, self.means), own])
        spread: Floats = np.einsum("ij,jk,ik->i", rows, self.fit.covariance, rows, optimize=True)
        spread += self.course_variance * (own.sum(axis=1) == 0)
        return spread


@dataclass(frozen=True)
class Scores:
    """Chances of failing or leaving with their interval; `terms` (rows x TERMS) is how much each
    term sets the row apart, in log-odds, from its class's typical learner of that day."""

    log_odds: Floats
    probability: Floats
    low: Floats
    high: Floats
    terms: Floats
    deviation: Floats  # standard deviation of the log-odds


@dataclass(frozen=True)
class Model:
    """Stages by day, the slope a later term taught, and how far classes differ beyond features."""

    stages: tuple[Stage, ...]
    slope: float  # below 1 where the fit was surer than a later term bore out
    centre: float  # log-odds around which the slope turns
    spread: float  # standard deviation of a class's own level, in log-odds

    def mixed(self, days: NDArray[np.int64]) -> Iterator[tuple[NDArray[np.intp], Stage, float]]:
        """(rows, stage, share): every row gets shares that add up to 1."""
        known = [stage.day for stage in self.stages]
        for day in np.unique(days).tolist():
            rows = np.flatnonzero(days == day)
            after = int(np.searchsorted(known, day))
            if after == 0 or after == len(known):
                yield rows, self.stages[min(after, len(known) - 1)], 1.0
                continue
            share = (day - known[after - 1]) / (known[after] - known[after - 1])
            yield rows, self.stages[after - 1], 1.0 - share
            yield rows, self.stages[after], share

    def base_rate(self, course: str, day: int) -> float:
        """Share that failed or left, of those still there on that day of the course."""
        return sum(
            share * stage.rates.get(course, stage.rate)
            for _, stage, share in self.mixed(np.array([day]))
        )

    def to_json(self) -> dict[str, Any]:
        """Everything but the version, as JSON; `from_json` gives the same scores."""
        return {
            "format": FORMAT,
            "columns": [[c.feature, c.start, c.end] for c in COLUMNS],
            "slope": _short(self.slope),
            "centre": _short(self.centre),
            "spread": _short(self.spread),
            "stages": [_stage_json(stage) for stage in self.stages],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Raises ValueError when the model was made for other features than today's."""
        same = data.get("columns") == [[c.feature, c.start, c.end] for c in COLUMNS]
        if data.get("format") != FORMAT or not same:
            raise ValueError(
                "This risk model was trained on other features than this version of Chalkline "
                "reads. Train it again: manage.py train risk."
            )
        return cls(
            tuple(_stage(one) for one in data["stages"]),
            float(data["slope"]),
            float(data["centre"]),
            float(data["spread"]),
        )


def log_odds(
    model: Model, features: pd.DataFrame, *, courses: NDArray[Any], days: NDArray[np.int64]
) -> Floats:
    """Log-odds of failing or leaving, one per row of features."""
    return _weigh(model, ramps(features), courses, days)[0]


def score(model: Model, features: pd.DataFrame, identity: pd.DataFrame) -> Scores:
    """Scores rows of features; `identity` has class_id, course, as_of and day of each.

    The interval is for the chance of learners like her: it holds what is not known of the weights
    and of the class, not that one learner's fate is a yes or a no.
    """
    courses = identity["course"].to_numpy(object)
    days = identity["day"].to_numpy(np.int64)
    z, weighed, variance = _weigh(model, ramps(features), courses, days)
    groups = [identity["class_id"].to_numpy(object), identity["as_of"].to_numpy(object)]
    middle = features[[*NAMES, "unmarked"]].groupby(groups, sort=False).transform("median")
    _, usual, _ = _weigh(model, ramps(middle), courses, days)
    deviation = np.sqrt(variance + model.spread**2)
    reach = NormalDist().inv_cdf(0.5 + CONFIDENCE / 2) * deviation
    return Scores(z, sigmoid(z), sigmoid(z - reach), sigmoid(z + reach), weighed - usual, deviation)


def _weigh(
    model: Model, columns: Floats, courses: NDArray[Any], days: NDArray[np.int64]
) -> tuple[Floats, Floats, Floats]:
    """(log-odds, by term, variance) of rows of columns."""
    z, variance = np.zeros(len(columns)), np.zeros(len(columns))
    by_term = np.zeros((len(columns), len(TERMS)))
    for rows, stage, share in model.mixed(days):
        weighted = stage.weighted(columns[rows])
        z[rows] += share * (stage.levels(courses[rows]) + weighted.sum(axis=1))
        by_term[rows] += share * terms(weighted)
        variance[rows] += share * stage.variance(columns[rows], courses[rows])
    centred = model.centre + model.slope * (z - model.centre)
    return centred, model.slope * by_term, model.slope**2 * variance


def _short(number: float) -> float:
    return float(f"{number:.{_DIGITS}g}")


def _shorts(numbers: Floats) -> list[float]:
    return [_short(number) for number in numbers.tolist()]


def _stage_json(stage: Stage) -> dict[str, Any]:
    """A stage; of the covariance only the lower triangle of the weights that have any."""
    covariance = stage.fit.covariance
    sure = np.flatnonzero(np.diag(covariance) > 0)
    return {
        "day": stage.day,
        "weights": _shorts(stage.fit.weights),
        "courses": list(stage.courses),
        "course_variance": _short(stage.course_variance),
        "means": _shorts(stage.means),
        "rate": _short(stage.rate),
        "rates": {course: _short(rate) for course, rate in stage.rates.items()},
        "vary": sure.tolist(),
        "covariance": _shorts(covariance[np.ix_(sure, sure)][np.tril_indices(len(sure))]),
    }


def _stage(data: Mapping[str, Any]) -> Stage:
    weights = np.array(data["weights"], dtype=float)
    sure = np.array(data["vary"], dtype=np.intp)
    below = np.zeros((len(sure), len(sure)))
    below[np.tril_indices(len(sure))] = data["covariance"]
    covariance = np.zeros((len(weights), len(weights)))
    covariance[np.ix_(sure, sure)] = below + np.tril(below, -1).T
    return Stage(
        day=int(data["day"]),
        fit=Fit(weights, covariance),
        courses=tuple(data["courses"]),
        course_variance=float(data["course_variance"]),
        means=np.array(data["means"], dtype=float),
        rate=float(data["rate"]),
        rates=dict(data["rates"]),
    )
