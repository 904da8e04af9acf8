"""One figure as it is released: about which group, how exact, of which week."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from analytics.disclosure import Cell, Coded, coded, size_class
from privacy.metrics import Metric


@dataclass(frozen=True)
class Figure:
    """What is said of one group: a value between low and high (equal for a plain figure).

    `learners` is told by the enrolment metric only; of others, `size` says how large the group is.
    `since` is the Monday of the week whose figure this is: it stands until enough has changed.
    `weeks` are all whose data it or an earlier figure of the group has shown, the latest last;
    `news` the fewest learners who have changed between the latest and an earlier one (None: there
    is none that differs); a `closed` figure is never renewed again. All three are shown to nobody.
    """

    cell: Cell
    low: float
    high: float
    unit: str
    learners: int | None
    size: str
    since: date
    weeks: tuple[date, ...] = field(compare=False, repr=False)
    closed: bool = field(default=False, compare=False, repr=False)
    news: int | None = field(default=None, compare=False, repr=False)

    @property
    def base(self) -> date:
        """The week whose learners the figure is about."""
        return self.weeks[-1]

    @property
    def words(self) -> str:
        """As a page prints it: '63 %', '95 % or more', '120 learners', '90–120 minutes a week'."""
        if self.unit == "%":
            return Coded(self.low, self.high).words
        if self.low == self.high:
            return f"{_plain(self.low)} {self.unit}"
        return f"{_plain(self.low)}–{_plain(self.high)} {self.unit}"


def figure(
    metric: Metric, cell: Cell, *, learners: int, share: float, weeks: tuple[date, ...]
) -> Figure:
    """The figure of a group as of the last of `weeks`; `share` is the mean of its values as a share
    of their bounds.
    """
    since = weeks[-1]
    if metric.kind == "count":
        return Figure(
            cell, learners, learners, metric.unit, learners, size_class(learners), since, weeks
        )
    said = coded(100 * share, learners)
    low, high = _in_unit(metric, said.low), _in_unit(metric, said.high)
    return Figure(cell, low, high, metric.unit, None, size_class(learners), since, weeks)


def stored(one: Figure) -> dict[str, Any]:
    """As `releases.answer` holds it."""
    return {
        "cell": list(one.cell),
        "low": one.low,
        "high": one.high,
        "learners": one.learners,
        "size": one.size,
        "since": one.since.isoformat(),
        "weeks": [week.isoformat() for week in one.weeks],
        "closed": one.closed,
        "news": one.news,
    }


def restored(metric: Metric, row: Mapping[str, Any]) -> Figure:
    """The other way.

    One stored before weeks were kept stands until the next school year: what it may be subtracted
    from is no longer known.
    """
    if "weeks" not in row:
        row = {**row, "weeks": [row["base"]], "closed": True, "news": 0}
    return Figure(
        cell=tuple(row["cell"]),
        low=row["low"],
        high=row["high"],
        unit=metric.unit,
        learners=row["learners"],
        size=row["size"],
        since=date.fromisoformat(row["since"]),
        weeks=tuple(date.fromisoformat(week) for week in row["weeks"]),
        closed=row["closed"],
        news=row["news"],
    )


def _in_unit(metric: Metric, percent: float) -> float:
    """A percentage of the metric's bounds in its unit; rates are shown in percent as they are."""
    if metric.kind == "rate":
        return percent
    return round(metric.lower + (metric.upper - metric.lower) * percent / 100, 2)


def _plain(number: float) -> str:
    """Without a needless decimal.

    >>> _plain(120.0), _plain(1.8)
    ('120', '1.8')
    """
    return f"{number:,.0f}" if number == round(number) else f"{number:.1f}"
