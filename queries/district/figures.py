"""What the district's pages say about groups: released figures, their weeks, and what changed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from statistics import NormalDist
from typing import Final

from privacy import Viewer
from privacy.metrics import METRICS, Metric
from privacy.releases import (
    OVERVIEW,
    Change,
    Figure,
    Release,
    change,
    current,
    planned,
    release,
    stored,
)

WEEKS: Final = 8


@dataclass(frozen=True)
class Told:
    """A metric of the whole district: `weeks` oldest first, None for a week that has no figure."""

    metric: Metric
    latest: Release
    weeks: tuple[Figure | None, ...]
    change: Change

    @property
    def figure(self) -> Figure:
        """The latest week's."""
        return self.latest.figures[0]


@dataclass(frozen=True)
class Moved:
    """A school's figure that differs from last week's by more than the noise can explain, even
    though so many figures were looked at (`noise` is widened for that).
    """

    metric: Metric
    group: str
    change: Change


@dataclass(frozen=True)
class Glance:
    """The week at a glance; `compared` counts the figures that last week also had."""

    version: date | None
    told: tuple[Told, ...]
    schools: dict[str, Release]
    moved: tuple[Moved, ...]
    compared: int


def week_at_a_glance(viewer: Viewer) -> Glance:
    """The overview's metrics as released, for the district and its schools; costs nothing."""
    whole = stored(viewer, OVERVIEW, "district", weeks=WEEKS)
    schools = stored(viewer, OVERVIEW, "school", weeks=2)
    versions = sorted({one.version for some in whole.values() for one in some})
    told = [_told(METRICS[name], some, versions) for name, some in whole.items() if some]
    compared = sum(len(some[0].figures) for some in schools.values() if len(some) > 1)
    moved = [one for some in schools.values() for one in _moved(some, wider=widened(compared))]
    return Glance(
        version=versions[-1] if versions else None,
        told=tuple(told),
        schools={name: some[0] for name, some in schools.items() if some},
        moved=tuple(moved),
        compared=compared,
    )


def latest(viewer: Viewer, name: str, grain: str) -> Release | None:
    """The figures of the latest week if they are released; costs nothing."""
    found = stored(viewer, [name], grain)[name]
    return found[0] if found else None


def release_now(viewer: Viewer, name: str, grain: str) -> Release:
    """Releases them, which is paid for from the year's budget; raises Refused in words."""
    return release(viewer, name, grain)


@dataclass(frozen=True)
class Price:
    """What a release would take, and what is left this year, each as a share of the yearly cap."""

    share: float
    left: float


def price(viewer: Viewer, name: str, grain: str) -> Price | None:
    """The price of figures that nobody has asked for this week; None before there is data."""
    budget = current(viewer)
    if budget is None:
        return None
    cost = planned(viewer, [name], grain)
    return Price(float(cost.rho / budget.cap), float(budget.left / budget.cap))


def metrics_by(grain: str) -> list[Metric]:
    """The metrics that administrators may ask for by this grain, in the order of the catalogue."""
    return [one for one in METRICS.values() if grain in one.grains and "district" in one.regime]


@dataclass(frozen=True)
class Gap:
    """How far a group's figure lies from the reference group's; `margin` holds noise and sampling.

    A comparison whose margin is wider than DETECTABLE points can not see a gap that matters.
    """

    group: str
    by: float
    margin: float
    sure: bool
    underpowered: bool


DETECTABLE: Final = 10.0  # points of a percent scale: a smaller gap than this matters to a school


def gaps(found: Release) -> tuple[Figure | None, tuple[Gap, ...]]:
    """Each group beside the largest one (by its noisy count), which is the reference."""
    known = [one for one in found.figures if one.value is not None]
    if not known:
        return None, ()
    reference = max(known, key=lambda one: one.learners or 0)
    return reference, tuple(_gap(one, reference) for one in known if one is not reference)


def _gap(one: Figure, reference: Figure) -> Gap:
    by = (one.value or 0.0) - (reference.value or 0.0)
    parts = (one.noise, one.sampling, reference.noise, reference.sampling)
    margin = sum((part or 0.0) ** 2 for part in parts) ** 0.5
    return Gap(one.group, by, margin, abs(by) > margin, margin > DETECTABLE)


def _told(metric: Metric, releases: Sequence[Release], versions: Sequence[date]) -> Told:
    by_week = {one.version: one.figures[0] for one in releases}
    earlier = releases[1].figures[0] if len(releases) > 1 else None
    return Told(
        metric,
        releases[0],
        tuple(by_week.get(week) for week in versions),
        change(releases[0].figures[0], earlier),
    )


def widened(comparisons: int) -> float:
    """How much wider a 95 % margin must be so that of so many comparisons none errs, at 95 %
    (Bonferroni).

    >>> widened(1), round(widened(36), 2)
    (1.0, 1.63)
    """
    even = NormalDist().inv_cdf(1 - 0.05 / 2)
    return max(NormalDist().inv_cdf(1 - 0.05 / 2 / max(comparisons, 1)) / even, 1.0)


def _moved(releases: Sequence[Release], *, wider: float) -> list[Moved]:
    if len(releases) < 2:
        return []
    now, before = releases[0], releases[1]
    found = []
    for group, figure in zip(now.groups, now.figures, strict=True):
        changed = change(figure, before.figure(*group.keys))
        if changed.by is None or changed.noise is None or changed.verdict == "cannot tell":
            continue
        if abs(changed.by) > changed.noise * wider:
            surely = replace(changed, noise=changed.noise * wider)
            found.append(Moved(now.metric, figure.group, surely))
    return found
