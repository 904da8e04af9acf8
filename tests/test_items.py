"""Item analysis against hand-worked values and the plain definitions, from sums alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.items import (
    AssessmentSums,
    ItemSums,
    combine,
    d_index,
    difficulty,
    kr20,
    point_biserial,
)

# Twenty learners, five items, made by hand: easy, fair, hard, all right, and one keyed wrongly.
CREDIT = np.array(
    [[1, 1, 1, 1, 0]] * 6 + [[1, 1, 0, 1, 0]] * 5 + [[1, 0, 0, 1, 1]] * 5 + [[0, 0, 0, 1, 1]] * 4,
    dtype=float,
)


def _sums(credit: np.ndarray) -> AssessmentSums:
    """As the database sums them: the best and worst 27 % by total."""
    total = credit.sum(axis=1)
    order = np.argsort(-total, kind="stable")
    most = int(np.ceil(0.27 * len(total)))
    best, worst = order[:most], order[::-1][:most]
    items = {
        name: ItemSums(
            len(x), x.sum(), (x * x).sum(), (x * total).sum(),
            most, x[best].sum(), most, x[worst].sum(),
        )
        for name, x in zip("abcdefghij", credit.T, strict=False)
    }  # fmt: skip
    return AssessmentSums(len(total), total.sum(), (total * total).sum(), items)


def test_difficulty_is_the_share_right() -> None:
    test = _sums(CREDIT)
    assert [difficulty(test.items[name]) for name in "abcde"] == [0.8, 0.55, 0.3, 1.0, 0.45]


def test_point_biserial_is_the_correlation_with_the_rest_of_the_test() -> None:
    test = _sums(CREDIT)
    total = CREDIT.sum(axis=1)
    for column, name in enumerate("abce"):
        x = CREDIT[:, "abcde".index(name)]
        item = test.items[name]
        assert point_biserial(item, test) == pytest.approx(np.corrcoef(x, total - x)[0, 1]), column
        whole = point_biserial(item, test, corrected=False)
        assert whole == pytest.approx(np.corrcoef(x, total)[0, 1])


def test_an_item_keyed_wrongly_discriminates_the_wrong_way_round() -> None:
    test = _sums(CREDIT)
    found = point_biserial(test.items["e"], test)
    assert found is not None
    assert found < -0.5
    assert d_index(test.items["e"]) == -1.0
    assert d_index(test.items["b"]) == 1.0


def test_an_item_everybody_answered_alike_has_no_discrimination() -> None:
    test = _sums(CREDIT)
    assert point_biserial(test.items["d"], test) is None


def test_kr20_is_alpha_by_its_definition() -> None:
    credit = np.delete(CREDIT, 4, axis=1)
    variances = credit.var(axis=0).sum()
    expected = 4 / 3 * (1 - variances / credit.sum(axis=1).var())
    assert kr20(_sums(credit)) == pytest.approx(expected)


def test_figures_are_refused_below_their_sample_sizes() -> None:
    few, some = _sums(CREDIT[:4]), _sums(CREDIT[:19])
    assert difficulty(few.items["a"]) is None
    assert difficulty(_sums(CREDIT[:5]).items["a"]) == 1.0
    assert point_biserial(some.items["b"], some) is None
    assert d_index(some.items["b"]) is None
    assert kr20(some) is None
    assert kr20(_sums(CREDIT[:, :1])) is None


def test_the_sums_of_two_classes_give_the_figures_of_both() -> None:
    half, other = _sums(CREDIT[::2]), _sums(CREDIT[1::2])
    both, whole = combine([half, other]), _sums(CREDIT)
    assert kr20(both) == pytest.approx(kr20(whole))
    for name in "abcde":
        assert difficulty(both.items[name]) == difficulty(whole.items[name])
        mine, theirs = (point_biserial(test.items[name], test) for test in (both, whole))
        assert mine == (theirs if theirs is None else pytest.approx(theirs))


@settings(max_examples=60)
@given(st.integers(20, 60), st.integers(2, 8), st.integers(0, 2**32 - 1))
def test_figures_stay_within_their_bounds(learners: int, items: int, seed: int) -> None:
    credit = np.random.default_rng(seed).choice([0, 0.5, 1], size=(learners, items))
    test = _sums(credit)
    for item in test.items.values():
        for figure in (point_biserial(item, test), d_index(item)):
            assert figure is None or -1 <= figure <= 1
        share = difficulty(item)
        assert share is not None
        assert 0 <= share <= 1
    alpha = kr20(test)
    assert alpha is None or alpha <= 1
