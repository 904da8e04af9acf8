"""What a rule answers, when it may speak up again, and the words all reasons share."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

Evidence = Mapping[str, Any]
"""Figures and dates, as JSON, so that a stored flag words itself."""

DISMISSED_DAYS: Final = 28  # a flag dismissed as wrong stays away so long ...
WORSE_BY: Final = 0.2  # ... unless its severity has grown by this much


@dataclass(frozen=True)
class Finding:
    """A rule that holds for a learner; severity (0 to 1) ranks the list."""

    rule: str
    severity: float
    evidence: Evidence


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
    return over or round(severity - severity_then, 3) >= WORSE_BY


def count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def in_words(iso: str, today: date) -> str:
    """
    >>> in_words("2026-03-09", date(2026, 3, 20)), in_words("2025-12-01", date(2026, 3, 20))
    ('9 March', '1 December 2025')
    """
    day = date.fromisoformat(iso)
    year = "" if day.year == today.year or (today - day).days < 60 else f" {day.year}"
    return f"{day.day} {day:%B}{year}"
