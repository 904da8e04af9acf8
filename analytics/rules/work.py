"""Rule: work that was due and never came."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from analytics.rules.finding import Evidence, Finding, in_words

MISSING_WORK: Final = "missing_work"
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


def reason(evidence: Evidence, today: date) -> str:
    """Why, with the day since when."""
    missing, due = evidence["missing"], evidence["due"]
    since = in_words(evidence["since"], today)
    if due == 1:
        return f"Missed the piece of work due on {since}."
    if missing == due:
        return f"Missed all {due} pieces of work due since {since}."
    return f"Missed {missing} of {due} pieces of work due since {since}."


def clears(evidence: Evidence) -> str:
    """How much of it has to come in."""
    missing, needed = evidence["missing"], evidence["to_clear"]
    if missing == 1:
        return "Clears when it is handed in."
    if needed == missing:
        return f"Clears when all {missing} are handed in."
    return f"Clears when {needed} of the {missing} {'is' if needed == 1 else 'are'} handed in."
