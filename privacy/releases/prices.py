"""Says what a release costs, and which grain's release it is paid at."""

from collections.abc import Mapping
from typing import Final

from privacy.metrics import GRAINS, METRICS, Grain, Metric
from privacy.releases.accounting import Cost
from privacy.releases.measuring import price
from privacy.releases.question import question_of, times

# Made of another grain's noisy numbers, at no cost, so that the parts add up to the whole.
MADE_OF: Final[Mapping[str, str]] = {"district": "school", "grade": "school_grade"}
ENROLMENT: Final = "enrolment"  # counts everybody: the denominator of the other metrics


def paid_at(asked: Metric, by: Grain) -> Grain:
    """The grain whose release is paid for: a finer one, where the coarser is its sum."""
    finer = MADE_OF.get(by.name)
    return GRAINS[finer] if finer is not None and finer in asked.grains else by


def denominated(asked: Metric, by: Grain) -> bool:
    """Whether enrolment at this grain includes everybody whom the metric is about."""
    return (
        asked.kind in ("sum", "mean", "rate")
        and by.slice == "all"
        and by.name in METRICS[ENROLMENT].grains
    )


def price_of(asked: Metric, by: Grain) -> Cost:
    """What a release of this metric at this grain, which is paid for itself, takes."""
    return price(question_of(asked), denominated=denominated(asked, by), times=times(asked, by))
