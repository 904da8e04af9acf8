"""Random school districts as bare tables, and the attacker who combines all they have published."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from hypothesis import strategies as some
from numpy.typing import NDArray

from analytics.disclosure import Cell, Table, Told, fresh, linked, ranges, told

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
    """What was true in a week, and which cells showed that week's figures."""

    counts: Floats
    with_it: Floats
    unchanged: Bools  # since the week before: nobody came, went or changed
    shown: Bools
    stands: Bools  # shows the figure of an earlier week
    few: Bools  # fewer than k have changed since that week


def publish(
    table: Table, shape: Shape, weeks: Sequence[Learners], k: int, *, protected: bool = True
) -> list[Week]:
    """Releases week after week; without protection only the small cells are hidden."""
    masks = [shape.masks(people) for people in weeks]
    since: dict[Cell, int] = {}  # the week whose figure a cell shows
    published: list[Week] = []
    for now, people in enumerate(weeks):
        inside = masks[now]
        counts = table.array({cell: mask.sum() for cell, mask in inside.items()})
        with_it = table.array({cell: people.value[mask].sum() for cell, mask in inside.items()})
        was_shown = np.array([cell in since for cell in table.cells])
        changed = table.array(
            {
                cell: _changed(
                    masks[since.get(cell, max(now - 1, 0))][cell],
                    mask,
                    weeks[since.get(cell, max(now - 1, 0))],
                    people,
                )
                for cell, mask in inside.items()
            }
        )
        changed[table.unpublished] = 0
        if protected:
            shows = fresh(
                table, counts, k, told=_told(counts, with_it), shown=was_shown if now else None,
                changed=changed if now else None,
            )  # fmt: skip
        else:
            shows = (counts >= k) & ~table.unpublished
        since |= {table.cells[at]: now for at in np.flatnonzero(shows)}
        before = max(now - 1, 0)
        same = table.array(
            {
                cell: _changed(masks[before][cell], mask, weeks[before], people) == 0
                for cell, mask in inside.items()
            }
        )
        few = (changed > 0) & (changed < k)
        published.append(
            Week(
                counts, with_it, (same > 0) & ~table.unpublished, shows,
                was_shown & ~shows, few,
            )
        )  # fmt: skip
    return published


def _told(counts: Floats, with_it: Floats) -> Told:
    pairs = [
        told(100 * some / every if every > 0 else 0, int(max(every, 0)))
        for every, some in zip(counts, with_it, strict=True)
    ]
    return Told(np.array([low for low, _ in pairs]), np.array([high for _, high in pairs]))


def _changed(before: Bools, after: Bools, then: Learners, now: Learners) -> int:
    return int(((before != after) | (before & after & (then.value != now.value))).sum())


def recovered(table: Table, weeks: Sequence[Week], k: int) -> list[tuple[int, Cell]]:
    """The (week, cell) of which the attacker knows more than was shown.

    She has everything published in all weeks, knows which cells nobody joined or left, and puts it
    all into one linear program: one unknown a cell and run of weeks without a change. She must not
    know a cell that was never shown, nor that it holds some and fewer than k; nor of a cell whose
    earlier figure stands that fewer than k are left, nor its count when fewer than k have changed.
    """
    name: dict[tuple[int, int], Cell] = {}
    counts: dict[Cell, float] = {}
    open_to_see: set[Cell] = set()
    standing: set[Cell] = set()
    moved_few: set[Cell] = set()
    for at, week in enumerate(weeks):
        for cell in range(len(table)):
            old = at and week.unchanged[cell]
            run = name[at - 1, cell] if old else (str(at), *table.cells[cell])
            name[at, cell] = run
            counts[run] = week.counts[cell]
            if week.shown[cell]:
                open_to_see.add(run)
            if week.stands[cell]:
                standing.add(run)
            if week.few[cell]:
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
    known = ranges(joined, array, hidden)
    stands = np.array([cell in standing for cell in joined.cells])
    few = np.array([cell in moved_few for cell in joined.cells])
    exact = known.high - known.low < 1e-6
    some = (known.low > 1e-6) & (known.high < k - 1e-6)
    left = (known.high < k - 1e-6) | (exact & few)
    told = hidden & np.where(stands, left, exact | some)
    slack = {"together", "over", "without"}
    return [
        (int(cell[0]), cell[1:])
        for cell, one in zip(joined.cells, told, strict=True)
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
        years.append(_week_later(shape, years[-1], rng))
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
