"""A handful of the fault drill; `python -m bench.drill` strikes fifty times."""

from collections.abc import Iterator

import pytest

from tests.drill import Drill, drill


@pytest.fixture(scope="module")
def district_at_work() -> Iterator[Drill]:
    with drill(seed=20_261_125) as made:
        yield made


@pytest.mark.parametrize(
    ("work", "victim"),
    [
        ("rotation", "server"),
        ("erasure", "worker"),
        ("retention", "server"),
        ("import", "app"),
    ],
)
def test_whatever_is_killed_nothing_is_lost_and_nothing_half_erased(
    district_at_work: Drill, work: str, victim: str
) -> None:
    district_at_work.once(work, victim)


def test_no_plain_name_stands_anywhere_after_all_that(district_at_work: Drill) -> None:
    assert district_at_work.plain_names() == []
