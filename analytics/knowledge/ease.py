"""How easy items are, in log-odds, each shrunk to its skills and those to the mean of all."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from analytics.knowledge.answers import Answers, Floats, Ints

ITEM_SPREAD: Final = 0.6  # prior variance of an item's ease around that of its skills
USUAL_EASE: Final = 0.7  # where nothing is known: two in three get it right
USUAL_SPREAD: Final = 4.0  # prior variance of the mean of all around it
SET_SPREAD: Final = 1.0  # and of skills around the mean of all
FOLDS: Final = 5


@dataclass(frozen=True)
class Ease:
    """Ease in log-odds by item code and by code of skill set, and of all."""

    items: Floats
    sets: Floats
    usual: float


def ease_of(answers: Answers, offset: Floats, rows: NDArray[np.bool_] | None = None) -> Ease:
    """Most likely ease (log-odds) of items and skill sets, given what else is known (`offset`).

    Each level is shrunk to the one above it; what the `rows` do not hold takes the level above.
    """
    use = np.ones(len(answers), dtype=np.bool_) if rows is None else rows
    item, asked = answers.item[use], answers.skills[use]
    credit, known = answers.credit[use], offset[use]
    none = np.zeros(len(item), dtype=np.int64)
    usual = _shrunk(none, np.full(1, USUAL_EASE), USUAL_SPREAD, credit, known)
    sets = _shrunk(asked, np.full(len(answers.skill_sets), usual[0]), SET_SPREAD, credit, known)
    item_set = np.full(len(answers.items), -1, dtype=np.int64)
    item_set[answers.item[::-1]] = answers.skills[::-1]
    above = np.where(item_set >= 0, sets[item_set], usual[0])
    return Ease(_shrunk(item, above, ITEM_SPREAD, credit, known), sets, float(usual[0]))


def _shrunk(group: Ints, above: Floats, spread: float, credit: Floats, offset: Floats) -> Floats:
    """Newton's method for one log-odds per group with a normal prior around `above`."""
    ease, pull = above.copy(), 1 / spread
    for _ in range(10):
        p = expit(ease[group] + offset)
        slope = np.bincount(group, credit - p, len(ease)) - pull * (ease - above)
        curve = np.bincount(group, p * (1 - p), len(ease)) + pull
        ease += np.clip(slope / curve, -2, 2)
    return np.clip(ease, -6, 6)


def ease_from_others(answers: Answers, offset: Floats) -> Floats:
    """Ease of each answer's item as the learners of the other folds show it."""
    shuffled = np.random.default_rng(0).permutation(len(answers.learners))
    fold = shuffled[answers.learner] % FOLDS
    ease = np.zeros(len(answers))
    for number in range(FOLDS):
        own = fold == number
        if own.any() and not own.all():
            ease[own] = ease_of(answers, offset, ~own).items[answers.item[own]]
    return ease
