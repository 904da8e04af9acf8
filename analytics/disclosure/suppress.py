"""Chooses which cells of a table to hide beside those that must be, so that subtraction fails.

Hiding only the small cells protects nothing: totals give them back. A hidden cell is safe when
there are other tables with the same shown figures, one in which the cell holds nobody and one in
which it holds k. For each cell that has no such witness yet, a linear program (HiGHS) looks for the
one that changes the least that is shown; what it must change is hidden too. A table for which that
fails is not shown at all; what is chosen is put to the attacker of `attack.py` before it is used.
"""

from typing import Final

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import hstack

from analytics.disclosure.attack import TOLERANCE, Told, certain, many, ranges
from analytics.disclosure.table import Bools, Floats, Table

_TRIES: Final = 40  # cells that are tried to be shown again, so that no more is hidden than must be


def protect(
    table: Table,
    counts: Floats,
    sensitive: Bools,
    k: int,
    *,
    hidden: Bools | None = None,
    asked: Bools | None = None,
    public: Bools | None = None,
    upper: Floats | None = None,
    told: Told | None = None,
) -> Bools | None:
    """The cells to hide (a mask): `sensitive`, those already `hidden`, and as few more as will do.

    None: the table can not be protected, and must be hidden whole. The range of every hidden cell
    that is `asked` for (of all, if not said) reaches from 0 to k, so that the small ones do not
    stand out from those hidden for their sake. `public` cells can not be hidden: their count is
    known anyway. `upper` bounds cells from elsewhere. `told` is what the figures of
    cells tell: then of no hidden cell is it certain that all of its learners have it, or none.
    """
    sensitive = sensitive & ~table.unpublished
    must = sensitive if hidden is None else sensitive | (hidden & ~table.unpublished)
    asked = ~table.unpublished if asked is None else asked & ~table.unpublished
    barred = np.zeros(len(table), dtype=np.bool_) if public is None else public & ~must
    top = many(counts)
    most = np.full(len(table), top) if upper is None else np.minimum(upper, top)
    search = _Search(table, counts, most, k, asked, barred)
    chosen = must.copy()
    while True:
        widened = search.widened(chosen)
        if widened is None:
            return None
        chosen = search.fewer(widened, must)
        if told is None:
            break
        sure = certain(table, counts, told, chosen, of=chosen, upper=upper)
        if not sure.any():
            break
        beside = _beside(table.plain, counts, chosen | barred, int(np.argmax(sure)))
        if beside is None:
            return None
        must = must.copy()
        must[beside] = True
        chosen = chosen | must
    known = ranges(table, counts, chosen, upper=upper)
    safe = (known.low <= TOLERANCE) & (known.high >= k - TOLERANCE)
    return chosen if safe[chosen & asked].all() else None


class _Search:
    """The witnesses found so far: other tables that show the same figures."""

    def __init__(
        self, table: Table, counts: Floats, most: Floats, k: int, asked: Bools, barred: Bools
    ) -> None:
        self.table, self.counts, self.most, self.k = table, counts, most, k
        self.asked, self.free = asked, np.where(barred, 0.0, 1.0)
        self.balance = hstack([table.matrix, -table.matrix], format="csr")
        self.witnesses = counts[None, :]

    def widened(self, chosen: Bools) -> Bools | None:
        """The chosen cells and those that must be hidden with them; None where none would do."""
        chosen = chosen.copy()
        while (lacking := self._lacking(chosen)) is not None:
            witness = self._witness(chosen, *lacking, strictly=False)
            if witness is None:
                return None
            chosen |= (abs(witness - self.counts) > TOLERANCE) & ~self.table.unpublished
        return chosen

    def fewer(self, chosen: Bools, must: Bools) -> Bools:
        """Shows again what the search hid and does not need, the most missed first."""
        extra = np.flatnonzero(chosen & ~must)
        by_worth = sorted(extra, key=lambda one: (-self.table.cost[one], -self.counts[one], one))
        for cell in by_worth[:_TRIES]:
            shown = chosen.copy()
            shown[cell] = False
            while (lacking := self._lacking(shown)) is not None:
                if self._witness(shown, *lacking, strictly=True) is None:
                    break
            else:
                chosen = shown
        return chosen

    def _lacking(self, chosen: Bools) -> tuple[int, float] | None:
        """A hidden cell without a witness for 0 or for k, the one farthest from it first."""
        same = abs(self.witnesses - self.counts) <= TOLERANCE
        good = self.witnesses[(same | chosen | self.table.unpublished).all(axis=1)]
        asked = chosen & self.asked
        full = asked & ~(good >= self.k - TOLERANCE).any(axis=0)
        empty = asked & ~(good <= TOLERANCE).any(axis=0)
        if full.any():
            return int(np.argmin(np.where(full, self.counts, np.inf))), float(self.k)
        if empty.any():
            return int(np.argmax(np.where(empty, self.counts, -1))), 0.0
        return None

    def _witness(self, chosen: Bools, cell: int, target: float, *, strictly: bool) -> Floats | None:
        """A table where `cell` holds `target`; to change a cell not chosen costs, or is barred."""
        size = len(self.table)
        hidden = chosen | self.table.unpublished
        free = self.free * hidden if strictly else self.free
        bounds = np.column_stack(
            [
                np.zeros(2 * size),
                np.concatenate([np.maximum(self.most - self.counts, 0) * free, self.counts * free]),
            ]
        )
        step = target - self.counts[cell]
        up, down = (cell, size + cell) if step > 0 else (size + cell, cell)
        if abs(step) > bounds[up, 1] + TOLERANCE:
            return None
        bounds[up] = abs(step)
        bounds[down] = 0.0
        price = np.where(hidden, 1e-3, self.table.cost * (1 + np.log1p(self.counts) / 20))
        answer = linprog(
            np.concatenate([price, price]),
            A_eq=self.balance if len(self.table.sums) else None,
            b_eq=np.zeros(len(self.table.sums)) if len(self.table.sums) else None,
            bounds=bounds,
            method="highs",
        )
        if answer.x is None or answer.status != 0:
            return None
        moved = answer.x[:size] - answer.x[size:]
        witness = self.counts + np.where(abs(moved) > TOLERANCE, moved, 0.0)
        self.witnesses = np.vstack([self.witnesses, witness])
        return np.asarray(witness, dtype=np.float64)


def _beside(table: Table, counts: Floats, chosen: Bools, cell: int) -> int | None:
    """The cheapest shown cell in a sum with `cell`, preferably one with learners in it."""
    beside = {
        other
        for total, parts in table.sums
        if cell == total or cell in parts
        for other in (total, *parts)
        if not chosen[other]
    }
    if not beside:
        return None
    return min(beside, key=lambda one: (table.cost[one], counts[one] < 1, counts[one], one))
