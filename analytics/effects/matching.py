"""One plan: the learner's change around its start, beside learners who stood alike and had none.

Those alike carry what would have come anyway: the season, the class, and the way back to the
ordinary after a bad spell (regression to the mean: Galton 1886; difference in differences on a
matched comparison: Heckman, Ichimura, Todd 1997).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

Floats = NDArray[np.float64]

BEFORE: Final = 8  # weeks looked at before the start, and after it
AFTER: Final = 8
LEAST_WEEKS: Final = 4  # with a value, on either side
MOST_ALIKE: Final = 20
CALIPER: Final = 0.75  # standard deviations between two learners called alike
LEVEL: Final = 0.9  # of the interval around one plan


@dataclass(frozen=True)
class Compared:
    """Changes are of weekly means, after less before. `without` is how those alike changed: what
    the plan is not to be thanked for. `trend_after` is where the learner's own line was heading.
    """

    before: float
    after: float
    trend_after: float
    without: float
    estimate: float
    low: float
    high: float
    alike: NDArray[np.int64]
    changes: Floats


def compared(own: Floats, others: Floats, start: int, *, least: int) -> Compared | None:
    """Compares weekly values; None with too few weeks, or fewer than `least` learners alike.

    `own` holds a value a week (nan: none), `others` the same weeks of a learner a row; the plan
    starts with week `start`. The interval is a prediction's: it holds, without any effect, the
    learner's change as often as it says, because her change scatters as those of learners alike.
    """
    first, last = max(0, start - BEFORE), min(len(own), start + AFTER)
    window = slice(first, last)
    place = start - first
    mine = _change(own[None, window], place)
    theirs = _change(others[:, window], place)
    if np.isnan(mine).any():
        return None
    usable = np.flatnonzero(~np.isnan(theirs).any(axis=1))
    alike = _alike(
        _standing(own[None, window], place)[0],
        _standing(others[usable, window], place),
    )
    if len(alike) < max(least, 3):
        return None
    alike = usable[alike]
    changes = theirs[alike, 1] - theirs[alike, 0]
    change = float(mine[0, 1] - mine[0, 0])
    without = float(changes.mean())
    count = len(changes)
    spread = float(changes.std(ddof=1)) * np.sqrt(1 + 1 / count)
    reach = float(stdtrit(count - 1, 0.5 + LEVEL / 2) * spread)
    estimate = change - without
    return Compared(
        float(mine[0, 0]),
        float(mine[0, 1]),
        _heading(own[window], place),
        without,
        estimate,
        estimate - reach,
        estimate + reach,
        alike,
        changes,
    )


def _change(weeks: Floats, start: int) -> Floats:
    """(mean before, mean after) a row; nan where fewer than LEAST_WEEKS weeks have a value."""
    found = np.full((len(weeks), 2), np.nan)
    for side, part in enumerate((weeks[:, :start], weeks[:, start:])):
        known = ~np.isnan(part)
        enough = known.sum(axis=1) >= LEAST_WEEKS
        found[enough, side] = np.nanmean(part[enough], axis=1)
    return found


def _standing(weeks: Floats, start: int) -> Floats:
    """How a learner stood before the start: the earlier and the later half of that time."""
    half = start // 2
    parts = (weeks[:, :half], weeks[:, half:start])
    counts = [(~np.isnan(part)).sum(axis=1) for part in parts]
    sums = [np.nansum(part, axis=1) for part in parts]
    return np.stack(
        [
            np.divide(total, count, out=np.full(len(weeks), np.nan), where=count > 0)
            for total, count in zip(sums, counts, strict=True)
        ],
        axis=1,
    )


def _alike(own: Floats, others: Floats) -> NDArray[np.int64]:
    """Places of those nearest in both halves, within the caliper, the nearest first."""
    if not len(others) or np.isnan(own).any():
        return np.empty(0, np.int64)
    scale = np.nanstd(others, axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    apart = np.sqrt((((others - own) / scale) ** 2).mean(axis=1))
    order = np.argsort(apart, kind="stable")[:MOST_ALIKE]
    near: NDArray[np.int64] = order[apart[order] <= CALIPER]
    return near


def _heading(own: Floats, start: int) -> float:
    """Mean over the weeks after the start of the least-squares line through those before it.

    >>> round(_heading(np.array([1.0, 2, 3, 4, np.nan, np.nan]), 4), 1)
    5.5
    """
    weeks = np.arange(len(own), dtype=float)
    known = ~np.isnan(own[:start])
    slope, level = np.polyfit(weeks[:start][known], own[:start][known], 1)
    return float(level + slope * weeks[start:].mean())
