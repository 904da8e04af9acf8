"""What a question's answers say: how hard it is, whom it separates, which wrong answer lures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from analytics import items as maths
from analytics.items import AssessmentSums, ItemSums
from queries.rows import AnyRow

WEAK: Final = 0.15  # a discrimination under which a question tells little about who knows it
HALF: Final = 0.5


@dataclass(frozen=True)
class Choice:
    """An answer offered: how many chose it, whether it is keyed right, what error it betrays."""

    key: str
    text: str
    chosen: int
    right: bool
    misconception: str


@dataclass(frozen=True)
class ItemReport:
    """One question over the teacher's classes. `discrimination` is item-rest; None: too few."""

    item_id: UUID
    assessment: str
    number: int
    stem: str
    learners: int
    difficulty: float
    discrimination: float | None
    upper: float | None
    lower: float | None
    choices: tuple[Choice, ...]
    suspicious_key: bool

    @property
    def lure(self) -> Choice | None:
        """The commonest wrong answer, if anybody gave one."""
        wrong = [choice for choice in self.choices if not choice.right and choice.chosen]
        return max(wrong, key=lambda choice: choice.chosen, default=None)


def report(
    tests: Sequence[AnyRow], questions: Sequence[AnyRow], *, k: int
) -> tuple[ItemReport, ...]:
    """Questions with at least k complete answers, the least telling first."""
    sums = {
        assessment: maths.combine(_sums(row) for row in tests if row.assessment_id == assessment)
        for assessment in {row.assessment_id for row in tests}
    }
    chosen: dict[str, dict[str, int]] = {}
    for row in tests:
        for item, counts in row.item_options.items():
            total = chosen.setdefault(item, {})
            for option, count in counts.items():
                total[option] = total.get(option, 0) + count
    reports = [
        _report(question, sums[question.assessment_id], chosen.get(str(question.item_id), {}))
        for question in questions
        if question.assessment_id in sums
        and question.item_id in sums[question.assessment_id].items
        and sums[question.assessment_id].items[question.item_id].n
        >= max(k, maths.LEAST_FOR_DIFFICULTY)
    ]
    return tuple(sorted(reports, key=_worst_first))


def _worst_first(item: ItemReport) -> tuple[bool, float, float]:
    telling = item.discrimination if item.discrimination is not None else 1.0
    return (not item.suspicious_key, telling, item.difficulty)


def _sums(row: AnyRow) -> AssessmentSums:
    return AssessmentSums(
        row.complete,
        row.sum_total,
        row.sum_total_squared,
        {
            item: ItemSums(*figures)
            for item, *figures in zip(
                row.items,
                row.item_n,
                row.item_sum,
                row.item_sum_squared,
                row.item_sum_product,
                row.item_upper,
                row.item_upper_right,
                row.item_lower,
                row.item_lower_right,
                strict=True,
            )
        },
    )


def _report(question: AnyRow, test: AssessmentSums, chosen: Mapping[str, int]) -> ItemReport:
    item = test.items[question.item_id]
    choices = tuple(
        Choice(
            str(option["key"]),
            str(option.get("text") or option["key"]),
            chosen.get(str(option["key"]), 0),
            str(option["key"]) == question.answer_key,
            str(option.get("misconception") or ""),
        )
        for option in question.options
    )
    upper = item.upper_right / item.upper if item.upper else None
    lower = item.lower_right / item.lower if item.lower else None
    return ItemReport(
        question.item_id,
        question.title,
        question.position,
        question.stem,
        item.n,
        item.x / item.n,
        maths.point_biserial(item, test),
        upper,
        lower,
        choices,
        _suspicious(item, choices, upper, lower),
    )


def _suspicious(
    item: ItemSums, choices: Sequence[Choice], upper: float | None, lower: float | None
) -> bool:
    """Whether the key itself may be wrong.

    A distractor is chosen more than the key, and the strongest learners miss the key by majority
    and no less than the weakest do: those who know the matter answer something else.
    """
    if upper is None or lower is None or item.n < maths.LEAST_FOR_DISCRIMINATION:
        return False
    key = sum(choice.chosen for choice in choices if choice.right)
    beaten = any(choice.chosen > key for choice in choices if not choice.right)
    return beaten and upper < HALF and upper <= lower
