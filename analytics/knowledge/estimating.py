"""What is said of a learner: the next answer, and mastery with an interval and a word.

Mastery is asked of theta, the share of a skill's usual questions a learner gets right: a Beta
distribution whose prior is the logistic model's forecast, worth `prior_answers`, and to which her
answers on the skill add `answer_worth` each. One more right answer raises the forecast and adds
to the right side only, so it never lowers P(mastery); a wrong one never raises it.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np
from scipy.special import betaincc, betaincinv

from analytics.knowledge.answers import Floats, Ints, Skills
from analytics.knowledge.features import FEATURES, features
from analytics.knowledge.logistic import bent
from analytics.knowledge.model import Model
from analytics.knowledge.replay import after, before
from analytics.knowledge.traces import State, overall_at, skill_at
from analytics.mastery import (
    DEVELOPING,
    INTERVAL,
    LABELS,
    LEAST_ANSWERS,
    MASTERED,
    MASTERY_LINE,
    NOT_ENOUGH,
    STRUGGLING,
    STRUGGLING_LINE,
    Estimates,
)

CLASS_SPREAD: Final = 0.1  # variance between classes of one skill's ease (log-odds)
PRIOR_PART: Final = 0.5
SKILL_COLUMNS: Final = [FEATURES.index(name) for name in FEATURES if name.startswith("skill ")]
FORECAST_FLOOR: Final = 0.01  # no forecast is surer than this: a Beta needs both its sides

Lifts = Mapping[str, float]


class Answer(NamedTuple):
    """One answer: `credit` in 0..1, `when` in days from any origin."""

    item: str
    skills: Skills
    credit: float
    when: float


class Estimate(NamedTuple):
    """What is said of one learner and one skill. `low` and `high` bound theta (90 %)."""

    probability_of_mastery: float
    low: float
    high: float
    next_right: float
    evidence: int
    label: str


def next_right(
    model: Model,
    state: State,
    item: str,
    skills: Skills,
    *,
    now: float,
    lifts: Lifts | None = None,
) -> float:
    """Probability that the learner gets this item right on day `now`, if it were asked next."""
    asked = _asked(skills)
    row = before(state, asked, when=now, start=model.start(lifts))
    return float(forecast(model, np.array([row]), np.array([model.ease(item, asked)]))[0])


def update(model: Model, state: State, answer: Answer, *, lifts: Lifts | None = None) -> State:
    """The learner's state with one more answer in it; no refit, nothing else needed."""
    asked = _asked(answer.skills)
    return after(
        state,
        asked,
        ease=model.ease(answer.item, asked),
        credit=answer.credit,
        when=answer.when,
        start=model.start(lifts),
    )


def mastery(
    model: Model, state: State, skill: str, *, now: float, lifts: Lifts | None = None
) -> Estimate:
    """What is known on day `now` of the learner's command of a skill, answered on or not."""
    trace = skill_at(state.skills, skill, now, model.start(lifts))
    row = features(overall_at(state, now), [trace], 0.0, 0.0)
    found = estimates(
        model,
        np.array([row]),
        np.array([model.skill_ease(skill)]),
        np.array([trace.right]),
        np.array([trace.wrong]),
        np.array([trace.answers]),
    )
    return Estimate(
        float(found.probability[0]),
        float(found.low[0]),
        float(found.high[0]),
        float(found.next_right[0]),
        trace.answers,
        LABELS[found.label[0]],
    )


def log_odds(model: Model, rows: Floats, ease: Floats) -> Floats:
    """The terms of the model added up, for each row of features."""
    total: Floats = model.base + model.ease_weight * ease + rows @ np.array(model.weights)
    return total


def forecast(model: Model, rows: Floats, ease: Floats) -> Floats:
    """Probability of a right answer for each row of features."""
    return bent(model.bend, log_odds(model, rows, ease))


def usual_log_odds(model: Model, rows: Floats, ease: Floats) -> Floats:
    """The terms for a question in the usual place, whatever `again` and `run` say in the rows."""
    usual = rows.copy()
    usual[:, -2:] = model.usual_context
    return log_odds(model, usual, ease)


def usual_forecast(model: Model, rows: Floats, ease: Floats) -> Floats:
    """Probability that a skill's usual question is answered right."""
    told = bent(model.usual_bend, usual_log_odds(model, rows, ease))
    return np.clip(told, FORECAST_FLOOR, 1 - FORECAST_FLOOR)


def prior_forecast(model: Model, rows: Floats, ease: Floats) -> Floats:
    """The usual forecast with only part of her standing on the skill itself, since her answers on
    it count beside it; the whole and none of it foretold later answers worse."""
    part = rows.copy()
    part[:, SKILL_COLUMNS] *= PRIOR_PART
    return usual_forecast(model, part, ease)


def beta(model: Model, expected: Floats, right: Floats, wrong: Floats) -> tuple[Floats, Floats]:
    """The two sides of theta's distribution, from the forecast and the skill's faded counts."""
    return (
        model.prior_answers * expected + model.answer_worth * right,
        model.prior_answers * (1 - expected) + model.answer_worth * wrong,
    )


def estimates(
    model: Model, rows: Floats, ease: Floats, right: Floats, wrong: Floats, evidence: Ints
) -> Estimates:
    """What is said of many learners and skills at once; the arrays are those of a Trail."""
    a, b = beta(model, prior_forecast(model, rows, ease), right, wrong)
    tail = (1 - INTERVAL) / 2
    probability: Floats = betaincc(a, b, MASTERY_LINE)
    high: Floats = betaincinv(a, b, 1 - tail)
    label = np.full(len(a), LABELS.index(DEVELOPING), dtype=np.int8)
    label[high < STRUGGLING_LINE] = LABELS.index(STRUGGLING)
    label[probability >= model.sure] = LABELS.index(MASTERED)
    label[evidence < LEAST_ANSWERS] = LABELS.index(NOT_ENOUGH)
    return Estimates(
        probability=probability,
        low=betaincinv(a, b, tail),
        high=high,
        next_right=usual_forecast(model, rows, ease),
        label=label,
    )


def standing(
    model: Model, states: Mapping[int, State], now: Mapping[int, float]
) -> tuple[Ints, Skills, Ints, Estimates]:
    """What is said of every learner on every skill she has answered on, on her day `now`: learner,
    skill, answers on it, and the estimates. Learners go by any whole number."""
    who, skills, rows, counts = [], list[str](), list[list[float]](), list[tuple[float, float]]()
    evidence = []
    start = model.start()
    for learner, state in states.items():
        overall = overall_at(state, now[learner])
        for skill in state.skills:
            trace = skill_at(state.skills, skill, now[learner], start)
            who.append(learner)
            skills.append(skill)
            rows.append(features(overall, [trace], 0.0, 0.0))
            counts.append((trace.right, trace.wrong))
            evidence.append(trace.answers)
    right, wrong = np.array(counts, dtype=np.float64).reshape(-1, 2).T
    found = estimates(
        model,
        np.array(rows, dtype=np.float64).reshape(-1, len(FEATURES)),
        np.array([model.skill_ease(skill) for skill in skills], dtype=np.float64),
        right,
        wrong,
        np.array(evidence, dtype=np.int64),
    )
    codes = np.array(who, dtype=np.int64)
    return codes, tuple(skills), np.array(evidence, dtype=np.int64), found


def class_lift(credit: Floats, expected: Floats, group: Ints, groups: int) -> Floats:
    """How much easier a skill is for a class than foretold, in log-odds, shrunk toward nought.

    `group` numbers class and skill together; `expected` is what the model foretold of each answer.

    >>> class_lift(np.array([1.0, 1.0, 0.0]), np.full(3, 0.5), np.array([0, 0, 1]), 3).round(2)
    array([ 0.1 , -0.05,  0.  ])
    """
    gap = np.bincount(group, credit - expected, groups)
    told = np.bincount(group, expected * (1 - expected), groups)
    lift: Floats = gap / (told + 1 / CLASS_SPREAD)
    return lift


def _asked(skills: Skills) -> Skills:
    return tuple(sorted(set(skills)))
