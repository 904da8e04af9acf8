"""The differencing attack on a running district: all exact figures it has published, together.

What was published is asked at the application's own door by the staff whose pages show it; what is
true is read past it. The attacker combines every grain, both k of screen and print, all weeks, and
what other metrics say of how large a group is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
from sqlalchemy import Connection

from analytics.disclosure import CODES, Cell, ranges, size_class
from privacy import Viewer, exact
from privacy.exact.asking import PATIENCE
from privacy.exact.cube import Cube, changed, cube
from privacy.exact.deciding import Answer, decided
from privacy.exact.figure import Figure
from privacy.metrics import METRICS, Metric, Version, releaser_session, versions
from tests.districts import Floats, Week, recovered, standing, tell

Published = dict[str, dict[int, list[Figure]]]  # of a week: by metric, the figures of each k
_LEAST: Final = {size_class(code.least): code.least for code in CODES}


@dataclass(frozen=True)
class Attack:
    """What it came to for one metric and k, all weeks together: figures that were new, that stood
    from an earlier week, and groups told nothing of; what was recovered (why, week, group), and how
    much falls to the same attack where only small groups are hidden, and where each week is
    protected by itself, without regard to those before.
    """

    metric: str
    k: int
    new: int
    stood: int
    hidden: int
    fallen: tuple[object, ...]
    fallen_unprotected: int
    fallen_week_by_week: int


def exact_metrics() -> list[str]:
    """Those that staff of a school are answered, enrolment first: it bounds all others."""
    return [one.name for one in METRICS.values() if one.regime.get("school") == "exact"]


def ask_all(viewer: Viewer, names: Sequence[str]) -> Published:
    """What is published of these metrics this week: by metric, the figures of screen and print."""
    published: Published = {}
    for name in names:
        for printed in (False, True):
            found = exact.figures(viewer, name, printed=printed)
            published.setdefault(name, {})[found.k] = list(found.by_cell.values())
    return published


def attack(viewer: Viewer, metric: Metric, weeks: Sequence[Published]) -> list[Attack]:
    """Tries everything published of a metric in these weeks, oldest first."""
    with releaser_session(viewer, seconds=PATIENCE) as db:
        known = {v.data_version: v for v in versions(db, viewer.district_id) if v.kept}
        days = sorted(known)[-len(weeks) :]
        seen = _Seen(db, metric, [known[day] for day in days], viewer.district_id)
        alone = seen.week_by_week()
        found = []
        for k in sorted(weeks[0][metric.name]):
            told_of = [week[metric.name][k] for week in weeks]
            upper = [
                seen.most(at, {name: by_k[k] for name, by_k in week.items() if k in by_k})
                for at, week in enumerate(weeks)
            ]
            true = seen.weeks([{one.cell: one.base for one in some} for some in told_of], upper)
            single = seen.weeks(
                [{one.cell: days[at] for one in alone[at][k]} for at in range(len(days))], upper
            )
            table = seen.table
            big = [{c: days[at] for c, n in zip(table.cells, one.counts, strict=True) if n >= k}
                   for at, one in enumerate(true)]  # fmt: skip
            here = ~table.unpublished
            found.append(
                Attack(
                    metric.name,
                    k,
                    sum(int(one.shown.sum()) for one in true),
                    sum(int((one.stands & here).sum()) for one in true),
                    sum(int((here & ~one.shown & ~one.stands).sum()) for one in true),
                    tuple(recovered(table, true, k)),
                    len(recovered(table, seen.weeks(big, upper), k)),
                    len(recovered(table, single, k)),
                )
            )
    return found


class _Seen:
    """The truth of some weeks of a metric, and what its figures tell of it."""

    def __init__(
        self, db: Connection, metric: Metric, weeks: Sequence[Version], district: int
    ) -> None:
        self.db, self.metric, self.district, self.versions = db, metric, district, weeks
        self.days = [one.data_version for one in weeks]
        self.cubes = [self._cube(metric, one) for one in weeks]
        self.people = [self._cube(METRICS["enrolment"], one) for one in weeks]
        self.table = self.cubes[0].table
        if any(one.table.cells != self.table.cells for one in self.cubes):
            raise AssertionError("The public groups changed between the weeks; attack each alone.")
        self.moved = [
            changed(db, metric, self.table, since=self.days[:at], until=day)
            for at, day in enumerate(self.days)
        ]

    def _cube(self, metric: Metric, week: Version) -> Cube:
        return cube(self.db, metric, self.district, version=week.data_version, on=week.as_of)

    def weeks(self, shown: Sequence[Mapping[Cell, date]], upper: Sequence[Floats]) -> list[Week]:
        """What somebody saw who was shown of each group the figure of that day, week by week."""
        found: list[Week] = []
        for at, (day, here) in enumerate(zip(self.days, self.cubes, strict=True)):
            fresh = np.array([shown[at].get(cell) == day for cell in self.table.cells])
            moved = [self.moved[at][earlier] for earlier in self.days[:at]]
            since_last = moved[-1] if at else np.zeros(len(self.table))
            found.append(
                Week(
                    here.counts, here.total, tell(here.counts, here.total),
                    (since_last == 0) & ~self.table.unpublished, fresh & ~self.table.unpublished,
                    *standing(fresh, moved, found),
                    np.maximum(upper[at], here.counts),
                )
            )  # fmt: skip
        return found

    def week_by_week(self) -> list[Answer]:
        """What would be published if there had been no week before any."""
        found = []
        for week in self.versions:
            people = decided(
                self.db, METRICS["enrolment"], self.district, week, before=None, enrolled=None
            )
            found.append(
                people
                if self.metric.kind == "count"
                else decided(
                    self.db, self.metric, self.district, week, before=None, enrolled=people
                )
            )
        return found

    def most(self, at: int, told_of: Mapping[str, Sequence[Figure]]) -> Floats:
        """Of each cell the most learners that enrolment's figures, where they still hold, and the
        size classes of metrics about everybody leave possible.
        """
        people, day = self.people[at], self.days[at]
        told = {one.cell: one.learners for one in told_of["enrolment"]}
        true = zip(people.table.cells, people.counts, strict=True)
        hidden = np.array([told.get(cell) != count for cell, count in true])
        upper = np.full(len(people.table), np.inf)
        sizes = {
            one.cell: _top(one.size)
            for name, some in told_of.items()
            for one in some
            if METRICS[name].everybody and one.base == day
        }
        for place, cell in enumerate(people.table.cells):
            upper[place] = max(sizes.get(cell, np.inf), people.counts[place])
        high = ranges(people.table, people.counts, hidden, upper=upper).high
        most = dict(zip(people.table.cells, high, strict=True))
        return np.array([most.get(cell, np.inf) for cell in self.table.cells])


def _top(size: str) -> float:
    """The most learners of a size class.

    >>> _top("40–99"), _top("300 and more")
    (99.0, inf)
    """
    above = [least for least in _LEAST.values() if least > _LEAST[size]]
    return min(above) - 1.0 if above else np.inf


def attack_together(viewer: Viewer, weeks: Sequence[Published]) -> list[tuple[int, int, Cell]]:
    """Groups (week, k, group) hidden from enrolment's figures that fall to all metrics of a week
    together, where the attacker is given the count of every group any metric about everybody shows.
    """
    found = []
    with releaser_session(viewer, seconds=PATIENCE) as db:
        known = {v.data_version: v for v in versions(db, viewer.district_id) if v.kept}
        days = sorted(known)[-len(weeks) :]
        for at, (day, week) in enumerate(zip(days, weeks, strict=True)):
            people = cube(
                db, METRICS["enrolment"], viewer.district_id, version=day, on=known[day].as_of
            )
            table = people.table
            for k in sorted(week["enrolment"]):
                shown = {
                    one.cell
                    for name, by_k in week.items()
                    if name == "enrolment" or METRICS[name].everybody
                    for one in by_k[k]
                    if one.base == day
                }
                ever = {one.cell for one in week["enrolment"][k]}
                hidden = np.array([cell not in shown for cell in table.cells]) & ~table.unpublished
                bounds = ranges(table, people.counts, hidden)
                few = bounds.high < k - 1e-6
                some = few & (bounds.low > 1e-6)
                stands = np.array([cell in ever for cell in table.cells])
                fallen = hidden & np.where(stands, few, some)
                found += [(at, k, table.cells[one]) for one in np.flatnonzero(fallen)]
    return found
