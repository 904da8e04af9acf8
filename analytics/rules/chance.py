"""The flag that the risk model raises: its chance stands above the line, and the model's reasons.

The model itself (`analytics.risk`) stores its sentences with the flag, so that pages need only
this module to word it.
"""

from collections.abc import Collection
from typing import Final

from analytics.rules.finding import Evidence

RISK: Final = "risk"
LINE: Final = 0.5  # the chance from which a flag is raised, until an administrator decides another
MARGIN: Final = 0.05  # a raised flag stands until the chance is this far below the line
TOLD_BY: Final = {"missing_work": "work", "falling_activity": "lately", "attendance": "attendance"}
"""A rule, and the model's matter that it speaks of: one card says it once."""
COUNTED: Final = frozenset({"missing_work", "falling_activity"})
"""Rules whose evidence is all in the chance, so that beside one they do not count again."""
BESIDE: Final = 0.5  # of its severity, what any other flag adds beside a chance


def chance_words(chance: float, low: float, high: float, usual: float | None) -> str:
    """A chance, how sure it is, and what is usual, in one sentence.

    >>> chance_words(0.62, 0.48, 0.74, 0.31)
    'Chance of failing or leaving: 62 % (between 48 and 74 %); 31 % is usual in this course.'
    """
    said = f"Chance of failing or leaving: {_percent(chance)} "
    said += f"(between {low * 100:.0f} and {_percent(high)})"
    return (
        f"{said}; {_percent(usual)} is usual in this course." if usual is not None else f"{said}."
    )


def reason(evidence: Evidence, *, told: Collection[str] = ()) -> str:
    """The model's own terms in words; without the matters that other flags of hers tell.

    >>> evidence = {"line": 0.5, "why": [{"matter": "work", "words": "None is handed in."},
    ...                                  {"matter": "marks", "words": "No mark is known yet."}]}
    >>> reason(evidence)
    'Risk above 50 %: none is handed in; no mark is known yet.'
    >>> reason(evidence, told={"work"})
    'Risk above 50 %, also for this: no mark is known yet.'
    """
    why = [one["words"] for one in evidence["why"] if one["matter"] not in told]
    said = f"Risk above {_percent(evidence['line'])}"
    if not why:
        return f"{said} for these reasons."
    also = ", also for this" if len(why) < len(evidence["why"]) else ""
    return f"{said}{also}: {'; '.join(_inner(words) for words in why)}."


def clears(evidence: Evidence) -> str:
    """What would bring it below the line again, as far as the learner can."""
    return str(evidence["clears"])


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %"


def _inner(words: str) -> str:
    """A sentence as part of another.

    >>> _inner("None of 3 is in.")
    'none of 3 is in'
    """
    return words[:1].lower() + words[1:].removesuffix(".")
