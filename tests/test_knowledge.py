"""The mastery model: right on simulated learners whose truth is known, and on real answers."""

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array, save_npz
from scipy.special import expit

from analytics import scoring
from analytics.knowledge import (
    DEFAULT,
    Answer,
    Answers,
    Model,
    State,
    class_lift,
    estimates,
    fit,
    in_order,
    mastery,
    next_right,
    replay,
    standing,
    update,
)
from analytics.knowledge.answers import take
from analytics.knowledge.estimating import forecast
from analytics.knowledge.evaluation import evaluate, first_opportunity, score
from analytics.knowledge.features import features
from analytics.knowledge.reading import read_answers
from analytics.knowledge.sureness import ahead, trail_ease
from analytics.mastery import HALF_LIFE_DAYS, LABELS, LEAST_ANSWERS, MASTERED_SHARE

REAL = Path(__file__).parents[2] / "shared/data/assistments09"
SKILLS, ITEMS = 12, 20


def true_ease(rng: np.random.Generator) -> np.ndarray:
    return rng.normal(0.7, 0.8, (SKILLS, 1)) + rng.normal(0, 0.7, (SKILLS, ITEMS))


def ideal(answers: Answers, seed: int = 0) -> np.ndarray:
    """The forecasts of one who knows every item's ease and how learners are made, and sees their
    answers one by one: Bayes' rule for general ability and skills (Laplace at each step)."""
    ease, told = true_ease(np.random.default_rng(seed)), np.zeros(len(answers))
    mean, spread = np.zeros(SKILLS), np.zeros((SKILLS, SKILLS))
    for row in range(len(answers)):
        if row == 0 or answers.learner[row] != answers.learner[row - 1]:
            mean, spread = np.zeros(SKILLS), np.ones((SKILLS, SKILLS)) + 0.49 * np.eye(SKILLS)
        skill, item = (int(part) for part in answers.items[answers.item[row]].split("-"))
        doubt, along = spread[skill, skill], spread[:, skill].copy()
        told[row] = expit((ease[skill, item] + mean[skill]) / np.sqrt(1 + np.pi / 8 * doubt))
        p = expit(ease[skill, item] + mean[skill])
        gain = along / (1 + doubt * p * (1 - p))
        mean, spread = (
            mean + gain * (answers.credit[row] - p),
            spread - np.outer(gain * p * (1 - p), along),
        )
        mean[skill] += 0.05
    return told


@cache
def school(seed: int = 0, learners: int = 700) -> tuple[Answers, np.ndarray]:
    """Simulated learners' answers, and the true chance of each answer being right.

    A general ability, a part of its own per skill that grows with practice, items of differing
    ease, skills taken one after the other over days.
    """
    rng = np.random.default_rng(seed)
    ease = true_ease(rng)
    rows: list[tuple[int, str, str, float, float]] = []
    truth = []
    for who in range(learners):
        general, own, day = rng.normal(), rng.normal(0, 0.7, SKILLS), 0.0
        for skill in rng.choice(SKILLS, rng.integers(3, SKILLS + 1), replace=False).tolist():
            for _ in range(rng.integers(2, 16)):
                item = int(rng.integers(ITEMS))
                day += float(rng.choice([0.01, 1.0, 3.0], p=[0.7, 0.2, 0.1]))
                truth.append(expit(ease[skill, item] + general + own[skill]))
                right = float(rng.random() < truth[-1])
                rows.append((who, f"{skill}-{item}", f"skill {skill}", day, right))
                own[skill] += 0.05
    who_, item_, skill_, when, credit = zip(*rows, strict=True)
    return in_order(learner=who_, item=item_, skill=skill_, when=when, credit=credit), np.array(
        truth
    )


def parts(answers: Answers, share: float = 0.7) -> tuple[np.ndarray, np.ndarray]:
    """Two groups of learners, as masks of answers."""
    first = answers.learner < share * len(answers.learners)
    return first, ~first


@cache
def fitted() -> Model:
    answers, _ = school()
    return fit(take(answers, parts(answers)[0]))


def eases(model: Model, answers: Answers) -> np.ndarray:
    pairs = zip(answers.item.tolist(), answers.skills.tolist(), strict=True)
    return np.array([model.ease(answers.items[i], answers.skill_sets[s]) for i, s in pairs])


def foretold(model: Model, answers: Answers) -> np.ndarray:
    ease = eases(model, answers)
    return forecast(model, replay(answers, ease, start=model.start()).rows, ease)


def models() -> list[Model]:
    related = {"skill 1": ("skill 0",), "skill 2": ("skill 0", "skill 1", "never seen")}
    return [DEFAULT, fitted(), replace(fitted(), prerequisites=related)]


answer = st.builds(
    Answer,
    item=st.sampled_from([f"{skill}-{item}" for skill in range(4) for item in range(0, ITEMS, 5)]),
    skills=st.sampled_from(
        [("skill 0",), ("skill 1",), ("skill 2",), ("skill 0", "skill 2"), ("never seen",)]
    ),
    credit=st.sampled_from([0.0, 1.0, 1.0, 0.5]),
    when=st.just(0.0),
)
gaps = st.sampled_from([0.0, 0.0, 0.01, 2.0, 40.0, 400.0])


@st.composite
def histories(draw, least=0, most=25):
    """A learner's answers in order of time."""
    day, found = 0.0, []
    for each in draw(st.lists(answer, min_size=least, max_size=most)):
        day += draw(gaps)
        found.append(each._replace(when=day))
    return found


def lived(model: Model, history: list[Answer]) -> State:
    state = State()
    for each in history:
        state = update(model, state, each)
    return state


# -- answers in order ----------------------------------------------------------------------------


def test_an_item_repeated_once_per_skill_is_one_answer():
    rows = in_order(
        learner=[7, 7, 7, 7],
        item=["a", "a", "a", "b"],
        skill=["x", "y", "x", "y"],
        when=[0, 0, 0, 0],
        credit=[1, 1, 1, 0],
    )
    asked = [
        (rows.items[i], rows.skill_sets[s]) for i, s in zip(rows.item, rows.skills, strict=True)
    ]
    assert asked == [("a", ("x", "y")), ("a", ("x",)), ("b", ("y",))]


def test_rows_of_one_sitting_are_joined_by_item_wherever_they_stand():
    rows = in_order(
        learner=[7, 7, 7, 7],
        item=["a", "b", "a", "c"],
        skill=["x", "x", "y", "x"],
        when=[1, 1, 1, 2],
        credit=[1, 0, 1, 0],
    )
    assert len(rows) == 3
    assert rows.sitting.tolist() == [1, 1, 2]


def test_times_that_never_differ_leave_the_order_of_rows():
    rows = in_order(
        learner=[2, 1, 2], item=["c", "a", "b"], skill=["x"] * 3, when=[5, 5, 5], credit=[1, 0, 0]
    )
    assert [rows.items[item] for item in rows.item] == ["a", "c", "b"]
    assert len(set(rows.sitting.tolist())) == 3


def test_answers_are_put_in_order_of_time():
    rows = in_order(
        learner=[1, 1, 1], item=["c", "a", "b"], skill=["x"] * 3, when=[3, 1, 2], credit=[1, 0, 0]
    )
    assert [rows.items[item] for item in rows.item] == ["a", "b", "c"]


# -- one answer at a time ------------------------------------------------------------------------


@given(histories(least=1), st.integers(0, 2))
@settings(deadline=None, max_examples=60)
def test_one_answer_at_a_time_through_json_equals_the_replay_of_all(history, which):
    model = models()[which]
    rows = in_order(
        learner=["her"] * len(history),
        item=[each.item for each in history],
        skill=[""] * len(history),
        when=range(len(history)),
        credit=[each.credit for each in history],
    )
    asked = tuple(sorted({tuple(sorted(each.skills)) for each in history}))
    rows = replace(
        rows,
        skills=np.array([asked.index(tuple(sorted(each.skills))) for each in history]),
        skill_sets=asked,
        when=np.array([each.when for each in history]),
    )
    state, told = State(), []
    for each in history:
        told.append(next_right(model, state, each.item, each.skills, now=each.when))
        state = update(model, State.from_json(json.loads(json.dumps(state.to_json()))), each)
    ease = eases(model, rows)
    seen = replay(rows, ease, start=model.start(), trail=True)
    assert seen.states[0] == state
    assert forecast(model, seen.rows, ease) == pytest.approx(told)


@given(histories(least=2))
@settings(deadline=None)
def test_the_estimates_along_a_trail_are_those_on_the_day(history):
    """What a batch says after each answer is what a page would have said then."""
    model = fitted()
    last = history[-1]
    now = mastery(model, lived(model, history), last.skills[0], now=last.when)
    state = lived(model, history)
    trace = state.skills[last.skills[0]]
    found = estimates(
        model,
        np.array([features(state.overall, [trace], 1.0, 9.0)]),
        np.array([model.skill_ease(last.skills[0])]),
        np.array([trace.right]),
        np.array([trace.wrong]),
        np.array([trace.answers]),
    )
    assert found.probability[0] == pytest.approx(now.probability_of_mastery)
    assert LABELS[found.label[0]] == now.label


def test_the_standing_of_all_is_each_ones_mastery():
    answers, _ = school(1, 40)
    model = fitted()
    states = replay(answers, eases(model, answers), start=model.start()).states
    now = {learner: 90.0 + learner for learner in states}
    learners, skills, evidence, found = standing(model, states, now)
    assert len(learners) == sum(len(state.skills) for state in states.values())
    for place in range(0, len(learners), 17):
        who, skill = int(learners[place]), skills[place]
        alone = mastery(model, states[who], skill, now=now[who])
        assert found.probability[place] == pytest.approx(alone.probability_of_mastery)
        assert (evidence[place], LABELS[found.label[place]]) == (alone.evidence, alone.label)


def test_of_nobody_there_is_no_standing():
    learners, skills, evidence, found = standing(DEFAULT, {}, {})
    assert len(learners) == len(skills) == len(evidence) == len(found.label) == 0


def test_a_state_is_left_as_it_was_by_an_update():
    state = lived(DEFAULT, [Answer("a", ("x",), 1.0, 0.0)])
    kept = json.dumps(state.to_json())
    update(DEFAULT, state, Answer("a", ("x",), 0.0, 1.0))
    assert json.dumps(state.to_json()) == kept


@pytest.mark.parametrize("text", ["{}", '{"overall": [1], "skills": {}, "asked": [], "run": 0}'])
def test_something_else_than_a_state_is_refused_in_words(text):
    with pytest.raises(ValueError, match="Replay her answers"):
        State.from_json(json.loads(text))


# -- what may not be seen ------------------------------------------------------------------------


@given(st.integers(0, 10_000))
@settings(deadline=None, max_examples=15)
def test_no_forecast_changes_when_later_answers_do(seed):
    answers, _ = school(1, 40)
    rng = np.random.default_rng(seed)
    cut = int(rng.integers(1, len(answers)))
    learner = answers.learner[cut]
    later = (answers.learner == learner) & (np.arange(len(answers)) >= cut)
    credit = answers.credit.copy()
    credit[later] = rng.permutation(1 - credit[later])
    changed = replace(answers, credit=credit)
    was, now = foretold(fitted(), answers), foretold(fitted(), changed)
    untouched = ~later
    untouched[cut] = True  # the first changed answer itself may not see itself either
    assert was[untouched] == pytest.approx(now[untouched], abs=0)


def test_a_forecast_does_change_when_an_earlier_answer_does():
    answers, _ = school(1, 40)
    credit = answers.credit.copy()
    credit[0] = 1 - credit[0]
    was, now = foretold(fitted(), answers), foretold(fitted(), replace(answers, credit=credit))
    assert was[1] != now[1]


def test_answers_of_one_sitting_do_not_see_each_other():
    def told(credit: float, seconds: float) -> float:
        rows = in_order(
            learner=["her"] * 3,
            item=["a", "b", "c"],
            skill=["x"] * 3,
            when=[0.0, 1.0, 1.0 + seconds],
            credit=[1.0, credit, 1.0],
        )
        return float(foretold(fitted(), rows)[2])

    assert told(1.0, 0.0) == told(0.0, 0.0)
    assert told(1.0, 1.0) > told(0.0, 1.0)


def test_a_rare_items_own_answer_does_not_foretell_itself_in_the_fit():
    """Items asked once only: their ease must come from others, so it must tell nothing at all."""
    rng = np.random.default_rng(5)
    n = 6_000
    rows = in_order(
        learner=np.arange(n) // 10,
        item=np.arange(n),
        skill=["x"] * n,
        when=np.zeros(n),
        credit=(rng.random(n) < 0.6).astype(float),
    )
    assert fit(rows).ease_weight < 0.2


# -- what must hold of every estimate ------------------------------------------------------------


@given(histories(), answer, gaps, st.integers(0, 2))
@example(  # what she borrows from a prerequisite must have faded as the prerequisite has
    [Answer("0-0", ("skill 0",), 1.0, 0.0)], Answer("2-10", ("skill 0",), 0.0, 0.0), 400.0, 2
)
@settings(deadline=None, max_examples=200)
def test_a_right_answer_never_lowers_mastery_and_a_wrong_one_never_raises_it(
    history, one_more, gap, which
):
    model = models()[which]
    state = lived(model, history)
    now = (history[-1].when if history else 0.0) + gap
    right, wrong = (
        update(model, state, one_more._replace(credit=credit, when=now)) for credit in (1.0, 0.0)
    )
    for skill in ("skill 0", "skill 1", "skill 2", "never seen"):
        before, up, down = (mastery(model, s, skill, now=now) for s in (state, right, wrong))
        for figure in ("probability_of_mastery", "low", "high", "next_right"):
            assert getattr(up, figure) >= getattr(before, figure) - 1e-9
            assert getattr(down, figure) <= getattr(before, figure) + 1e-9


@given(histories(), gaps, st.integers(0, 2))
@settings(deadline=None)
def test_estimates_keep_their_bounds(history, gap, which):
    model = models()[which]
    state = lived(model, history)
    now = (history[-1].when if history else 0.0) + gap
    for skill in ("skill 0", "skill 2", "never seen"):
        found = mastery(model, state, skill, now=now)
        assert 0 <= found.low <= found.next_right <= found.high <= 1
        assert 0 <= found.probability_of_mastery <= 1
        assert found.label in LABELS
        assert (found.label == "not enough evidence") == (found.evidence < LEAST_ANSWERS)
        assert found.evidence == sum(skill in each.skills for each in history)
    for each in history:
        assert 0 < next_right(model, state, each.item, each.skills, now=now) < 1


@pytest.mark.parametrize("credit", [0.0, 1.0])
def test_an_estimate_decays_toward_that_of_a_newcomer_with_time(credit):
    model = fitted()
    state = lived(model, [Answer("1-1", ("skill 1",), credit, 0.1 * day) for day in range(10)])
    newcomer = mastery(model, State(), "skill 1", now=0.0).next_right
    days = [1, HALF_LIFE_DAYS, 3 * HALF_LIFE_DAYS, 1_000, 3_000, 20_000]
    distance = [
        abs(mastery(model, state, "skill 1", now=day).next_right - newcomer) for day in days
    ]
    assert distance == sorted(distance, reverse=True)
    assert distance[0] > 0.1
    assert distance[-1] < 0.001


def test_evidence_narrows_the_interval():
    model = fitted()

    def width(answers: int) -> float:
        history = [Answer("1-1", ("skill 1",), float(n % 2), 0.0) for n in range(answers)]
        found = mastery(model, lived(model, history), "skill 1", now=0.0)
        return found.high - found.low

    assert width(20) < width(10) < width(2)


# -- borrowing where evidence is thin ------------------------------------------------------------


def test_a_skill_not_yet_tried_borrows_from_its_prerequisites():
    strong = [Answer("0-1", ("skill 0",), 1.0, 0.0)] * 8
    weak = [Answer("0-1", ("skill 0",), 0.0, 0.0)] * 8
    related = replace(DEFAULT, prerequisites={"skill 1": ("skill 0",)})

    def spread(model: Model, skill: str) -> float:
        up, down = (mastery(model, lived(model, h), skill, now=0.0) for h in (strong, weak))
        return up.next_right - down.next_right

    assert spread(related, "skill 1") > spread(DEFAULT, "skill 1") + 0.03
    assert spread(related, "skill 5") == spread(DEFAULT, "skill 5")


def test_prerequisites_in_a_circle_are_borne():
    round_ = replace(DEFAULT, prerequisites={"skill 0": ("skill 1",), "skill 1": ("skill 0",)})
    state = lived(round_, [Answer("0-1", ("skill 0",), 1.0, 0.0)] * 4)
    assert 0 < mastery(round_, State(), "skill 1", now=0.0).next_right < 1
    assert (
        mastery(round_, state, "skill 1", now=0.0).next_right
        > mastery(DEFAULT, state, "skill 1", now=0.0).next_right
    )


def test_what_is_borrowed_from_the_class_gives_way_to_her_own_answers():
    lift = {"skill 0": -1.0}

    def borrowed(answers: int) -> float:
        state = State()
        for n in range(answers):
            state = update(
                DEFAULT, state, Answer("0-1", ("skill 0",), float(n % 3 > 0), 0.0), lifts=lift
            )
        alone = lived(
            DEFAULT, [Answer("0-1", ("skill 0",), float(n % 3 > 0), 0.0) for n in range(answers)]
        )
        with_class = mastery(DEFAULT, state, "skill 0", now=0.0, lifts=lift)
        return mastery(DEFAULT, alone, "skill 0", now=0.0).next_right - with_class.next_right

    assert borrowed(0) > 0.05
    assert borrowed(24) < 0.5 * borrowed(0)


def test_a_class_that_does_worse_than_foretold_has_a_negative_lift_however_shrunk():
    credit, expected = np.zeros(30), np.full(30, 0.5)
    few, many = class_lift(credit, expected, np.repeat([0, 1], [3, 27]), 2)
    assert -2 < many < few < 0


# -- the fit -------------------------------------------------------------------------------------


def test_forecasts_on_other_learners_come_close_to_the_ideal():
    answers, truth = school()
    other = parts(answers)[1]
    test = take(answers, other)
    told, best = foretold(fitted(), test), ideal(test)
    reached, possible = (scoring.auc(test.credit, each) for each in (told, best))
    assert reached is not None
    assert possible is not None
    assert reached.value > possible.value - 0.01
    ours, theirs = (np.corrcoef(each, truth[other])[0, 1] for each in (told, best))
    assert ours > theirs - 0.03
    error = scoring.calibration_error(scoring.calibration(test.credit, told))
    assert error is not None
    assert error < 0.03


def test_mastered_keeps_its_word_on_other_learners():
    answers, _ = school()
    labels = score(fitted(), take(answers, parts(answers)[1]))["labels"]
    assert isinstance(labels, dict)
    assert labels["mastered"]["n"] > 200
    assert labels["mastered"]["next_right"] >= MASTERED_SHARE
    assert labels["struggling"]["next_right"] < 0.5


def test_nine_in_ten_intervals_hold_what_they_say_of_the_answers_to_come():
    answers, _ = school()
    interval = score(fitted(), take(answers, parts(answers)[1]))["interval"]
    assert isinstance(interval, dict)
    assert interval["n"] > 300
    assert interval["observed"] == pytest.approx(interval["expected"], abs=0.03)


def test_no_weight_has_the_wrong_sign():
    for model in (DEFAULT, fitted()):
        weights = json.loads(model.to_json())["weights"]
        against = {weights.pop(name) for name in ("wrong", "skill wrong", "gap")}
        place = {weights.pop("again"), weights.pop("run")}
        assert max(against) <= 0
        assert len(place) >= 1
        assert min(weights.values()) >= 0


def test_the_shipped_weights_are_those_of_simulated_learners():
    """They foretell new simulated learners about as well as a fit does."""
    answers, _ = school()
    train, test = (take(answers, part) for part in parts(answers))
    shipped = replace(DEFAULT, items=fitted().items, sets=fitted().sets, skills=fitted().skills)
    assert len(train) > 2_000
    ours, best = (scoring.brier(test.credit, foretold(m, test)) for m in (shipped, fitted()))
    assert ours is not None
    assert best is not None
    assert ours < best + 0.004


def test_with_few_answers_only_ease_is_learned():
    answers, _ = school(2, 12)
    assert len(answers) < 2_000
    model = fit(answers)
    assert model.weights == DEFAULT.weights
    assert model.sure == DEFAULT.sure
    assert len(model.items) == len(answers.items)


def test_no_answers_leave_the_shipped_model():
    none = in_order(learner=[], item=[], skill=[], when=[], credit=[])
    assert fit(none) == DEFAULT


def test_one_answer_of_one_learner_is_fitted_without_a_fuss():
    model = fit(in_order(learner=[1], item=["a"], skill=["x"], when=[0], credit=[1]))
    assert 0.5 < next_right(model, State(), "a", ("x",), now=0.0) < 0.95


def test_an_item_never_seen_is_as_easy_as_others_of_its_skill():
    model = fitted()
    assert model.ease("new", ("skill 3",)) == model.sets[("skill 3",)]
    assert model.ease("new", ("new",)) == model.usual_ease


def test_a_fit_is_the_same_every_time():
    answers, _ = school(2, 60)
    assert fit(answers) == fit(answers)


def test_a_model_comes_back_from_json_as_it_was():
    model = replace(fitted(), prerequisites={"skill 1": ("skill 0",)})
    assert Model.from_json(model.to_json()) == model


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nonsense", "not a stored knowledge model"),
        ('{"version": 1}', "not a stored knowledge model"),
        ("[]", "not a stored knowledge model"),
        (DEFAULT.to_json().replace('"version": 1', '"version": 99'), "version 99"),
    ],
)
def test_something_else_than_a_model_is_refused_in_words(text, words):
    with pytest.raises(ValueError, match=words):
        Model.from_json(text)


def test_answers_ahead_are_those_after_and_never_of_the_same_sitting():
    rows = in_order(
        learner=[1, 1, 1, 1],
        item=["a", "b", "c", "d"],
        skill=["x"] * 4,
        when=[0, 1, 1, 2],
        credit=[1, 0, 1, 1],
    )
    trail = replay(rows, np.zeros(4), trail=True).trail
    assert trail is not None
    credit, count = ahead(rows, trail)
    assert count.tolist() == [3, 1, 1, 0]
    assert credit.tolist() == [2.0, 1.0, 1.0, 0.0]
    assert trail_ease(DEFAULT, trail).tolist() == [DEFAULT.usual_ease] * 4


def test_a_first_opportunity_is_one_with_no_skill_met_before():
    rows = in_order(
        learner=[1, 1, 1, 2],
        item=["a", "b", "c", "a"],
        skill=["x", "y", "z", "x"],
        when=[0, 0, 0, 0],
        credit=[1, 0, 1, 1],
        item_skills={"b": ("x", "y")},
    )
    assert first_opportunity(rows).tolist() == [True, False, True, True]


# -- the evaluation command's files --------------------------------------------------------------

HEAD = "user_id\titem_id\ttimestamp\tcorrect\tskill_id\n"


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path, Path]:
    """A train file, a test file and a matrix in which every third item asks for two skills."""
    answers, _ = school(3, 90)
    codes = {name: code for code, name in enumerate(answers.items)}
    paths = tmp_path / "train.tsv", tmp_path / "test.tsv", tmp_path / "q.npz"
    matrix = np.zeros((len(codes), SKILLS + 1))
    for name, code in codes.items():
        matrix[code, int(name.split("-")[0])] = 1
        matrix[code, SKILLS] = code % 3 == 0
    save_npz(paths[2], csr_array(matrix))
    for path, part in zip(paths[:2], parts(answers), strict=True):
        chosen = take(answers, part)
        with path.open("w") as out:
            out.write(HEAD)
            for row in range(len(chosen)):
                item = chosen.items[chosen.item[row]]
                when = int(chosen.when[row] * 86_400)
                right, skill = int(chosen.credit[row]), item.split("-")[0]
                out.write(f"{chosen.learner[row]}\t{codes[item]}\t{when}\t{right}\t{skill}\n")
    return paths


def test_an_evaluation_gives_the_figures_as_json(files):
    train, test, matrix = files
    heard: list[str] = []
    found = json.loads(json.dumps(evaluate(train, test, matrix, heard.append), allow_nan=False))
    assert {"auc", "accuracy", "brier", "log_loss", "auc_first", "calibration"} <= found.keys()
    assert found["shared_learners"] == 0
    assert found["test_answers"] == len(test.read_text().splitlines()) - 1
    assert sum(each["n"] for each in found["calibration"]) == found["test_answers"]
    assert 0.6 < found["auc_low"] < found["auc"] < found["auc_high"] < 0.95
    assert any("Fitting" in words for words in heard)


def test_without_a_matrix_the_skill_column_serves(files):
    train, test, _ = files
    found = evaluate(train, test)
    assert isinstance(found["auc"], float)
    assert found["auc"] > 0.65


def test_rows_repeated_per_skill_change_no_figure(files, tmp_path):
    train, test, matrix = files
    expanded = tmp_path / "expanded.tsv"
    head, *rows = test.read_text().splitlines()
    twice = [line for row in rows for line in (row, row.rsplit("\t", 1)[0] + "\t99")]
    expanded.write_text("\n".join([head, *twice]))
    once, again = evaluate(train, test, matrix), evaluate(train, expanded, matrix)
    once.pop("fit_seconds"), again.pop("fit_seconds")
    assert once == again


def test_a_test_file_of_new_items_and_one_outcome_is_still_answered(files, tmp_path):
    train, _, matrix = files
    strange = tmp_path / "strange.csv"
    strange.write_text(HEAD.replace("\t", ",") + "x,999999,0,1,77\nx,999998,0,1,77\n")
    found = json.loads(json.dumps(evaluate(train, strange, matrix), allow_nan=False))
    assert found["auc"] is None
    assert found["auc_first"] is None
    assert 0 < found["brier"] < 0.5


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "There is no file"),
        ("user_id,item_id\n1,2\n", "no column timestamp, correct, skill_id"),
        (HEAD, "holds no answers"),
        (HEAD + "1\t2\t0\tyes\t3\n", "'correct' should be a number"),
        (HEAD + "1\t2\t0\t7\t3\n", "between 0 and 1"),
        (HEAD + "1\t2\tnan\t1\t3\n", "'timestamp' should be a finite number"),
        (HEAD + "1\t2\t0\n", "line 2: 3 values"),
        ("", "no column"),
    ],
)
def test_a_file_that_is_not_as_it_should_be_is_named_with_the_reason(
    files, tmp_path, content, words
):
    broken = tmp_path / "broken.tsv"
    if content is not None:
        broken.write_text(content)
    with pytest.raises(ValueError, match=words):
        evaluate(files[0], broken)


def test_a_matrix_that_is_none_is_named(files):
    with pytest.raises(ValueError, match="not an item x skill matrix"):
        evaluate(files[0], files[1], files[0])


def test_milliseconds_are_told_from_seconds(tmp_path):
    days = []
    for scale in (1, 1000):
        path = tmp_path / f"{scale}.tsv"
        stamps = [1_700_000_000 * scale, 1_700_086_400 * scale]
        path.write_text(HEAD + "".join(f"1\t{n}\t{t}\t1\t3\n" for n, t in enumerate(stamps)))
        read = read_answers(path, {})
        days.append(float(read.when[1] - read.when[0]))
    assert days == pytest.approx([1.0, 1.0])


# -- real answers --------------------------------------------------------------------------------


def test_real_answers_of_other_learners_are_foretold_well(tmp_path):
    """Half of the ASSISTments learners: the figures of all are in docs/evidence.md."""
    source = REAL / "preprocessed_data_train.csv"
    if not source.is_file():
        pytest.skip(f"The ASSISTments answers are not at {source}: this test needs them.")
    head, *rows = source.read_text().splitlines()
    train, test = tmp_path / "train.tsv", tmp_path / "test.tsv"
    for path, keep in ((train, {0, 2, 4, 6}), (test, {8})):
        kept = [row for row in rows if int(row.split("\t", 1)[0]) % 10 in keep]
        path.write_text("\n".join([head, *kept]))
    found = evaluate(train, test, REAL / "q_mat.npz")
    assert found["auc"] > 0.76
    assert found["brier"] < 0.185
    assert found["calibration_error"] < 0.025
    assert found["labels"]["mastered"]["low"] > MASTERED_SHARE - 0.03
