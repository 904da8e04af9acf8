"""Puts a stored flag in words: its name, why it stands, what clears it, how it may be wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final, Literal
from uuid import UUID

from analytics import rules
from db.tables import Flag
from queries.rows import AnyRow

URGENT: Final = 0.75  # two grave reasons at once, or three learners in four who fail or leave
SOON: Final = 0.5

_NAMES: Final[Mapping[str, str]] = {
    rules.MISSING_WORK: "Missing work",
    rules.LOW_MASTERY: "Low mastery",
    rules.FALLING_ACTIVITY: "Falling activity",
    rules.ATTENDANCE: "Attendance",
    rules.RISK: "Risk of failing or leaving",
}
# A wrong flag's reasons, the stored word to the sentence shown. They are the rule's own, because
# what a rule gets wrong is what tunes it.
_WRONG: Final[Mapping[str, Mapping[str, str]]] = {
    rules.MISSING_WORK: {
        "handed in elsewhere": "It was handed in another way",
        "excused": "The learner was excused from it",
        "not set": "It was not set for this learner",
    },
    rules.LOW_MASTERY: {
        "shown in class": "The learner has shown it in class",
        "bad questions": "The questions are at fault",
        "not taught yet": "We have not taught it yet",
    },
    rules.FALLING_ACTIVITY: {
        "works offline": "The learner works on paper or offline",
        "shared device": "The learner works on somebody else's account",
        "agreed": "The break is agreed",
    },
    rules.ATTENDANCE: {
        "recorded wrongly": "The absence was recorded wrongly",
        "known": "The reason is known and settled",
    },
    rules.RISK: {
        "known better": "I know the learner, and it is not so",
        "data wrong": "What it rests on is wrong or out of date",
        "settled": "It is known and settled",
    },
}
_WRONG_OTHERWISE: Final = {"not so": "It is not so"}
COLUMNS: Final = (
    Flag.flag_id,
    Flag.learner_id,
    Flag.class_id,
    Flag.rule,
    Flag.severity,
    Flag.evidence,
    Flag.raised_on,
)


@dataclass(frozen=True)
class Reason:
    """One flag in words. `text` and `clears` are whole sentences; severity is from 0 to 1."""

    flag_id: UUID
    class_id: UUID | None
    rule: str
    name: str
    severity: float
    text: str
    clears: str
    raised_on: date
    class_title: str
    evidence: Mapping[str, Any]

    @property
    def wrong(self) -> Mapping[str, str]:
        """How this flag may be wrong: the word that is stored, and the sentence shown."""
        return _WRONG.get(self.rule, _WRONG_OTHERWISE)


def name_of(rule: str) -> str:
    """A rule's name as people say it; a colleague's own words stay as they are.

    >>> name_of("missing_work"), name_of("staff concern")
    ('Missing work', 'Staff concern')
    """
    return _NAMES.get(rule) or rule[:1].upper() + rule[1:].replace("_", " ")


def urgency(severity: float) -> Literal["urgent", "soon", "watch"]:
    """The word for a severity.

    >>> urgency(0.9), urgency(0.7), urgency(0.4)
    ('urgent', 'soon', 'watch')
    """
    if severity >= URGENT:
        return "urgent"
    return "soon" if severity >= SOON else "watch"


def said_once(reasons: Sequence[Reason]) -> tuple[Reason, ...]:
    """The same reasons, the risk model's without what another flag beside it says already."""
    told = {rules.TOLD_BY[one.rule] for one in reasons if one.rule in rules.TOLD_BY}
    return tuple(
        replace(one, text=rules.risk_reason(one.evidence, told=told))
        if told and one.rule == rules.RISK
        else one
        for one in reasons
    )


def reason_of(flag: AnyRow, *, class_title: str, today: date) -> Reason:
    """A row with the flag's own columns, in words; what a colleague raised speaks in hers."""
    if flag.rule in _NAMES:
        text = rules.reason(flag.rule, flag.evidence, today=today)
        clears = rules.clears(flag.rule, flag.evidence)
    else:
        said = str(flag.evidence.get("words") or "").strip()
        text = f"{name_of(flag.rule)}: {said}" if said else name_of(flag.rule)
        clears = "Clears when somebody closes it with an outcome."
    return Reason(
        flag.flag_id,
        flag.class_id,
        flag.rule,
        name_of(flag.rule),
        flag.severity,
        text,
        clears,
        flag.raised_on,
        class_title,
        flag.evidence,
    )
