"""How sure answers make: fits theta's spread, and from where "mastered" keeps its word."""

from dataclasses import replace
from typing import Final

import numpy as np
from scipy.optimize import minimize
from scipy.special import betaln

from analytics.knowledge.answers import Answers, Floats, Ints
from analytics.knowledge.estimating import beta, estimates, prior_forecast, usual_log_odds
from analytics.knowledge.logistic import fit_bend
from analytics.knowledge.model import DEFAULT, Model
from analytics.knowledge.replay import Trail
from analytics.mastery import LEAST_ANSWERS, MASTERED_SHARE
from analytics.scoring import wilson

AHEAD: Final = 10  # next answers on a skill from which a learner's share of right ones is told
LOOKS: Final = (1, 2, 3, 5, 8, 13, 21, 34, 55, 89)  # answers on a skill after which it is told
LEAST_WORTH: Final = 0.1  # of an answer for theta, so that more evidence always narrows it a little

SURE_TRIED: Final = np.arange(0.5, 0.991, 0.01).round(2)


def trail_ease(model: Model, trail: Trail) -> Floats:
    """How easy the usual question is for each entry of the trail."""
    return np.array([model.skill_ease(skill) for skill in trail.skills])[trail.skill]


def ahead(answers: Answers, trail: Trail, most: int = AHEAD) -> tuple[Floats, Ints]:
    """Credit of the next answers (at most so many) on the same skill after each entry of the trail,
    and how many there are; answers of the same sitting are not the future and count as past."""
    order = np.lexsort((trail.answer, trail.skill, answers.learner[trail.answer]))
    who, skill = answers.learner[trail.answer[order]], trail.skill[order]
    new = np.append(True, (who[1:] != who[:-1]) | (skill[1:] != skill[:-1]))
    end = np.append(np.flatnonzero(new), len(order))[np.cumsum(new)]
    sums = np.append(0.0, np.cumsum(answers.credit[trail.answer[order]]))
    sitting = answers.sitting[trail.answer[order]]
    group = np.append(True, new[1:] | (sitting[1:] != sitting[:-1]))
    begin = np.append(np.flatnonzero(group), len(order))[np.cumsum(group)]
    stop = np.minimum(begin + most, end)
    credit, count = np.zeros(len(order)), np.zeros(len(order), dtype=np.int64)
    credit[order], count[order] = sums[stop] - sums[begin], stop - begin
    return credit, count


def bend_usual(model: Model, answers: Answers, trail: Trail) -> Model:
    """The model with the bend under which a skill's next answer comes as foretold."""
    credit, count = ahead(answers, trail, most=1)
    told = usual_log_odds(model, trail.rows, trail_ease(model, trail))
    return replace(model, usual_bend=fit_bend(told[count > 0], credit[count > 0]))


def spread(model: Model, answers: Answers, trail: Trail) -> Model:
    """The model with the two worths under which the answers ahead are most likely.

    Each learner's skill is looked at a few times along the way, not after every answer, so that
    long histories do not outweigh all others.
    """
    right, count = ahead(answers, trail)
    use = (count > 0) & np.isin(trail.evidence, LOOKS)
    if not use.any():
        return model
    right, count = right[use], count[use]
    expected = prior_forecast(model, trail.rows[use], trail_ease(model, trail)[use])

    def loss(worth: Floats) -> float:
        tried = replace(
            model, prior_answers=float(np.exp(worth[0])), answer_worth=float(np.exp(worth[1]))
        )
        a, b = beta(tried, expected, trail.right[use], trail.wrong[use])
        return -float((betaln(a + right, b + count - right) - betaln(a, b)).mean())

    start = np.log([DEFAULT.prior_answers, DEFAULT.answer_worth])
    bounds = [(0.0, 4.0), (np.log(LEAST_WORTH), 1.0)]
    found = np.exp(minimize(loss, start, method="L-BFGS-B", bounds=bounds).x)
    return replace(model, prior_answers=float(found[0]), answer_worth=float(found[1]))


def kept_word(model: Model, answers: Answers, trail: Trail) -> Model:
    """The model with the lowest probability from which "mastered" keeps its word.

    Its word: at least MASTERED_SHARE of the learners so labelled get the next answer on the skill
    right. Proved by the lower Wilson bound, counting every learner once however often she
    answered, since her answers hang together.
    """
    credit, count = ahead(answers, trail, most=1)
    use = (count > 0) & (trail.evidence >= LEAST_ANSWERS)
    if not use.any():
        return model
    found = estimates(
        model,
        trail.rows[use],
        trail_ease(model, trail)[use],
        trail.right[use],
        trail.wrong[use],
        trail.evidence[use],
    )
    learner = answers.learner[trail.answer[use]]
    for sure in SURE_TRIED:
        says = found.probability >= sure
        if not says.any():
            break
        share, learners = float(credit[use][says].mean()), len(np.unique(learner[says]))
        if wilson(share * learners, learners).low >= MASTERED_SHARE:
            return replace(model, sure=float(sure))
    return replace(model, sure=float(SURE_TRIED[-1]))
