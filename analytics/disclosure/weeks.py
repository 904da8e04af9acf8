"""Which cells of a table may show this week's figures, after other weeks have been shown.

Two weeks of one cell tell about the learners who came or went in between, and so do weeks of
different cells together. Therefore the cells that add up to each other are renewed together or not
at all (`Table.families`): only where in each of them at least k learners, or nobody, have changed
since every week that it has shown. Until then the earlier figures stand. So each two weeks of a
family are one table of changes, with the same cells open in it, and no third week has more to say.

What was hidden at first stays hidden while the chain of weeks lasts. What has shrunk below
k, and what would give it away, is closed: its last figure stands for good. An attacker is taken to
know in which cells nobody changed. Where no choice is safe, nothing is renewed.

What a linear program decides before a week is shown: that of its hidden cells none is told to hold
some and fewer than k, and that between two weeks of a family no change of few is told. That three
and more weeks, or families together, say no more is argued above and attacked (`bench.weeks`), not
proved. Of the erased `changed` holds at most that somebody has changed: never enough for k.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analytics.disclosure.attack import TOLERANCE, Told, many, ranges
from analytics.disclosure.suppress import protect
from analytics.disclosure.table import Bools, Floats, Table


@dataclass(frozen=True)
class Since:
    """An earlier week: which cells showed its figures, and how many learners of each cell have
    come, gone or have another value since.
    """

    seen: Bools
    changed: Floats


@dataclass(frozen=True)
class Renewal:
    """Cells that show this week's figures; cells whose earlier figure is known to be this week's
    too, because nobody changed; and cells whose earlier figure stands for good.
    """

    fresh: Bools
    still: Bools
    closed: Bools


def fresh(
    table: Table,
    counts: Floats,
    k: int,
    *,
    told: Told | None = None,
    upper: Floats | None = None,
    barred: Bools | None = None,
) -> Bools:
    """The cells that show the first week's figures (a mask); none that is `barred`, and nothing
    where no choice is safe.
    """
    nothing = np.zeros(len(table), dtype=np.bool_)
    held = nothing if barred is None else barred
    small = (counts < k) & ~table.unpublished
    hidden = protect(table, counts, small, k, hidden=held, upper=upper, told=told)
    return nothing if hidden is None else ~hidden & ~table.unpublished


def renewed(
    table: Table,
    counts: Floats,
    k: int,
    *,
    earlier: Sequence[Since],
    closed: Bools,
    told: Told | None = None,
    upper: Floats | None = None,
    barred: Bools | None = None,
    current: Bools | None = None,
) -> Renewal:
    """What a later week shows, after all `earlier` ones (oldest first).

    `closed` are closed already, `barred` have to be; only `current` cells can be fresh, if given.
    """
    nothing = np.zeros(len(table), dtype=np.bool_)
    shown = np.logical_or.reduce([one.seen for one in earlier])
    since = nothing * 1.0  # the last week that a cell showed, or its family
    for week in earlier:
        since = np.where(week.seen | ~shown, week.changed, since)
    still = shown & (since == 0)
    shut = shown & (closed | (nothing if barred is None else barred))
    never = ~shown & ~table.unpublished
    small = (counts < k) & ~table.unpublished
    hidden = protect(
        table, counts, small & ~still, k,
        hidden=(never | shut) & ~still, asked=never | small, public=still, upper=upper, told=told,
    )  # fmt: skip
    if hidden is None:
        return Renewal(nothing, still, shut)
    shut |= shown & hidden
    # Of a cell that most have left, any new figure that it is in, or overlaps with, would tell what
    # is left to whoever knows that nobody beside it came or went.
    gone = table.touching(small & (since > 0) & (shown | (since >= k)))
    ready = nothing.copy()
    for family in table.families:
        open_ = family & shown & ~shut
        if open_.any() and not gone[family].any() and (current is None or current[open_].all()):
            weeks = [one.changed for one in earlier if (one.seen & open_).any()]
            if weeks[-1][family].any() and _apart(table, weeks, family, shown, open_, k):
                ready |= open_
    hidden = ~(ready | still)
    few = shown & (since > 0) & (since < k)
    if ready.any() and not _safe(table, counts, hidden, k, upper, stands=shown, few=few):
        ready = nothing
    return Renewal(ready, still, shut)


def hides(
    table: Table, counts: Floats, hidden: Bools, k: int, *, upper: Floats | None = None
) -> bool:
    """Whether of no hidden cell it is known that it holds some learners and fewer than k."""
    return _safe(table, counts, hidden, k, upper)


def _apart(
    table: Table, weeks: Sequence[Floats], family: Bools, shown: Bools, open_: Bools, k: int
) -> bool:
    """Whether this week differs from each of these, in every cell ever shown, by nobody or at
    least k learners; and in the others may do so, for all that the open ones tell.
    """
    for changed in weeks:
        if ((changed > 0) & (changed < k) & family & shown).any():
            return False
        added = _added(table.plain, changed)
        few = (added > 0) & (added < k) & family & ~open_
        if few.any():
            hidden = family & ~open_ & (added > 0)
            most = np.where(hidden, many(added), 0.0)
            known = ranges(table.plain, np.where(family, added, 0.0), hidden, upper=most)
            if (known.low[few] > TOLERANCE).any() or (known.high[few] < k - TOLERANCE).any():
                return False
    return True


def _safe(
    table: Table,
    counts: Floats,
    hidden: Bools,
    k: int,
    upper: Floats | None,
    *,
    stands: Bools | None = None,
    few: Bools | None = None,
) -> bool:
    """Whether of no hidden cell it is told that it holds some and fewer than k; nor of one whose
    figure `stands` that fewer than k are left, nor, where `few` have changed since, how many there
    are to within k.
    """
    hidden = hidden & ~table.unpublished
    known = ranges(table, counts, hidden, upper=upper)
    told = (known.low > TOLERANCE) & (known.high < k - TOLERANCE)
    if stands is not None:
        told |= stands & (known.high < k - TOLERANCE)
    if few is not None:
        told |= few & (known.high - known.low < k - TOLERANCE)
    return not (hidden & told).any()


def _added(table: Table, changed: Floats) -> Floats:
    """Changes of which each total has the sum of its parts'; a learner who moves counts twice."""
    added = changed.copy()
    inner = [one for one in range(len(table)) if one not in {total for total, _ in table.sums}]
    known = set(inner)
    ties = list(table.sums)
    while ties:
        ready = [one for one in ties if known.issuperset(one[1])]
        if not ready:
            break
        for total, parts in ready:
            added[total] = added[list(parts)].sum()
            known.add(total)
            ties.remove((total, parts))
    return added
