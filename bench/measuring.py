"""Takes times and sums them up: medians with their spread, pairs in turn, many at once."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Barrier
from time import perf_counter

import numpy as np


@dataclass(frozen=True)
class Spread:
    """Of `n` figures the median, the 95th percentile and the quartiles."""

    n: int
    p50: float
    p95: float
    low: float
    high: float


def spread(figures: Sequence[float]) -> Spread:
    """
    >>> spread([1.0, 2.0, 3.0, 4.0, 5.0])
    Spread(n=5, p50=3.0, p95=4.8, low=2.0, high=4.0)
    """
    low, middle, high, late = np.percentile(np.array(figures), [25, 50, 75, 95])
    return Spread(len(figures), float(middle), round(float(late), 9), float(low), float(high))


def milliseconds(do: Callable[[], object]) -> float:
    """How long it takes, by the clock on the wall."""
    began = perf_counter()
    do()
    return (perf_counter() - began) * 1000


def crowd(do: Callable[[int], object], *, people: int, seconds: float) -> list[float]:
    """Milliseconds of every call while `people` threads call one after the other, all at once."""
    start = Barrier(people)

    def one(number: int) -> list[float]:
        start.wait()
        times, until, turn = [], perf_counter() + seconds, number
        while perf_counter() < until:
            times.append(milliseconds(lambda turn=turn: do(turn)))  # type: ignore[misc]  # bound now
            turn += people
        return times

    with ThreadPoolExecutor(people) as pool:
        return [time for times in pool.map(one, range(people)) for time in times]
