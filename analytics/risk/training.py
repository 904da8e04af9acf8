"""Trains the transparent model: a stage per day, then what a later term says about its slope."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # ships no types

from analytics.risk.curves import COLUMNS, NEVER_NEGATIVE, ramps, typical
from analytics.risk.fitting import Fit, fit, logit, sigmoid
from analytics.risk.model import Model, Stage, log_odds

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

STAGES: Final = (14, 28, 42, 56, 84, 112, 140, 182, 224)  # days of a class
APART: Final = 7  # a stage also learns from the week before and after, at half weight
CURVE_PENALTY: Final = 30.0
COURSE_PENALTY: Final = 10.0
LEAST_ROWS: Final = 150  # enrolments, and LEAST_EACH of both outcomes, below which none is trained
LEAST_EACH: Final = 25
USUAL_SPREAD: Final = 0.35  # of classes, where too few are known to tell
LEAST_CLASSES: Final = 4
FOLDS: Final = 5
SLOPE_FROM, SLOPE_TO = 0.5, 1.25


class TooLittleError(ValueError):
    """There is not enough history to train on. Says what there is and what is needed."""


@dataclass(frozen=True)
class Snapshots:
    """What was known on several days of classes whose outcome is known; rows stand in step.

    `identity` has class_id, learner_id, course, day and term (sortable by time); `truth` is 1 for
    failed or left.
    """

    identity: pd.DataFrame
    features: pd.DataFrame
    truth: Floats

    def some(self, rows: Any) -> "Snapshots":
        """The rows at these positions, or where this mask is true."""
        return Snapshots(self.identity.iloc[rows], self.features.iloc[rows], self.truth[rows])

    @property
    def days(self) -> NDArray[np.int64]:
        return self.identity["day"].to_numpy(np.int64)

    @property
    def courses(self) -> NDArray[Any]:
        return self.identity["course"].to_numpy(object)


def one_thread() -> AbstractContextManager[Any]:
    """Keeps the numeric libraries to one thread: beside a busy server, threads that wait for one
    another cost a hundred times what they save."""
    limits: AbstractContextManager[Any] = threadpool_limits(limits=1)
    return limits


def days_for(stages: Sequence[int]) -> list[int]:
    """The days a training reads for these stages.

    >>> days_for([28])
    [21, 28, 35]
    """
    return sorted({day + off for day in stages for off in (-APART, 0, APART)})


def train(history: Snapshots, stages: Sequence[int] = STAGES) -> Model:
    """Fits a stage for each day that enough enrolments reached, and calibrates the whole.

    Raises TooLittleError when no stage has LEAST_ROWS enrolments with LEAST_EACH of both outcomes.
    """
    with one_thread():
        columns = ramps(history.features)
        fitted = _stages(history, columns, stages)
        slope, centre, spread = _calibrated(history, columns, [stage.day for stage in fitted])
    return Model(fitted, slope, centre, spread)


def _stages(history: Snapshots, columns: Floats, days: Sequence[int]) -> tuple[Stage, ...]:
    found = [
        _stage(history, columns, day)
        for day in sorted(days)
        if _enough(history.truth[history.days == day])
    ]
    if not found:
        most = max((int((history.days == day).sum()) for day in days), default=0)
        raise TooLittleError(
            f"Too little history to train a risk model: {most} enrolments with a known outcome on "
            f"any one day, and {LEAST_ROWS} with at least {LEAST_EACH} of both outcomes are "
            "needed. Until a term has ended, the shipped model is used."
        )
    return tuple(found)


def _enough(truth: Floats) -> bool:
    yes = int(truth.sum())
    return len(truth) >= LEAST_ROWS and min(yes, len(truth) - yes) >= LEAST_EACH


def _stage(history: Snapshots, columns: Floats, day: int) -> Stage:
    days = history.days
    near = np.flatnonzero(np.abs(days - day) <= APART)
    here = days[near] == day
    weights = np.where(here, 1.0, 0.5)
    weights *= here.sum() / weights.sum()  # as many learners as there are, seen on several days
    truth, courses = history.truth[near], history.courses[near]
    names = tuple(sorted(set(courses.tolist())))
    means = typical(columns[near], weights)
    own = (courses[:, None] == np.array(names, dtype=object)[None, :]).astype(float)
    x = np.column_stack([np.where(np.isnan(columns[near]), means, columns[near]), own])
    found = fit(
        x,
        truth,
        weights=weights,
        penalty=np.r_[np.full(len(COLUMNS), CURVE_PENALTY), np.full(len(names), COURSE_PENALTY)],
        never_negative=np.r_[NEVER_NEGATIVE, np.zeros(len(names), dtype=bool)],
    )
    rate, rates = _rates(truth[here], courses[here])
    return Stage(day, found, names, 1 / COURSE_PENALTY, means, rate, rates)


DRAWN: Final = 200  # enrolments' worth of the overall rate that a course's own is mixed with


def _rates(truth: Floats, courses: NDArray[Any]) -> tuple[float, dict[str, float]]:
    rate = float(truth.mean())
    by = pd.Series(truth).groupby(courses)
    drawn = (by.sum() + DRAWN * rate) / (by.count() + DRAWN)
    return rate, {str(course): float(share) for course, share in drawn.items()}


def _calibrated(
    history: Snapshots, columns: Floats, days: Sequence[int]
) -> tuple[float, float, float]:
    """(slope, centre, spread) from forecasts of enrolments that the fit had not seen.

    Platt's slope on a later term; the level is not moved, for the final fit has seen that term.
    """
    forecasts: list[Floats] = []
    truths: list[Floats] = []
    classes: list[NDArray[Any]] = []
    for seen, unseen in splits(history):
        try:
            model = Model(_stages(history.some(seen), columns[seen], days), 1.0, 0.0, 0.0)
        except TooLittleError:
            continue
        rows = unseen[np.isin(history.days[unseen], days)]
        later = history.some(rows)
        forecasts.append(log_odds(model, later.features, courses=later.courses, days=later.days))
        truths.append(later.truth)
        classes.append(later.identity["class_id"].astype(str).to_numpy(object))
    if not forecasts:
        return 1.0, 0.0, USUAL_SPREAD
    z, truth, of = np.concatenate(forecasts), np.concatenate(truths), np.concatenate(classes)
    platt = fit(
        (z - z.mean())[:, None],
        truth,
        weights=np.full(len(z), 1 / len(days)),  # the same learner stands there once a day
        penalty=np.zeros(1),
        never_negative=np.ones(1, dtype=bool),
    )
    slope = float(np.clip(platt.weights[1], SLOPE_FROM, SLOPE_TO))
    return slope, float(z.mean()), _spread(slope * (z - z.mean()) + z.mean(), truth, of)


def splits(history: Snapshots) -> Iterator[tuple[Rows, Rows]]:
    """Earlier terms against the latest; with one term, classes (or learners) held out in turn."""
    terms = history.identity["term"].to_numpy(object)
    last = max(terms)
    if (terms != last).any():
        yield np.flatnonzero(terms != last), np.flatnonzero(terms == last)
        return
    unit = "class_id" if history.identity["class_id"].nunique() >= FOLDS else "learner_id"
    codes = pd.factorize(history.identity[unit].astype(str), sort=True)[0] % FOLDS
    for fold in range(FOLDS):
        yield np.flatnonzero(codes != fold), np.flatnonzero(codes == fold)


def _spread(z: Floats, truth: Floats, classes: NDArray[Any]) -> float:
    """Standard deviation of classes' levels around the forecast, beyond chance (moments)."""
    shifts, noise = [], []
    for name in np.unique(classes):
        own = classes == name
        found: Fit = fit(
            np.zeros((int(own.sum()), 0)),
            truth[own],
            weights=np.ones(int(own.sum())),
            penalty=np.zeros(0),
            never_negative=np.zeros(0, dtype=bool),
        )
        expected = logit(float(np.clip(sigmoid(z[own]).mean(), 1e-6, 1 - 1e-6)))
        shifts.append(float(found.weights[0]) - expected)
        noise.append(float(found.covariance[0, 0]))
    if len(shifts) < LEAST_CLASSES:
        return USUAL_SPREAD
    middle = np.array(shifts) - np.mean(shifts)
    beyond = float((middle**2).sum() / (len(shifts) - 1) - np.mean(noise))
    return float(np.sqrt(max(beyond, 0.01)))
