"""Learners taken abreast are estimated as each one alone, however their answers arrive."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from analytics.knowledge import DEFAULT, Model, crowd, in_order, replay
from analytics.knowledge.answers import Answers
from analytics.knowledge.crowd import Beginnings, Uses
from analytics.knowledge.estimating import estimates
from analytics.knowledge.features import FEATURES, features
from analytics.knowledge.traces import Trace, overall_at, skill_at

SKILLS = ("a", "b", "c", "d")
LIFTS = {"c": 0.4, "a": -0.3}
MODEL = replace(
    DEFAULT,
    items={f"i{n}": (n % 7 - 3) / 3 for n in range(9)},
    prerequisites={"b": ("a",), "c": ("a", "b"), "d": ("c",), "a": ("d",)},
)


def answers_of(seed: int, learners: int = 9, most: int = 30) -> Answers:
    """Answers of several learners to items of one or two skills, some at the same moment."""
    dice = np.random.default_rng(seed)
    rows = [
        (f"l{who:02}", f"i{dice.integers(9)}", float(day), float(dice.choice([0, 0.5, 1])))
        for who in range(learners)
        for day in np.sort(dice.uniform(0, 300, dice.integers(1, most))).round(1)
    ]
    needs = {f"i{n}": SKILLS[n % 3 : n % 3 + 1 + n % 2] for n in range(9)}
    who, item, when, credit = zip(*rows, strict=True)
    return in_order(
        learner=who, item=item, skill=["?"] * len(rows), when=when, credit=credit,
        item_skills=needs,
    )  # fmt: skip


def abreast(
    answers: Answers,
    model: Model,
    lifts: dict[str, float],
    held: tuple[np.ndarray, np.ndarray] | None = None,
) -> crowd.Walked:
    """The same by `crowd.walk`, with a place for every learner and skill."""
    many = len(SKILLS)
    sets = answers.skill_sets
    uses = [
        (at, learner * many + SKILLS.index(skill))
        for at, (learner, asked) in enumerate(
            zip(answers.learner.tolist(), answers.skills.tolist(), strict=True)
        )
        for skill in sets[asked]
    ]
    overall, traces = held or (
        np.zeros((len(answers.learners), len(Trace._fields))),
        np.zeros((len(answers.learners) * many, len(Trace._fields))),
    )
    return crowd.walk(
        Uses(
            answers.learner,
            answers.when,
            answers.credit,
            eases(answers, model),
            np.zeros(len(answers), dtype=np.int64),
            np.array([at for at, _ in uses], dtype=np.int64),
            np.array([place for _, place in uses], dtype=np.int64),
        ),
        overall,
        traces,
        np.tile(np.arange(many), len(answers.learners)),
        Beginnings(
            [[SKILLS.index(n) for n in model.prerequisites.get(skill, ())] for skill in SKILLS],
            [{SKILLS.index(skill): lift for skill, lift in lifts.items()}],
            np.arange(len(answers.learners) * many).reshape(-1, many),
        ),
    )


def eases(answers: Answers, model: Model) -> np.ndarray:
    return np.array(
        [
            model.ease(answers.items[item], answers.skill_sets[asked])
            for item, asked in zip(answers.item.tolist(), answers.skills.tolist(), strict=True)
        ]
    )


@pytest.mark.parametrize("lifts", [{}, LIFTS])
@pytest.mark.parametrize("model", [DEFAULT, MODEL])
def test_learners_abreast_are_the_replay_of_each_alone(
    model: Model, lifts: dict[str, float]
) -> None:
    answers = answers_of(1)
    alone = replay(answers, eases(answers, model), start=model.start(lifts), trail=True)
    walked = abreast(answers, model, lifts)
    for learner, state in alone.states.items():
        assert walked.overall[learner] == pytest.approx(list(state.overall), abs=1e-12)
        for code, skill in enumerate(SKILLS):
            trace = walked.traces[learner * len(SKILLS) + code]
            assert trace == pytest.approx(list(state.skills.get(skill, Trace())), abs=1e-12)
    assert alone.trail is not None
    assert walked.rows == pytest.approx(alone.trail.rows, abs=1e-12)
    assert walked.right == pytest.approx(alone.trail.right)
    assert walked.wrong == pytest.approx(alone.trail.wrong)
    assert_array_equal(walked.evidence, alone.trail.evidence)


@given(st.integers(0, 50), st.floats(0, 300))
@settings(deadline=None, max_examples=25)
def test_answers_taken_in_two_parts_leave_to_the_last_bit_what_all_at_once_leave(
    seed: int, day: float
) -> None:
    answers = answers_of(seed)
    early = answers.when <= day
    whole = abreast(answers, MODEL, LIFTS)
    first = abreast(part(answers, early), MODEL, LIFTS)
    then = abreast(part(answers, ~early), MODEL, LIFTS, (first.overall, first.traces))
    assert_array_equal(then.overall, whole.overall)
    assert_array_equal(then.traces, whole.traces)


def part(answers: Answers, rows: np.ndarray) -> Answers:
    return replace(
        answers,
        **{
            name: getattr(answers, name)[rows]
            for name in ("learner", "item", "skills", "when", "credit", "sitting")
        },
    )


def test_features_of_places_are_those_of_their_traces() -> None:
    answers = answers_of(4)
    walked = abreast(answers, MODEL, {})
    state = replay(answers, eases(answers, MODEL), start=MODEL.start()).states[0]
    rows = crowd.features(np.repeat(walked.overall[:1], len(SKILLS), axis=0), walked.traces[:4])
    for code, skill in enumerate(SKILLS):
        if skill in state.skills:
            expected = features(state.overall, [state.skills[skill]], 0.0, 0.0)
            assert rows[code] == pytest.approx(expected)
            assert len(expected) == len(FEATURES)


def test_what_nobody_answers_to_fades_by_whole_weeks() -> None:
    answers = answers_of(4)
    walked = abreast(answers, MODEL, {})
    state = replay(answers, eases(answers, MODEL), start=MODEL.start()).states[0]
    code = next(n for n, skill in enumerate(SKILLS) if skill in state.skills)
    trace = state.skills[SKILLS[code]]
    for days, weeks in ((0.0, 0), (6.9, 0), (7.1, 1), (20.0, 2)):
        when = trace.when + 7.0 * weeks
        total, parts = crowd.faded(
            walked.overall[:1], walked.traces[code : code + 1], trace.when + days
        )
        expected = skill_at(state.skills, SKILLS[code], when, MODEL.start())
        assert parts[0] == pytest.approx(list(expected))
        aged = overall_at(state, when)
        assert total[0, :5] == pytest.approx(list(aged)[:5])


def test_surely_names_the_answers_after_which_mastery_is_sure() -> None:
    answers = answers_of(2, learners=1, most=3)
    rows = 12
    answers = replace(
        answers,
        learner=np.zeros(rows, dtype=np.int64),
        item=np.zeros(rows, dtype=np.int64),
        skills=np.zeros(rows, dtype=np.int64),
        when=np.arange(rows, dtype=float),
        credit=np.ones(rows),
        sitting=np.arange(rows),
    )
    walked = abreast(answers, DEFAULT, {})
    ease = np.full(len(walked.rows), DEFAULT.usual_ease)
    found = estimates(DEFAULT, walked.rows, ease, walked.right, walked.wrong, walked.evidence)
    mastered = np.flatnonzero(found.label == 3)
    assert_array_equal(crowd.surely(DEFAULT, walked, ease), mastered)
    assert 0 < mastered.min() < rows - 1
