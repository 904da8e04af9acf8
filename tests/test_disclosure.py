"""Attacks on suppressed tables: subtraction over all grains and weeks, and its negative control."""

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as some

from analytics.disclosure import (
    CODES,
    Cell,
    Since,
    Table,
    Told,
    certain,
    coded,
    fresh,
    linked,
    protect,
    ranges,
    renewed,
)
from tests.districts import (
    Learners,
    Shape,
    Week,
    districts,
    publish,
    recovered,
    standing,
    tell,
)

K = 5
REPEATABLE: dict[str, Any] = {
    "deadline": None,
    "database": None,
    "derandomize": True,
    "phases": [Phase.generate],  # a failing district is small enough as it is
    "suppress_health_check": list(HealthCheck),
}


def grid(counts: list[list[int]]) -> tuple[Table, Any]:
    """A crossing with all its totals."""
    rows, columns = range(len(counts)), range(len(counts[0]))
    sums: list[tuple[Cell, list[Cell]]] = [
        (("row", f"{i}"), [("cell", f"{i}", f"{j}") for j in columns]) for i in rows
    ]
    sums += [(("column", f"{j}"), [("cell", f"{i}", f"{j}") for i in rows]) for j in columns]
    sums += [(("all",), [("row", f"{i}") for i in rows])]
    sums += [(("all",), [("column", f"{j}") for j in columns])]
    table = linked(sums)
    found: dict[Cell, float] = {("all",): sum(map(sum, counts))}
    for i, j in product(rows, columns):
        found["cell", f"{i}", f"{j}"] = counts[i][j]
        found["row", f"{i}"] = sum(counts[i])
        found["column", f"{j}"] = sum(row[j] for row in counts)
    return table, table.array(found)


@settings(max_examples=200, **REPEATABLE)
@given(districts(traits=3))
def test_no_hidden_cell_of_a_random_district_is_recovered(
    made: tuple[Shape, list[Learners]],
) -> None:
    shape, weeks = made
    table = shape.table()
    published = publish(table, shape, weeks, K)
    assert recovered(table, published, K) == []
    known = ranges(table, published[0].counts, ~published[0].shown)
    hidden = ~published[0].shown & ~table.unpublished
    if published[
        0
    ].shown.any():  # and not only not recovered: nobody, and enough, are both possible
        assert (known.low[hidden] < 1e-6).all()
        assert (known.high[hidden] > K - 1e-6).all()


def test_small_cells_hidden_alone_are_recovered() -> None:
    """The negative control: the same attack on the same districts, without protection."""
    attacked, fallen = [], []

    @settings(max_examples=40, **REPEATABLE)
    @given(districts(traits=3))
    def attack(made: tuple[Shape, list[Learners]]) -> None:
        shape, weeks = made
        table = shape.table()
        published = publish(table, shape, weeks, K, rule="small ones hidden")
        hidden = ~published[0].shown & ~table.unpublished
        if hidden.any() and published[0].shown.any():
            attacked.append(int(hidden.sum()))
            fallen.append(len(recovered(table, published, K)))

    attack()
    assert sum(one > 0 for one in fallen) > 0.4 * len(attacked)
    assert sum(fallen) > 0.4 * sum(attacked)


@settings(max_examples=25, **REPEATABLE)
@given(districts(weeks=3))
def test_nothing_is_recovered_from_several_weeks_together(
    made: tuple[Shape, list[Learners]],
) -> None:
    shape, weeks = made
    table = shape.table()
    assert recovered(table, publish(table, shape, weeks, K), K) == []


@settings(max_examples=15, **REPEATABLE)
@given(districts(weeks=4), some.sampled_from([3, 5, 10]))
def test_nor_from_four_weeks_at_other_k(made: tuple[Shape, list[Learners]], k: int) -> None:
    shape, weeks = made
    table = shape.table()
    assert recovered(table, publish(table, shape, weeks, k), k) == []


def test_weeks_protected_each_by_itself_are_recovered_together() -> None:
    """The negative control over time: the same districts, without regard to the weeks before."""
    fallen: dict[str, int] = {}

    @settings(max_examples=10, **REPEATABLE)
    @given(districts(weeks=3))
    def attack(made: tuple[Shape, list[Learners]]) -> None:
        shape, weeks = made
        table = shape.table()
        for why, _, _ in recovered(table, publish(table, shape, weeks, K, rule="week by week"), K):
            fallen[why] = fallen.get(why, 0) + 1

    attack()
    assert sum(fallen.values()) > 10, fallen


def test_weeks_published_one_by_one_give_away_who_left() -> None:
    """The negative control over time: each week is protected by itself, and the two are not."""
    counts = [[30, 30, 30], [30, 30, 30], [30, 30, 30]]
    table, before = grid(counts)
    counts[0][0] = 4
    _, after = grid(counts)
    alone = fresh(table, after, K)
    assert alone.sum() >= 10
    cells = [
        (("before" if not week else "after", *table.cells[at]))
        for week in (0, 1)
        for at in range(len(table))
    ]
    # The attacker knows that nobody moved in the cells hidden for the sake of the small one.
    small = table.cells.index(("cell", "0", "0"))
    shown = np.array([True] * len(table) + list(alone | (after == before)))
    assert not shown[len(table) + small] or after[small] >= K
    both = linked(
        [
            (cells[shift + total], [cells[shift + part] for part in parts])
            for shift in (0, len(table))
            for total, parts in table.sums
        ]
    )
    order = [cells.index(cell) for cell in both.cells]
    known = ranges(both, np.concatenate([before, after])[order], ~shown[order])
    at = both.cells.index(("after", "cell", "0", "0"))
    assert (known.low[at], known.high[at]) == (4, 4)
    # And as it is done: the figures that the small one is part of stand.
    everything, nothing = np.ones(len(table), dtype=bool), np.zeros(len(table), dtype=bool)
    for changed in (before - after, np.where(before > after, 3, 0)):
        now = renewed(table, after, K, earlier=[Since(everything, changed)], closed=nothing)
        assert not now.fresh[small]
        assert now.still[changed == 0].all()
        assert not now.fresh.any() or (changed >= K).any()


# Three schools; everybody takes both subjects. In the first two schools 2 and 3 learners have left,
# of whom one had passed; in the third, seven have other values in subject 0. Of everything else all
# values have changed.
THREE = Shape(((6,), (6,), (6,)), subjects=2)
LEFT: dict[str, float] = {"0": 2, "1": 3, "2": 0}


def three_schools() -> tuple[Table, Week, Any, Any]:
    """The table, its first week, and counts and changes of the second."""
    table, few = THREE.table(), {"0": 2.0, "1": 3.0, "2": 7.0}
    before: dict[Cell, float] = {}
    after: dict[Cell, float] = {}
    changed: dict[Cell, float] = {}
    for cell in table.cells:
        if cell[0] in ("together", "over", "without"):
            continue
        schools = [cell[1]] if cell[0].startswith("school") else list(LEFT)
        before[cell] = 40.0 * len(schools)
        after[cell] = before[cell] - sum(LEFT[one] for one in schools)
        of_subject_0 = "subject" in cell[0] and cell[-1] == "0"
        changed[cell] = sum(few[one] for one in schools) if of_subject_0 else before[cell]
    counts, moved = table.array(before), table.array(changed)
    moved[table.unpublished] = 0
    nobody = np.zeros(len(table), dtype=bool)
    first = Week(
        counts, counts / 2, tell(counts, counts / 2), nobody, ~table.unpublished,
        nobody, counts * 0, counts * 0, Told(counts * 0, counts * 0),
    )  # fmt: skip
    return table, first, table.array(after), moved


def second(table: Table, first: Week, counts: Any, moved: Any, shows: Any) -> Week:
    return Week(
        counts, counts / 2, tell(counts, counts / 2), first.stands, shows,
        *standing(shows, [moved], [first]),
    )  # fmt: skip


def test_cells_that_wait_among_renewed_ones_are_told_by_what_overlaps_with_them() -> None:
    """The control: the cells of few changes alone stand, five changes together. Each subject has no
    more learners than its school, and all of them together as many as the total: so each as many.
    """
    table, first, counts, moved = three_schools()
    waiting = [("school_subject", "0", "0"), ("school_subject", "1", "0")]
    shows = ~table.unpublished & np.array([cell not in waiting for cell in table.cells])
    week = second(table, first, counts, moved, shows)
    assert recovered(table, [first, week], K) == [("count", 1, cell) for cell in waiting]


def test_cells_that_add_up_are_renewed_together_or_stand_together() -> None:
    table, first, counts, moved = three_schools()
    nothing = np.zeros(len(table), dtype=bool)
    made = renewed(table, counts, K, earlier=[Since(first.shown, moved)], closed=nothing)
    shown = {table.cells[at] for at in np.flatnonzero(made.fresh)}
    assert {cell[0] for cell in table.cells if cell not in shown} >= {"subject", "school_subject"}
    assert shown == {
        cell
        for at, cell in enumerate(table.cells)
        if not table.unpublished[at] and not ("subject" in cell[0] and cell[-1] == "0")
    }
    assert recovered(table, [first, second(table, first, counts, moved, made.fresh)], K) == []


def test_a_week_that_is_nearly_one_shown_before_is_not_shown() -> None:
    """Twenty change and eighteen of them change back: next to the first week only two differ."""
    table, counts = grid([[30, 30], [30, 30]])
    everything, nothing = np.ones(len(table), dtype=bool), np.zeros(len(table), dtype=bool)
    many, two = np.full(len(table), 18.0), np.full(len(table), 2.0)
    last = [Since(everything, many)]
    assert renewed(table, counts, K, earlier=last, closed=nothing).fresh.all()
    weeks = [Since(everything, two), *last]
    assert not renewed(table, counts, K, earlier=weeks, closed=nothing).fresh.any()


def test_the_attacker_finds_what_trying_all_tables_finds() -> None:
    """The linear program beside a search through every table of a small crossing."""
    table, counts = grid([[2, 9, 4], [7, 1, 6]])
    hidden = np.array([cell[0] == "cell" and cell[-1] != "2" for cell in table.cells])
    known = ranges(table, counts, hidden)
    rows, columns = (2 + 9, 7 + 1), (2 + 7, 9 + 1)
    possible = [
        (a, rows[0] - a, columns[0] - a, rows[1] - columns[0] + a)
        for a in range(rows[0] + 1)
        if min(rows[0] - a, columns[0] - a, rows[1] - columns[0] + a) >= 0
    ]
    for place, cell in enumerate([("0", "0"), ("0", "1"), ("1", "0"), ("1", "1")]):
        at = table.cells.index(("cell", *cell))
        values = [one[place] for one in possible]
        assert known.low[at] == pytest.approx(min(values))
        assert known.high[at] == pytest.approx(max(values))


@pytest.mark.parametrize("size", [0, 1, K - 1])
def test_a_group_of_fewer_than_k_is_hidden_whatever_its_size(size: int) -> None:
    table, counts = grid([[30, 40, 50], [35, size, 45], [20, 25, 60]])
    hidden = protect(table, counts, counts < K, K)
    assert hidden is not None
    assert hidden[table.cells.index(("cell", "1", "1"))]
    assert 4 <= hidden.sum() < len(table)


def test_a_group_of_k_is_shown() -> None:
    table, counts = grid([[30, 40], [35, K]])
    hidden = protect(table, counts, counts < K, K)
    assert hidden is not None
    assert not hidden.any()


def test_a_district_of_hundreds_of_thousands_is_protected_like_any() -> None:
    """No bound of the linear programs may be smaller than what a table adds up to."""
    table, counts = grid([[190_000, 160_000, 3], [170_000, 150_000, 120_000], [9_000, 8_000, 700]])
    shown = fresh(table, counts, K)
    assert not shown[table.cells.index(("cell", "0", "2"))]
    assert 4 <= shown.sum() <= len(table) - 4
    known = ranges(table, counts, ~shown)
    hidden = ~shown & ~table.unpublished
    assert (known.low[hidden] < 1e-6).all()
    assert (known.high[hidden] > K - 1e-6).all()


def test_a_school_of_one_class_is_hidden_with_its_total() -> None:
    """The school's total is the class: to show it would be to show the class."""
    shape = Shape(((6, 7), (6, 7), (6,)), subjects=0)
    people = Learners(
        np.repeat([0, 1, 2], [60, 60, 4]), np.tile([6, 7], 62), np.zeros(124, int),
        np.zeros((124, 0), bool), np.zeros(124, int),
    )  # fmt: skip
    people.grade[-4:] = 6
    table = shape.table()
    (week,) = publish(table, shape, [people], K)
    shown = {table.cells[at] for at in np.flatnonzero(week.shown)}
    assert ("school_grade", "2", "6") not in shown
    assert ("school", "2") not in shown
    assert shown


def test_a_grade_that_empties_stays_as_it_was_told() -> None:
    shape = Shape(((6, 7), (6, 7)), subjects=0)
    total = 80
    before = Learners(
        np.tile([0, 1], total // 2), np.repeat([6, 7], total // 2), np.zeros(total, int),
        np.zeros((total, 0), bool), np.zeros(total, int),
    )  # fmt: skip
    school = before.school.copy()
    leavers = np.flatnonzero((before.school == 0) & (before.grade == 7))
    school[leavers] = -1
    after = Learners(school, before.grade, before.value, before.takes, before.trait)
    table = shape.table()
    first, second = publish(table, shape, [before, after], K)
    at = table.cells.index(("school_grade", "0", "7"))
    assert first.shown[at]
    assert not second.shown[at]
    assert recovered(table, [first, second], K) == []


def test_a_table_that_can_not_be_protected_is_hidden_whole() -> None:
    table, counts = grid([[2, 1], [1, 0]])
    assert protect(table, counts, counts < K, K) is None or not fresh(table, counts, K).any()
    bound = np.full(len(table), 3.0)  # from elsewhere it is known that no cell can hold k
    table, counts = grid([[2, 30], [30, 30]])
    upper = np.where(counts < K, bound, counts)
    assert protect(table, counts, counts < K, K, upper=upper) is None
    assert not fresh(table, counts, K, upper=upper).any()


def test_of_no_hidden_group_is_it_certain_that_all_or_none_have_it() -> None:
    """Of the learners of the hidden cells nobody passed; the totals would tell so."""
    table, counts = grid([[3, 40, 50], [45, 40, 60], [50, 30, 40], [20, 25, 30]])
    passed = counts.copy()
    empty = [("cell", "0", "0"), ("cell", "0", "1"), ("cell", "1", "0"), ("cell", "1", "1")]
    for cell in empty:
        passed[table.cells.index(cell)] = 0
    inner = {cell: passed[table.cells.index(cell)] for cell in table.cells if cell[0] == "cell"}
    for total, parts in table.sums:
        passed[total] = sum(passed[list(parts)])
    assert inner
    exactly = Told(passed, passed)
    alone = protect(table, counts, counts < K, K)
    assert alone is not None
    careful = protect(table, counts, counts < K, K, told=exactly)
    if careful is not None:
        assert careful.sum() > alone.sum()
        assert not certain(table, counts, exactly, careful, of=careful).any()
    assert certain(table, counts, exactly, alone, of=alone).any()


def test_rates_are_coded_at_the_ends_and_coarser_the_smaller_the_group() -> None:
    ends = [(code.least, code.bottom, code.top) for code in CODES]
    assert ends[:3] == [(300, 1, 99), (100, 2, 98), (40, 5, 95)]
    for learners in (5, 9, 10, 19, 20, 39, 40, 99, 100, 299, 300, 5000):
        for percent in np.linspace(0, 100, 201):
            said = coded(float(percent), learners)
            assert said.low - 0.5 <= percent <= said.high + 0.5
        assert coded(100, learners).low < 100
        assert coded(0, learners).high > 0
    widths = [
        coded(50.4, learners).high - coded(50.4, learners).low for learners in (5, 15, 25, 50)
    ]
    assert widths == sorted(widths, reverse=True)
