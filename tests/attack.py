"""The differencing attack on a running district: all exact figures it has published, together.

What was published is asked at the application's own door by the staff whose pages show it; what is
true is read past it. The attacker combines every grain, both k of screen and print, and all weeks.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from sqlalchemy import Connection

from analytics.disclosure import Cell, Told, certain, ranges, told
from privacy import Viewer, exact
from privacy.exact.cube import Cube, changed, cube
from privacy.exact.figure import Figure
from privacy.metrics import METRICS, Metric, releaser_session, versions
from tests.districts import Bools, Floats, Week, recovered


@dataclass(frozen=True)
class Attack:
    """What it came to for one metric and k: cells published and hidden, those that fell, and how
    many fall to the same attack where only the small ones are hidden.
    """

    metric: str
    k: int
    shown: int
    hidden: int
    fallen: tuple[object, ...]
    fallen_unprotected: int


def exact_metrics() -> list[str]:
    """Those that staff of a school are answered, enrolment first: it bounds all others."""
    return [one.name for one in METRICS.values() if one.regime.get("school") == "exact"]


def ask_all(viewer: Viewer, names: Sequence[str]) -> dict[str, dict[int, list[Figure]]]:
    """What is published of these metrics this week: by metric, the figures of screen and print."""
    published: dict[str, dict[int, list[Figure]]] = {}
    for name in names:
        for printed in (False, True):
            found = exact.figures(viewer, name, printed=printed)
            published.setdefault(name, {})[found.k] = list(found.by_cell.values())
    return published


def attack(
    viewer: Viewer, metric: Metric, weeks: Sequence[dict[str, dict[int, list[Figure]]]]
) -> list[Attack]:
    """Tries everything published of a metric in these weeks, oldest first."""
    with releaser_session(viewer) as db:
        known = {v.data_version: v for v in versions(db, viewer.district_id) if v.kept}
        days = sorted(known)[-len(weeks) :]
        cubes = [
            cube(db, metric, viewer.district_id, version=day, on=known[day].as_of) for day in days
        ]
        people = [
            cube(db, METRICS["enrolment"], viewer.district_id, version=d, on=known[d].as_of)
            for d in days
        ]
        found = []
        for k in sorted(weeks[0][metric.name]):
            told_of = [week[metric.name][k] for week in weeks]
            enrolled = [week["enrolment"][k] for week in weeks]
            seen = [_week(db, metric, cubes, days, at, told_of[at], k) for at in range(len(days))]
            fallen: list[object] = list(recovered(cubes[0].table, seen, k))
            for at, week in enumerate(seen):
                bounds = _most(people[at], enrolled[at], cubes[at], days[at])
                fallen += [(at, one) for one in _by_enrolment(cubes[at], week, k, bounds)]
                fallen += [(at, one) for one in _values(metric, cubes[at], week, bounds)]
            here = ~cubes[-1].table.unpublished
            bare = [_unprotected(one, here, k) for one in seen]
            found.append(
                Attack(
                    metric.name,
                    k,
                    int(seen[-1].shown.sum()),
                    int((here & ~seen[-1].shown).sum()),
                    tuple(fallen),
                    len(recovered(cubes[0].table, bare, k)),
                )
            )
    return found


def _week(
    db: Connection,
    metric: Metric,
    cubes: Sequence[Cube],
    days: Sequence[date],
    at: int,
    published: Sequence[Figure],
    k: int,
) -> Week:
    """What one week showed, and what somebody knows who saw in which cells nobody changed."""
    table, here = cubes[at].table, cubes[at]
    if table.cells != cubes[0].table.cells:
        raise AssertionError("The public groups changed between the weeks; attack each by itself.")
    base = {one.cell: one.base for one in published}
    shown = np.array([base.get(cell) == days[at] for cell in table.cells])
    stands = np.array([cell in base and base[cell] != days[at] for cell in table.cells])
    moved = np.zeros(len(table))
    few = np.zeros(len(table), dtype=bool)
    if at:
        moved = changed(db, metric, table, since=[days[at - 1]], until=days[at])[days[at - 1]]
        since = {base[c] for c in base if base[c] != days[at]} | {days[at - 1]}
        all_moved = changed(db, metric, table, since=sorted(since), until=days[at])
        own = np.array(
            [all_moved[base.get(c, days[at - 1])][n] if base.get(c) != days[at] else moved[n]
             for n, c in enumerate(table.cells)]
        )  # fmt: skip
        # The attacker is given the counts of what is shown, which only enrolment tells. That they
        # give her the count of a group whose figure stands tells nothing of another metric.
        few = (own > 0) & (own < k) & (metric.kind == "count")
    return Week(
        here.counts,
        here.total,
        (moved == 0) & ~table.unpublished,
        shown & ~table.unpublished,
        stands,
        few,
    )


def _unprotected(week: Week, published: Bools, k: int) -> Week:
    """The negative control: the same week with only its small groups hidden."""
    nothing = np.zeros(len(published), dtype=np.bool_)
    return replace(week, shown=(week.counts >= k) & published, stands=nothing)


def _most(people: Cube, enrolled: Sequence[Figure], here: Cube, day: date) -> Floats:
    """Of each cell the most learners that enrolment figures leave possible."""
    told_of = {one.cell for one in enrolled if one.base == day}
    hidden = np.array([cell not in told_of for cell in people.table.cells])
    high = ranges(people.table, people.counts, hidden).high
    most = dict(zip(people.table.cells, high, strict=True))
    return np.array([most.get(cell, np.inf) for cell in here.table.cells])


def _by_enrolment(here: Cube, week: Week, k: int, most: Floats) -> list[Cell]:
    """Hidden groups of which it is known that they hold some and fewer than k."""
    hidden = ~week.shown & ~here.table.unpublished & ~week.stands
    known = ranges(
        here.table, here.counts, hidden | week.stands, upper=np.maximum(most, here.counts)
    )
    told_some = hidden & (known.low > 1e-6) & (known.high < k - 1e-6)
    return [here.table.cells[at] for at in np.flatnonzero(told_some)]


def _values(metric: Metric, here: Cube, week: Week, most: Floats) -> list[Cell]:
    """Hidden groups of which it is certain that all, or none, of their learners have it."""
    if metric.kind == "count":
        return []
    spans = [
        told(100 * total / count if count > 0 else 0, int(max(count, 0)))
        for total, count in zip(here.total, here.counts, strict=True)
    ]
    says = Told(np.array([low for low, _ in spans]), np.array([high for _, high in spans]))
    hidden = ~week.shown & ~here.table.unpublished
    never = hidden & ~week.stands  # of the others an earlier week's figure stands
    known = certain(
        here.table, here.counts, says, hidden, of=never, upper=np.maximum(most, here.counts)
    )
    return [("value", *here.table.cells[at]) for at in np.flatnonzero(known)]
