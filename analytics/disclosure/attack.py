"""The attacker: everything published is a linear equation, and a linear program asks what is left.

Whoever knows the totals and the cells that are shown knows of each hidden cell a range. A table is
safe when of no hidden cell that range says that it holds some learners and fewer than k.
All questions about one table are put to HiGHS as one program of independent blocks.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import csr_array, eye_array, hstack, kron, vstack
from scipy.sparse.csgraph import connected_components

from analytics.disclosure.table import Bools, Floats, Table

Ints = NDArray[np.intp]
MANY: Final = 1e5  # learners, at least: what an attacker takes for "no upper bound"
TOLERANCE: Final = 1e-6
_BLOCK: Final = 20_000  # variables of one program, at most


@dataclass(frozen=True)
class Ranges:
    """What is known of cells: least and most learners each can hold. `low` > `high` never."""

    low: Floats
    high: Floats


def ranges(table: Table, counts: Floats, hidden: Bools, *, upper: Floats | None = None) -> Ranges:
    """The range of every cell for whoever sees all that is not hidden; of a shown one, its count.

    `upper` bounds cells from elsewhere: a metric is about no more learners than are enrolled.
    """
    low, high = counts.copy(), counts.copy()
    published = hidden & ~table.unpublished
    hidden = hidden | table.unpublished
    top = many(counts)
    for cells, equations in _pieces(table, hidden):
        if not published[cells].any():
            continue  # slack between shown cells is what they leave over: it has no range
        most = np.full(len(cells), top) if upper is None else np.minimum(upper[cells], top)
        matrix = table.matrix[equations][:, cells]
        known = _known(table, counts, hidden)[equations]
        bounds = np.column_stack([np.zeros(len(cells)), most])
        low[cells] = _extremes(matrix, known, bounds, np.eye(len(cells)))
        high[cells] = -_extremes(matrix, known, bounds, -np.eye(len(cells)))
    return Ranges(low, high)


@dataclass(frozen=True)
class Told:
    """What figures tell of values: of each cell, how many of its learners have something, between
    `low` and `high` (a rate is rounded, and coded at the ends).
    """

    low: Floats
    high: Floats


def certain(
    table: Table,
    counts: Floats,
    told: Told,
    hidden: Bools,
    *,
    of: Bools,
    upper: Floats | None = None,
) -> Bools:
    """The cells among `of` of whose learners it is certain that all have it, or that none has.

    However many they are: that is why a range of counts is not enough. The attacker is taken to
    know the count of every shown cell, and what its figure tells.
    """
    found = np.zeros(len(table), dtype=np.bool_)
    asked = np.flatnonzero(of & hidden)
    if len(asked):
        program = _Values(table, counts, told, hidden, upper)
        most_with, most_without = program.most(asked, with_it=True), program.most(asked)
        found[asked] = np.minimum(most_with, most_without) < 1 - TOLERANCE
    return found


def having(
    table: Table,
    counts: Floats,
    told: Told,
    hidden: Bools,
    *,
    of: Bools,
    upper: Floats | None = None,
) -> Ranges:
    """Of each cell among `of`, how few and how many of its learners can have it; of others, 0."""
    low, high = np.zeros(len(table)), np.zeros(len(table))
    asked = np.flatnonzero(of & hidden)
    if len(asked):
        program = _Values(table, counts, told, hidden, upper)
        low[asked] = program.least(asked)
        high[asked] = program.most(asked, with_it=True)
    return Ranges(low, high)


class _Values:
    """The linear program of `certain`: learners of hidden cells; those with it, of all cells; those
    without, of hidden ones.
    """

    def __init__(
        self, table: Table, counts: Floats, told: Told, hidden: Bools, upper: Floats | None
    ) -> None:
        table = table.plain  # who is in a subject is in the school, but her values there differ
        top = many(counts)
        most = np.full(len(table), top) if upper is None else np.minimum(upper, top)
        self.cells = cells = np.flatnonzero(hidden)
        self.whole, size = len(table), len(cells)
        pick = csr_array((np.ones(size), (np.arange(size), cells)), shape=(size, self.whole))
        part = table.matrix[:, cells]
        self.matrix = vstack(
            [
                hstack([part, csr_array((part.shape[0], self.whole + size))]),
                hstack([csr_array(part.shape), table.matrix, csr_array(part.shape)]),
                hstack([eye_array(size), -pick, -eye_array(size)]),
            ]
        ).tocsr()
        self.known = np.concatenate(
            [_known(table, counts, hidden), np.zeros(len(table.sums)), np.zeros(size)]
        )
        low = np.where(hidden, 0.0, told.low)
        high = np.where(hidden, most, told.high)
        self.bounds = np.column_stack(
            [
                np.concatenate([np.zeros(size), low, np.zeros(size)]),
                np.concatenate([most[cells], high, most[cells]]),
            ]
        )

    def most(self, asked: Ints, *, with_it: bool = False) -> Floats:
        """The most learners of each of these hidden cells that can have it, or not have it."""
        return -self._least(asked, with_it, -1.0)

    def least(self, asked: Ints) -> Floats:
        """The fewest that can have it."""
        return self._least(asked, True, 1.0)

    def _least(self, asked: Ints, with_it: bool, sign: float) -> Floats:
        size = len(self.cells)
        place = size + asked if with_it else size + self.whole + np.searchsorted(self.cells, asked)
        goals = np.zeros((len(asked), len(self.bounds)))
        goals[np.arange(len(asked)), place] = sign
        return _extremes(self.matrix, self.known, self.bounds, goals)


def many(counts: Floats) -> float:
    """An upper bound that is none: more learners than anything in the table adds up to.

    >>> many(np.array([12.0, 30.0])), many(np.array([90_000.0]))
    (100000.0, 360000.0)
    """
    return max(MANY, 4 * float(counts.max(initial=0.0)))


def _known(table: Table, counts: Floats, hidden: Bools) -> Floats:
    return np.asarray(-(table.matrix @ np.where(hidden, 0.0, counts)), dtype=np.float64)


def _pieces(table: Table, hidden: Bools) -> Iterator[tuple[Ints, Ints]]:
    """Hidden cells with the equations between them, apart where no equation joins them."""
    cells = np.flatnonzero(hidden)
    if not len(cells):
        return
    part = table.matrix[:, cells]
    graph = (abs(part).T @ abs(part)).tocsr()
    count, label = connected_components(graph, directed=False)
    touched = part.tocsr()
    for piece in range(count):
        inside = np.flatnonzero(label == piece)
        equations = np.flatnonzero(np.diff(touched[:, inside].tocsr().indptr))
        yield cells[inside], equations


def _extremes(matrix: csr_array, known: Floats, bounds: Floats, goals: Floats) -> Floats:
    """The least value of each goal (a row of coefficients) under matrix @ x = known and bounds."""
    found: list[Floats] = []
    at_once = max(1, _BLOCK // max(1, goals.shape[1]))
    for start in range(0, len(goals), at_once):
        some = goals[start : start + at_once]
        blocks = len(some)
        answer = linprog(
            some.ravel(),
            A_eq=kron(eye_array(blocks), matrix, format="csr") if matrix.shape[0] else None,
            b_eq=np.tile(known, blocks) if matrix.shape[0] else None,
            bounds=np.tile(bounds, (blocks, 1)),
            method="highs",
        )
        if answer.x is None:
            raise ArithmeticError(f"The attack on a table could not be computed: {answer.message}")
        found.append((some * answer.x.reshape(blocks, -1)).sum(axis=1))
    return np.concatenate(found)
