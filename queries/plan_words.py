"""The vocabulary of plans, and the templates every school has before it writes its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

TYPES: Final[Mapping[str, str]] = {
    "tutoring": "Tutoring",
    "check-in": "Check-in, check-out",
    "attendance plan": "Attendance plan",
    "work catch-up": "Catching up on work",
    "reteach group": "Reteach group",
    "mentoring": "Mentoring",
    "counseling": "Counseling",
    "family meeting": "Family meeting",
    "other": "Something else",
}
MEASURES: Final[Mapping[str, str]] = {
    "attendance": "School days attended (%)",
    "activity": "Days active a week",
    "answers": "Answers that are right (%)",
    "work": "Work handed in on time (%)",
}
TIERS: Final[Mapping[int, str]] = {
    1: "Tier 1: in class, as for everybody",
    2: "Tier 2: in a small group",
    3: "Tier 3: one to one",
}
PLAN_OUTCOMES: Final = ("goal met", "partly met", "not met", "stopped")
DECISIONS: Final = (
    "go on as it is",
    "start a plan",
    "change the plan",
    "contact home",
    "refer on",
    "close the case",
)


@dataclass(frozen=True)
class PlanTemplate:
    """What a plan form is filled with; `template_id` is None for the built-in ones."""

    name: str
    type: str
    tier: int
    goal: str
    measure: str | None
    strategy: str
    schedule: str
    review_days: int
    template_id: UUID | None = None


BUILT_IN: Final = (
    PlanTemplate(
        "Catch up on missing work",
        "work catch-up",
        2,
        "Hands in every piece of work due in the next four weeks",
        "work",
        "List what is missing, agree on two pieces a week, sign them off together.",
        "twice a week, 15 minutes",
        28,
    ),
    PlanTemplate(
        "Small-group tutoring",
        "tutoring",
        2,
        "Gets 70 % of answers right in the next four weeks",
        "answers",
        "Worked examples first, then a short new set; back to the prerequisite where it fails.",
        "twice a week, 30 minutes",
        28,
    ),
    PlanTemplate(
        "Attendance plan",
        "attendance plan",
        2,
        "Attends 95 % of school days in the next four weeks",
        "attendance",
        "Contact home, agree on who brings the learner, a greeting at the door, praise each week.",
        "every school day",
        28,
    ),
    PlanTemplate(
        "Check-in, check-out",
        "check-in",
        2,
        "Is active on four days a week for four weeks",
        "activity",
        "Two minutes in the morning to set a goal, two in the afternoon to look at it.",
        "every school day",
        21,
    ),
    PlanTemplate(
        "Counseling",
        "counseling",
        3,
        "Names one adult and one thing that helps, and uses both",
        None,
        "Short talks; what is said stays in restricted notes.",
        "once a week, 30 minutes",
        21,
    ),
)
# Which built-in plan answers which kind of flag first.
FOR_RULE: Final[Mapping[str, str]] = {
    "missing_work": "Catch up on missing work",
    "low_mastery": "Small-group tutoring",
    "attendance": "Attendance plan",
    "concern: attendance": "Attendance plan",
    "falling_activity": "Check-in, check-out",
    "concern: wellbeing": "Counseling",
    "concern: home": "Counseling",
    "concern: friends": "Counseling",
    "concern: learning": "Small-group tutoring",
}


def first_for(rules: list[str], templates: list[PlanTemplate]) -> int:
    """The place of the template that fits the gravest flag best; 0 where none does.

    >>> first_for(["attendance"], list(BUILT_IN)), first_for(["unheard of"], list(BUILT_IN))
    (2, 0)
    """
    kinds = {one.name: one.type for one in BUILT_IN}
    for rule in rules:
        wanted = kinds.get(FOR_RULE.get(rule, ""))
        for place, template in enumerate(templates):
            if template.type == wanted:
                return place
    return 0
