"""Fits the model to a school's answers: ease of items, weight of evidence, and how sure it makes.

Three steps, each plain: the ease of items (shrunk to their skills), a logistic regression whose
weights may not have the wrong sign, and a Beta distribution for a learner's share of right
answers. Ease is always taken from other learners than those whose answers it helps to foretell
(five folds), or rare items would seem to be foreknown.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from analytics.knowledge.answers import Answers, Floats, Skills
from analytics.knowledge.ease import Ease, ease_from_others, ease_of
from analytics.knowledge.estimating import log_odds
from analytics.knowledge.features import FEATURES
from analytics.knowledge.logistic import fit_bend, logistic
from analytics.knowledge.model import DEFAULT, Model
from analytics.knowledge.replay import replay
from analytics.knowledge.sureness import bend_usual, kept_word, spread

ROUNDS: Final = 3  # of ease, replay and weights: each gives the next one better offsets
FREE: Final = ("base", "again", "run")  # where a question stands, not how an answer went: any sign
AGAINST: Final = ("wrong", "skill wrong", "gap")
LEAST_FOR_FIT: Final = 2_000  # fewer answers: the shipped defaults serve better

Progress = Callable[[str], None]


def quiet(message: str) -> None:
    """Says nothing."""


def fit(
    answers: Answers,
    *,
    prerequisites: Mapping[str, Skills] | None = None,
    progress: Progress = quiet,
) -> Model:
    """A model of these answers. With fewer than LEAST_FOR_FIT of them the weights stay the shipped
    ones and only the ease of items and skills is learned."""
    model = replace(DEFAULT, prerequisites=dict(prerequisites or {}))
    if not len(answers):
        return model
    offset = np.zeros(len(answers))
    for round_ in range(ROUNDS):
        progress(f"Fitting, round {round_ + 1} of {ROUNDS}: {len(answers):,} answers")
        ease = ease_from_others(answers, offset)
        last = round_ == ROUNDS - 1
        seen = replay(answers, ease, start=model.start(), trail=last)
        if len(answers) >= LEAST_FOR_FIT:
            model = weighed(model, seen.rows, ease, answers.credit)
        rest = seen.rows @ np.array(model.weights)
        if len(answers) < LEAST_FOR_FIT:
            model = replace(model, base=-float(rest.mean()))
        if not last:
            offset = rest - rest.mean()
    model = _with_ease(model, answers, ease_of(answers, offset))
    if seen.trail is not None and len(answers) >= LEAST_FOR_FIT:
        progress("Fitting how sure the answers make")
        model = replace(model, bend=fit_bend(log_odds(model, seen.rows, ease), answers.credit))
        for step in (bend_usual, spread, kept_word):
            model = step(model, answers, seen.trail)
    return model


def weighed(model: Model, rows: Floats, ease: Floats, credit: Floats) -> Model:
    """The model with the weights of a logistic regression, none of the wrong sign."""
    columns = np.column_stack([ease, rows])
    middle, width = columns.mean(axis=0), columns.std(axis=0)
    width[width == 0] = 1.0
    scaled = (columns - middle) / width
    signs = [_sign(name) for name in ("base", "ease", *FEATURES)]
    low, high = (np.array(side) for side in zip(*signs, strict=True))
    constant = np.ones(len(credit))
    found = logistic(
        np.column_stack([constant, scaled]), credit, middle=np.zeros(len(low)), low=low, high=high
    )
    weights = found[1:] / width
    return replace(
        model,
        base=float(found[0] - weights @ middle),
        ease_weight=float(weights[0]),
        weights=tuple(float(weight) for weight in weights[1:]),
        usual_context=(float(rows[:, -2].mean()), float(rows[:, -1].mean())),
    )


def _sign(name: str) -> tuple[float, float]:
    if name in FREE:
        return -np.inf, np.inf
    return (-np.inf, 0.0) if name in AGAINST else (0.0, np.inf)


def _with_ease(model: Model, answers: Answers, ease: Ease) -> Model:
    """The model with its tables of ease; a skill's is the mean over its answers."""
    total: dict[str, list[float]] = {}
    asked_often = np.bincount(answers.skills, minlength=len(answers.skill_sets))
    sums = np.bincount(answers.skills, ease.items[answers.item], len(answers.skill_sets))
    for skills, often, sum_ in zip(answers.skill_sets, asked_often, sums, strict=True):
        for skill in skills:
            mine = total.setdefault(skill, [0.0, 0.0])
            mine[0] += float(often)
            mine[1] += float(sum_)
    return replace(
        model,
        usual_ease=ease.usual,
        items=dict(zip(answers.items, ease.items.tolist(), strict=True)),
        sets=dict(zip(answers.skill_sets, ease.sets.tolist(), strict=True)),
        skills={skill: sum_ / often for skill, (often, sum_) in total.items() if often},
        answers=len(answers),
        learners=len(np.unique(answers.learner)),
    )
