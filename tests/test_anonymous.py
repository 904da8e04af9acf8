"""What is kept of erased learners without a name, and an attacker who knows everything else."""

from collections import Counter
from uuid import UUID

import numpy as np
import pytest

from privacy.anonymous import Entry, band, make_equal

K = 5
COURSES = [UUID(int=number) for number in range(3)]


@pytest.fixture(scope="module")
def erased() -> list[tuple[float, float, int, UUID]]:
    """(mean mark, share of work handed in, active days, course) of 400 erased learners."""
    rng = np.random.default_rng(20_261_125)
    return [
        (
            round(float(np.clip(rng.normal(68, 15), 0, 100)), 1),
            round(float(rng.beta(8, 2)), 3),
            int(rng.integers(0, 20)),
            COURSES[int(rng.integers(3))],
        )
        for _ in range(400)
    ]


def entry(mark: float, work: float, days: int, course: UUID) -> Entry:
    return Entry(
        2026,
        course,
        band(mark, (50, 65, 80), ("under 50", "50-64", "65-79", "80 and over")),
        band(100 * work, (60, 90), ("little", "most", "nearly all")),
        band(days, (1, 8), ("none", "some", "often")),
    )


def fits(known: Entry, row: Entry) -> bool:
    """Whether a kept row may be of somebody of whom everything is known."""
    return (known.school_year, known.course_id) == (row.school_year, row.course_id) and all(
        own in (None, mine)
        for own, mine in (
            (row.marks, known.marks),
            (row.work, known.work),
            (row.activity, known.activity),
        )
    )


def test_every_kept_row_stands_beside_k_minus_1_equal_ones(
    erased: list[tuple[float, float, int, UUID]],
) -> None:
    kept = make_equal([entry(*one) for one in erased], Counter(), k=K)
    assert len(kept) > 300  # it is of use, too
    assert min(Counter(kept).values()) >= K


def test_an_attacker_who_knows_everything_finds_k_equal_rows(
    erased: list[tuple[float, float, int, UUID]],
) -> None:
    """Her best guess at a learner's row is one of at least k: right at most once in k."""
    kept = make_equal([entry(*one) for one in erased], Counter(), k=K)
    for one in erased:
        candidates = [row for row in kept if fits(entry(*one), row)]
        assert not candidates or max(Counter(candidates).values()) >= K


def test_the_attack_works_on_history_that_only_lost_its_name(
    erased: list[tuple[float, float, int, UUID]],
) -> None:
    """The control: exact marks and days under a fresh identifier name nearly everybody."""
    alone = sum(number == 1 for number in Counter(erased).values())
    assert alone > 0.95 * len(erased)


@pytest.mark.parametrize("number", range(1, K))
def test_fewer_than_k_leave_nothing(number: int) -> None:
    assert make_equal([entry(70, 0.8, 3, COURSES[0])] * number, Counter(), k=K) == []


def test_later_rows_join_those_already_kept() -> None:
    one = entry(70, 0.8, 3, COURSES[0])
    assert make_equal([one], Counter({one: K - 1}), k=K) == [one]
    assert make_equal([one], Counter({one: K - 2}), k=K) == []
