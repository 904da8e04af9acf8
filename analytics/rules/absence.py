"""Rule: absent on too many of the last school days."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from analytics.rules.finding import Evidence, Finding, count, in_words

ATTENDANCE: Final = "attendance"
ATTENDANCE_DAYS: Final = 28  # the last so many school days on the roll
ABSENT_SHARE: Final = 0.10  # chronic absence, as school statistics define it: excused days count
ABSENT_LEAST: Final = 3


def is_chronically_absent(*, absent: int, days: int) -> bool:
    """Ten per cent of the last school days, and at least three.

    >>> is_chronically_absent(absent=3, days=28), is_chronically_absent(absent=2, days=10)
    (True, False)
    """
    return absent >= ABSENT_LEAST and absent / days >= ABSENT_SHARE


def attendance(days: Sequence[tuple[date, str]]) -> Finding | None:
    """Absent on a tenth of the last 28 school days, at least 3; `days` oldest first.

    >>> day = [(date(2026, 3, n), "absent" if n < 4 else "present") for n in range(1, 21)]
    >>> attendance(day).evidence["absent"], attendance(day[1:])
    (3, None)
    """
    recent = list(days)[-ATTENDANCE_DAYS:]
    missed = [status in ("absent", "excused") for _, status in recent]
    absent = sum(missed)
    if not is_chronically_absent(absent=absent, days=len(recent)):
        return None
    share = absent / len(recent)
    return Finding(
        ATTENDANCE,
        round(min(0.3 + 1.4 * share, 1.0), 3),
        {
            "absent": absent,
            "excused": sum(status == "excused" for _, status in recent),
            "days": len(recent),
            "since": recent[0][0].isoformat(),
            "last_on": max(
                day for (day, _), away in zip(recent, missed, strict=True) if away
            ).isoformat(),
            "to_clear": _days_to_clear(missed),
        },
    )


def _days_to_clear(missed: Sequence[bool]) -> int:
    """School days in a row without absence until the rule no longer holds."""
    window = list(missed)
    for n in range(1, ATTENDANCE_DAYS + 1):
        window = [*window, False][-ATTENDANCE_DAYS:]
        if not is_chronically_absent(absent=sum(window), days=len(window)):
            return n
    return ATTENDANCE_DAYS


def reason(evidence: Evidence, today: date) -> str:
    """How many days of how many, and the latest."""
    return (
        f"Absent on {evidence['absent']} of the last {evidence['days']} school days"
        f"{_excused(evidence)}; last on {in_words(evidence['last_on'], today)}."
    )


def clears(evidence: Evidence) -> str:
    """How long without absence."""
    return f"Clears after {count(evidence['to_clear'], 'school day')} without absence."


def _excused(evidence: Evidence) -> str:
    excused = evidence["excused"]
    if not excused:
        return ""
    return f" ({'all' if excused == evidence['absent'] else excused} excused)"
