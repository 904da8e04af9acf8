"""Scores against scikit-learn, scipy and values worked by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    roc_auc_score,
)
from sklearn.metrics import log_loss as sklearn_log_loss

from analytics import scoring

outcomes = st.lists(st.tuples(st.booleans(), st.integers(0, 12)), min_size=4, max_size=60).map(
    lambda rows: (np.array([float(t) for t, _ in rows]), np.array([s / 12 for _, s in rows]))
)


@given(outcomes)
def test_ranking_scores_equal_those_of_scikit_learn_ties_included(drawn):
    truth, score = drawn
    found = scoring.auc(truth, score)
    if found is not None:
        assert found.value == pytest.approx(roc_auc_score(truth, score))
        assert found.low <= found.value <= found.high
    if truth.any():
        expected = average_precision_score(truth, score)
        assert scoring.average_precision(truth, score) == pytest.approx(expected)


@given(outcomes)
def test_error_scores_equal_those_of_scikit_learn(drawn):
    truth, forecast = drawn
    assert scoring.brier(truth, forecast) == pytest.approx(brier_score_loss(truth, forecast))
    safe = np.clip(forecast, 0.01, 0.99)
    expected = sklearn_log_loss(truth, safe, labels=[0, 1])
    assert scoring.log_loss(truth, safe) == pytest.approx(expected)


def test_a_certain_and_wrong_forecast_costs_much_but_not_everything():
    loss = scoring.log_loss(np.array([1.0]), np.array([0.0]))
    assert loss is not None
    assert 30 < loss < 40


def test_the_auc_interval_is_delongs():
    """DeLong's variance from its definition: every pair compared, components by outcome."""
    rng = np.random.default_rng(3)
    truth = np.repeat([1.0, 0.0], [40, 60])
    score = np.round(rng.normal(truth, 1.2), 1)
    yes, no = score[truth == 1], score[truth == 0]
    won = (yes[:, None] > no) + 0.5 * (yes[:, None] == no)
    variance = won.mean(axis=1).var(ddof=1) / 40 + won.mean(axis=0).var(ddof=1) / 60
    found = scoring.auc(truth, score)
    assert found is not None
    assert found.value == pytest.approx(won.mean())
    assert found.high - found.value == pytest.approx(1.959964 * np.sqrt(variance), rel=1e-6)


def test_answers_that_hang_together_widen_the_interval_by_learner():
    rng = np.random.default_rng(4)
    truth, score = (rng.random(200) < 0.5).astype(float), rng.random(200)
    thrice = [np.repeat(values, 3) for values in (truth, score)]
    learner = np.repeat(np.arange(200), 3)
    once, as_one = scoring.auc(truth, score), scoring.auc(*thrice, cluster=learner)
    taken_apart = scoring.auc(*thrice)
    assert once is not None
    assert as_one is not None
    assert taken_apart is not None
    assert as_one.high - as_one.low == pytest.approx(once.high - once.low, rel=0.01)
    assert taken_apart.high - taken_apart.low < 0.6 * (once.high - once.low)


def test_nothing_is_said_where_the_data_say_nothing():
    same, score, none = np.ones(5), np.linspace(0, 1, 5), np.array([])
    assert scoring.auc(same, score) is None
    assert scoring.average_precision(np.zeros(5), score) is None
    assert scoring.flagged(same, score, 0.0) is None
    assert scoring.brier(none, none) is None
    assert scoring.log_loss(none, none) is None
    assert scoring.accuracy(none, none) is None
    assert scoring.calibration(none, none) == []
    assert scoring.calibration_error([]) is None


@given(st.integers(1, 200), st.floats(0, 1))
def test_wilsons_interval_equals_scipys(n, share):
    hits = round(share * n)
    found = scoring.wilson(hits, n)
    expected = binomtest(hits, n).proportion_ci(0.95, method="wilson")
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_wilsons_interval_of_nobody_is_everything():
    found = scoring.wilson(0, 0)
    assert (found.low, found.high) == (0.0, 1.0)


def test_precision_at_a_share_takes_equal_scores_in_part():
    """Five learners, top two flagged: one is sure, the second drawn from two of equal score."""
    truth = np.array([1.0, 1, 0, 0, 1])
    score = np.array([0.9, 0.5, 0.5, 0.1, 0.0])
    assert scoring.flagged(truth, score, 0.4) == pytest.approx((0.75, 0.5))


def test_calibration_puts_what_came_true_beside_what_was_foretold():
    truth = np.array([0, 0, 1, 0, 1, 1, 1, 1.0])
    forecast = np.array([0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8, 0.9])
    low, high = scoring.calibration(truth, forecast, bins=2)
    assert (low.n, low.foretold, low.observed.value) == (4, pytest.approx(0.25), 0.25)
    assert (high.n, high.foretold, high.observed.value) == (4, pytest.approx(0.75), 1.0)
    assert scoring.calibration_error([low, high]) == pytest.approx(0.125)


@given(outcomes, st.integers(1, 12))
def test_calibration_counts_everybody_once_and_parts_no_equals(drawn, bins):
    truth, forecast = drawn
    found = scoring.calibration(truth, forecast, bins)
    assert sum(each.n for each in found) == len(truth)
    assert len(found) <= bins
    assert [each.foretold for each in found] == sorted({each.foretold for each in found})
