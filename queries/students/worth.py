"""Which sections are worth fixing first, and why, in words: a section beside its own course.

A section is held against the mean of its course, not against an ideal, and only the part of a
gap that its own standard error can not explain counts: a class of eight must not shout.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Final

# What counts fully (1.0) against a section; half of it counts half.
GAP_UNDERSTOOD: Final = 0.25  # share of understanding below the course's mean
GAP_TIME: Final = 1.0  # times the planned minutes, over the plan
GAP_FINISHED: Final = 0.4  # share of those who start and do not finish, above the course's mean
GAP_HELP: Final = 0.4  # share of learners who ask for help, above the course's mean
WEIGHTS: Final = {"understood": 1.0, "time": 0.6, "finished": 0.6, "help": 0.5}
LEAST_TO_SAY: Final = 0.15  # of a full count, below which a gap is not put into words


@dataclass(frozen=True)
class SectionFigures:
    """Sums over the classes asked about; `minutes` is the typical (median) time.

    What is being taught these days can not be finished yet, so its completion says nothing.
    """

    title: str
    unit: int
    unit_title: str
    position: int
    planned_minutes: float | None
    learners: int
    started: int
    completed: int
    timed: int
    minutes: float | None
    checked: int
    sum_understood: float
    sum_understood_squared: float
    helped: int
    being_taught: bool = False

    @property
    def understood(self) -> float | None:
        """Mean share of understanding in the section's own checks."""
        return self.sum_understood / self.checked if self.checked else None

    @property
    def finished(self) -> float | None:
        """Share of those who started that finished."""
        return self.completed / self.started if self.started else None

    @property
    def asked_help(self) -> float | None:
        """Share of those who started that asked for help."""
        return min(1.0, self.helped / self.started) if self.started else None


@dataclass(frozen=True)
class Verdict:
    """A section, how much it is worth fixing (0 is nothing to see), and the reasons in words."""

    section: SectionFigures
    worth: float
    reasons: tuple[str, ...]


def worth_fixing(sections: Sequence[SectionFigures], *, k: int) -> list[Verdict]:
    """Every section with at least k learners who started it, the most worth fixing first."""
    known = [s for s in sections if s.started >= k]
    understood = _mean([s.understood for s in known if s.checked >= k])
    finished = _mean([s.finished for s in known if not s.being_taught])
    helped = _mean([s.asked_help for s in known])
    verdicts = [_verdict(s, understood, finished, helped, k) for s in known]
    return sorted(verdicts, key=lambda v: (-v.worth, v.section.unit, v.section.position))


def _verdict(
    s: SectionFigures,
    understood: float | None,
    finished: float | None,
    helped: float | None,
    k: int,
) -> Verdict:
    counts: dict[str, tuple[float, str]] = {}
    if s.checked >= k and s.understood is not None and understood is not None:
        gap = understood - s.understood - _error_of_mean(s)
        counts["understood"] = (
            gap / GAP_UNDERSTOOD,
            f"Understood {s.understood:.0%} on average, where the course's sections have "
            f"{understood:.0%} ({s.checked} learners)",
        )
    if s.timed >= k and s.minutes and s.planned_minutes:
        counts["time"] = (
            (s.minutes / s.planned_minutes - 1.25) / GAP_TIME,
            f"Takes {s.minutes:.0f} minutes, planned were {s.planned_minutes:.0f} "
            f"({s.timed} learners)",
        )
    if s.finished is not None and finished is not None and not s.being_taught:
        gap = finished - s.finished - _error_of_share(s.finished, s.started)
        counts["finished"] = (
            gap / GAP_FINISHED,
            f"{s.started - s.completed} of {s.started} who start it do not finish",
        )
    if s.asked_help is not None and helped is not None:
        gap = s.asked_help - helped - _error_of_share(s.asked_help, s.started)
        counts["help"] = (gap / GAP_HELP, f"{s.helped} of {s.started} asked for help")
    said = {name: (min(1.0, count), why) for name, (count, why) in counts.items()}
    said = {name: pair for name, pair in said.items() if pair[0] >= LEAST_TO_SAY}
    worth = sum(WEIGHTS[name] * count for name, (count, _) in said.items())
    order = sorted(said, key=lambda name: -WEIGHTS[name] * said[name][0])
    return Verdict(s, worth, tuple(said[name][1].replace("%", " %") for name in order))


def _mean(values: Sequence[float | None]) -> float | None:
    there = [value for value in values if value is not None]
    return sum(there) / len(there) if there else None


def _error_of_mean(s: SectionFigures) -> float:
    if s.checked < 2:
        return 1.0
    mean = s.sum_understood / s.checked
    variance = max(0.0, s.sum_understood_squared / s.checked - mean * mean)
    return sqrt(variance / (s.checked - 1))


def _error_of_share(share: float, of: int) -> float:
    """Standard error of a share, with one learner added to each side so that 0 of 5 is unsure.

    >>> round(_error_of_share(0.5, 25), 3), round(_error_of_share(0, 5), 3)
    (0.096, 0.132)
    """
    p = (share * of + 1) / (of + 2)
    return sqrt(p * (1 - p) / (of + 2))
