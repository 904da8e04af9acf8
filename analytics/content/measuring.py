"""Compares the sections of one course: each figure with its number of learners and an interval.

Figures are drawn toward the course's mean as far as they are unsure (analytics/shrinkage). What
remains is still a comparison of what happened, not an experiment: `CONFOUNDING` says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from scipy.special import ndtri

from analytics.content.comparing import adjusted, error_of_mean, releasable
from analytics.content.lessons import Bools, Floats, Ints, Lessons, Outcomes
from analytics.shrinkage import shrink

Measure = Literal["completion", "understood", "kept", "carried", "gain", "help"]
OVER_AFTER: Final = 21  # days from opening, after which a section should have been finished
_SURE: Final = 1.645  # either way, for 90 %
CONFOUNDING: Final = (
    "Nobody was assigned to a section by lot. A section that is asked about with harder questions, "
    "or falls into a hard month, looks worse without teaching worse. What learners knew before is "
    "allowed for; the questions and the calendar are not."
)


@dataclass(frozen=True)
class Figure:
    """A section's figure: over `learners`, as it was, and drawn toward the course with 90 %."""

    learners: int
    raw: float
    value: float
    low: float
    high: float
    course: float


@dataclass(frozen=True)
class Split:
    """One outcome with and without accommodations; `low` and `high` bound the difference (90 %)."""

    learners_with: int
    learners_without: int
    share_with: float
    share_without: float
    low: float
    high: float


@dataclass(frozen=True)
class SectionMeasures:
    """Everything measured about one section; what too few learners show is not there."""

    learners: int
    figures: Mapping[Measure, Figure]
    minutes: float | None
    timed: int
    accessibility: Mapping[str, Split]


def measures(
    lessons: Lessons,
    outcomes: Outcomes,
    *,
    sections: int,
    group: Ints,
    holder: Ints,
    needs: Bools,
    today: int,
    k: int,
    least_split: int,
) -> list[SectionMeasures | None]:
    """Per section, or None where fewer than k learners opened it.

    Per learner: `group` is her class (learners of a class are not independent), `holder` her
    teacher (who could take her own learners off a figure: at least k others must remain), `needs`
    whether she has an accommodation.
    """
    over = lessons.opened <= today - OVER_AFTER
    values: dict[Measure, Floats] = {
        "completion": np.where(over, _recorded(lessons.completed), np.nan),
        "understood": lessons.understood,
        "kept": outcomes.kept,
        "carried": outcomes.carried,
        "gain": adjusted(outcomes.right, outcomes.before, lessons.section, sections),
        "help": _recorded(lessons.helped),
    }
    by_section = _places(lessons.section, sections)
    safe = {
        name: [where[~np.isnan(value[where])] for where in by_section]
        for name, value in values.items()
    }
    compared = {
        name: _compared(values[name], safe[name], lessons.learner, group, holder, k)
        for name in values
    }
    found: list[SectionMeasures | None] = []
    for number, where in enumerate(by_section):
        if not releasable(holder[lessons.learner[where]], k):
            found.append(None)
            continue
        timed = where[~np.isnan(lessons.minutes[where])]
        long_enough = releasable(holder[lessons.learner[timed]], k)
        found.append(
            SectionMeasures(
                len(where),
                {name: each[number] for name, each in compared.items() if number in each},
                float(np.median(lessons.minutes[timed])) if long_enough else None,
                len(timed) if long_enough else 0,
                {
                    name: split
                    for name in ("completion", "understood")
                    if (split := _split(values[name], where, lessons.learner, needs, holder,
                                        least=max(k, least_split), k=k))
                },
            )
        )  # fmt: skip
    return found


def _recorded(happened: Bools) -> Floats:
    """1 where it happened; unknown throughout where it never did: then the source does not say."""
    return happened.astype(float) if happened.any() else np.full(len(happened), np.nan)


def _places(section: Ints, sections: int) -> list[Ints]:
    order = np.argsort(section, kind="stable")
    ends = np.searchsorted(section[order], np.arange(sections + 1))
    return [order[ends[s] : ends[s + 1]] for s in range(sections)]


def _compared(
    value: Floats, places: list[Ints], learner: Ints, group: Ints, holder: Ints, k: int
) -> dict[int, Figure]:
    """By section the figure of each that has enough learners, drawn toward their mean."""
    kept = [n for n, where in enumerate(places) if releasable(holder[learner[where]], k)]
    if not kept:
        return {}
    raw = np.array([value[places[n]].mean() for n in kept])
    error = np.array([error_of_mean(value[places[n]], group[learner[places[n]]]) for n in kept])
    drawn = shrink(raw, error)
    return {
        n: Figure(len(places[n]), float(raw[i]), float(drawn.value[i]), float(drawn.low[i]),
                  float(drawn.high[i]), drawn.mean)
        for i, n in enumerate(kept)
    }  # fmt: skip


def clearly_worse(splits: Sequence[Split]) -> list[Split]:
    """Those in which learners with accommodations fare worse, for all that so many were looked at.

    One-sided 5 % over all comparisons together (Bonferroni).
    """
    if not splits:
        return []
    needed = ndtri(1 - 0.05 / len(splits))
    return [
        one
        for one in splits
        if one.share_with + needed * (one.high - one.low) / 2 / _SURE < one.share_without
    ]


def _split(
    value: Floats,
    where: Ints,
    learner: Ints,
    needs: Bools,
    holder: Ints,
    *,
    least: int,
    k: int,
) -> Split | None:
    """An outcome with and without accommodations; None unless both groups are large enough."""
    there = where[~np.isnan(value[where])]
    has = needs[learner[there]]
    mine, rest = there[has], there[~has]
    if min(len(mine), len(rest)) < least:
        return None
    if not all(releasable(holder[learner[part]], k) for part in (mine, rest)):
        return None
    a, b = value[mine], value[rest]
    error = float(np.sqrt(a.var(ddof=1) / len(a) + b.var(ddof=1) / len(b)))
    gap = float(a.mean() - b.mean())
    return Split(len(mine), len(rest), float(a.mean()), float(b.mean()), gap - _SURE * error,
                 gap + _SURE * error)  # fmt: skip
