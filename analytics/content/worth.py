"""Which sections are worth fixing first: reasons in words, and suggestions that quote them.

A section is held against its own course, not against an ideal, and only the part of a gap that
its interval can not explain counts: a section few have done must not shout.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from analytics.content.measuring import Figure, Measure, SectionMeasures

# What counts fully (1.0) against a section: this much below the course (above it, for help), in
# shares, beyond the interval; half of it counts half.
_GAPS: Final[Mapping[Measure, float]] = {
    "gain": 0.15, "understood": 0.25, "completion": 0.4, "kept": 0.25, "carried": 0.25, "help": 0.3,
}  # fmt: skip
_WEIGHTS: Final[Mapping[str, float]] = {
    "gain": 1.0, "understood": 0.8, "completion": 0.6, "minutes": 0.6, "kept": 0.5, "help": 0.4,
    "carried": 0.3,
}  # fmt: skip
SLOW_FROM: Final = 1.25  # times the planned minutes, from which time counts
_GAP_TIME: Final = 1.0  # times the planned minutes beyond that which count fully
LEAST_TO_SAY: Final = 0.1  # of a full count, below which a gap is not put into words


@dataclass(frozen=True)
class Mistake:
    """The wrong answer most chosen in questions on the section: of `of` answers, `share`."""

    misconception: str
    share: float
    of: int


@dataclass(frozen=True)
class Reason:
    """One thing that speaks against a section, what it weighs (0 to 1), and what to do about it."""

    measure: str
    weight: float
    found: str
    suggestion: str


def reasons(
    one: SectionMeasures, *, planned: float | None, mistake: Mistake | None = None
) -> tuple[Reason, ...]:
    """What speaks against a section, the heaviest first; nothing for one like the others."""
    found = [
        reason
        for name, figure in one.figures.items()
        if (reason := _reason(name, figure, mistake)) is not None
    ]
    if one.minutes and planned:
        count = min(1.0, (one.minutes / planned - SLOW_FROM) / _GAP_TIME)
        if count >= LEAST_TO_SAY:
            found.append(
                Reason(
                    "minutes",
                    _WEIGHTS["minutes"] * count,
                    f"It takes {one.minutes:.0f} minutes; {planned:.0f} were planned "
                    f"({one.timed:,} learners)",
                    f"Plan {_rounded(one.minutes)} minutes for it, or split it in two",
                )
            )
    return tuple(sorted(found, key=lambda reason: -reason.weight))


def worth(found: Sequence[Reason]) -> float:
    """How much a section is worth fixing: 0 is nothing to see.

    >>> worth([Reason("gain", 0.5, "", ""), Reason("help", 0.2, "", "")])
    0.7
    """
    return round(sum(reason.weight for reason in found), 4)


def _reason(name: Measure, figure: Figure, mistake: Mistake | None) -> Reason | None:
    beyond = (
        figure.low - figure.course if name == "help" else figure.course - figure.high
    ) / _GAPS[name]
    count = min(1.0, beyond)
    if count < LEAST_TO_SAY:
        return None
    found, suggestion = _words(name, figure, mistake)
    return Reason(name, _WEIGHTS[name] * count, found, suggestion)


def _words(name: Measure, figure: Figure, mistake: Mistake | None) -> tuple[str, str]:
    n = f"{figure.learners:,} learners"
    has, usual = _percent(figure.value), _percent(figure.course)
    match name:
        case "gain":
            points = round(100 * (figure.course - figure.value))
            start = "Teach it another way"
            if mistake:
                start += (
                    f", beginning with the commonest mistake, “{mistake.misconception}” "
                    f"({_percent(mistake.share)} of {mistake.of:,} answers)"
                )
            return (
                f"After it {points} fewer answers in a hundred are right than these learners' "
                f"earlier work foretold ({n})",
                start,
            )
        case "understood":
            return (
                f"{has} of its own checks are right; {usual} over the course's sections ({n})",
                f"Add an example that is worked through before the first check: now {has}",
            )
        case "completion":
            return (
                f"{has} of those who start it finish it; {usual} over the course ({n})",
                f"Look where the others stop and shorten what comes after: {has} finish, "
                f"{usual} would be usual",
            )
        case "kept":
            return (
                f"Of those who knew it, {has} still do two weeks later; {usual} over the course "
                f"({n})",
                f"Bring it back in a short quiz two weeks on: {has} of answers are still right",
            )
        case "carried":
            return (
                f"In what builds on it {has} of answers are right; {usual} over the course ({n})",
                "Repeat it before the lessons that need it",
            )
        case "help":
            return (
                f"{has} ask for help; {usual} over the course ({n})",
                f"Put a hint where learners ask: {has} do",
            )


def _percent(share: float) -> str:
    """
    >>> _percent(0.456), _percent(1.02)
    ('46 %', '100 %')
    """
    return f"{100 * min(1.0, max(0.0, share)):.0f} %"


def _rounded(minutes: float) -> int:
    """
    >>> _rounded(47.2)
    45
    """
    return max(5, 5 * round(minutes / 5))
