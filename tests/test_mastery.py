"""Estimates of mastery against the Beta distribution, and what their words promise."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analytics.mastery import (
    HALF_LIFE_DAYS,
    LABELS,
    LEAST_ANSWERS,
    MASTERY_LINE,
    PRIOR_ANSWERS,
    estimate,
    prior_means,
    reached,
    weigh,
)

ONE = np.array([0])


def _after(credit: list[float], days: list[float] | None = None, prior: float = 0.65) -> tuple:
    """(label, estimates) of one learner after these answers, all on a day unless said."""
    weight, right = weigh(ONE, np.array(days or [0.0] * len(credit)), np.array(credit, dtype=float))
    found = estimate(weight[-1:], right[-1:], np.array([len(credit)]), np.array([prior]))
    return LABELS[found.label[0]], found


def test_an_estimate_is_the_beta_posterior_of_its_answers() -> None:
    _, found = _after([1, 1, 0, 1, 0.5])
    posterior = stats.beta(PRIOR_ANSWERS * 0.65 + 3.5, PRIOR_ANSWERS * 0.35 + 1.5)
    assert found.probability[0] == pytest.approx(posterior.sf(MASTERY_LINE))
    assert (found.low[0], found.high[0]) == pytest.approx(posterior.interval(0.9))
    assert found.next_right[0] == pytest.approx(posterior.mean())


def test_an_answer_weighs_half_after_the_half_life() -> None:
    weight, right = weigh(
        np.array([0, 2]),
        np.array([0, HALF_LIFE_DAYS, 7, 7 + 2 * HALF_LIFE_DAYS]),
        np.array([1.0, 1.0, 1.0, 0.0]),
    )
    assert weight.tolist() == [1, 1.5, 1, 1.25]
    assert right.tolist() == [1, 1.5, 1, 0.25]


def test_running_weights_are_those_of_each_learner_alone() -> None:
    dice = np.random.default_rng(3)
    lengths = [1, 5, 2, 9, 1]
    start = np.cumsum([0, *lengths[:-1]])
    days = np.concatenate([np.sort(dice.uniform(0, 300, n)) for n in lengths])
    credit = dice.choice([0.0, 0.5, 1.0], size=sum(lengths))
    weight, right = weigh(start, days, credit)
    for begin, length in zip(start, lengths, strict=True):
        own = slice(begin, begin + length)
        for last in range(length):
            decay = 0.5 ** ((days[begin + last] - days[own][: last + 1]) / HALF_LIFE_DAYS)
            assert weight[begin + last] == pytest.approx(decay.sum())
            assert right[begin + last] == pytest.approx((decay * credit[own][: last + 1]).sum())


@pytest.mark.parametrize("credit", [0.0, 1.0])
def test_fewer_than_four_answers_are_not_enough_evidence(credit: float) -> None:
    assert _after([credit] * (LEAST_ANSWERS - 1))[0] == "not enough evidence"
    assert _after([credit] * LEAST_ANSWERS)[0] == ("mastered" if credit else "struggling")


def test_labels_follow_the_interval() -> None:
    assert _after([1, 0] * 3)[0] == "developing"  # 3 of 6 may still be 60 %
    assert _after([1, 0] * 50)[0] == "struggling"  # 50 of 100 surely are not
    assert _after([1, 1, 1, 0] * 3)[0] == "developing"
    assert _after([1, 1, 1, 1, 0] * 20)[0] == "mastered"


def test_old_failures_fade_behind_recent_success() -> None:
    credit = [0.0] * 6 + [1.0] * 6
    assert _after(credit)[0] == "developing"
    assert _after(credit, [0.0] * 6 + [300.0] * 6)[0] == "mastered"


def test_a_mastered_learner_answers_above_the_line_as_often_as_it_says() -> None:
    """Learners drawn from the very prior: of those called mastered, 9 in 10 are above the line."""
    dice = np.random.default_rng(7)
    theta = dice.beta(PRIOR_ANSWERS * 0.65, PRIOR_ANSWERS * 0.35, 20_000)
    right = dice.binomial(12, theta).astype(float)
    found = estimate(np.full(20_000, 12.0), right, np.full(20_000, 12), np.full(20_000, 0.65))
    mastered = found.label == LABELS.index("mastered")
    struggling = found.label == LABELS.index("struggling")
    assert (theta[mastered] > MASTERY_LINE).mean() > 0.9
    assert (theta[struggling] < 0.6).mean() > 0.95
    inside = (found.low <= theta) & (theta <= found.high)
    assert inside.mean() == pytest.approx(0.9, abs=0.01)


def test_mastery_is_dated_at_the_answer_that_showed_it() -> None:
    credit = np.array([0.0, *[1.0] * 14, 0, 0, 0])
    start = np.array([0, 15])
    weight, right = weigh(start, np.zeros(18), credit)
    first = reached(start, weight, right, np.array([0.65, 0.65]))
    assert first[1] == -1
    labels = [_after(credit[: n + 1].tolist())[0] for n in range(15)]
    assert first[0] == labels.index("mastered")


def test_a_prior_follows_its_competency_in_steps() -> None:
    means = prior_means(np.array([0.0, 100, 0, 1000, 700]), np.array([0.0, 1000, 1000, 1000, 1000]))
    assert means.tolist() == [0.65, 0.3, 0.3, 0.9, 0.7]


def test_no_answers_are_no_estimates() -> None:
    nothing = np.empty(0)
    start = np.empty(0, dtype=int)
    weight, right = weigh(start, nothing, nothing)
    assert reached(start, weight, right, nothing).tolist() == []
    assert estimate(weight, right, start, nothing).label.tolist() == []


@settings(max_examples=80)
@given(st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=1, max_size=40), st.floats(0.3, 0.9))
def test_a_right_answer_never_lowers_an_estimate(credit: list[float], prior: float) -> None:
    _, before = _after(credit, prior=prior)
    _, after = _after([*credit, 1.0], prior=prior)
    assert 0 <= before.low[0] <= before.next_right[0] <= before.high[0] <= 1
    for name in ("probability", "low", "high", "next_right"):
        assert getattr(after, name)[0] >= getattr(before, name)[0] - 1e-12
