"""What is asked about each learner, in the terms of the mechanism."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from privacy.metrics import Grain, Metric

Kind = Literal["count", "sum", "mean", "rate", "quantile", "histogram"]
MEDIAN_BARS: Final = 30  # of a median's histogram, which is not shown
HIGH: Final = Decimal(2)  # times the price, for metrics about few learners or many bars
OVERLAPPING: Final = Decimal(2)  # times the price, for grains with a learner in many groups


@dataclass(frozen=True)
class Question:
    """A value between `low` and `high` (clamped) of each learner, and what is told of them.

    `everybody`: about every enrolled learner, and one without a value counts as `low`; otherwise
    those without one are no part of it. `edges` bound a histogram's or quantile's bars, from low to
    high; they are public.
    """

    kind: Kind
    low: float
    high: float
    everybody: bool = False
    edges: tuple[float, ...] = ()
    quantile: float = 0.5

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ValueError(f"A value needs bounds: {self.low} is not below {self.high}.")
        if self.kind in ("quantile", "histogram"):
            if len(self.edges) < 3 or list(self.edges) != sorted(set(self.edges)):
                raise ValueError("A histogram needs three or more rising edges.")
            if (self.edges[0], self.edges[-1]) != (self.low, self.high):
                raise ValueError("A histogram's outer edges are the value's bounds.")


def question_of(metric: Metric) -> Question:
    """The question that a declared metric asks."""
    kind: Kind = "quantile" if metric.kind == "median" else metric.kind
    edges = metric.edges
    if kind == "quantile" and not edges:
        width = (metric.upper - metric.lower) / MEDIAN_BARS
        inner = (metric.lower + width * bar for bar in range(MEDIAN_BARS))
        edges = (*inner, metric.upper)
    return Question(kind, metric.lower, metric.upper, metric.everybody, edges)


def times(metric: Metric, grain: Grain) -> Decimal:
    """How many times the list price a metric costs at a grain."""
    dear = HIGH if metric.cost == "high" else Decimal(1)
    return dear * (OVERLAPPING if grain.most > 1 else Decimal(1))
