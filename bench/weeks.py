"""The attack over eight to twelve weeks of random districts: joins, leavers, returners, erasures.

`python -m bench.weeks` needs no database. Erased learners are gone for good and, as in the
database, none of the k who must have changed; the attacker counts them all the same.
"""

import sys
from dataclasses import replace
from time import process_time
from typing import Final

import numpy as np

from tests.districts import Bools, Learners, Rule, Shape, publish, recovered

K: Final = 5
DISTRICTS: Final = 100
# Chances a week, a district and week drawing one of each: to leave, to come (back), another value.
LEAVE: Final = (0.0, 0.02, 0.15)
COME: Final = (0.0, 0.1, 0.5)
OTHER: Final = (0.0, 0.02, 0.3)
ERASED: Final = (0.0, 0.02, 0.1)


def main(districts: int = DISTRICTS) -> None:
    """Prints what was shown and recovered, as released and with each week protected by itself."""
    began = process_time()
    told = {True: 0, False: 0}
    fallen = {True: 0, False: 0}
    erased = 0
    for seed in range(districts):
        shape, weeks, gone = district(np.random.default_rng(seed))
        erased += int(gone[-1].sum())
        table = shape.table()
        for careful in (True, False):
            rule: Rule = "as released" if careful else "week by week"
            published = publish(table, shape, weeks, K, rule=rule, gone=gone)
            told[careful] += sum(int(one.shown.sum()) for one in published)
            found = recovered(table, published, K)
            fallen[careful] += len(found)
            if careful and found:
                print(f"district {seed}, {len(weeks)} weeks: {found}", flush=True)
    print(
        f"{districts} districts of 8 to 12 weeks, {erased:,} learners erased, k = {K}: "
        f"{told[True]:,} figures shown, {fallen[True]} recovered; each week by itself "
        f"{told[False]:,} shown, {fallen[False]:,} recovered; "
        f"{process_time() - began:.0f} s of processor time"
    )


def district(rng: np.random.Generator) -> tuple[Shape, list[Learners], list[Bools]]:
    """A district, its weeks, and who has been erased by each."""
    schools, grades, subjects = rng.integers(2, 4), rng.integers(1, 4), int(rng.integers(0, 3))
    shape = Shape(
        tuple(
            tuple(sorted(rng.choice(grades, rng.integers(1, grades + 1), replace=False).tolist()))
            for _ in range(schools)
        ),
        subjects,
    )
    scale = rng.choice([5, 12, 40])
    places = [(at, grade) for at, grades in enumerate(shape.offers) for grade in grades]
    sizes = [int(rng.choice([0, 1, 4, 5, *rng.poisson(scale, 4)])) for _ in places]
    home = np.repeat([at for at, _ in places], sizes).astype(np.int64)
    grade = np.repeat([one for _, one in places], sizes).astype(np.int64)
    total = len(home)
    takes = rng.random((total, subjects)) < 0.8
    if subjects:
        takes[np.arange(total), rng.integers(0, subjects, total)] = True
    value = (rng.random(total) < rng.choice([0.0, 0.3, 0.9])).astype(np.int64)
    school = np.where(rng.random(total) < 0.1, -1, home)  # who joins later
    people = Learners(school, grade, value, takes, np.zeros(total, dtype=np.int64))
    weeks, gone = [people], [np.zeros(total, dtype=np.bool_)]
    for _ in range(int(rng.integers(7, 12))):
        now = gone[-1] | (rng.random(total) < rng.choice(ERASED, p=[0.4, 0.4, 0.2]))
        school = weeks[-1].school.copy()
        leaves = rng.random(total) < rng.choice(LEAVE)
        comes = (school < 0) & (rng.random(total) < rng.choice(COME))
        school = np.where(comes, home, np.where(leaves, -1, school))
        school[now] = -1
        flips = rng.random(total) < rng.choice(OTHER)
        value = np.where(flips & ~now, 1 - weeks[-1].value, weeks[-1].value)
        weeks.append(replace(people, school=school, value=value))
        gone.append(now)
    return shape, weeks, gone


if __name__ == "__main__":
    main(*[int(one) for one in sys.argv[1:]])
