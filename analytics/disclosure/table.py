"""A table of counts and its totals: cells tied to each other by sums, however many crossings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Cell = tuple[str, ...]  # what a cell is called, e.g. ("school_grade", "Elm", "7")


@dataclass(frozen=True)
class Table:
    """Cells and the sums between them; a total is a cell like any other.

    `sums` holds (total, parts) as positions in `cells`. `slack` are cells that nobody publishes:
    they make "no more than" a sum (who is in a subject is in the school).
    """

    cells: tuple[Cell, ...]
    sums: tuple[tuple[int, tuple[int, ...]], ...]
    slack: frozenset[int] = frozenset()

    def __len__(self) -> int:
        return len(self.cells)

    @cached_property
    def matrix(self) -> csr_array:
        """One row a sum, +1 for a part and -1 for the total: matrix @ counts is 0."""
        rows, columns, signs = [], [], []
        for row, (total, parts) in enumerate(self.sums):
            rows += [row] * (1 + len(parts))
            columns += [total, *parts]
            signs += [-1.0] + [1.0] * len(parts)
        return csr_array((signs, (rows, columns)), shape=(len(self.sums), len(self.cells)))

    @cached_property
    def unpublished(self) -> Bools:
        """Which cells are slack."""
        found = np.zeros(len(self.cells), dtype=np.bool_)
        found[list(self.slack)] = True
        return found

    @cached_property
    def plain(self) -> "Table":
        """The same cells with the sums between published ones only."""
        kept = tuple(one for one in self.sums if self.slack.isdisjoint((one[0], *one[1])))
        return Table(self.cells, kept, self.slack)

    @cached_property
    def families(self) -> tuple[Bools, ...]:
        """The published cells that add up to each other, as masks: no sum joins two of them."""
        label = _joined(self.plain)
        masks = ((label == one) & ~self.unpublished for one in range(label.max(initial=-1) + 1))
        return tuple(mask for mask in masks if mask.any())

    def touching(self, some: Bools) -> Bools:
        """These cells and all that are joined to them by sums or overlaps, at any remove."""
        label = _joined(self)
        return np.isin(label, label[some])

    @cached_property
    def cost(self) -> Floats:
        """What hiding each cell costs: a total is missed more than a cell, a grand total most."""
        height = np.zeros(len(self.cells))
        for _ in range(3):
            for total, parts in self.sums:
                height[total] = max(height[total], 1 + max(height[list(parts)], default=0))
        height[self.unpublished] = 0
        return np.asarray(6.0**height, dtype=np.float64)

    def array(self, counts: Mapping[Cell, float]) -> Floats:
        """The counts in the order of `cells`, 0 where none is given; slack as it follows."""
        found = np.array([counts.get(cell, 0) for cell in self.cells], dtype=np.float64)
        for total, parts in self.sums:
            if total in self.slack and self.slack.isdisjoint(parts):
                found[total] = sum(found[list(parts)])
        for total, parts in self.sums:
            for part in self.slack.intersection(parts):
                found[part] = found[total] - sum(found[one] for one in parts if one != part)
        return found


def _joined(table: Table) -> NDArray[np.int32]:
    """A number for each cell, the same for those that sums join."""
    links = abs(table.matrix)
    _, label = connected_components((links.T @ links).tocsr(), directed=False)
    return np.asarray(label, dtype=np.int32)


def linked(
    sums: Sequence[tuple[Cell, Sequence[Cell]]],
    alone: Sequence[Cell] = (),
    within: Sequence[tuple[Cell, Sequence[Cell]]] = (),
) -> Table:
    """The table of these sums; `alone` are cells in no sum.

    `within` says of a whole and its parts that the parts may overlap: each part has no more than
    the whole, and all together have no fewer (everybody takes a subject, many take several).

    >>> linked([(("all",), [("school", "Elm"), ("school", "Oak")])]).sums
    ((0, (1, 2)),)
    """
    cells: dict[Cell, int] = {}
    ties = list(sums)
    for whole, parts in within:
        together, over = ("together", *whole, *parts[:1][0]), ("over", *whole, *parts[:1][0])
        ties += [(together, parts), (together, [whole, over])]
        ties += [(whole, [part, ("without", *whole, *part)]) for part in parts]
    for total, parts in ties:
        for cell in (total, *parts):
            cells.setdefault(cell, len(cells))
    for cell in alone:
        cells.setdefault(cell, len(cells))
    return Table(
        tuple(cells),
        tuple((cells[total], tuple(cells[p] for p in parts)) for total, parts in ties if parts),
        frozenset(at for cell, at in cells.items() if cell[0] in ("together", "over", "without")),
    )
