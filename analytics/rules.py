"""The rules that raise a flag: who needs help, how much, why, and what would clear it.

Each rule takes what is known of one learner as of a day and answers a `Finding` or None. The
thresholds of a rule stand above it and nowhere else. `reason` and `clears` put a finding's
evidence in words; evidence holds figures and dates as JSON, so that a stored flag words itself.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil
from typing import Any, Final
from uuid import UUID

from analytics.mastery import STRUGGLING_LINE

MISSING_WORK: Final = "missing_work"
LOW_MASTERY: Final = "low_mastery"
FALLING_ACTIVITY: Final = "falling_activity"
ATTENDANCE: Final = "attendance"

Evidence = Mapping[str, Any]


@dataclass(frozen=True)
class Finding:
    """A rule that holds for a learner; severity (0 to 1) ranks the list."""

    rule: str
    severity: float
    evidence: Evidence


# -- Work that was due and never came -----------------------------------------------------------

WORK_WEEKS: Final = 8  # how far back work is looked at
GRACE_DAYS: Final = 2  # handed in so late, it is late and not missing
MISSING_LEAST: Final = 2
MISSING_SHARE: Final = 0.2  # from MISSING_LEAST pieces on, this share of what was due
MISSING_HALF: Final = 0.5  # of at least MISSING_LEAST due pieces, one missing is enough at this


@dataclass(frozen=True)
class Work:
    """Pieces due in the last WORK_WEEKS weeks (grace over) that count, as of a day.

    `since` is the earliest due day of a missing one; `due_since` counts from that day on.
    """

    due: int
    missing: int
    since: date | None
    due_since: int


def missing_work(work: Work) -> Finding | None:
    """At least 2 missing, and a fifth of what was due; or half of at least 2.

    >>> missing_work(Work(due=3, missing=2, since=date(2026, 3, 9), due_since=3)).severity
    0.6
    >>> missing_work(Work(due=11, missing=2, since=date(2026, 3, 9), due_since=3)) is None
    True
    """
    if work.since is None or not _too_much_missing(work.due, work.missing):
        return None
    to_clear = next(
        n for n in range(1, work.missing + 1) if not _too_much_missing(work.due, work.missing - n)
    )
    severity = 0.6 * work.missing / work.due + 0.1 * min(work.missing, 4)
    return Finding(
        MISSING_WORK,
        round(min(severity, 1.0), 3),
        {
            "missing": work.missing,
            "due": work.due_since,
            "since": work.since.isoformat(),
            "to_clear": to_clear,
        },
    )


def _too_much_missing(due: int, missing: int) -> bool:
    if due < MISSING_LEAST or missing == 0:
        return False
    share = missing / due
    return (missing >= MISSING_LEAST and share >= MISSING_SHARE) or share >= MISSING_HALF


# -- Competencies taught now that the learner struggles with ------------------------------------

CURRENT_WEEKS: Final = 6  # taught or answered in these weeks is current
NAMED_COMPETENCIES: Final = 3  # so many are named in the reason


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
    """Struggles with at least one current competency; several weigh more, the lowest first.

    >>> one = Struggle(UUID(int=1), "6.RP.A.3", 0.35, 0.2, 0.52, 9, date(2026, 3, 16))
    >>> low_mastery([one]).severity
    0.433
    """
    if not struggles:
        return None
    lowest = sorted(struggles, key=lambda s: (s.share, s.code))
    depth = (STRUGGLING_LINE - lowest[0].share) / STRUGGLING_LINE
    severity = 0.3 + 0.32 * depth + 0.1 * min(len(lowest) - 1, 3)
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


# -- Activity that falls or stops ---------------------------------------------------------------

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


# -- Days absent --------------------------------------------------------------------------------

ATTENDANCE_DAYS: Final = 28  # the last so many school days on the roll
ABSENT_SHARE: Final = 0.10  # chronic absence, as school statistics define it: excused days count
ABSENT_LEAST: Final = 3


def is_chronically_absent(*, absent: int, days: int) -> bool:
    """Ten per cent of the last school days, and at least three.

    >>> is_chronically_absent(absent=3, days=28), is_chronically_absent(absent=2, days=10)
    (True, False)
    """
    return absent >= ABSENT_LEAST and absent >= ABSENT_SHARE * days


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


# -- A whole class ------------------------------------------------------------------------------

CLASS_SHARE: Final = 1 / 3  # of the class struggling: reteach instead of flags
CLASS_LEAST: Final = 6


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
    count: dict[UUID, int] = {}
    for competency in struggling:
        count[competency] = count.get(competency, 0) + 1
    return [
        ClassNotice(competency, learners, many)
        for competency, many in sorted(count.items(), key=lambda pair: (-pair[1], pair[0]))
        if many >= CLASS_SHARE * learners
    ]


# -- After a flag was closed --------------------------------------------------------------------

DISMISSED_DAYS: Final = 28  # a flag dismissed as wrong stays away so long ...
WORSE_BY: Final = 0.2  # ... unless its severity has grown by this much


def may_be_raised_again(
    *, dismissed_on: date, severity_then: float, severity: float, today: date
) -> bool:
    """Whether a rule may speak up again after somebody dismissed it for this learner.

    >>> day = date(2026, 3, 1)
    >>> may_be_raised_again(
    ...     dismissed_on=day, severity_then=0.4, severity=0.5, today=date(2026, 3, 20))
    False
    """
    over = today >= dismissed_on + timedelta(days=DISMISSED_DAYS)
    return over or severity >= severity_then + WORSE_BY


# -- In words -----------------------------------------------------------------------------------


def reason(rule: str, evidence: Evidence, *, today: date) -> str:
    """Why the flag is there, in one sentence with its dates.

    >>> evidence = {"missing": 2, "due": 3, "since": "2026-03-09"}
    >>> reason(MISSING_WORK, evidence, today=date(2026, 3, 20))
    'Missed 2 of 3 pieces of work due since 9 March.'
    """
    match rule:
        case "missing_work":
            return _missing_words(evidence, today)
        case "low_mastery":
            return _mastery_words(evidence)
        case "falling_activity":
            return _activity_words(evidence, today)
        case "attendance":
            return (
                f"Absent on {evidence['absent']} of the last {evidence['days']} school days"
                f"{_excused(evidence)}; last on {_day(evidence['last_on'], today)}."
            )
        case _:
            raise ValueError(f"There is no rule called {rule!r}.")


def clears(rule: str, evidence: Evidence) -> str:
    """What would make the flag go away by itself, in one sentence.

    >>> clears(MISSING_WORK, {"missing": 2, "to_clear": 1})
    'Clears when 1 of the 2 is handed in.'
    """
    match rule:
        case "missing_work":
            return _missing_clears(evidence)
        case "low_mastery":
            codes = [c["code"] for c in evidence["competencies"]]
            several = f"all {len(codes)} of them" if len(codes) > 1 else codes[0]
            return (
                f"Clears when new answers lift {several} to where "
                f"{STRUGGLING_LINE:.0%} right is within reach.".replace("%", " %")
            )
        case "falling_activity":
            if evidence["kind"] == "silent":
                return "Clears with the first new activity."
            return f"Clears when there are {evidence['needed']} active days in four weeks."
        case "attendance":
            n = evidence["to_clear"]
            return f"Clears after {_count(n, 'school day')} without absence."
        case _:
            raise ValueError(f"There is no rule called {rule!r}.")


def _missing_words(evidence: Evidence, today: date) -> str:
    missing, due = evidence["missing"], evidence["due"]
    since = _day(evidence["since"], today)
    if due == 1:
        return f"Missed the piece of work due on {since}."
    if missing == due:
        return f"Missed all {due} pieces of work due since {since}."
    return f"Missed {missing} of {due} pieces of work due since {since}."


def _missing_clears(evidence: Evidence) -> str:
    missing, needed = evidence["missing"], evidence["to_clear"]
    if missing == 1:
        return "Clears when it is handed in."
    if needed == missing:
        return f"Clears when all {missing} are handed in."
    return f"Clears when {needed} of the {missing} {'is' if needed == 1 else 'are'} handed in."


def _mastery_words(evidence: Evidence) -> str:
    found = evidence["competencies"]
    first = found[0]
    words = (
        f"Struggling with {first['code']}: about {first['share'] * 100:.0f} % right, "
        f"{_count(first['answers'], 'answer')} "
        f"(between {first['low'] * 100:.0f} and {first['high'] * 100:.0f} %)"
    )
    others = [c["code"] for c in found[1:NAMED_COMPETENCIES]]
    if others:
        words += f"; also {' and '.join(others)}"
        more = len(found) - NAMED_COMPETENCIES
        if more > 0:
            words += f" and {more} more"
    return words + "."


def _activity_words(evidence: Evidence, today: date) -> str:
    last = evidence["last_on"]
    if evidence["kind"] == "silent":
        if last is None:
            return f"No activity since joining on {_day(evidence['enrolled_on'], today)}."
        days = (today - date.fromisoformat(last)).days
        return (
            f"Last active {_count(days, 'day')} ago, on {_day(last, today)}; the class is active."
        )
    return (
        f"Active on {_count(evidence['days'], 'day')} in the last four weeks, "
        f"{evidence['days_before']} in the four before; the class did not slow down so much."
    )


def _excused(evidence: Evidence) -> str:
    excused = evidence["excused"]
    if not excused:
        return ""
    return f" ({'all' if excused == evidence['absent'] else excused} excused)"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _day(iso: str, today: date) -> str:
    """
    >>> _day("2026-03-09", date(2026, 3, 20)), _day("2025-12-01", date(2026, 3, 20))
    ('9 March', '1 December 2025')
    """
    day = date.fromisoformat(iso)
    year = "" if day.year == today.year or (today - day).days < 60 else f" {day.year}"
    return f"{day.day} {day:%B}{year}"
