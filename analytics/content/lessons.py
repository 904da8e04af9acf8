"""What became of each learner after each section: understood at once, kept, carried further.

One course at a time, as arrays; learners, sections and competencies are numbers from 0. An
outcome is None-like (NaN) where the learner has not answered anything that could show it.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

RETAINED_AFTER: Final = 14  # days from the first answer, after which an answer shows retention
KNEW_IT: Final = 0.5  # share right at first, from which on there is something to retain
_PRIOR_WEIGHT: Final = 8.0  # answers' worth of "like everybody" that an early record is mixed with
_DAYS: Final = 1 << 20  # more days than any number of a day, for sorting by learner and day


@dataclass(frozen=True)
class Lessons:
    """One entry a learner and section she opened; `opened` is a day's number.

    `minutes` and `understood` (0 to 1) are NaN where the source does not record them.
    """

    learner: Ints
    section: Ints
    opened: Ints
    completed: Bools
    minutes: Floats
    understood: Floats
    helped: Bools

    def __len__(self) -> int:
        return len(self.learner)


@dataclass(frozen=True)
class Answers:
    """One entry an answer, in order of time; `day` is a day's number, `credit` 0 to 1."""

    learner: Ints
    item: Ints
    day: Ints
    credit: Floats


@dataclass(frozen=True)
class Taught:
    """Which competencies a section teaches, and which build on which: pairs of numbers."""

    sections: int
    section_teaches: NDArray[np.int64]
    item_measures: NDArray[np.int64]
    builds_on: NDArray[np.int64]

    def dependents(self) -> NDArray[np.int64]:
        """(section, competency) for what builds directly on what the section teaches, and is not
        taught by it.

        >>> import numpy as np
        >>> pairs = lambda *rows: np.array(rows, int).reshape(-1, 2)
        >>> Taught(1, pairs((0, 5)), pairs(), pairs((5, 6), (6, 7))).dependents().tolist()
        [[0, 6]]
        """
        own = {(int(s), int(c)) for s, c in self.section_teaches}
        after: dict[int, list[int]] = {}
        for first, then in self.builds_on:
            after.setdefault(int(first), []).append(int(then))
        found = {(s, then) for s, c in own for then in after.get(c, ())} - own
        return np.array(sorted(found), np.int64).reshape(-1, 2)


@dataclass(frozen=True)
class Outcomes:
    """Per entry of the lessons: share right in the first two weeks of being asked, two weeks and
    more after that (of those who knew it), on what builds on it; and the learner's earlier record
    (how much more often right than others on the same questions, before she opened the section).
    """

    right: Floats
    kept: Floats
    carried: Floats
    before: Floats


def outcomes(lessons: Lessons, answers: Answers, taught: Taught) -> Outcomes:
    """Follows each learner from each section she opened."""
    lesson, day, credit = _asked(lessons, answers, taught.section_teaches, taught.item_measures)
    size = len(lessons)
    first = np.full(size, _DAYS)
    np.minimum.at(first, lesson, day)
    late = day >= first[lesson] + RETAINED_AFTER
    right = _mean(lesson[~late], credit[~late], size)
    kept = _mean(lesson[late], credit[late], size)
    kept[~(right >= KNEW_IT)] = np.nan
    onward, _, further = _asked(lessons, answers, taught.dependents(), taught.item_measures)
    return Outcomes(right, kept, _mean(onward, further, size), _before(lessons, answers))


def _asked(
    lessons: Lessons, answers: Answers, sections: NDArray[np.int64], items: NDArray[np.int64]
) -> tuple[Ints, Ints, Floats]:
    """(lesson, day, credit) of every answer that concerns a lesson's competencies and was given on
    or after the day it was opened; an item of two of them counts twice."""
    wanted = _join(sections[:, 1], items[:, 1])
    pairs = np.unique(np.stack([sections[wanted[0], 0], items[wanted[1], 0]]), axis=1)
    of_item = _join(pairs[1], answers.item)
    section, answer = pairs[0, of_item[0]], of_item[1]
    width = max(int(lessons.section.max(initial=0)), int(section.max(initial=0))) + 1
    one = lessons.learner * width + lessons.section
    order = np.argsort(one, kind="stable")
    wanted_key = answers.learner[answer] * width + section
    at = np.searchsorted(one[order], wanted_key)
    at = np.minimum(at, max(len(order) - 1, 0))
    if not len(order):
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
    lesson = order[at]
    there = (one[lesson] == wanted_key) & (answers.day[answer] >= lessons.opened[lesson])
    lesson, answer = lesson[there], answer[there]
    return lesson, answers.day[answer], answers.credit[answer]


def _join(left: Ints, right: Ints) -> tuple[Ints, Ints]:
    """Places of equal values in both.

    >>> import numpy as np
    >>> [part.tolist() for part in _join(np.array([7, 8]), np.array([8, 7, 8]))]
    [[0, 1, 1], [1, 0, 2]]
    """
    order = np.argsort(right, kind="stable")
    start = np.searchsorted(right[order], left, "left")
    count = np.searchsorted(right[order], left, "right") - start
    places = np.repeat(np.arange(len(left)), count)
    offset = np.arange(len(places)) - np.repeat(np.cumsum(count) - count, count)
    return places, order[np.repeat(start, count) + offset]


def _mean(where: Ints, value: Floats, size: int) -> Floats:
    count = np.bincount(where, minlength=size)
    total = np.bincount(where, value, minlength=size)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _before(lessons: Lessons, answers: Answers) -> Floats:
    """Per lesson: how much more often right than all on the same items, before it was opened."""
    items = int(answers.item.max(initial=-1)) + 1
    ease = _mean(answers.item, answers.credit, items)
    beyond = answers.credit - ease[answers.item]
    when = answers.learner * _DAYS + answers.day
    order = np.argsort(when, kind="stable")
    so_far = np.concatenate([[0.0], np.cumsum(beyond[order])])
    begin = np.searchsorted(when[order], lessons.learner * _DAYS)
    end = np.searchsorted(when[order], lessons.learner * _DAYS + lessons.opened)
    found: Floats = (so_far[end] - so_far[begin]) / (end - begin + _PRIOR_WEIGHT)
    return found
