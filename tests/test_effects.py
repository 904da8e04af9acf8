"""Whether plans helped: intervals hold what they say they hold, and doubt is said as doubt."""

import numpy as np
import pytest

from analytics.effects import WORTHWHILE, compared, jump, pooled, verdict

WEEKS, START = 16, 8


def district(
    rng: np.random.Generator, *, learners: int = 300, treated: int = 30, effect: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """(weekly values, who has a plan): plans go to learners after a bad spell, as flags do."""
    level = rng.normal(4, 0.7, (learners, 1))
    values = level + rng.normal(0, 0.9, (learners, WEEKS)) - 0.04 * np.arange(WEEKS)
    low = np.argsort(values[:, :START].mean(axis=1))[: 2 * treated]
    chosen = rng.permutation(low)[:treated]
    planned = np.zeros(learners, bool)
    planned[chosen] = True
    values[planned, START:] += effect
    return values, planned


def plans(values: np.ndarray, planned: np.ndarray) -> list:
    others = values[~planned]
    found = [compared(own, others, START, least=5) for own in values[planned]]
    return [one for one in found if one is not None]


@pytest.mark.parametrize("effect", [0.0, 0.8])
def test_the_interval_of_a_type_of_plan_holds_the_truth_as_often_as_it_says(effect: float) -> None:
    rng = np.random.default_rng(1)
    held = []
    for _ in range(60):
        answer = pooled(plans(*district(rng, effect=effect)))
        assert answer is not None
        held.append(answer.low <= effect <= answer.high)
    assert 0.88 <= np.mean(held) <= 1.0  # 95 % said; 60 districts scatter by 2.8 %


def test_the_interval_around_one_plan_holds_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(2)
    held = [
        one.low <= 0.8 <= one.high for _ in range(30) for one in plans(*district(rng, effect=0.8))
    ]
    assert 0.86 <= np.mean(held) <= 0.95  # 90 % said


def test_a_plan_gets_no_thanks_for_the_way_back_after_a_bad_spell() -> None:
    """The control: a plain before and after would thank it."""
    rng = np.random.default_rng(3)
    found = [one for _ in range(10) for one in plans(*district(rng))]
    naive = np.mean([one.after - one.before + 0.04 * 8 for one in found])
    assert naive > 0.15
    assert abs(np.mean([one.estimate for one in found])) < 0.1
    assert np.mean([one.without + 0.04 * 8 for one in found]) > 0.15


def test_without_effect_hardly_any_verdict_is_helped() -> None:
    rng = np.random.default_rng(4)
    said = [
        verdict(one.low, one.high, WORTHWHILE["activity"])
        for _ in range(20)
        for one in plans(*district(rng))
    ]
    assert said.count("helped") / len(said) < 0.08  # one tail of 90 %: 5 %


def test_few_weeks_few_alike_or_an_odd_learner_are_no_comparison() -> None:
    values, planned = district(np.random.default_rng(5))
    own, others = values[planned][0], values[~planned]
    assert compared(own[: START + 3], others[:, : START + 3], START, least=5) is None
    assert compared(own, others[:4], START, least=5) is None
    assert compared(own - 30, others, START, least=5) is None
    gaps = own.copy()
    gaps[START:] = np.nan
    assert compared(gaps, others, START, least=5) is None
    assert pooled([]) is None


def cliff(rng: np.random.Generator, *, effect: float, decides: float = 0.8, n: int = 600):
    running = rng.uniform(0, 0.3, n)
    planned = (rng.random(n) < np.where(running >= 0.1, 0.1 + decides, 0.1)).astype(float)
    outcome = 95 - 60 * running + effect * planned + rng.normal(0, 4, n)
    return jump(running, outcome, planned, threshold=0.1, bandwidth=0.08)


def test_the_effect_at_a_threshold_is_held_as_often_as_said() -> None:
    rng = np.random.default_rng(6)
    answers = [cliff(rng, effect=4.0) for _ in range(150)]
    held = [one.low <= 4.0 <= one.high for one in answers if one is not None]
    assert len(held) > 140
    assert 0.9 <= np.mean(held) <= 0.99


def test_a_threshold_that_decides_nothing_tells_nothing() -> None:
    rng = np.random.default_rng(7)
    answers = [cliff(rng, effect=4.0, decides=0.0) for _ in range(50)]
    assert sum(one is None for one in answers) > 45
    assert cliff(rng, effect=4.0, n=30) is None
