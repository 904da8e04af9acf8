"""Figures about content against hand-worked, library and published values, and their limits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.contingency_tables import StratifiedTable
from statsmodels.stats.meta_analysis import combine_effects
from statsmodels.stats.multitest import multipletests

from analytics import dif, items
from analytics.content import questions
from analytics.content.comparing import adjusted, error_of_mean, releasable
from analytics.content.lessons import Answers, Lessons, Taught, outcomes
from analytics.content.measuring import measures
from analytics.content.worth import Mistake, reasons, worth
from analytics.reliability import interval
from analytics.shrinkage import between, shrink
from tests.test_items import CREDIT

SEEDS = st.integers(0, 2**32 - 1)


def ints(*numbers: int) -> np.ndarray:
    return np.array(numbers, dtype=np.int64)


def pairs(*rows: tuple[int, int]) -> np.ndarray:
    return np.array(rows, dtype=np.int64).reshape(-1, 2)


# -- Questions ----------------------------------------------------------------------------------


def test_a_paper_over_all_classes_has_the_figures_of_its_sums() -> None:
    paper = questions.Paper(CREDIT, np.zeros(CREDIT.shape, int), np.arange(len(CREDIT)))
    sums = questions.sums(paper)
    assert [items.difficulty(sums.items[i]) for i in range(5)] == [0.8, 0.55, 0.3, 1.0, 0.45]
    assert items.d_index(sums.items[4]) == -1.0
    total = CREDIT.sum(axis=1)
    for number in (0, 1, 2, 4):
        expected = np.corrcoef(CREDIT[:, number], total - CREDIT[:, number])[0, 1]
        assert items.point_biserial(sums.items[number], sums) == pytest.approx(expected)


def test_choices_are_shares_of_the_upper_and_the_lower_group() -> None:
    credit = np.array([[1.0, 1], [1, 1], [0, 1], [0, 0]])
    chosen = np.array([[0, 0], [0, 0], [1, 0], [2, 1]])
    paper = questions.Paper(credit, chosen, np.arange(4))
    assert questions.choices(paper, 0, 3) == {
        "all": [0.5, 0.25, 0.25],
        "upper": [1.0, 0.0, 0.0],
        "lower": [0.0, 0.5, 0.5],
    }


def test_the_interval_of_alpha_holds_the_truth_as_often_as_it_says() -> None:
    """Parallel items, whose alpha is known: k r / (1 + (k - 1) r), here .8."""
    rng, k, learners = np.random.default_rng(7), 8, 60
    held = 0
    for _ in range(400):
        score = rng.normal(size=(learners, 1)) + rng.normal(size=(learners, k)) * np.sqrt(2)
        alpha = k / (k - 1) * (1 - score.var(axis=0).sum() / score.sum(axis=1).var())
        found = interval(alpha, learners=learners, items=k)
        assert found is not None
        held += found.low <= 0.8 <= found.high
    assert 340 <= held <= 380  # nine in ten


def test_reliability_is_refused_for_few_learners_or_one_item() -> None:
    assert interval(0.8, learners=19, items=8) is None
    assert interval(0.8, learners=200, items=1) is None
    assert interval(None, learners=200, items=8) is None


# -- Differential item functioning --------------------------------------------------------------


def _answered(seed: int, harder: float, learners: int = 800) -> tuple[np.ndarray, ...]:
    """Ten questions, the first harder for the focal group by so many logits."""
    rng = np.random.default_rng(seed)
    focal = rng.random(learners) < 0.3
    ability = rng.normal(size=learners) - 0.5 * focal  # the group knows less: that is not DIF
    logit = ability[:, None] - rng.normal(0, 0.3, 10)
    logit[:, 0] -= harder * focal
    right = rng.random(logit.shape) < 1 / (1 + np.exp(-1.5 * logit))
    return right.sum(axis=1).astype(float), right, focal


def test_mantel_haenszel_is_that_of_statsmodels() -> None:
    total, right, focal = _answered(1, harder=0.8)
    each = dif.tables(total, right, focal)
    for number in range(10):
        found = dif.difference(each[number])
        assert found is not None
        used = [t for t in each[number] if t.sum(axis=0).all() and t.sum(axis=1).all()]
        theirs = StratifiedTable(used)
        assert found.odds_ratio == pytest.approx(theirs.oddsratio_pooled)
        error = (found.high - found.low) / 3.92 / 2.35
        assert error == pytest.approx(theirs.logodds_pooled_se)
        assert found.p == pytest.approx(theirs.test_null_odds(correction=True).pvalue)


def test_a_question_of_hard_words_is_class_c_and_its_equals_are_not() -> None:
    total, right, focal = _answered(2, harder=1.3)
    found = [one for one in dif.differences(total, right, focal) if one is not None]
    classes = [one.ets for one in dif.surely(found)]
    assert classes[0] == "C"
    assert found[0].delta < 0  # harder for the group
    assert classes[1:].count("C") == 0


def test_an_unfair_question_does_not_make_its_neighbours_look_unfair() -> None:
    total, right, focal = _answered(11, harder=3.0, learners=3000)
    by_all = [dif.difference(each) for each in dif.tables(total, right, focal)]
    found = dif.differences(total, right, focal)
    beyond = [np.mean([one.delta for one in each[1:] if one]) for each in (by_all, found)]
    assert beyond[0] > 0.25  # the control: matched by the total of all, the others favour the group
    assert abs(beyond[1]) < 0.15
    assert found[0] is not None
    assert found[0].delta < -3


def test_knowing_less_is_not_taken_for_an_unfair_question() -> None:
    total, right, focal = _answered(3, harder=0.0)
    assert right[focal].mean() < right[~focal].mean() - 0.05
    found = [one for one in dif.differences(total, right, focal) if one is not None]
    assert {one.ets for one in dif.surely(found)} == {"A"}


def test_many_comparisons_are_allowed_for_as_benjamini_and_hochberg_do() -> None:
    p = np.random.default_rng(4).random(40) ** 3
    found = [dif.Difference(99, 99, 1, 2, 1, 3, float(one), "A") for one in p]
    expected = multipletests(p, method="fdr_bh")[1]
    assert [one.p for one in dif.surely(found)] == pytest.approx(expected)


def test_a_small_group_is_compared_with_nobody() -> None:
    total, right, focal = _answered(5, harder=2.0, learners=150)
    assert dif.differences(total, right, focal) == [None] * 10
    few = np.zeros(150, bool)
    few[:49] = True
    assert dif.differences(*_answered(5, 2.0)[:2], np.append(few, np.zeros(650, bool)))[0] is None


# -- Shrinkage ----------------------------------------------------------------------------------


def test_the_spread_between_sections_is_that_of_paule_and_mandel() -> None:
    rng = np.random.default_rng(6)
    error = rng.uniform(0.05, 0.15, 20)
    y = rng.normal(0, 0.2, 20) + rng.normal(0, error)
    theirs = combine_effects(y, error**2, method_re="iterated")
    assert between(y, error) == pytest.approx(theirs.tau2, rel=1e-4)
    assert shrink(y, error).mean == pytest.approx(theirs.mean_effect_re, rel=1e-4)


@settings(max_examples=80, deadline=None)
@given(st.integers(4, 30), SEEDS)
def test_a_figure_is_drawn_toward_the_mean_and_never_past_it(size: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    y, error = rng.normal(0.5, 0.2, size), rng.uniform(0.01, 0.3, size)
    found = shrink(y, error)
    inward = (found.value - found.mean) * (y - found.mean)
    assert (inward >= -1e-12).all()
    assert (np.abs(found.value - found.mean) <= np.abs(y - found.mean) + 1e-12).all()
    assert (found.low <= found.value).all()
    assert (found.value <= found.high).all()


def test_what_is_less_sure_is_drawn_further() -> None:
    y, error = np.array([0.9, 0.9, 0.5, 0.4, 0.6, 0.5]), np.array([0.02, 0.3, 0.1, 0.1, 0.1, 0.1])
    found = shrink(y, error)
    assert found.value[1] < found.value[0] <= 0.9


def test_shrunk_figures_are_nearer_the_truth_and_their_intervals_hold_it() -> None:
    rng = np.random.default_rng(8)
    raw = nearer = held = 0.0
    for _ in range(60):
        truth = rng.normal(0.6, 0.1, 25)
        error = rng.uniform(0.03, 0.2, 25)
        y = rng.normal(truth, error)
        found = shrink(y, error)
        raw += float(((y - truth) ** 2).sum())
        nearer += float(((found.value - truth) ** 2).sum())
        held += float(((found.low <= truth) & (truth <= found.high)).mean())
    assert nearer < 0.6 * raw
    assert 0.87 <= held / 60 <= 0.94


# -- What became of learners after a section ----------------------------------------------------

# Two sections: 0 teaches competency 0, 1 teaches 1, which builds on 0. One item measures each.
TAUGHT = Taught(2, pairs((0, 0), (1, 1)), pairs((0, 0), (1, 1)), pairs((0, 1)))


def _lessons(*rows: tuple[int, int, int]) -> Lessons:
    learner, section, opened = (ints(*column) for column in zip(*rows, strict=True))
    size = len(rows)
    return Lessons(
        learner, section, opened, np.ones(size, bool), np.full(size, 30.0), np.full(size, 0.5),
        np.zeros(size, bool),
    )  # fmt: skip


def _answers(*rows: tuple[int, int, int, float]) -> Answers:
    learner, item, day, credit = zip(*rows, strict=True)
    return Answers(ints(*learner), ints(*item), ints(*day), np.array(credit))


def test_answers_of_the_first_two_weeks_show_what_was_learned_and_later_ones_what_was_kept() -> (
    None
):
    found = outcomes(
        _lessons((0, 0, 10)),
        _answers(
            (0, 0, 5, 0.0), (0, 0, 12, 1.0), (0, 0, 25, 1.0), (0, 0, 26, 0.0), (0, 0, 40, 1.0)
        ),
        TAUGHT,
    )
    assert found.right.tolist() == [1.0]  # days 12 and 25, not the day before it was opened
    assert found.kept.tolist() == [0.5]  # days 26 and 40: fourteen days and more after day 12


def test_who_did_not_know_it_has_nothing_to_keep() -> None:
    found = outcomes(_lessons((0, 0, 10)), _answers((0, 0, 12, 0.0), (0, 0, 40, 1.0)), TAUGHT)
    assert np.isnan(found.kept).all()


def test_transfer_is_asked_of_what_builds_on_the_section() -> None:
    found = outcomes(
        _lessons((0, 0, 10), (0, 1, 20)), _answers((0, 0, 12, 0.0), (0, 1, 22, 1.0)), TAUGHT
    )
    assert found.carried[0] == 1.0
    assert np.isnan(found.carried[1])  # nothing builds on it


def test_the_record_before_is_of_earlier_days_and_against_others_on_the_same_items() -> None:
    found = outcomes(
        _lessons((0, 1, 20), (1, 1, 20)),
        _answers((0, 0, 5, 1.0), (1, 0, 5, 0.0), (0, 1, 20, 0.0), (1, 1, 20, 1.0)),
        TAUGHT,
    )
    # One answer half a point above the mean of the two, mixed with eight answers' worth of nothing.
    assert found.before.tolist() == pytest.approx([0.5 / 9, -0.5 / 9])


def test_a_section_is_not_credited_with_whom_it_had() -> None:
    """Hand-worked: outcome = ability + effect; able learners all took section 1."""
    before = np.array([-0.2, -0.1, 0.0, 0.0, 0.1, 0.2])
    section = ints(0, 0, 0, 1, 1, 1)
    right = 0.5 + before + np.where(section == 0, 0.1, -0.1)
    beyond = adjusted(right, before, section, 2)
    assert right[section == 0].mean() == pytest.approx(right[section == 1].mean())
    assert beyond[section == 0].mean() == pytest.approx(0.1)
    assert beyond[section == 1].mean() == pytest.approx(-0.1)


def test_learners_of_one_class_are_not_so_many_witnesses() -> None:
    value = np.repeat([0.0, 1.0, 0.0, 1.0, 0.0, 1.0], 20)
    alone = error_of_mean(value, np.arange(120))
    together = error_of_mean(value, np.repeat(np.arange(6), 20))
    assert together > 3 * alone


def _course(rng: np.random.Generator, bad: int = 3) -> list:
    """Twelve sections and 300 learners in ten classes of two teachers; one section fails."""
    learners, sections = 300, 12
    who, section = np.divmod(np.arange(learners * sections), sections)
    fine = section != bad
    lessons = Lessons(
        who,
        section,
        np.zeros(len(who), np.int64),
        rng.random(len(who)) < np.where(fine, 0.95, 0.5),
        np.where(fine, 30.0, 55.0),
        np.clip(rng.normal(np.where(fine, 0.75, 0.5), 0.1), 0, 1),
        rng.random(len(who)) < np.where(fine, 0.1, 0.4),
    )
    right = np.clip(rng.normal(np.where(fine, 0.7, 0.5), 0.2), 0, 1)
    empty = np.full(len(who), np.nan)
    from analytics.content.lessons import Outcomes

    return measures(
        lessons,
        Outcomes(right, empty, empty, np.zeros(len(who))),
        sections=sections,
        group=np.arange(learners) % 10,
        holder=np.arange(learners) % 2,
        needs=np.arange(learners) % 10 == 0,
        today=60,
        k=5,
        least_split=20,
    )


def test_the_failing_section_comes_first_with_reasons_that_quote_their_numbers() -> None:
    found = _course(np.random.default_rng(9))
    ranked = sorted(range(12), key=lambda s: -worth(reasons(found[s], planned=30.0, mistake=None)))
    assert ranked[0] == 3
    why = reasons(found[3], planned=30.0, mistake=Mistake("Adds instead", 0.4, 290))
    assert {reason.measure for reason in why} == {
        "gain", "understood", "completion", "help", "minutes",
    }  # fmt: skip
    assert all("300 learners" in reason.found for reason in why)
    assert "Adds instead" in next(r for r in why if r.measure == "gain").suggestion
    assert [r for s in range(12) if s != 3 for r in reasons(found[s], planned=30.0)] == []


def test_accommodations_are_compared_only_between_large_groups() -> None:
    found = _course(np.random.default_rng(10))
    assert found[0].accessibility["completion"].learners_with == 30
    assert found[0].accessibility["completion"].learners_without == 270
    assert all(one.low <= one.share_with - one.share_without <= one.high
               for one in found[0].accessibility.values())  # fmt: skip


# -- What may be shown --------------------------------------------------------------------------


@settings(max_examples=200)
@given(st.lists(st.integers(0, 3), max_size=40), st.sampled_from([5, 10]))
def test_nobody_who_takes_off_her_own_learners_is_left_with_a_few(
    holder: list[int], k: int
) -> None:
    if releasable(np.array(holder, dtype=np.int64), k):
        for teacher in set(holder):
            left = len(holder) - holder.count(teacher)
            assert left == 0 or left >= k
        assert len(holder) >= k
