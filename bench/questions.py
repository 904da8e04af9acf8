"""The questions that are measured, and how to lay the two answers to each side by side."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isclose
from typing import Any, Final

from analytics.rules import LOW_MASTERY
from bench import asking, raw
from bench.asking import Scope
from bench.home import Home
from db.knowledge.store import InUse, model_for


@dataclass(frozen=True)
class Question:
    """One question: how the page asks it, how the raw tables answer, and the figure to reach."""

    name: str
    to_reach: float  # milliseconds, p50 of the statements: twice DESIGN.md's prototype
    ask: Callable[[Scope], object] | None  # None: a job's own, with no page behind it
    tables: tuple[str, ...]
    files: tuple[str, ...]
    answers: Callable[[Home, Scope, Sequence[Any]], tuple[Any, Any]]
    one_class: bool = False


def same(one: object, other: object) -> bool:
    """Equal, with figures as near as four bytes hold them.

    >>> same((3, 0.1234567, "mastered"), (3, 0.1234568, "mastered")), same((3, 0.12), (3, 0.13))
    (True, False)
    """
    match one, other:
        case (float(), float()):
            return isclose(one, other, rel_tol=1e-5, abs_tol=1e-5)
        case (tuple(), tuple()):
            return len(one) == len(other) and all(map(same, one, other))
        case _:
            return one == other


def _triage(home: Home, scope: Scope, rows: Sequence[Any]) -> tuple[Any, Any]:
    """All flags but those of mastery (the heatmap compares that), and each flagged one's weeks."""
    activity, work, attendance = rows
    found = asking.triage(scope, most=asking.EVERYBODY).learners
    state = {
        (reason.class_id, one.learner_id, reason.rule): dict(reason.evidence)
        for one in found
        for reason in one.reasons
        if reason.rule != LOW_MASTERY
    }
    raws: dict[Any, Any] = dict(raw.findings(activity, work, attendance, scope.viewer.today))
    weeks = raw.weekly(activity)
    flagged = [one for one in found if one.learner_id in weeks]
    return (
        state | {one.learner_id: tuple(one.weekly_clicks) for one in flagged},
        raws | {one.learner_id: weeks[one.learner_id] for one in flagged},
    )


def _heatmap(home: Home, scope: Scope, rows: Sequence[Any]) -> tuple[Any, Any]:
    found = asking.heatmap(scope)
    state = {
        (row.learner, row.competency): (row.count, row.value, row.label)
        for row in found.cells.itertuples(index=False)
    }
    shown = {one.competency_id for one in found.competencies}
    return state, raw.estimates(rows[0], _in_use(home, scope), scope, shown)


def _in_use(home: Home, scope: Scope) -> InUse:
    """The model's weights and its ease of questions, given to the raw side as a gift."""
    given = {
        "district": home.district_id,
        "as_of": scope.viewer.today,
        "now": datetime.now(UTC),
    }
    with home.jobs.begin() as connection:
        return model_for(connection, given)


def _items(home: Home, scope: Scope, rows: Sequence[Any]) -> tuple[Any, Any]:
    found = asking.content(scope)
    state, offered = {}, {}
    for one in found.items:
        offered[one.item_id] = {choice.key for choice in one.choices}
        figures = (one.difficulty, one.discrimination, one.upper, one.lower)
        chosen = {choice.key: choice.chosen for choice in one.choices if choice.chosen}
        state[one.item_id] = (one.learners, *figures, chosen)
    raws = {
        item: (*figures[:-1], {k: n for k, n in figures[-1].items() if k in offered.get(item, ())})
        for item, figures in raw.item_figures(rows[0], found.k).items()
    }
    return state, raws


def _sections(home: Home, scope: Scope, rows: Sequence[Any]) -> tuple[Any, Any]:
    found = asking.content(scope)
    state = {
        (one.unit, one.position): (
            one.started,
            one.completed,
            one.timed,
            one.minutes,
            one.checked,
            one.sum_understood,
            one.helped,
        )
        for one in found.sections
    }
    return state, raw.section_figures(rows[0], found.k)


def _schools(home: Home, scope: Scope, rows: Sequence[Any]) -> tuple[Any, Any]:
    with home.jobs.begin() as connection:
        state = asking.schools(connection, scope)
    return _by_school(state), _by_school(rows[0])


def _by_school(rows: Sequence[Any]) -> dict[Any, Any]:
    return {
        (row.school_id, row.grade_level): (
            row.learners,
            row.active_28,
            row.sum_progress or 0.0,
            row.sum_score or 0.0,
            row.scored,
            row.chronically_absent,
        )
        for row in rows
    }


_TRIAGE = ("activity", "work", "attendance")
QUESTIONS: Final = (
    Question(
        "Whom to see, one class",
        1.0,
        asking.triage,
        ("flags", "enrollment_state"),
        _TRIAGE,
        _triage,
        one_class=True,
    ),
    Question(
        "Whom to see, all classes",
        2.8,
        asking.triage,
        ("flags", "enrollment_state"),
        _TRIAGE,
        _triage,
    ),
    Question(
        "Mastery of a class",
        1.4,
        asking.heatmap,
        ("enrollments", "mastery"),
        ("heatmap",),
        _heatmap,
        one_class=True,
    ),
    Question(
        "A course's questions", 1.6, asking.content, ("assessment_state",), ("items",), _items
    ),
    Question(
        "A course's sections", 1.6, asking.content, ("section_state",), ("sections",), _sections
    ),
    Question("Schools and grades", 2.2, None, ("school_grade_state",), ("schools",), _schools),
)
