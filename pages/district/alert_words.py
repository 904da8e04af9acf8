"""The words and rows of the page on alert quality."""

from collections.abc import Sequence
from typing import Final

from analytics.alerts import FLOOR, LEAST_FLAGGED, Tally, verdict
from analytics.scoring import Interval
from components import words
from queries.district.alerts import Alert, Group

KINDS: Final = {
    "transparent": "transparent model, whose reasons can be read",
    "boosted": "boosted challenger, with the transparent model's reasons",
}
_NAMES: Final = {
    "missing_work": "Missing work",
    "low_mastery": "Low mastery",
    "falling_activity": "Falling activity",
    "attendance": "Attendance",
    "any rule": "Any of these rules",
    "risk": "Risk model",
    "transparent": "Transparent model",
    "boosted": "Boosted challenger",
}
_ATTRIBUTES: Final = {
    "gender": "Gender",
    "disability": "Disability",
    "ethnicity": "Ethnicity",
    "income": "Family income",
    "region": "Region",
    "age_band": "Age",
}
ANY_RULE: Final = "any rule"
QUALITY_HEAD: Final = ("alert", "flagged", "right", "found", "days ahead", "verdict")
RAISED_HEAD: Final = ("alert", "raised", "answered", "with a known result", "of these right")
GROUP_HEAD: Final = ("group", "learners", "wrongly flagged", "missed", "right when flagged")
COLUMNS: Final = f"""
- **flagged**: learners flagged at least once, of all in those classes.
- **right**: of the flagged, the share that failed or left (precision). In brackets where the true
  share lies 19 times in 20 (Wilson's interval).
- **found**: of those who failed or left, the share that was flagged (recall).
- **days ahead**: half of the right flags came at least so many days before the learner left or the
  class ended.
- **verdict**: a flag is worth a teacher's time when it is at least {FLOOR:g} times as likely to be
  right as a learner picked by lot. *Retire*: it is surely not. *Doubtful*: it looks as if not.
  Fewer than {LEAST_FLAGGED} flagged: nothing is concluded.
"""
GROUP_COLUMNS: Final = """
- **wrongly flagged**: of those who passed, the share that was flagged (false positive rate).
- **missed**: of those who failed or left, the share that was not (false negative rate).
- **right when flagged**: of the flagged, the share that failed or left (precision).

In brackets where the true share lies 19 times in 20. A learner counts once, however many classes
she was in.
"""


def name(alert: str) -> str:
    """An alert's name as people say it.

    >>> name("missing_work"), name("staff_concern")
    ('Missing work', 'Staff concern')
    """
    return _NAMES.get(alert) or alert[:1].upper() + alert[1:].replace("_", " ")


def attribute(known: str) -> str:
    """A protected attribute's name."""
    return _ATTRIBUTES.get(known) or known[:1].upper() + known[1:].replace("_", " ")


def share(found: Interval) -> str:
    """A share with its interval.

    >>> share(Interval(0.63, 0.58, 0.68))
    '63 % (58 to 68)'
    """
    return f"{words.percent(found.value)} ({found.low * 100:.0f} to {found.high * 100:.0f})"


def quality_row(alert: str, tally: Tally | None, lead_days: float | None) -> list[str]:
    """A row under QUALITY_HEAD; with too few flagged to tell, it says so."""
    if tally is None or not tally.flagged:
        return [name(alert), "too few to show", "", "", "", "too few to say"]
    lead = "" if lead_days is None else f"{lead_days:.0f}"
    return [
        name(alert),
        f"{tally.flagged:,} of {tally.learners:,}",
        share(tally.precision),
        share(tally.recall),
        lead,
        "" if alert == ANY_RULE else verdict(tally),
    ]


def retire(alert: str, tally: Tally | None) -> str:
    """The sentence that marks an alert for retirement; empty for one that is worth its flags."""
    if alert == ANY_RULE or tally is None or verdict(tally) != "retire":
        return ""
    usual = words.percent(tally.went_wrong / tally.learners)
    return (
        f"“{name(alert)}” is marked for retirement: {words.percent(tally.precision.value)} of "
        f"those it flags fail or leave, and of all learners {usual} do. It says next to "
        "nothing: ask whoever runs Chalkline to mend the data it rests on, or to drop it."
    )


def raised_row(one: Alert) -> list[str]:
    """A row under RAISED_HEAD."""
    few = "too few to show"
    answered = few
    if one.raised and one.acted_on is not None:
        answered = f"{one.acted_on:,} ({words.percent(one.acted_on / one.raised)})"
    right = "none known yet"
    if one.known and one.known_right is not None:
        right = share(Tally(one.known, one.known, one.known, one.known_right).precision)
    return [
        name(one.name),
        few if one.raised is None else f"{one.raised:,}",
        answered,
        "none yet" if one.known is None else f"{one.known:,}",
        right,
    ]


def group_row(one: Group) -> list[str]:
    """A row under GROUP_HEAD."""
    assert one.cell is not None
    return [
        one.value,
        f"{one.cell.passed + one.cell.failed:,}",
        share(one.cell.wrongly_flagged),
        share(one.cell.missed),
        share(one.cell.precision),
    ]


def alike(groups: Sequence[Group]) -> str:
    """Whether flags are about as right in each group: intervals that all meet in one place."""
    found = [one.cell.precision for one in groups if one.cell]
    if len(found) < 2:
        return ""
    if max(one.low for one in found) <= min(one.high for one in found):
        return "A flag is about as often right in each of these groups."
    best = max(groups, key=lambda one: one.cell.precision.value if one.cell else 0.0)
    worst = min(groups, key=lambda one: one.cell.precision.value if one.cell else 1.0)
    return (
        f"A flag is more often right for “{best.value}” than for “{worst.value}”: look into why "
        "before you rely on it alike."
    )


def withheld(groups: int, *, everything: bool, k: int) -> str:
    """Why groups are not shown."""
    if everything:
        return (
            f"Not shown: some counts are below {k}, and from the others they could be worked out."
        )
    return (
        f"{words.plural(groups, 'group')} not shown: counts below {k}, or counts from which those "
        "could be worked out."
    )
