"""Goes through answers in order: what was known before each, and what is known after it.

This is the update by one answer done many times over, by the same function, so that what a fit
learns from, what a page shows and what an evaluation scores can not drift apart.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import log1p

import numpy as np

from analytics.knowledge.answers import Answers, Floats, Ints, Skills
from analytics.knowledge.features import FEATURES, features
from analytics.knowledge.traces import Start, State, absorb, no_start, overall_at, skill_at


@dataclass(frozen=True)
class Trail:
    """What is known of a skill after each answer that asked for it; one entry per answer and skill.

    `answer` points into the Answers, `skill` into `skills`; `rows` holds the features with
    `again` and `run` left at nought, `right` and `wrong` the skill's faded counts, `evidence`
    its answers so far.
    """

    answer: Ints
    skill: Ints
    rows: Floats
    right: Floats
    wrong: Floats
    evidence: Ints
    skills: Skills


@dataclass(frozen=True)
class Replayed:
    """`rows`: the features before each answer; `states`: what remains, one per learner code."""

    rows: Floats
    states: Mapping[int, State]
    trail: Trail | None


def before(state: State, asked: Skills, *, when: float, start: Start) -> list[float]:
    """The features of an answer about to be given."""
    traces = [skill_at(state.skills, skill, when, start) for skill in asked]
    again, run = (1.0, log1p(state.run)) if state.asked == asked else (0.0, 0.0)
    return features(overall_at(state, when), traces, again, run)


def after(
    state: State, asked: Skills, *, ease: float, credit: float, when: float, start: Start
) -> State:
    """The state once an answer is known. The state given is left as it is."""
    traces = [skill_at(state.skills, skill, when, start) for skill in asked]
    overall, changed = absorb(overall_at(state, when), traces, ease=ease, credit=credit, when=when)
    skills = {**state.skills, **dict(zip(asked, changed, strict=True))}
    return State(overall, skills, asked, state.run + 1 if state.asked == asked else 1)


def replay(
    answers: Answers,
    ease: Floats,
    *,
    start: Start = no_start,
    known: Mapping[int, State] | None = None,
    trail: bool = False,
) -> Replayed:
    """Every learner's answers in order. `ease` has one entry per answer; `known` are the states
    (by learner code) that earlier answers left. Answers of one sitting do not see each other."""
    sets, whens = answers.skill_sets, answers.when.tolist()
    asked_of, credits, eases = answers.skills.tolist(), answers.credit.tolist(), ease.tolist()
    learners = answers.learner.tolist()
    opens = np.flatnonzero(np.diff(answers.sitting, prepend=-1)).tolist()
    rows: list[list[float]] = []
    walk = _Walk({}, [], [], []) if trail else None
    states = dict(known or {})
    for begin, end in pairwise([*opens, len(answers)]):
        state = states.get(learners[begin], State())
        for at in range(begin, end):
            rows.append(before(state, sets[asked_of[at]], when=whens[at], start=start))
        for at in range(begin, end):
            asked = sets[asked_of[at]]
            state = after(
                state, asked, ease=eases[at], credit=credits[at], when=whens[at], start=start
            )
            if walk:
                walk.note(at, state, asked)
        states[learners[begin]] = state
    found = np.array(rows, dtype=np.float64).reshape(-1, len(FEATURES))
    return Replayed(found, states, walk.trail() if walk else None)


@dataclass(frozen=True)
class _Walk:
    """Gathers a Trail while answers go by."""

    codes: dict[str, int]
    places: list[tuple[int, int, int]]
    rows: list[list[float]]
    counts: list[tuple[float, float]]

    def note(self, at: int, state: State, asked: Skills) -> None:
        for skill in asked:
            trace = state.skills[skill]
            code = self.codes.setdefault(skill, len(self.codes))
            self.places.append((at, code, trace.answers))
            self.rows.append(features(state.overall, [trace], 0.0, 0.0))
            self.counts.append((trace.right, trace.wrong))

    def trail(self) -> Trail:
        places = np.array(self.places, dtype=np.int64).reshape(-1, 3)
        counts = np.array(self.counts, dtype=np.float64).reshape(-1, 2)
        return Trail(
            answer=places[:, 0],
            skill=places[:, 1],
            rows=np.array(self.rows, dtype=np.float64).reshape(-1, len(FEATURES)),
            right=counts[:, 0],
            wrong=counts[:, 1],
            evidence=places[:, 2],
            skills=tuple(self.codes),
        )
