"""The rules that raise a flag: who needs help, how much, why, and what would clear it.

Each rule takes what is known of one learner as of a day and answers a `Finding` or None. The
thresholds of a rule stand above it and nowhere else; its words stand below it.
"""

from datetime import date

from analytics.rules import absence, activity, chance, competencies, work
from analytics.rules.absence import (
    ABSENT_LEAST,
    ABSENT_SHARE,
    ATTENDANCE,
    ATTENDANCE_DAYS,
    attendance,
    is_chronically_absent,
)
from analytics.rules.activity import FALLING_ACTIVITY, SILENT_DAYS, Activity, falling_activity
from analytics.rules.chance import BESIDE, COUNTED, LINE, MARGIN, RISK, TOLD_BY, chance_words
from analytics.rules.chance import reason as risk_reason
from analytics.rules.competencies import (
    CURRENT_WEEKS,
    LOW_MASTERY,
    ClassNotice,
    Struggle,
    class_notices,
    low_mastery,
)
from analytics.rules.finding import DISMISSED_DAYS, Evidence, Finding, may_be_raised_again
from analytics.rules.work import GRACE_DAYS, MISSING_WORK, WORK_WEEKS, Work, missing_work

__all__ = [
    "ABSENT_LEAST",
    "ABSENT_SHARE",
    "ATTENDANCE",
    "ATTENDANCE_DAYS",
    "BESIDE",
    "COUNTED",
    "CURRENT_WEEKS",
    "DISMISSED_DAYS",
    "FALLING_ACTIVITY",
    "GRACE_DAYS",
    "LINE",
    "LOW_MASTERY",
    "MARGIN",
    "MISSING_WORK",
    "RISK",
    "SILENT_DAYS",
    "TOLD_BY",
    "WORK_WEEKS",
    "Activity",
    "ClassNotice",
    "Evidence",
    "Finding",
    "Struggle",
    "Work",
    "attendance",
    "chance_words",
    "class_notices",
    "clears",
    "falling_activity",
    "is_chronically_absent",
    "low_mastery",
    "may_be_raised_again",
    "missing_work",
    "reason",
    "risk_reason",
]


def reason(rule: str, evidence: Evidence, *, today: date) -> str:
    """Why the flag is there, in one sentence with its dates.

    >>> evidence = {"missing": 2, "due": 3, "since": "2026-03-09"}
    >>> reason(MISSING_WORK, evidence, today=date(2026, 3, 20))
    'Missed 2 of 3 pieces of work due since 9 March.'
    """
    match rule:
        case "missing_work":
            return work.reason(evidence, today)
        case "low_mastery":
            return competencies.reason(evidence)
        case "falling_activity":
            return activity.reason(evidence, today)
        case "attendance":
            return absence.reason(evidence, today)
        case "risk":
            return chance.reason(evidence)
        case _:
            raise ValueError(f"There is no rule called {rule!r}.")


def clears(rule: str, evidence: Evidence) -> str:
    """What would make the flag go away by itself, in one sentence.

    >>> clears(MISSING_WORK, {"missing": 2, "to_clear": 1})
    'Clears when 1 of the 2 is handed in.'
    """
    match rule:
        case "missing_work":
            return work.clears(evidence)
        case "low_mastery":
            return competencies.clears(evidence)
        case "falling_activity":
            return activity.clears(evidence)
        case "attendance":
            return absence.clears(evidence)
        case "risk":
            return chance.clears(evidence)
        case _:
            raise ValueError(f"There is no rule called {rule!r}.")
