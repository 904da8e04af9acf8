"""The risk model itself: its formulas, its honesty, its words."""

import json
from collections.abc import Mapping
from datetime import date, timedelta
from uuid import UUID

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from analytics import risk, rules, scoring
from analytics.risk import (
    auditing,
    boosted,
    clearing,
    defaults,
    definitions,
    evaluation,
    fitting,
    wording,
)
from analytics.risk.curves import COLUMNS, TERMS, ramps, terms
from analytics.risk.definitions import FACTS, FEATURES, NAMES, UNMARKED
from analytics.risk.kinds import KIND_FACTS, KIND_NAMES
from analytics.risk.kinds import definitions as kinds_in_words
from analytics.risk.model import Model, log_odds
from analytics.risk.training import LEAST_ROWS, Snapshots, TooLittleError

START = date(2025, 9, 1)
DAYS = (21, 28, 35)
PROTECTED = (
    "gender", "sex", "ethnic", "race", "income", "imd", "disab", "region", "education", "age_band",
    "age_group", "learning_style", "language", "accessib",
)  # fmt: skip


def learners_seen(seed: int, *, per_class: int = 150, terms_taught: int = 3) -> Snapshots:
    """Learners whose chance of failing is known, because it made both their facts and their fate.

    Two courses, the second harder, in each term; each learner is seen on three days.
    """
    rng = np.random.default_rng(seed)
    rows, truth = [], []
    for term in range(terms_taught):
        for course, shift in (("easy", -0.4), ("hard", 0.4)):
            trouble = rng.normal(size=per_class)
            fate = rng.random(per_class) < fitting.sigmoid(1.6 * trouble + shift - 0.4)
            for day in DAYS:
                table = _facts(rng, trouble, day)
                table["class_id"] = str(UUID(int=10 * term + (course == "hard")))
                first = 1000 * (10 * term + (course == "hard"))
                table["learner_id"] = pd.Series(
                    [UUID(int=first + n) for n in range(per_class)], dtype=object
                )
                table["course"], table["day"] = course, day
                table["as_of"] = START + timedelta(days=300 * term + day)
                table["term"] = START + timedelta(days=300 * term)
                rows.append(table)
                truth.append(fate.astype(float))
    facts = pd.concat(rows, ignore_index=True)
    return Snapshots(facts, definitions.features(facts), np.concatenate(truth))


def _facts(rng: np.random.Generator, trouble: np.ndarray, day: int) -> pd.DataFrame:
    n = len(trouble)
    due = np.full(n, day // 7)
    missed = rng.binomial(due, fitting.sigmoid(1.2 * trouble - 1.6))
    score = np.clip(68 - 12 * trouble + rng.normal(0, 8, n), 0, 100)
    active = rng.binomial(day, fitting.sigmoid(-trouble))
    unmarked = missed == due
    return pd.DataFrame(
        {
            "due": due, "due_weight": 10.0 * due, "missed": missed, "missed_weight": 10.0 * missed,
            "last_missed": (rng.random(n) < missed / np.maximum(due, 1)).astype(float),
            "ahead": rng.binomial(1, fitting.sigmoid(-trouble - 1)),
            "days_late": np.where(unmarked, np.nan, np.round(trouble - 1)),
            "score": np.where(unmarked, np.nan, score),
            "latest_score": np.where(unmarked, np.nan, (score + rng.normal(0, 5, n)).clip(0, 100)),
            "clicks": active * rng.integers(3, 12, n), "active_days": active,
            "recent_days": rng.binomial(14, fitting.sigmoid(-trouble)),
            "idle": rng.poisson(np.exp(0.5 * trouble + 0.8)), "early_clicks": rng.poisson(4, n),
            "setbacks": rng.binomial(1, fitting.sigmoid(trouble - 2)), "credits": np.nan,
            "school_days": 20, "absent_days": rng.binomial(20, fitting.sigmoid(trouble - 3)),
        }
    )  # fmt: skip


@pytest.fixture(scope="module")
def history() -> Snapshots:
    return learners_seen(1)


@pytest.fixture(scope="module")
def model(history: Snapshots) -> Model:
    return risk.train(history, [28])


@pytest.fixture(scope="module")
def strangers() -> Snapshots:
    """Learners of a later term that no model has seen."""
    later = learners_seen(2, terms_taught=1)
    return later.some(np.flatnonzero(later.days == 28))


# -- Fitting ------------------------------------------------------------------------------------


def test_without_bounds_the_fit_is_ridge_logistic_regression() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 4))
    y = (rng.random(400) < fitting.sigmoid(x @ [1.0, -2.0, 0.0, 0.5] + 0.3)).astype(float)
    ours = fitting.fit(
        x,
        y,
        weights=np.ones(400),
        penalty=np.full(4, 2.0),
        never_negative=np.zeros(4, dtype=bool),
    )
    theirs = LogisticRegression(C=1 / 2.0, tol=1e-10, max_iter=10_000).fit(x, y)
    assert ours.weights == pytest.approx([*theirs.intercept_, *theirs.coef_[0]], abs=1e-4)


def test_the_covariance_is_that_of_repeated_samples() -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(size=(600, 2))
    found = []
    for _ in range(200):
        y = (rng.random(600) < fitting.sigmoid(x @ [0.8, 0.4])).astype(float)
        found.append(
            fitting.fit(
                x,
                y,
                weights=np.ones(600),
                penalty=np.zeros(2),
                never_negative=np.zeros(2, dtype=bool),
            )
        )
    spread = np.std([one.weights for one in found], axis=0)
    said = np.sqrt(np.diag(found[0].covariance))
    assert said == pytest.approx(spread, rel=0.2)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_a_bounded_weight_is_never_negative_and_no_step_from_it_would_help(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.random((120, 5))
    y = (rng.random(120) < 0.4).astype(float)
    bounded = np.array([True, True, True, False, False])
    penalty = np.full(5, 1.0)
    found = fitting.fit(x, y, weights=np.ones(120), penalty=penalty, never_negative=bounded)
    slope = x.T @ (fitting.sigmoid(found.weights[0] + x @ found.weights[1:]) - y)
    slope += penalty * found.weights[1:]
    held = bounded & (found.weights[1:] == 0)
    assert (found.weights[1:][bounded] >= 0).all()
    assert (slope[held] >= -1e-2).all()
    assert slope[~held] == pytest.approx(0, abs=1e-2)


# -- Features -----------------------------------------------------------------------------------


def test_no_feature_is_a_protected_attribute_or_a_learning_style() -> None:
    names = [*FACTS, *NAMES, *boosted.INPUTS, *(one.definition.lower() for one in FEATURES)]
    assert not [name for name in names for bad in PROTECTED if bad in name]


def test_about_a_dozen_features_are_defined_in_words() -> None:
    assert 10 <= len(FEATURES) <= 16
    assert all(one.definition.endswith(".") and one.title for one in FEATURES)


def test_a_standing_compares_with_ones_own_class_on_the_same_day_only() -> None:
    facts = learners_seen(3, per_class=6, terms_taught=1).identity
    alone = definitions.features(facts[facts["course"] == "hard"])
    together = definitions.features(facts).loc[alone.index]
    pd.testing.assert_frame_equal(alone, together)


def test_what_is_unknown_weighs_nothing(model: Model, strangers: Snapshots) -> None:
    """Without attendance, a learner is scored as if she were absent as often as is usual."""
    blank = strangers.features.assign(absent_share=np.nan)
    means = strangers.features.copy()
    chances = log_odds(model, blank, courses=strangers.courses, days=strangers.days)
    usual = model.stages[0].means
    column = [n for n, one in enumerate(COLUMNS) if one.feature == "absent_share"]
    known = ramps(means)
    known[:, column] = usual[column]
    expected = model.stages[0].levels(strangers.courses) + model.stages[0].weighted(known).sum(1)
    assert chances == pytest.approx(model.centre + model.slope * (expected - model.centre))


# -- The transparent model ----------------------------------------------------------------------


def test_it_ranks_learners_of_a_later_term_nearly_as_well_as_the_truth_could(
    model: Model, strangers: Snapshots
) -> None:
    found = risk.score(model, strangers.features, strangers.identity)
    reached = scoring.auc(strangers.truth, found.probability)
    assert reached is not None
    assert reached.value > 0.78


def test_it_is_calibrated_on_a_later_term(model: Model, strangers: Snapshots) -> None:
    found = risk.score(model, strangers.features, strangers.identity)
    error = scoring.calibration_error(scoring.calibration(strangers.truth, found.probability, 5))
    assert error is not None
    assert error < 0.08
    assert found.probability.mean() == pytest.approx(strangers.truth.mean(), abs=0.08)


def test_the_interval_holds_the_rate_of_a_class_nobody_has_seen(model: Model) -> None:
    """Of many new classes' thirds by chance, about 90 % or more have their rate inside."""
    held = []
    for seed in range(10, 16):
        new = learners_seen(seed, terms_taught=1)
        new = new.some(np.flatnonzero(new.days == 28))
        found = risk.score(model, new.features, new.identity)
        of = new.identity["class_id"].to_numpy(object)
        held.append(evaluation.covered(new.truth, found.probability, found.deviation, of))
    assert np.mean([share for share in held if share is not None]) >= 0.85


def test_the_interval_holds_the_chance_and_the_chance_is_one(
    model: Model, strangers: Snapshots
) -> None:
    found = risk.score(model, strangers.features, strangers.identity)
    assert ((found.low > 0) & (found.high < 1)).all()
    assert ((found.low < found.probability) & (found.probability < found.high)).all()


def test_a_course_never_seen_is_less_certain(model: Model, strangers: Snapshots) -> None:
    known = risk.score(model, strangers.features, strangers.identity)
    new = risk.score(model, strangers.features, strangers.identity.assign(course="new"))
    assert (new.deviation > known.deviation).all()


def test_the_harder_course_has_the_higher_base_rate(model: Model) -> None:
    assert model.base_rate("easy", 28) < model.base_rate("new", 28) < model.base_rate("hard", 28)


def test_reasons_are_the_model(model: Model, strangers: Snapshots) -> None:
    """The weights of all matters add up to what sets a learner apart from the class's middle."""
    found = risk.score(model, strangers.features, strangers.identity)
    by = strangers.features.groupby(
        [strangers.identity["class_id"], strangers.identity["as_of"]], sort=False
    )
    middle = by.transform("median")
    usual = log_odds(model, middle, courses=strangers.courses, days=strangers.days)
    assert wording.weights(found).sum(axis=1).to_numpy() == pytest.approx(found.log_odds - usual)
    assert sorted(term for some in wording.MATTERS.values() for term in some) == sorted(TERMS)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(FEATURES),
    st.integers(0, 299),
    st.floats(0, 1, allow_nan=False),
    st.floats(0, 1, allow_nan=False),
)
def test_more_of_a_rising_feature_never_lowers_the_risk(
    trained: tuple[Model, Snapshots], one: definitions.Feature, row: int, a: float, b: float
) -> None:
    model, seen = trained
    low, high = (one.knots[0] + share * (one.knots[-1] - one.knots[0]) for share in sorted((a, b)))
    rows = seen.features.iloc[[row, row]].copy()
    rows[one.name] = [low, high]
    less, more = log_odds(
        model, rows, courses=seen.courses[[row, row]], days=seen.days[[row, row]]
    ).tolist()
    assert (less <= more + 1e-12) if one.rising else (more <= less + 1e-12)


@pytest.fixture(scope="module")
def trained(model: Model, strangers: Snapshots) -> tuple[Model, Snapshots]:
    return model, strangers


def test_a_stored_model_gives_the_same_scores(model: Model, strangers: Snapshots) -> None:
    stored = Model.from_json(json.loads(json.dumps(model.to_json())))
    before = risk.score(model, strangers.features, strangers.identity)
    after = risk.score(stored, strangers.features, strangers.identity)
    assert after.probability == pytest.approx(before.probability, abs=1e-3)
    assert after.high == pytest.approx(before.high, abs=1e-2)
    again = Model.from_json(json.loads(json.dumps(stored.to_json())))
    assert again.to_json() == stored.to_json()


def test_a_model_of_other_features_is_refused_in_words(model: Model) -> None:
    with pytest.raises(ValueError, match="Train it again"):
        Model.from_json({**model.to_json(), "columns": []})


def test_between_two_stages_the_log_odds_lie_between_theirs(history: Snapshots) -> None:
    both = risk.train(history, [21, 35])
    seen = history.some(np.flatnonzero(history.days == 28))

    def on(day: int) -> np.ndarray:
        return log_odds(
            both, seen.features, courses=seen.courses, days=np.full(len(seen.days), day)
        )

    assert on(28) == pytest.approx((on(21) + on(35)) / 2)
    assert on(3) == pytest.approx(on(21))
    assert on(300) == pytest.approx(on(35))


def test_too_little_history_is_said_in_numbers(history: Snapshots) -> None:
    few = history.some(np.flatnonzero(history.days == 28)[: LEAST_ROWS - 1])
    with pytest.raises(TooLittleError, match=f"{LEAST_ROWS - 1} enrolments.*{LEAST_ROWS} with"):
        risk.train(few, [28])


def test_one_term_is_enough_to_train_on() -> None:
    model = risk.train(learners_seen(4, terms_taught=1), [28])
    assert 0.5 <= model.slope <= 1.25


def test_an_overconfident_fit_is_drawn_back_by_the_later_term(history: Snapshots) -> None:
    """Where the last term is pure chance, forecasts lose their slope."""
    last = (history.identity["term"] == history.identity["term"].max()).to_numpy()
    fate = np.random.default_rng(9).random(len(last)) < history.truth.mean()
    shuffled = np.where(last, fate, history.truth).astype(float)
    drawn = risk.train(Snapshots(history.identity, history.features, shuffled), [28])
    assert drawn.slope < 0.6


# -- The challenger -----------------------------------------------------------------------------


def _start(model: Model, of: Snapshots) -> np.ndarray:
    return log_odds(model, of.features, courses=of.courses, days=of.days)


def test_the_stored_challenger_foretells_what_the_library_does(
    model: Model, history: Snapshots, strangers: Snapshots
) -> None:
    grown = risk.train_boosted(history, model)
    inputs, new = (
        boosted._inputs(of.features, of.identity)  # the library's side needs the same columns
        for of in (history, strangers)
    )
    inputs[:, np.isnan(inputs).all(axis=0)] = 0.0
    theirs = boosted.grow(inputs, history.truth, _start(model, history))
    stored = risk.Boosted.from_json(json.loads(json.dumps(grown.to_json())))
    start = _start(model, strangers)
    ours = stored.probability(start, strangers.features, strangers.identity)
    assert ours == pytest.approx(fitting.sigmoid(start + theirs._raw_predict(new).ravel()))
    assert np.abs(ours - fitting.sigmoid(start)).max() > 0.01


def test_the_challenger_learns_only_what_the_transparent_model_leaves_over(
    history: Snapshots,
) -> None:
    """Where the start is already right, trees hardly move it; where it says nothing, they do."""
    inputs = boosted._inputs(history.features, history.identity)
    inputs[:, np.isnan(inputs).all(axis=0)] = 0.0
    sure = np.where(history.truth > 0, 6.0, -6.0)
    beside_truth, beside_nothing = (
        np.abs(boosted.grow(inputs, history.truth, start)._raw_predict(inputs)).mean()
        for start in (sure, np.zeros(len(sure)))
    )
    assert 5 * beside_truth < beside_nothing


def test_kinds_of_activity_are_the_challengers_alone(model: Model, strangers: Snapshots) -> None:
    told = strangers.features.assign(**dict.fromkeys(KIND_NAMES, 0.1))
    assert (_start(model, Snapshots(strangers.identity, told, strangers.truth))
            == _start(model, strangers)).all()  # fmt: skip
    assert set(KIND_NAMES) <= set(boosted.INPUTS)
    assert list(kinds_in_words()) == list(KIND_NAMES)
    assert not [word for word in PROTECTED if word in " ".join(kinds_in_words().values())]


def test_kinds_compare_within_the_class_and_may_be_unknown(strangers: Snapshots) -> None:
    facts = strangers.identity
    assert definitions.features(facts)[list(KIND_NAMES)].isna().all(axis=None)
    known = facts.assign(**dict.fromkeys(KIND_FACTS, facts["clicks"]))
    looked = definitions.features(known)
    assert (looked["talking_clicks_standing"] == looked["clicks_standing"]).all()


# -- The shipped model --------------------------------------------------------------------------


def test_the_shipped_model_already_ranks_trouble_first(strangers: Snapshots) -> None:
    found = risk.score(risk.shipped(), strangers.features, strangers.identity)
    reached = scoring.auc(strangers.truth, found.probability)
    assert reached is not None
    assert reached.value > 0.75


def test_the_shipped_model_has_a_weight_for_every_feature_and_is_unsure() -> None:
    assert set(defaults.FULL_WEIGHT) == set(NAMES)
    assert min(defaults.FULL_WEIGHT.values()) > 0
    weights = risk.shipped().stages[0].weighted(np.ones((1, len(COLUMNS))))
    by_term = dict(zip(TERMS, terms(weights)[0], strict=True))
    assert {name: by_term[name] for name in NAMES} == pytest.approx(defaults.FULL_WEIGHT)
    assert by_term[UNMARKED] == 0
    assert risk.shipped().spread > 0.5


# -- Words --------------------------------------------------------------------------------------


def test_each_reason_raises_the_risk_and_is_a_sentence(model: Model, strangers: Snapshots) -> None:
    found = risk.score(model, strangers.features, strangers.identity)
    said = risk.reasons(found, strangers.identity)
    assert max(len(some) for some in said) <= wording.MOST
    assert all(
        some for some, high in zip(said, found.probability >= rules.LINE, strict=True) if high
    )
    for some in said:
        assert all(one.words.endswith(".") for one in some)
        assert all(one.weight >= wording.LEAST for one in some if one.matter != "class")
        assert [one.weight for one in some] == sorted((one.weight for one in some), reverse=True)


FACT = {
    "missed": 2, "due": 3, "last_missed": 1, "days_late": 2.6, "score": 43.2, "latest_score": 38.0,
    "active_days": 1, "recent_days": 0, "idle": 17, "setbacks": 1, "credits": 120,
    "school_days": 20, "absent_days": 5,
}  # fmt: skip


@pytest.mark.parametrize(
    ("matter", "changed", "words"),
    [
        ("work", {}, "2 of the 3 pieces of work due so far are not handed in, "
                     "the latest among them."),
        ("work", {"missed": 1}, "1 of the 3 pieces of work due so far is not handed in."),
        ("work", {"missed": 3}, "None of the 3 pieces of work due so far is handed in."),
        ("work", {"missed": 1, "due": 1}, "The one piece of work due so far is not handed in."),
        ("work", {"missed": 0}, ""),
        ("lateness", {}, "Hands in 3 days after the due day on average."),
        ("lateness", {"days_late": -1.2}, "Hands in 1 day before the due day on average, "
                                          "later than classmates."),
        ("marks", {}, "Mean mark of 43 %; the latest is 38 %."),
        ("marks", {"score": float("nan")}, "No mark is known yet."),
        ("lately", {}, "Active on 0 of the last 14 days; last active 17 days ago."),
        ("history", {}, "Has taken this course before, or failed or left others: 1 time."),
        ("attendance", {}, "Absent on 5 of the last 20 school days."),
    ],
)  # fmt: skip
def test_a_reason_reads(matter: str, changed: dict[str, float], words: str) -> None:
    assert wording.words(matter, {**FACT, **changed}) == words


def test_what_is_said_to_clear_a_risk_does(model: Model, strangers: Snapshots) -> None:
    """The moves named, made on the features and scored again, give the chance that was told."""
    found = risk.clearings(model, strangers.features, strangers.identity)
    scored = risk.score(model, strangers.features, strangers.identity)
    told = [one for one in found if one is not None]
    assert [one is not None for one in found] == (scored.probability >= rules.LINE).tolist()
    assert any(one.clears for one in told)
    assert any(not one.clears for one in told)
    assert all(one.to < rules.LINE for one in told if one.clears)
    usual = strangers.features["latest_score"].groupby(strangers.identity["class_id"])
    for row in [row for row, one in enumerate(found) if one is not None and one.moves][:40]:
        one = found[row]
        assert one is not None
        moved = _made(strangers.features.iloc[[row]], strangers.identity.iloc[row], one.moves,
                      usual.transform("median").iloc[row])  # fmt: skip
        after = log_odds(model, moved, courses=strangers.courses[[row]], days=strangers.days[[row]])
        assert fitting.sigmoid(after)[0] == pytest.approx(one.to, abs=1e-3)


def _made(
    row: pd.DataFrame, fact: pd.Series, moves: Mapping[str, int], usual_mark: float
) -> pd.DataFrame:
    changed = row.copy()
    if "hand_in" in moves:
        changed["missed_share"] *= (fact["missed"] - moves["hand_in"]) / fact["missed"]
        changed["last_missed"] = 0.0
    if "be_active" in moves:
        changed["idle"] = 0.0
        changed["recent_standing"] = changed["recent_standing"].clip(lower=0.5)
    if "next_mark" in moves:
        changed["latest_score"] = np.fmax(changed["latest_score"], usual_mark)
    if "attend" in moves:
        changed["absent_share"] = 0.0
    return changed


def test_only_what_the_learner_can_change_is_moved() -> None:
    hers = {one.name for one in FEATURES if one.hers}
    assert {"setbacks", "credits", "early_standing", "days_late"}.isdisjoint(hers)
    facts = learners_seen(6, terms_taught=1)
    row = facts.features.iloc[[0]].assign(last_missed=1.0, missed_share=0.5)
    for changed in (
        clearing._handed_in(row, facts.identity.iloc[[0]], None),
        clearing._active(row),
        clearing._marked(row, pd.Series([70.0], index=row.index)),
    ):
        moved = {
            name
            for name in row.columns
            if not np.array_equal(changed[name], row[name], equal_nan=True)
        }
        assert moved <= hers


# -- Measuring ----------------------------------------------------------------------------------


def test_measures_have_the_agreed_keys(model: Model, strangers: Snapshots) -> None:
    found = evaluation.measures(
        strangers.truth, risk.score(model, strangers.features, strangers.identity).probability
    )
    assert {
        "auc", "auc_low", "auc_high", "average_precision", "brier", "calibration",
        "precision_at_10", "precision_at_20", "recall_at_10", "recall_at_20",
    } <= set(found)  # fmt: skip
    assert sum(one["n"] for one in found["calibration"]) == len(strangers.truth)


def test_the_models_are_held_to_the_rules_own_flag_rate() -> None:
    truth = np.array([1.0, 1, 0, 0, 1, 0, 0, 0, 0, 0])
    severity = np.array([0.9, 0, 0.5, 0, 0, 0, 0, 0, 0, 0])
    chance = np.array([0.9, 0.8, 0.1, 0.2, 0.3, 0.1, 0.1, 0.1, 0.1, 0.1])
    found = evaluation.beside_rule(truth, severity, {"transparent": chance})
    assert (found["flag_rate"], found["precision"], found["recall"]) == (0.2, 0.5, 0.3333)
    assert (found["transparent_precision"], found["transparent_recall"]) == (1.0, 0.6667)
    rest = evaluation.unflagged(truth, severity, {"transparent": chance})
    assert (rest["n"], rest["base_rate"]) == (8, 0.25)


def test_an_audit_hides_groups_with_few_flagged_learners() -> None:
    rng = np.random.default_rng(3)
    truth, chance = (rng.random(500) < 0.5).astype(float), rng.random(500)
    groups = np.array(["F"] * 240 + ["M"] * 250 + ["X"] * 10, dtype=object)
    found = auditing.audit(truth, chance, groups, np.array(["one", "two"] * 250, dtype=object))
    for way in (found, found["fifth_of_each_class"], found["at_line"]):
        assert {one["group"] for one in way["groups"]} == {"F", "M"}
        assert way["gap_low"] <= way["gap"] <= way["gap_high"]
        assert way["within_low"] <= way["within_gap"] <= way["within_high"]
    assert [one["group"] for one in found["everybody"]] == ["M", "F"]


def test_a_difference_between_courses_is_told_from_one_within_them() -> None:
    """Two courses, one harder and full of men, scored rightly: unequal overall, equal within."""
    rng = np.random.default_rng(5)
    hard = np.repeat([True, False], 4000)
    men = rng.random(8000) < np.where(hard, 0.8, 0.2)
    chance = fitting.sigmoid(rng.normal(np.where(hard, 0.5, -1.0), 1.0))
    truth = (rng.random(8000) < chance).astype(float)
    groups, classes = (
        np.where(men, "M", "F").astype(object),
        np.where(hard, "h", "e").astype(object),
    )
    fair = auditing.audit(truth, chance, groups, classes)["fifth_of_each_class"]
    assert fair["gap"] * np.sign(fair["gap_low"]) > 0.05
    assert fair["within_low"] < 0 < fair["within_high"]
    worse = np.where(men, truth, truth * (rng.random(8000) < 0.8))  # women do better than foretold
    unfair = auditing.audit(worse, chance, groups, classes)["fifth_of_each_class"]
    assert abs(unfair["within_gap"]) > 0.08 > 0.03 > abs(unfair["within_foretold"])
    assert unfair["within_low"] * unfair["within_high"] > 0


def test_the_difference_within_classes_is_the_one_worked_by_hand() -> None:
    """One class, 30 of 40 against 20 of 40: the plain difference of two shares."""
    top = pd.DataFrame({"truth": [1] * 30 + [0] * 10 + [1] * 20 + [0] * 20, "chance": 0.6,
                        "group": ["a"] * 40 + ["b"] * 40, "class": "c"})  # fmt: skip
    found = auditing._within(top, "a", "b")
    assert found["within_gap"] == 0.25
    plain = 1.96 * (0.75 * 0.25 / 40 + 0.5 * 0.5 / 40) ** 0.5
    assert found["within_high"] - 0.25 == pytest.approx(plain, rel=0.02)
