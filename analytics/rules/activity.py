"""Rule: activity that stops or falls while the class's does not."""

from dataclasses import dataclass
from datetime import date
from math import ceil
from typing import Final

from analytics.rules.finding import Evidence, Finding, count, in_words

FALLING_ACTIVITY: Final = "falling_activity"
FELL_TO: Final = 0.5  # of her own previous four weeks, and of what the class's own change explains
BEFORE_LEAST_DAYS: Final = 4  # active days in the previous four weeks to compare with
SILENT_DAYS: Final = 14
CLASS_ACTIVE_DAYS: Final = 2  # the median classmate's active days in SILENT_DAYS: no holiday


@dataclass(frozen=True)
class Activity:
    """A learner's activity in a class as of `today`, beside her class's.

    `days` and `clicks` are of the last 28 days, `..._before` of the 28 before those;
    `class_change` is the class's median of clicks / clicks_before; `class_days` the class's median
    of active days in the last SILENT_DAYS.
    """

    days: int
    days_before: int
    clicks: int
    clicks_before: int
    last_on: date | None
    enrolled_on: date
    class_change: float | None
    class_days: float


def falling_activity(activity: Activity, *, today: date) -> Finding | None:
    """Silent for 14 days while the class is not; or down to under half, and not with the class.

    A holiday quietens everybody: then the class's own change is taken off first, and the class's
    median learner has no active days either.

    >>> seen = Activity(2, 12, 20, 200, date(2026, 3, 12), date(2025, 9, 1), 1.0, 6.0)
    >>> falling_activity(seen, today=date(2026, 3, 20)).evidence["kind"]
    'fell'
    """
    if activity.class_days < CLASS_ACTIVE_DAYS:
        return None
    known_since = activity.last_on or activity.enrolled_on
    silent = (today - known_since).days
    evidence = {
        "last_on": activity.last_on and activity.last_on.isoformat(),
        "enrolled_on": activity.enrolled_on.isoformat(),
        "days": activity.days,
        "days_before": activity.days_before,
        "clicks": activity.clicks,
        "clicks_before": activity.clicks_before,
    }
    if silent >= SILENT_DAYS:
        severity = min(0.5 + 0.3 * (silent - SILENT_DAYS) / SILENT_DAYS, 0.9)
        return Finding(FALLING_ACTIVITY, round(severity, 3), {**evidence, "kind": "silent"})
    if activity.days_before < BEFORE_LEAST_DAYS or not activity.clicks_before:
        return None
    expected = min(1.0, 1.0 if activity.class_change is None else activity.class_change)
    fell = max(activity.clicks / activity.clicks_before, activity.days / activity.days_before)
    if fell >= FELL_TO * expected:
        return None
    needed = ceil(FELL_TO * expected * activity.days_before)
    return Finding(
        FALLING_ACTIVITY,
        round(0.3 + 0.4 * (1 - fell), 3),
        {**evidence, "kind": "fell", "needed": needed},
    )


def reason(evidence: Evidence, today: date) -> str:
    """Since when, or from how much to how much."""
    last = evidence["last_on"]
    if evidence["kind"] == "silent":
        if last is None:
            return f"No activity since joining on {in_words(evidence['enrolled_on'], today)}."
        ago = count((today - date.fromisoformat(last)).days, "day")
        return f"Last active {ago} ago, on {in_words(last, today)}; the class is active."
    return (
        f"Active on {count(evidence['days'], 'day')} in the last four weeks, "
        f"{evidence['days_before']} in the four before; the class did not slow down so much."
    )


def clears(evidence: Evidence) -> str:
    """How much activity it takes."""
    if evidence["kind"] == "silent":
        return "Clears with the first new activity."
    return f"Clears when there are {evidence['needed']} active days in four weeks."
