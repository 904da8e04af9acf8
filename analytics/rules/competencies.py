"""Rule: a competency taught now that the learner struggles with; and when it is the class's."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from analytics.mastery import STRUGGLING_LINE
from analytics.rules.finding import Evidence, Finding, count

LOW_MASTERY: Final = "low_mastery"
CURRENT_WEEKS: Final = 6  # taught or answered in these weeks is current
NAMED_COMPETENCIES: Final = 3  # so many are named in the reason
CLASS_SHARE: Final = 1 / 3  # of the class struggling: one notice to reteach instead of flags
CLASS_LEAST: Final = 6


@dataclass(frozen=True)
class Struggle:
    """A current competency labelled "struggling": high < STRUGGLING_LINE, evidence enough."""

    competency_id: UUID
    code: str
    share: float
    low: float
    high: float
    answers: int
    last_on: date


def low_mastery(struggles: Sequence[Struggle]) -> Finding | None:
    """Struggles with at least one current competency; the lowest first.

    As severe as the surest of them is below the line, and more so with each further one.

    >>> one = Struggle(UUID(int=1), "6.RP.A.3", 0.35, 0.2, 0.52, 9, date(2026, 3, 16))
    >>> low_mastery([one]).severity
    0.33
    """
    if not struggles:
        return None
    lowest = sorted(struggles, key=lambda s: (s.share, s.code))
    surely = (STRUGGLING_LINE - min(s.high for s in lowest)) / STRUGGLING_LINE
    severity = 0.25 + 0.6 * surely + 0.1 * min(len(lowest) - 1, 3)
    return Finding(
        LOW_MASTERY,
        round(min(max(severity, 0.0), 1.0), 3),
        {
            "competencies": [
                {
                    "competency_id": str(s.competency_id),
                    "code": s.code,
                    "share": round(s.share, 3),
                    "low": round(s.low, 3),
                    "high": round(s.high, 3),
                    "answers": s.answers,
                    "last_on": s.last_on.isoformat(),
                }
                for s in lowest
            ]
        },
    )


def reason(evidence: Evidence) -> str:
    """The lowest competency with its estimate, and the next ones by name."""
    found = evidence["competencies"]
    first = found[0]
    words = (
        f"Struggling with {first['code']}: about {first['share'] * 100:.0f} % right, "
        f"{count(first['answers'], 'answer')} "
        f"(between {first['low'] * 100:.0f} and {first['high'] * 100:.0f} %)"
    )
    others = [c["code"] for c in found[1:NAMED_COMPETENCIES]]
    if others:
        words += f"; also {' and '.join(others)}"
        more = len(found) - NAMED_COMPETENCIES
        if more > 0:
            words += f" and {more} more"
    return words + "."


def clears(evidence: Evidence) -> str:
    """What new answers would have to show."""
    codes = [c["code"] for c in evidence["competencies"]]
    about = codes[0] if len(codes) == 1 else f"all {len(codes)} of them"
    line = f"{STRUGGLING_LINE * 100:.0f} %"
    return f"Clears when right answers on {about} bring the range up to {line}."


@dataclass(frozen=True)
class ClassNotice:
    """A competency so many of a class struggle with that it is the class's, not a learner's."""

    competency_id: UUID
    learners: int
    struggling: int


def class_notices(struggling: Iterable[UUID], *, learners: int) -> list[ClassNotice]:
    """Notices for a class of `learners`; `struggling` has a competency once per struggler.

    >>> class_notices([UUID(int=7)] * 2, learners=6)[0].struggling
    2
    >>> class_notices([UUID(int=7)] * 2, learners=7) + class_notices([UUID(int=7)] * 5, learners=5)
    []
    """
    if learners < CLASS_LEAST:
        return []
    found = Counter(struggling)
    return [
        ClassNotice(competency, learners, many)
        for competency, many in sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))
        if many / learners >= CLASS_SHARE
    ]
