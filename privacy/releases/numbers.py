"""Keeps what was measured as numbers with variances, which can be added up and made to agree."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from privacy.releases.measuring import Measured
from privacy.releases.noise import Noisy
from privacy.releases.question import Question


@dataclass(frozen=True)
class Numbers:
    """The noisy numbers of each group as floats, with their variances: sums of them add both.

    `learners` is how many the question is about. `total` is in steps from the centre.
    """

    learners: NDArray[np.float64]
    learners_variance: NDArray[np.float64]
    total: NDArray[np.float64]  # groups, or groups x bars
    total_variance: NDArray[np.float64]  # one a group

    def added(self) -> "Numbers":
        """All groups as one."""
        return Numbers(
            self.learners.sum(keepdims=True),
            self.learners_variance.sum(keepdims=True),
            self.total.sum(axis=0, keepdims=True),
            self.total_variance.sum(keepdims=True),
        )

    def gathered(self, into: Sequence[int]) -> "Numbers":
        """Groups added up into fewer: each into the one whose number stands in its place."""
        at, size = np.array(into), max(into) + 1

        def summed(some: NDArray[np.float64]) -> NDArray[np.float64]:
            out = np.zeros((size, *some.shape[1:]))
            np.add.at(out, at, some)
            return out

        return Numbers(
            summed(self.learners),
            summed(self.learners_variance),
            summed(self.total),
            summed(self.total_variance),
        )


def numbers(question: Question, measured: Measured, everybody: "Numbers | None") -> Numbers:
    """What was measured, as numbers that can be added up; `everybody` counts all learners."""
    if measured.bins is not None:
        bars = len(question.edges) - 1
        total = np.array(measured.bins.values, dtype=np.float64).reshape(-1, bars)
        variance = np.full(len(total), measured.bins.scale**2)
        return Numbers(total.sum(axis=1), bars * variance, total, variance)
    if measured.count is not None:
        total, variance = _counted(measured.count)
        return Numbers(total, variance, total, variance)
    if measured.total is None:
        raise ValueError("Nothing was measured.")
    total, variance = _counted(measured.total)
    if measured.learners is not None:
        return Numbers(*_counted(measured.learners), total, variance)
    if everybody is None:
        raise ValueError("A sum's figures need how many learners there are.")
    learners, doubt = everybody.learners, everybody.learners_variance
    if measured.members is not None:
        sides, spread = _counted(measured.members)
        learners, doubt = (learners + sides) / 2, (doubt + spread) / 4
    return Numbers(learners, doubt, total, variance)


def consistent(children: Numbers, parents: Numbers, parent_of: Sequence[int]) -> Numbers:
    """The children moved, each as much, so that they add up to what is already published of their
    parents. Children of equal noise: the least-squares answer for a fixed sum (Hay et al. 2010).
    """
    index = np.array(parent_of)
    size = np.bincount(index, minlength=len(parents.learners)).astype(np.float64)

    def moved(child: NDArray[np.float64], parent: NDArray[np.float64]) -> NDArray[np.float64]:
        sums = np.zeros_like(parent)
        np.add.at(sums, index, child)
        wide = size.reshape(-1, *[1] * (parent.ndim - 1))
        share: NDArray[np.float64] = (parent - sums) / np.maximum(wide, 1)
        moved_by: NDArray[np.float64] = share[index]
        return child + moved_by

    return replace(
        children,
        learners=moved(children.learners, parents.learners),
        total=moved(children.total, parents.total),
    )


def _counted(noisy: Noisy) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    counts = np.array(noisy.values, dtype=np.float64)
    return counts, np.full(len(counts), noisy.scale**2)
