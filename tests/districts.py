"""Random school districts as bare tables, and the attacker who combines all they have published."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from hypothesis import strategies as some
from numpy.typing import NDArray

from analytics.disclosure import (
    Cell,
    Since,
    Table,
    Told,
    certain,
    fresh,
    having,
    linked,
    ranges,
    renewed,
    told,
)

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
DISTRICT: Cell = ("district",)


@dataclass(frozen=True)
class Learners:
    """One entry a learner: school (-1 is gone), grade, value (0 or 1), subjects taken, a trait."""

    school: NDArray[np.int64]
    grade: NDArray[np.int64]
    value: NDArray[np.int64]
    takes: Bools
    trait: NDArray[np.int64]


@dataclass(frozen=True)
class Shape:
    """Which grades each school offers, and how many subjects there are."""

    offers: tuple[tuple[int, ...], ...]
    subjects: int
    traits: int = 0

    def table(self) -> Table:
        """All grains of one metric, tied as privacy.exact ties them."""
        schools = range(len(self.offers))
        grades = sorted({grade for one in self.offers for grade in one})
        sums: list[tuple[Cell, Sequence[Cell]]] = [
            (DISTRICT, [("school", str(s)) for s in schools]),
            (DISTRICT, [("grade", str(g)) for g in grades]),
        ]
        sums += [
            (("school", str(s)), [("school_grade", str(s), str(g)) for g in self.offers[s]])
            for s in schools
        ]
        sums += [
            (
                ("grade", str(g)),
                [("school_grade", str(s), str(g)) for s in schools if g in self.offers[s]],
            )
            for g in grades
        ]
        if self.traits:
            sums.append((DISTRICT, [("trait", str(t)) for t in range(self.traits)]))
        within: list[tuple[Cell, Sequence[Cell]]] = []
        if self.subjects:
            subjects = range(self.subjects)
            sums += [
                (("subject", str(x)), [("school_subject", str(s), str(x)) for s in schools])
                for x in subjects
            ]
            within = [
                (("school", str(s)), [("school_subject", str(s), str(x)) for x in subjects])
                for s in schools
            ]
            within.append((DISTRICT, [("subject", str(x)) for x in subjects]))
        return linked(sums, within=within)

    def masks(self, people: Learners) -> dict[Cell, Bools]:
        """Which learners each published cell counts."""
        here = people.school >= 0
        found: dict[Cell, Bools] = {DISTRICT: here}
        for school, grades in enumerate(self.offers):
            found["school", str(school)] = people.school == school
            for grade in grades:
                found["school_grade", str(school), str(grade)] = (people.school == school) & (
                    people.grade == grade
                )
                found["grade", str(grade)] = here & (people.grade == grade)
            for subject in range(self.subjects):
                inside = (people.school == school) & people.takes[:, subject]
                found["school_subject", str(school), str(subject)] = inside
        for subject in range(self.subjects):
            found["subject", str(subject)] = here & people.takes[:, subject]
        for trait in range(self.traits):
            found["trait", str(trait)] = here & (people.trait == trait)
        return found


@dataclass(frozen=True)
class Week:
    """What was true in a week, which cells showed that week's figures, and which an earlier one's.

    `told` is what a figure of each cell would tell of how many have it. `unchanged`: nobody came,
    went or changed since the week before. `since`: learners of the cell changed since the figure
    that it shows or, of a fresh one, the fewest changed since any that it has shown (0 of none).
    `then` is how many the standing figure was about, `then_told` what it tells of them.
    """

    counts: Floats
    with_it: Floats
    told: Told
    unchanged: Bools
    shown: Bools
    stands: Bools
    since: Floats
    then: Floats
    then_told: Told
    upper: Floats | None = None


Rule = Literal["as released", "week by week", "small ones hidden"]


def publish(
    table: Table,
    shape: Shape,
    weeks: Sequence[Learners],
    k: int,
    *,
    rule: Rule = "as released",
    gone: Sequence[Bools] | None = None,
) -> list[Week]:
    """Releases week after week; the other rules are the negative controls.

    `gone` says of each week who has been erased by it: to the rule her groups have changed, and she
    is none of the k who must have; the attacker counts her all the same.
    """
    masks = [shape.masks(people) for people in weeks]
    seen: list[Bools] = []
    closed = np.zeros(len(table), dtype=np.bool_)
    published: list[Week] = []
    for now, people in enumerate(weeks):
        counts = table.array({cell: mask.sum() for cell, mask in masks[now].items()})
        with_it = table.array({cell: people.value[mask].sum() for cell, mask in masks[now].items()})
        says = tell(counts, with_it)
        changed = [_all_changed(table, masks, weeks, then, now) for then in range(now + 1)]
        shows = np.zeros(len(table), dtype=np.bool_)
        if rule == "small ones hidden":
            shows = (counts >= k) & ~table.unpublished
        elif rule == "week by week" or not any(one.any() for one in seen):
            shows = fresh(table, counts, k, told=says)
        else:
            known = changed
            if gone is not None:
                known = [
                    _all_changed(table, masks, weeks, then, now, gone=gone[now])
                    for then in range(now + 1)
                ]
            earlier = [
                Since(one, moved) for one, moved in zip(seen, known, strict=False) if one.any()
            ]
            made = renewed(table, counts, k, earlier=earlier, closed=closed, told=says)
            shows, closed = made.fresh, made.closed
        published.append(
            Week(
                counts, with_it, says, (changed[max(now - 1, 0)] == 0) & ~table.unpublished, shows,
                *standing(shows, changed, published),
            )
        )  # fmt: skip
        seen.append(shows)
    return published


def standing(
    shows: Bools, changed: Sequence[Floats], before: Sequence[Week]
) -> tuple[Bools, Floats, Floats, Told]:
    """`stands`, `since`, `then` and `then_told` of a week that `shows` cells; `changed` counts
    the learners of each who have changed since each week before.
    """
    stands = np.zeros(len(shows), dtype=np.bool_)
    since, then, low, high = (np.zeros(len(shows)) for _ in range(4))
    for moved, week in zip(changed, before, strict=False):
        old = week.shown & ~shows
        stands |= old
        since, then = np.where(old, moved, since), np.where(old, week.counts, then)
        low, high = np.where(old, week.told.low, low), np.where(old, week.told.high, high)
        fewer = week.shown & shows & (moved > 0) & ((since == 0) | (moved < since))
        since = np.where(fewer, moved, since)
    return stands, since, then, Told(low, high)


def tell(counts: Floats, with_it: Floats) -> Told:
    """What figures of these cells would tell of how many of their learners have it."""
    pairs = [
        told(100 * some / every if every > 0 else 0, int(max(every, 0)))
        for every, some in zip(counts, with_it, strict=True)
    ]
    return Told(np.array([low for low, _ in pairs]), np.array([high for _, high in pairs]))


def _all_changed(
    table: Table,
    masks: Sequence[Mapping[Cell, Bools]],
    weeks: Sequence[Learners],
    then: int,
    now: int,
    *,
    gone: Bools | None = None,
) -> Floats:
    moved = table.array(
        {
            cell: _counted(_changed(masks[then][cell], mask, weeks[then], weeks[now]), gone)
            for cell, mask in masks[now].items()
        }
    )
    moved[table.unpublished] = 0
    return moved


def _changed(before: Bools, after: Bools, then: Learners, now: Learners) -> Bools:
    return (before != after) | (before & after & (then.value != now.value))


def _counted(moved: Bools, gone: Bools | None) -> int:
    """How many changed; of those erased, 1 where nobody else has."""
    return int(moved.sum()) if gone is None else max(int((moved & ~gone).sum()), int(moved.any()))


def recovered(table: Table, weeks: Sequence[Week], k: int) -> list[tuple[str, int, Cell]]:
    """What the attacker knows, (why, week, cell), beyond what was shown.

    She has all counts and figures of all weeks, knows how they are rounded and hidden, and in
    which cells nobody came, went or changed. She must not know

    - "count": how many a cell holds that was never shown, nor that it holds some and fewer than k,
      nor of one whose earlier figure stands that fewer than k are left; nor, where fewer than k
      have changed since that figure, that it holds more now, or fewer, but not by k (that it holds
      as many as it was told to tells of nobody);
    - "value": that of a cell not shown now all learners have it, or none; nor, where fewer than k
      have changed since its figure, that no more, or no fewer, of them have it than had (the whole
      value of one learner more or less must be possible, so that of none it is told);
    - "weeks": two figures of a cell between which fewer than k of its learners have changed.
    """
    found = [("count", at, cell) for at, cell in _by_counts(table, weeks, k)]
    known = np.zeros(len(table), dtype=np.bool_)
    for at, week in enumerate(weeks):
        known = week.shown | (known & week.unchanged)
        hidden = ~known & ~table.unpublished
        if not known.any():
            continue
        few = hidden & week.stands & (week.since > 0) & (week.since < k)
        sure = certain(table, week.counts, week.told, hidden, of=hidden, upper=week.upper)
        with_it = having(table, week.counts, week.told, hidden, of=few, upper=week.upper)
        most = with_it.high - week.then_told.low  # by which it can have grown since, and shrunk
        least = with_it.low - week.then_told.high
        near = ((most < 1 - 1e-6) & (week.with_it <= week.counts - 1)) | (
            (least > -1 + 1e-6) & (week.with_it >= 1)
        )
        twice = week.shown & (week.since > 0) & (week.since < k)
        for why, cells in (("value", sure | (few & near)), ("weeks", twice)):
            found += [(why, at, table.cells[cell]) for cell in np.flatnonzero(cells)]
    return found


def _by_counts(table: Table, weeks: Sequence[Week], k: int) -> list[tuple[int, Cell]]:
    """One linear program of all weeks: one unknown a cell and run of weeks without a change."""
    name: dict[tuple[int, int], Cell] = {}
    counts: dict[Cell, float] = {}
    upper: dict[Cell, float] = {}
    open_to_see: set[Cell] = set()
    then: dict[Cell, float] = {}
    moved_few: set[Cell] = set()
    for at, week in enumerate(weeks):
        for cell in range(len(table)):
            old = at and week.unchanged[cell]
            run = name[at - 1, cell] if old else (str(at), *table.cells[cell])
            name[at, cell] = run
            counts[run] = week.counts[cell]
            most = np.inf if week.upper is None else week.upper[cell]
            upper[run] = min(upper.get(run, np.inf), most)
            if week.shown[cell]:
                open_to_see.add(run)
            if week.stands[cell]:
                then[run] = week.then[cell]
                if 0 < week.since[cell] < k:
                    moved_few.add(run)
    sums = [
        (name[at, total], [name[at, part] for part in parts])
        for at in range(len(weeks))
        for total, parts in table.sums
    ]
    alone = list(counts)
    joined = replace(linked(sums, alone), slack=frozenset())
    array = np.array([counts[cell] for cell in joined.cells])
    hidden = np.array([cell not in open_to_see for cell in joined.cells])
    most = np.array([max(upper[cell], counts[cell]) for cell in joined.cells])
    known = ranges(joined, array, hidden, upper=most)
    stands = np.array([cell in then for cell in joined.cells])
    few = np.array([cell in moved_few for cell in joined.cells])
    were = np.array([then.get(cell, 0.0) for cell in joined.cells])
    exact = known.high - known.low < 1e-6
    some = (known.low > 1e-6) & (known.high < k - 1e-6)
    came = (known.low > were + 1e-6) & (known.high < were + k - 1e-6)
    went = (known.high < were - 1e-6) & (known.low > were - k + 1e-6)
    left = (known.high < k - 1e-6) | (few & (came | went))
    fallen = hidden & np.where(stands, left, exact | some)
    slack = {"together", "over", "without"}
    return [
        (int(cell[0]), cell[1:])
        for cell, one in zip(joined.cells, fallen, strict=True)
        if one and cell[1] not in slack
    ]


@some.composite
def districts(
    draw: some.DrawFn, *, traits: int = 0, weeks: int = 1
) -> tuple[Shape, list[Learners]]:
    """A district: up to 4 schools and 4 grades, classes of 0, 1, k-1, k and more learners."""
    schools, grades = draw(some.integers(1, 4)), draw(some.integers(1, 4))
    subjects = draw(some.integers(0, 2))
    seed = draw(some.integers(0, 2**32 - 1))
    scale = draw(some.sampled_from([2, 5, 12, 40]))
    rng = np.random.default_rng(seed)
    offers = tuple(
        tuple(sorted(rng.choice(grades, rng.integers(1, grades + 1), replace=False).tolist()))
        for _ in range(schools)
    )
    school, grade = [], []
    for at, levels in enumerate(offers):
        for level in levels:
            size = int(rng.choice([0, 1, 4, 5, *rng.poisson(scale, 4)]))
            school += [at] * size
            grade += [level] * size
    total = len(school)
    takes = rng.random((total, subjects)) < 0.8
    if subjects:
        takes[np.arange(total), rng.integers(0, subjects, total)] = True
    people = Learners(
        np.array(school, dtype=np.int64),
        np.array(grade, dtype=np.int64),
        (rng.random(total) < rng.choice([0.0, 0.3, 0.9])).astype(np.int64),
        takes.reshape(total, subjects),
        rng.integers(0, max(traits, 1), total),
    )
    shape = Shape(offers, subjects, traits)
    years = [people]
    for _ in range(weeks - 1):
        back = len(years) > 1 and rng.random() < 0.3  # nearly as it was a week before
        years.append(_week_later(shape, years[-2 if back else -1], rng))
    return shape, years


def _week_later(shape: Shape, people: Learners, rng: np.random.Generator) -> Learners:
    """Some leave, some come back or move, some change; now and then a whole grade goes."""
    school, value = people.school.copy(), people.value.copy()
    total = len(school)
    offered: Mapping[int, list[int]] = {
        grade: [at for at, levels in enumerate(shape.offers) if grade in levels]
        for grade in range(5)
    }
    for learner in np.flatnonzero(rng.random(total) < rng.choice([0.0, 0.02, 0.2])):
        homes = offered[int(people.grade[learner])]
        school[learner] = int(rng.choice([-1, *homes]))
    flip = rng.random(total) < rng.choice([0.0, 0.02, 0.5])
    value[flip] = 1 - value[flip]
    if total and rng.random() < 0.15:
        leaver = int(rng.integers(total))
        school[
            (people.school == people.school[leaver]) & (people.grade == people.grade[leaver])
        ] = -1
    return replace(people, school=school, value=value)
