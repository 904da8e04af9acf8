"""Which cells of a table may show this week's figures, after other weeks have been shown.

Two weeks of one cell tell about the learners who came or went in between, and so do weeks of
different cells together. Therefore a figure, once shown, stands until at least k learners of its
cell have changed; who else must wait for it is found as for small cells, by linear programs over
the changes instead of the counts. An attacker is taken to know in which cells nobody changed.
A cell that has once been hidden stays hidden while the chain lasts (a school year). While a cell
that was shown holds fewer than k, whatever is added up from it stands as it was before.
"""

import numpy as np

from analytics.disclosure.attack import Told, many
from analytics.disclosure.suppress import protect
from analytics.disclosure.table import Bools, Floats, Table


def fresh(
    table: Table,
    counts: Floats,
    k: int,
    *,
    told: Told | None = None,
    upper: Floats | None = None,
    barred: Bools | None = None,
    shown: Bools | None = None,
    changed: Floats | None = None,
) -> Bools:
    """The cells that may show this week's figures (a mask); nothing, where no choice is safe.

    A cell in which nothing has changed may; its figure is the same.
    `shown` are those that have shown an earlier week's, `changed` the learners of each cell who
    came, went or have another value since it was shown (totals at least the sum of their parts'
    net). Cells that are `barred` show nothing this week. The first week has neither.
    """
    nothing = np.zeros(len(table), dtype=np.bool_)
    small = (counts < k) & ~table.unpublished
    held = nothing if barred is None else barred
    if shown is None or changed is None or not shown.any():
        hidden = protect(table, counts, small, k, hidden=held, upper=upper, told=told)
        return nothing if hidden is None else ~hidden & ~table.unpublished
    never = ~shown & ~table.unpublished
    still = shown & (changed == 0)
    waiting = protect(
        table, counts, small & ~still, k,
        hidden=never | (held & ~still), asked=never | small, public=still, upper=upper,
        told=told,
    )  # fmt: skip
    if waiting is None:
        return nothing
    added = _added(table.plain, changed)
    few = ((changed > 0) & (changed < k)) | ((added > 0) & (added < k))
    few &= ~table.unpublished
    # Of a group that most have left, every figure made with what is left would tell.
    gone = small & (changed > 0) & (shown | (changed >= k))
    waiting |= _made_with(table, gone)
    waiting = protect(
        table.plain, added, few, k,
        hidden=waiting, asked=few, public=still & (added == 0),
        upper=np.where(added == 0, 0.0, many(added)),
    )  # fmt: skip
    if waiting is None:
        return nothing
    return ~waiting & ~table.unpublished & ~held


def _made_with(table: Table, gone: Bools) -> Bools:
    """These cells, the totals they are part of, and what overlaps with such a total."""
    found = gone.copy()
    for _ in range(4):
        for total, parts in table.sums:
            published = [one for one in parts if one not in table.slack]
            if found[list(parts)].any() and total not in table.slack:
                found[total] = True
            if found[total] and len(published) < len(parts):
                found[published] = True
    return found & ~table.unpublished


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
