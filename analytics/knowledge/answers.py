"""Answers as columns: who answered what, when, how well; in order, and each answer once.

Two traps of answer logs are closed here, before any figure is made. An item with two skills that
the log repeats once per skill is one answer (the second row would see the first one's result).
Answers of one sitting, given at the same moment, are told apart from answers that follow
each other: nobody's sixth answer in a quiz may be foretold from the fifth of the same quiz.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Skills = tuple[str, ...]


@dataclass(frozen=True)
class Answers:
    """One entry per answer, sorted by learner and, within a learner, by time.

    `learner`, `item` and `skills` are codes into `learners`, `items` and `skill_sets`. `when`
    is in days from any origin, `credit` in 0..1. Answers with the same `sitting` were given at
    one moment.
    """

    learner: Ints
    item: Ints
    skills: Ints
    when: Floats
    credit: Floats
    sitting: Ints
    learners: tuple[str, ...]
    items: tuple[str, ...]
    skill_sets: tuple[Skills, ...]

    def __len__(self) -> int:
        return len(self.learner)


def in_order(
    *,
    learner: Sequence[object],
    item: Sequence[object],
    skill: Sequence[object],
    when: ArrayLike,
    credit: ArrayLike,
    item_skills: Mapping[str, Skills] | None = None,
) -> Answers:
    """Answers from rows in any order of learners; rows of equal time keep the order given.

    `item_skills` says which skills an item asks for; an item it lacks asks for its row's `skill`.
    When no learner has two different times, times say nothing and the rows' order is taken as the
    order of the answers. Otherwise equal times of one learner are one sitting.

    >>> rows = in_order(learner=[2, 1, 1], item=["a", "b", "b"], skill=["x", "x", "y"],
    ...                 when=[0, 0, 0], credit=[1, 0, 0])
    >>> len(rows), rows.learners, [rows.skill_sets[code] for code in rows.skills]
    (2, ('1', '2'), [('x', 'y'), ('x',)])
    """
    learners, who = _codes(learner)
    items, what = _codes(item)
    days = np.asarray(when, dtype=np.float64)
    points = np.asarray(credit, dtype=np.float64)
    order = np.lexsort((days, who))
    timed = bool(((np.diff(who[order]) == 0) & (np.diff(days[order]) != 0)).any())
    if timed:  # within a sitting no order is known: rows of one item come together
        order = np.lexsort((what, days, who))
    who, what, days, points = who[order], what[order], days[order], points[order]
    row_skill = [str(skill[row]) for row in order.tolist()]

    same_moment = (who[1:] == who[:-1]) & (days[1:] == days[:-1])
    again = same_moment & (what[1:] == what[:-1]) & (points[1:] == points[:-1])
    first = _first_rows(again, row_skill)
    sets = _skill_sets(first, row_skill, what, items, item_skills or {})
    skill_sets = tuple(sorted(set(sets)))
    code = {asked: number for number, asked in enumerate(skill_sets)}
    opens = np.append(True, ~same_moment) if timed else np.ones(len(who), dtype=np.bool_)
    return Answers(
        learner=who[first],
        item=what[first],
        skills=np.array([code[asked] for asked in sets], dtype=np.int64),
        when=days[first],
        credit=points[first],
        sitting=np.cumsum(opens[: len(who)])[first],
        learners=learners,
        items=items,
        skill_sets=skill_sets,
    )


def take(answers: Answers, rows: NDArray[np.bool_]) -> Answers:
    """Those answers alone, with the same codes."""
    return Answers(
        answers.learner[rows],
        answers.item[rows],
        answers.skills[rows],
        answers.when[rows],
        answers.credit[rows],
        answers.sitting[rows],
        answers.learners,
        answers.items,
        answers.skill_sets,
    )


def _codes(labels: Sequence[object]) -> tuple[tuple[str, ...], Ints]:
    """Labels as text, each once, in order of first sorting; and every row's place among them."""
    unique, codes = np.unique(np.asarray(labels), return_inverse=True)
    return tuple(str(label) for label in unique.tolist()), codes.astype(np.int64).reshape(-1)


def _first_rows(again: NDArray[np.bool_], row_skill: list[str]) -> Ints:
    """Rows that open an answer: those that do not merely name one more skill of the row before."""
    first, seen = [], set[str]()
    for row, skill in enumerate(row_skill):
        if row and again[row - 1] and skill not in seen:
            seen.add(skill)
        else:
            first.append(row)
            seen = {skill}
    return np.array(first, dtype=np.int64)


def _skill_sets(
    first: Ints,
    row_skill: list[str],
    what: Ints,
    items: tuple[str, ...],
    item_skills: Mapping[str, Skills],
) -> list[Skills]:
    found: list[Skills] = []
    for begin, end in pairwise([*first.tolist(), len(row_skill)]):
        known = item_skills.get(items[what[begin]])
        found.append(tuple(sorted(known or set(row_skill[begin:end]))))
    return found
