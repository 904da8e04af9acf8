"""Item statistics from the answers themselves: what sums over classes can not give.

For one paper: a matrix of credit, learners by questions, of those who answered every one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.content.comparing import releasable
from analytics.content.lessons import Bools, Floats, Ints
from analytics.dif import Difference, differences
from analytics.items import UPPER_SHARE, AssessmentSums, ItemSums

RIGHT_FROM: Final = 1.0  # credit that counts as a right answer where only right and wrong is known


@dataclass(frozen=True)
class Paper:
    """One paper: `credit` learners x questions, `option` the number of the answer chosen (-1:
    none), and who the rows are."""

    credit: Floats
    option: NDArray[np.int64]
    learner: Ints


def complete(
    learner: Ints, question: Ints, credit: Floats, option: Ints, *, questions: int
) -> Paper:
    """The first answer of each learner to each question, of learners who answered them all.

    Entries are in order of time; `question` counts within the paper.

    >>> import numpy as np
    >>> ints = lambda *n: np.array(n, dtype=int)
    >>> one = complete(ints(7, 7, 7, 8), ints(0, 1, 0, 0), np.array([1.0, 0, 0, 1]),
    ...                ints(2, 3, 1, 2), questions=2)
    >>> one.credit.tolist(), one.option.tolist(), one.learner.tolist()
    ([[1.0, 0.0]], [[2, 3]], [7])
    """
    people, row = np.unique(learner, return_inverse=True)
    _, first = np.unique(row * questions + question, return_index=True)
    marks = np.full((len(people), questions), np.nan)
    chosen = np.full((len(people), questions), -1)
    marks[row[first], question[first]] = credit[first]
    chosen[row[first], question[first]] = option[first]
    whole = ~np.isnan(marks).any(axis=1)
    return Paper(marks[whole], chosen[whole], people[whole])


def sums(paper: Paper) -> AssessmentSums:
    """The sufficient statistics of a paper over all its learners."""
    total = paper.credit.sum(axis=1)
    best, worst = groups(total)
    most = int(best.sum())
    return AssessmentSums(
        len(total),
        float(total.sum()),
        float((total * total).sum()),
        {
            number: ItemSums(
                len(x), float(x.sum()), float((x * x).sum()), float((x * total).sum()),
                most, float(x[best].sum()), most, float(x[worst].sum()),
            )
            for number, x in enumerate(paper.credit.T)
        },
    )  # fmt: skip


def groups(total: Floats) -> tuple[Bools, Bools]:
    """The upper and the lower 27 % by total, ties in order of the rows.

    >>> import numpy as np
    >>> [part.tolist() for part in groups(np.array([3.0, 1, 2, 0]))]
    [[True, False, True, False], [False, True, False, True]]
    """
    most = ceil(UPPER_SHARE * len(total))
    order = np.argsort(-total, kind="stable")
    best, worst = np.zeros(len(total), bool), np.zeros(len(total), bool)
    best[order[:most]] = True
    worst[order[::-1][:most]] = True
    return best, worst


def choices(paper: Paper, question: int, options: int) -> dict[str, list[float]]:
    """Share of all, of the upper and of the lower group that chose each option."""
    best, worst = groups(paper.credit.sum(axis=1))
    chosen = paper.option[:, question]
    known = chosen >= 0
    return {
        name: [
            round(float(count) / max(1, int((who & known).sum())), 2)
            for count in np.bincount(chosen[who & known], minlength=options)
        ]
        for name, who in (("all", known), ("upper", best), ("lower", worst))
    }


def compared(
    paper: Paper, groups_of: Mapping[str, Ints], *, holder: Ints, k: int
) -> list[dict[str, Difference]]:
    """Each question of a paper compared in each group, where enough are there to say and to show.

    `groups_of` says for every learner whether she is of the group (1), of those it is compared
    with (0) or neither (-1). Full credit is right, anything less is wrong.
    """
    right = paper.credit >= RIGHT_FROM
    total = right.sum(axis=1).astype(float)
    found: list[dict[str, Difference]] = [{} for _ in right.T]
    for name, all_members in groups_of.items():
        member = all_members[paper.learner]
        there = member >= 0
        parts = (paper.learner[member == side] for side in (0, 1))
        if not all(releasable(holder[part], k) for part in parts):
            continue
        each = differences(total[there], right[there], member[there] == 1)
        for own, one in zip(found, each, strict=True):
            if one is not None:
                own[name] = one
    return found
