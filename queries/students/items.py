"""What a question's answers say: how hard it is, whom it separates, which wrong answer lures."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from analytics import items as maths
from analytics.items import AssessmentSums, ItemSums
from analytics.reliability import Reliability, interval
from queries.rows import AnyRow
from queries.students.fairness import Unfair, unfair

WEAK: Final = 0.15  # a discrimination under which a question tells little about who knows it
HALF: Final = 0.5


@dataclass(frozen=True)
class Choice:
    """An answer offered: how many chose it, whether it is keyed right, what error it betrays.

    `upper` and `lower` are the shares of the strongest and weakest learners of the district.
    """

    key: str
    text: str
    chosen: int
    right: bool
    misconception: str
    upper: float | None = None
    lower: float | None = None


@dataclass(frozen=True)
class Whole:
    """A question over all classes of the district; None: too few learners to say."""

    learners: int
    difficulty: float | None
    discrimination: float | None
    d_index: float | None
    unfair: tuple[Unfair, ...]
    compared: int


@dataclass(frozen=True)
class PaperReport:
    """A paper's reliability over the teacher's classes, and over the district's; None: too few."""

    title: str
    items: int
    learners: int
    own: Reliability | None
    whole: Reliability | None


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
    whole: Whole | None = None

    @property
    def telling(self) -> float | None:
        """Its discrimination: the district's where known, since more learners say more."""
        if self.whole and self.whole.discrimination is not None:
            return self.whole.discrimination
        return self.discrimination

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
    telling = item.telling if item.telling is not None else 1.0
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
            *_groups(question, str(option["key"])),
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
        _suspicious(item, choices, upper, lower) or _suspicious_by_all(choices),
        _whole(question),
    )


def _groups(question: AnyRow, key: str) -> tuple[float | None, float | None]:
    found = (question.shares or {}).get(key)
    return (found["upper"], found["lower"]) if found else (None, None)


def _whole(question: AnyRow) -> Whole | None:
    if question.all_learners is None:
        return None
    return Whole(
        question.all_learners,
        question.difficulty,
        question.point_biserial,
        question.d_index,
        unfair(question.dif),
        len(question.dif),
    )


def papers(
    tests: Sequence[AnyRow], questions: Sequence[AnyRow], *, k: int
) -> tuple[PaperReport, ...]:
    """The papers, the most reliable first; those too few have answered come last."""
    sizes = Counter(question.assessment_id for question in questions)
    first = {question.assessment_id: question for question in reversed(questions)}
    found = []
    for assessment, question in first.items():
        sums = maths.combine(_sums(row) for row in tests if row.assessment_id == assessment)
        whole = None
        if question.alpha is not None:
            whole = Reliability(
                question.paper_learners,
                sizes[assessment],
                question.alpha,
                question.alpha_low,
                question.alpha_high,
            )
        if sums.n < k and whole is None:
            continue
        own = interval(maths.kr20(sums), learners=sums.n, items=len(sums.items))
        found.append(PaperReport(question.title, sizes[assessment], sums.n, own, whole))
    return tuple(sorted(found, key=_most_reliable))


def _most_reliable(paper: PaperReport) -> tuple[float, str]:
    best = paper.whole or paper.own
    return (-best.alpha if best else 2.0, paper.title)


def _suspicious_by_all(choices: Sequence[Choice]) -> bool:
    """The same by the district's answers: its strongest learners choose another answer by
    majority, and more often than its weakest do."""
    return any(
        choice.upper > HALF and choice.upper >= choice.lower
        for choice in choices
        if not choice.right and choice.upper is not None and choice.lower is not None
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
